"""`python -m demo`: PDF=path for a contract of one's own, COORDINATES="1=…; 2=…" for its stamps,
ONCE=1 to end by itself.

With ONCE the exit code is 0 only if everything held. Without it the portal, the application and
the worker stay up until Ctrl-C.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from demo import screen
from demo.checks import Broken, check_everything
from demo.page import NotOnPage
from demo.people import NoAnswer
from demo.stack import ROOT, Stack, StackError
from demo.story import Story

FOLDER = ROOT / "var" / "demo"


def main() -> int:
    once = os.environ.get("ONCE", "") not in {"", "0"}
    contract = _contract(os.environ.get("PDF", ""))
    stack = Stack(FOLDER)
    stack.prepare()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        story = Story(stack, contract, os.environ.get("COORDINATES", ""))
        story.tell()
        result = check_everything(story)
        _show(story, result)
        if not once:
            _stay(stack)
    except (Broken, NoAnswer, NotOnPage, StackError) as reason:
        print(f"\n{reason}\nLogs: {FOLDER}/log", file=sys.stderr)
        return 1
    finally:
        stack.stop()
    return 0


def _contract(path: str) -> bytes | None:
    if not path:
        return None
    try:
        return Path(path).expanduser().read_bytes()
    except OSError as reason:
        raise SystemExit(f"PDF={path}: {reason.strerror}") from reason


def _show(story: Story, result: dict[str, object]) -> None:
    screen.title("What came back to the business process")
    print(json.dumps(result["send"], ensure_ascii=False, indent=2))
    print(json.dumps(result["status"], ensure_ascii=False, indent=2))
    screen.title("Files")
    for name in ("source.pdf", "signed.pdf", "agreement.pdf", "report.pdf", "result.json"):
        screen.fact(name, FOLDER / name)
    screen.fact("requests to the portal for this document", result["portal_requests"])


def _stay(stack: Stack) -> None:
    screen.title("Everything stays up. Ctrl-C stops it. Open in a browser:")
    screen.fact("portal, with the app in the left menu", f"{stack.portal_url}/")
    screen.fact("deal", f"{stack.portal_url}/crm/deal/details/315/")
    screen.fact("run a business process", f"{stack.portal_url}/process/")
    screen.fact("letters", f"{stack.portal_url}/mail/")
    screen.fact("check a signed file", f"{stack.app_url}/v/")
    screen.fact("support desk (support / support-demo)", f"{stack.app_url}/admin/")
    try:
        signal.pause()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    sys.exit(main())
