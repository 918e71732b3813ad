from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devportal import phpform


def test_form_follows_http_build_query():
    body = phpform.encode(
        {"a": {"b": [True, False, None, 5], "empty": []}, "none": None, "text": "да & нет"}
    )

    assert body == (
        "a%5Bb%5D%5B0%5D=1&a%5Bb%5D%5B1%5D=0&a%5Bb%5D%5B3%5D=5"
        "&text=%D0%B4%D0%B0+%26+%D0%BD%D0%B5%D1%82"
    )


def test_gapless_numbers_become_a_list_and_others_stay_a_mapping():
    assert phpform.parse_query("x[0]=a&x[1]=b&y[0]=a&y[2]=c") == {
        "x": ["a", "b"],
        "y": {"0": "a", "2": "c"},
    }


def test_empty_brackets_append_and_a_repeated_key_keeps_the_last():
    assert phpform.parse_query("x[]=a&x[]=b&k=1&k=2") == {"x": ["a", "b"], "k": "2"}


def test_brackets_may_come_raw_or_encoded():
    assert phpform.parse_query("auth%5Bdomain%5D=d") == phpform.parse_query("auth[domain]=d")


def test_a_scalar_gives_way_to_a_later_mapping():
    assert phpform.parse_query("a=1&a[b]=2") == {"a": {"b": "2"}}


keys = st.text(st.sampled_from("abcXYZ_"), min_size=1, max_size=5)
trees = st.recursive(
    st.text(max_size=8),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3),
        st.dictionaries(keys, inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(keys, trees, max_size=4))
def test_what_is_built_is_read_back(data):
    assert phpform.parse_query(phpform.encode(data)) == data
