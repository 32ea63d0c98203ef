"""A check judges recorded evidence: while it does, it may neither ask the network nor start a program, nor take for ever.

The guard hangs on Python's audit events (PEP 578), so that it also sees what libraries do on a check's behalf. It is
a guard against mistakes. Whoever means to deceive can, and would be seen in the code review.
"""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType

from gonogo.base.durations import format_duration
from gonogo.base.interruption import INTERRUPTION

_FORBIDDEN = {
    "socket.__new__": "opened a socket",
    "socket.connect": "opened a connection",
    "socket.bind": "opened a socket",
    "socket.sendto": "sent a packet",
    "socket.getaddrinfo": "looked a name up",
    "subprocess.Popen": "started a program",
    "os.system": "started a program",
    "os.exec": "started a program",
    "os.posix_spawn": "started a program",
    "os.fork": "started a process",
    "os.forkpty": "started a process",
}


class Trespass(BaseException):
    """A check did what only probes and steps may do. No Exception, so that a check does not swallow it by accident."""


class Hanging(BaseException):
    """A check did not come to an end."""


class _Guard:
    """The process's one audit hook: hooks cannot be removed, so it is installed once and switched."""

    def __init__(self) -> None:
        self.thread: int | None = None
        self.trespass = ""

    def hear(self, event: str, arguments: tuple[object, ...]) -> None:
        del arguments
        if self.thread is not None and event in _FORBIDDEN and threading.get_ident() == self.thread:
            self.trespass = _FORBIDDEN[event]
            raise Trespass(self.trespass)


_guard = _Guard()
_installed = threading.Event()


@contextmanager
def secluded(limit: timedelta) -> Iterator[None]:
    """Judge in here. Raises Trespass for what a check may not do, even if it swallowed that, and Hanging at the limit."""
    if not _installed.is_set():
        sys.addaudithook(_guard.hear)
        _watch_threads()
        _installed.set()
    _guard.trespass = ""
    with _bounded(limit):
        _guard.thread = threading.get_ident()
        try:
            with INTERRUPTION.raising():
                yield
        finally:
            _guard.thread = None
        if _guard.trespass:
            raise Trespass(_guard.trespass)


def _watch_threads() -> None:
    """Report failures of other threads, which neither pytest nor the guard hears of: no audit event marks a thread's start."""
    start = threading.Thread.start

    def guarded(thread: threading.Thread) -> None:
        if threading.get_ident() == _guard.thread:
            _guard.trespass = "started a thread"
            raise Trespass(_guard.trespass)
        start(thread)

    threading.Thread.start = guarded  # type: ignore[method-assign, assignment]  # a method


@contextmanager
def _bounded(limit: timedelta) -> Iterator[None]:
    """Raise Hanging in the main thread when the time is over; elsewhere there are no timers of this kind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise Hanging(f"had not judged after {format_duration(limit)}")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, limit.total_seconds())
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
