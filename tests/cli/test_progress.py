"""Progress of the load: one line that is written over on a terminal, a line now and then in a log."""

import io

from gonogo.cli.progress import Progress
from gonogo.load.aggregator import LoadProgress


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
    lines = shown(_Terminal()).split("\033[1F\033[2K")
    assert len(lines) == 10
    assert lines[-1] == "load: 6 of 30 s · 57 requests/s · 2 failed · p95 42 of 500 ms\n"


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
