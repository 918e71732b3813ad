"""Which tests run on PostgreSQL too."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from scripts.test import ON_THE_SERVER_ONLY
from tests.databases import covering

TESTS = Path(__file__).parent
STATEMENTS = st.frozensets(st.integers(0, 30), max_size=12)
NAMES = st.text("abcdefgh", min_size=1, max_size=3)


@given(st.dictionaries(NAMES, st.tuples(st.floats(0, 100), STATEMENTS)), st.frozensets(NAMES))
def test_every_statement_is_sent_and_every_chosen_test_runs(tests, chosen):
    wanted = covering({name: (s, set(rows)) for name, (s, rows) in tests.items()}, chosen)

    sent = set().union(*(tests[name][1] for name in wanted & tests.keys()))
    assert sent == set().union(*(rows for _s, rows in tests.values()))
    assert chosen <= wanted


def test_of_two_that_send_the_same_the_cheaper_runs():
    tests = {
        "slow": (9.0, {1, 2}),
        "quick": (1.0, {1, 2}),
        "more": (1.0, {3}),
        "none": (0.0, set()),
    }

    assert covering(tests, []) == {"quick", "more"}


def test_processes_that_share_a_database_run_on_both():
    """Nobody writes down what they send."""
    sources = {file: file.read_text("utf-8") for file in TESTS.rglob("test_*.py")}
    sharing = [
        file
        for file, source in sources.items()
        if (
            re.search(r"^import (multiprocessing|subprocess)$", source, re.M)
            and re.search(r"settings_dict|CREATE DATABASE", source)
        )
        or any(str(file).endswith(option.partition("=")[2]) for option in ON_THE_SERVER_ONLY)
    ]

    unmarked = [file.name for file in sharing if "pytest.mark.databases" not in sources[file]]

    assert len(sharing) >= len(ON_THE_SERVER_ONLY)
    assert unmarked == []
