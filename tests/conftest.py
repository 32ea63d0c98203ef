"""Long files begin first; a run that leaves tests out says how many, and every run leaves word of how it ended.

Pytest's own count is lost between the processes of ``--numprocesses``.
"""

import signal
from collections.abc import Sequence
from typing import Any

import pytest

from tests.again import ENDED

_LEFT_OUT = pytest.StashKey[int]()
_SENT = "tests_left_out"
"""Key of the count among what a process of ``--numprocesses`` sends at its end."""

_LONG = (
    "tests/judging/test_plain_pytest.py",
    "tests/watching/test_before_users_come.py",
    "tests/watching/test_end_to_end.py",
    "tests/smoke/test_stripe_live.py",
    "tests/cli/test_pipelines.py",
    "tests/docs/test_starting.py",
    "tests/test_wheel.py",
    "tests/smoke/test_journeys.py",
    "tests/lab/test_foreign_family.py",
    "tests/lab/test_postgresql.py",
    "tests/load",
    "tests/smoke",
    "tests/reference",
    "tests/watching",
    "tests/report",
    "tests/dead",
    "tests/cli",
    "tests/docs/test_documents.py",
    "tests/signing",
    "tests/lab",
)
"""Files and folders whose tests start environments, servers and installations, the longest files first.

One of them that begins last is the tail that all other processes wait for. Those that walk journeys do not all begin at
once, while the faults begin beside them: the faults that starve then are asked twice.
"""


def pytest_configure() -> None:
    """Hear Ctrl-C: what a shell starts in the background ignores it, and so would every program of a test."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put them in front; what is in one file stays in its order (``--no-loadscope-reorder`` keeps it that way)."""
    items.sort(key=lambda item: next((n for n, long in enumerate(_LONG) if item.nodeid.startswith(long)), len(_LONG)))


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Count them; each process collects all tests, so that each counts the same ones."""
    config = items[0].config
    left_out = config.stash.get(_LEFT_OUT, 0) + len(items)
    config.stash[_LEFT_OUT] = left_out
    if hasattr(config, "workeroutput"):
        config.workeroutput[_SENT] = left_out


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:  # noqa: ANN401, ARG001 - of pytest-xdist, which has no types
    """Take the count of a process that ended."""
    stash = node.config.stash
    stash[_LEFT_OUT] = max(stash.get(_LEFT_OUT, 0), getattr(node, "workeroutput", {}).get(_SENT, 0))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Leave word of how it ended, for ``tests/again.py``."""
    cache = getattr(session.config, "cache", None)  # none under -p no:cacheprovider
    if cache is not None and not hasattr(session.config, "workeroutput"):
        cache.set(ENDED, int(exitstatus))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say it where nobody overlooks it."""
    left_out, marks = config.stash.get(_LEFT_OUT, 0), config.option.markexpr
    if left_out and marks:
        terminalreporter.write_line(f'left out: {left_out} tests, by -m "{marks}"; make lab runs the whole laboratory')
