"""The signals that end a process set a flag here, and wake whoever waits.

An exception that is raised wherever the program happens to be breaks clean-up, event loops and libraries. So it is
raised once at the most, and only while code runs that is known to bear it. Everything else happens in a thread of its
own, which takes no lock that the main thread may hold.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType

from gonogo.base.supervision import tell

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
EXIT_INTERRUPTED = 130
_GIVES_UP_AT = 3
_ONE_WISH_SECONDS = 1.0
"""Signals that come this close together are one wish: a key that is hit twice, or a terminal that tells everybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a command ends when somebody wants it to."""

    wake: Callable[[], object]
    """Called in another thread; makes everybody stop who waits or works."""
    left: Callable[[], str]
    """The command that removes what would stay behind now; empty if nothing would."""
    within_seconds: float
    """The command gives up when it has not ended by then."""


class Interruption:
    """The process's one. Nothing is raised outside of ``raising``, and nothing after ``defer``."""

    def __init__(self) -> None:
        self.heard = False
        """Whether any signal came."""
        self._raises = False
        self._raised = False
        self._installed = False
        self._ending: Ending | None = None
        self._count = 0
        self._last = 0.0

    def install(self) -> None:
        """Take the signals from now on; once. To be called in the main thread."""
        if self._installed:
            return
        self._installed = True
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        for number in SIGNALS:
            if not is_ignored(number):
                signal.signal(number, self._take)
        threading.Thread(target=self._listen, args=(reading,), daemon=True, name="gonogo-signals").start()

    def defer(self, ending: Ending) -> None:
        """Raises nothing from now on: the command ends by itself, as soon as it can."""
        self._raises = False
        self._ending = ending
        if self.heard:
            ending.wake()

    @contextmanager
    def raising(self) -> Iterator[None]:
        """Code that bears an exception, as all code of a project must: it is interrupted in the middle of its work."""
        before, self._raises = self._raises, True
        try:
            if self.heard:
                self._raise_once()
            yield
        finally:
            self._raises = before

    def _take(self, number: int, frame: FrameType | None) -> None:
        """The main thread's part: nothing here takes a lock."""
        del number, frame
        self.heard = True
        if self._raises:
            self._raise_once()

    def _raise_once(self) -> None:
        if not self._raised:
            self._raised = True
            raise KeyboardInterrupt

    def _listen(self, reading: int) -> None:
        while number := os.read(reading, 1):
            if number[0] in SIGNALS:
                self._hear(signal.Signals(number[0]))

    def _hear(self, number: signal.Signals) -> None:
        """React to the first signal by stopping, to the next by giving up; several at once are one wish."""
        self.heard = True
        now = time.monotonic()
        if self._count and (number == signal.SIGHUP or now - self._last < _ONE_WISH_SECONDS):
            return
        self._count, self._last = self._count + 1, now
        if self._count >= _GIVES_UP_AT:
            self._give_up()
        ending = self._ending
        if ending is None:
            return
        left = ending.left()
        if self._count == 1:
            ends = threading.Timer(ending.within_seconds, self._give_up)
            ends.daemon = True
            ends.start()
            removing = f", and removing its test data; if it is killed before that: {left}" if left else ""
            say(f"interrupted: stopping{removing}")
            ending.wake()
        else:
            say(f"still stopping; the next signal gives up{', and leaves its test data' if left else ''}")

    def _give_up(self) -> None:
        left = self._ending.left() if self._ending else ""
        say(f"given up: test data of this run may have stayed behind; remove it: {left}" if left else "given up")
        tell(f"end {EXIT_INTERRUPTED}")
        os._exit(EXIT_INTERRUPTED)


def is_ignored(number: signal.Signals) -> bool:
    """Whether whoever started this process wants it to outlive this signal, as nohup does."""
    return number == signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN


def say(text: str) -> None:
    """One line on standard error, past every buffer and every lock; nobody may be there to read it."""
    with suppress(OSError):
        os.write(2, f"gonogo: {text}\n".encode("utf-8", "backslashreplace"))


INTERRUPTION = Interruption()
