"""Progress of the load: one line that is written over on a terminal, a line now and then in a log."""

import io
import os
import pty
import re
import termios
from types import SimpleNamespace
from typing import cast

import pytest

from gonogo.cli.progress import Progress
from gonogo.evidence.record import Record
from gonogo.load.aggregator import LoadProgress
from gonogo.planning.run_plan import RunPlan


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(stream: io.StringIO) -> str:
    """Ten seconds of a load, from its warm-up on."""
    progress = Progress(stream)
    progress.generated({"event": "window", "users": 142})
    for elapsed in range(-3, 7):
        now = LoadProgress(elapsed=elapsed, measured=30, rate=57.2, failed=2, p95=0.0421, budget=0.5)
        progress.loaded(now)
    return stream.getvalue()


def test_terminal_has_one_line() -> None:
    """Elapsed and total, rate, errors, p95 against its budget."""
    lines = shown(_Terminal()).split("\033[1F\033[J")
    assert len(lines) == 10
    assert lines[-1] == "load: 6 of 30 s · 57 requests/s · 2 failed · p95 42 of 500 ms\n"


def _plan(families: list[str]) -> RunPlan:
    """Two questions of each, as far as progress looks at a plan."""
    checks = {
        name: SimpleNamespace(id=name, subject=name, unrunnable="", declaration=SimpleNamespace(family=name))
        for name in families
    }
    keys = [(name, (scope,)) for name in families for scope in ("a", "b")]
    service = SimpleNamespace(service=SimpleNamespace(name="WorkMe"))
    plan = SimpleNamespace(plan=SimpleNamespace(checks=checks), selected=None, planned_keys=keys, environment=service)
    return cast("RunPlan", plan)


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (80, 20), (60, 24), (40, 10)])
def test_terminal_never_scrolls_while_it_is_redrawn(columns: int, rows: int) -> None:
    """Forty families on a screen of twenty lines left hundreds of lines behind: each redraw fits, and begins where it began."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (rows, columns))
    text = ""
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal:
        progress = Progress(terminal)
        progress.begin(_plan([f"family-{number}" for number in range(40)]))
        for number in range(80):
            progress.heard(Record(kind=f"family-{number % 40}", scope=(), seconds=0.1, failure=None))
            text += os.read(ours, 65536).decode()
        progress.loaded(LoadProgress(elapsed=3, measured=30, rate=57.2, failed=2, p95=0.0421, budget=0.5))
        terminal.write("end")
        terminal.flush()
        while not text.endswith("end"):
            text += os.read(ours, 65536).decode()
    os.close(ours)
    first, *redrawn = re.split(r"\033\[(\d+)F\033\[J", text.removesuffix("end"))
    assert first.splitlines()[0] == "WorkMe: 80 questions"
    blocks = [first.splitlines()[1:], *(block.splitlines() for block in redrawn[1::2])]
    assert [int(back) for back in redrawn[::2]] == [len(block) for block in blocks[:-1]]
    assert len(blocks) == 81
    assert all(0 < len(block) < rows and max(map(len, block)) < columns for block in blocks)
    assert blocks[0][-1] == "  0 of 40 families answered"[: columns - 1]
    assert blocks[-1] == [
        "  40 of 40 families answered",
        "load: 3 of 30 s · 57 requests/s · 2 failed · p95 42 of 500 ms"[: columns - 1],
    ]


def test_dumb_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """An editor's shell shows what moves the cursor as text."""
    monkeypatch.setenv("TERM", "dumb")
    assert "\033" not in shown(_Terminal())


def test_log_has_a_line_every_five_seconds() -> None:
    """Nobody reads a thousand of them, and nothing in a log is written over."""
    text = shown(io.StringIO())
    assert "\033" not in text
    assert text.splitlines() == [
        "load: 142 users take turns",
        "load: warming up · 57 requests/s · 2 failed · p95 42 of 500 ms",
        "load: 2 of 30 s · 57 requests/s · 2 failed · p95 42 of 500 ms",
    ]


def test_what_happens_is_said() -> None:
    """A worker that is gone, and what the generator itself complains of."""
    stream = io.StringIO()
    progress = Progress(stream)
    progress.generated({"event": "started", "host": "127.0.0.1", "port": 5557})
    progress.generated({"event": "lost", "worker": "w1"})
    progress.generated({"event": "problem", "message": "no scenario hti"})
    assert stream.getvalue().splitlines() == [
        "waiting for workers at 127.0.0.1:5557",
        "load: worker w1 was lost",
        "load: no scenario hti",
    ]
