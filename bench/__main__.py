"""`make bench`: one signature with a stamp, SIGNX and its peers side by side in one run.

Every tool signs every file in a process of its own; the kernel tells its peak memory. Tools take
turns within a file, so that a slow minute of the machine is a slow minute for all of them.
The scripting tools are installed on demand by npm into `var/bench/`; without npm they are left
out. Ends with 1 when a budget of docs/performance.md is not kept.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.job import FILES, Job, write_job

ROOT = Path(__file__).resolve().parent.parent
NODE_HOME = ROOT / "var" / "bench"
PACKAGES = (
    "pdf-lib@1.17.1", "@pdf-lib/fontkit@1.1.1", "@signpdf/signpdf@3.3.0",
    "@signpdf/signer-p12@3.3.0", "@signpdf/placeholder-pdf-lib@3.3.0", "@libpdf/core@0.4.2",
)  # fmt: skip
# A face with every letter, as a program that does not know its texts needs; ours is the fallback.
FONTS = (
    Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
    ROOT / "signing" / "fonts" / "SIGNXSans-Regular.ttf",
)
ROUNDS = int(os.environ.get("ROUNDS", "3"))
TIMES = int(os.environ.get("TIMES", "7"))
MEMORY_FACTOR, MEMORY_BASE_MB = 3, 100
OURS = "SIGNX"


@dataclass(frozen=True)
class Tool:
    name: str
    program: tuple[str, ...]
    options: tuple[str, ...] = ()
    key: str = "P-256"
    # Whether an earlier signature in the file stays valid.
    is_incremental: bool = True


@dataclass
class Figures:
    ms: list[float] = field(default_factory=list)
    peak_mb: float = 0.0
    file_mb: float = 0.0


PYTHON_TOOLS = (
    Tool(OURS, (sys.executable, "-m", "bench.tools.signx")),
    Tool("SIGNX, fields there", (sys.executable, "-m", "bench.tools.signx"), ("--prepared",)),
    Tool("pyHanko, documented", (sys.executable, "-m", "bench.tools.pyhanko_documented")),
)
NODE_TOOLS = (
    Tool("@libpdf/core", ("node", str(NODE_HOME / "libpdf.mjs"))),
    Tool("@signpdf + pdf-lib", ("node", str(NODE_HOME / "signpdf.mjs")), (), "RSA-2048", False),
)


def node_tools() -> tuple[Tool, ...]:
    """The scripting peers, installed beside their programs; none without npm."""
    if not shutil.which("npm"):
        print("npm is not here: its tools are left out")
        return ()
    NODE_HOME.mkdir(parents=True, exist_ok=True)
    for script in (ROOT / "bench" / "tools").glob("*.mjs"):
        shutil.copy(script, NODE_HOME)
    command = ["npm", "install", "--no-audit", "--no-fund", "--silent", *PACKAGES]
    installed = subprocess.run(command, cwd=NODE_HOME, check=False).returncode == 0
    if not installed:
        print("npm could not install: its tools are left out")
    return NODE_TOOLS if installed else ()


def run(tool: Tool, job: Job, folder: Path) -> tuple[list[float], float]:
    """Milliseconds of each signature, and the peak memory of the process in MB."""
    path, told = folder / "job.json", folder / "told.json"
    write_job(path, job)
    with told.open("wb") as output:
        process = subprocess.Popen(
            [*tool.program, str(path), *tool.options], cwd=ROOT, stdout=output
        )
        _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{tool.name} failed")
    return json.loads(told.read_text()), usage.ru_maxrss / 1024


def measured(folder: Path) -> dict[str, dict[str, Figures]]:
    """Figures by file and tool."""
    tools = (*PYTHON_TOOLS, *node_tools())
    # In a process of its own: a child's peak is counted from the size of its parent.
    subprocess.run([sys.executable, "-m", "bench.files", str(folder)], cwd=ROOT, check=True)
    font = next(path for path in FONTS if path.exists())
    print(f"font of the peers: {font.name}; {ROUNDS} rounds of {TIMES} signatures\n")
    table: dict[str, dict[str, Figures]] = {}
    for name in FILES:
        path = folder / name
        row = table[name] = {tool.name: Figures() for tool in tools}
        for _round in range(ROUNDS):
            for tool in tools:
                job = Job(str(path), str(folder / tool.key), str(font), f"{path}.signed", TIMES)
                ms, peak_mb = run(tool, job, folder)
                figures = row[tool.name]
                figures.ms += ms
                figures.peak_mb = max(figures.peak_mb, peak_mb)
                figures.file_mb = path.stat().st_size / 1e6
    return table


def show(table: dict[str, dict[str, Figures]]) -> None:
    print("| file | tool | median ms | of SIGNX | peak MB |\n| --- | --- | --- | --- | --- |")
    for name, row in table.items():
        ours = median(row[OURS].ms)
        for tool, figures in row.items():
            ms = median(figures.ms)
            print(f"| {name} | {tool} | {ms:.1f} | {ms / ours:.1f}× | {figures.peak_mb:.0f} |")


def broken_budgets(table: dict[str, dict[str, Figures]]) -> list[str]:
    """What docs/performance.md promises and this run does not keep."""
    broken = []
    incremental = {tool.name for tool in (*PYTHON_TOOLS, *NODE_TOOLS) if tool.is_incremental}
    for name, row in table.items():
        ours = median(row[OURS].ms)
        is_short = name in ("1 p", "10 p")
        for tool, figures in row.items():
            if not tool.startswith(OURS) and (is_short or tool in incremental):
                share = 4 if is_short and tool.startswith("pyHanko") else 1
                if ours * share > median(figures.ms):
                    broken.append(f"{name}: not {share}× faster than {tool}")
        limit = MEMORY_FACTOR * row[OURS].file_mb + MEMORY_BASE_MB
        if row[OURS].peak_mb > limit:
            broken.append(f"{name}: {row[OURS].peak_mb:.0f} MB of memory, allowed {limit:.0f}")
    return broken


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="signx-bench-") as folder:
        table = measured(Path(folder))
    show(table)
    broken = broken_budgets(table)
    print("\n" + ("\n".join(broken) if broken else "every budget is kept"))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
