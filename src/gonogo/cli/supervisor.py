"""Runs a command that judges in a process of its own, and gives an exit code only for what that process has shown.

Checks are somebody's code: one that ends its process, by ``os._exit`` or in a C library, must not decide the exit code
of a run. So 0 is given only if the command said that it came to its end, and the record on disk says GO once more.
"""

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gonogo.base.interruption import EXIT_INTERRUPTED, INTERRUPTION, SIGNALS, is_ignored, say
from gonogo.base.supervision import VARIABLE, Channel, take_channel

JUDGING = {"run", "smoke", "load", "replay", "verify", "sign"}
_INCOMPLETE = 3
_GRACE_SECONDS = 30
"""For a process that judges to do by itself what it should have done: to give a check up, to end, to stop."""
_ORPHANED_SECONDS = 300
_GIVES_UP_AT = 3
_FROM_TERMINAL = 0x80
"""SI_KERNEL: the whole process group got the signal already."""


@dataclass(slots=True)
class _Announced:
    """The announcements of the supervised process about itself."""

    word: str
    """What every line of its own begins with."""
    at: str = ""
    leaves: str = ""
    """The command that removes what stays behind if the process is killed now."""
    record: Path | None = None
    code: int | None = None
    late_at: float | None = None
    """When it is too late for a next announcement, on the monotonic clock; None: it may take as long as it likes."""

    def hear(self, line: str) -> None:
        own, _, rest = line.partition(" ")
        if own != self.word:
            return
        word, _, argument = rest.partition(" ")
        match word:
            case "judging":
                self.at = argument
            case "calling":
                self.late_in(float(argument) + _GRACE_SECONDS)
            case "called":
                self.late_at = None
            case "leaves":
                self.leaves = argument
            case "record":
                self.record = Path(argument)
            case "end":
                self.code = int(argument)

    @property
    def place(self) -> str:
        """The check that it was at; empty: none yet."""
        return f" while {self.at} was judged" if self.at else ""

    def late_in(self, seconds: float) -> None:
        """From now on."""
        self.late_at = time.monotonic() + seconds

    @property
    def is_late(self) -> bool:
        """Whether nothing is to be expected of it any more."""
        late_at = self.late_at
        return late_at is not None and time.monotonic() > late_at


def is_judging(arguments: Sequence[str]) -> bool:
    """Whether the command of these arguments lets checks judge."""
    command = next((argument for argument in arguments if not argument.startswith("-")), "")
    helps = {"-h", "--help"} & set(arguments)
    return command in JUDGING and not helps and Channel.given() is None


def supervise(arguments: Sequence[str]) -> int:
    """Run the command in a child, pass signals on, and give the exit code that its record bears out."""
    reading, writing = os.pipe()
    alive, holding = os.pipe()
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    os.set_inheritable(writing, True)  # noqa: FBT003 - os has no other way
    os.set_inheritable(alive, True)  # noqa: FBT003 - as above
    announced = _Announced(secrets.token_hex(8))
    child = subprocess.Popen(  # noqa: S603 - this interpreter, this program
        # -P: the current folder is no place of modules, or a project's own redis.py would be taken for the library.
        [sys.executable, "-P", "-m", "gonogo", *arguments],
        pass_fds=(writing, alive),
        env={
            **os.environ,
            VARIABLE: str(Channel(writing, os.getpid(), announced.word)),
            f"{VARIABLE}_ALIVE": str(alive),
        },
    )
    os.close(writing)
    os.close(alive)
    listener = threading.Thread(target=_listen, args=(reading, announced), daemon=True)
    listener.start()
    status = _wait(child, announced)
    listener.join(timeout=5)
    os.close(holding)
    return _code(announced, status)


def begin_supervised() -> None:
    """Called in the child: takes signals again, and ends with whoever supervises."""
    take_channel()
    alive = os.environ.pop(f"{VARIABLE}_ALIVE", None)
    if alive is None:
        return
    INTERRUPTION.install()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def watch() -> None:
        while os.read(int(alive), 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)  # SIGHUP is ignored under nohup
        time.sleep(_ORPHANED_SECONDS)
        os._exit(EXIT_INTERRUPTED)

    threading.Thread(target=watch, daemon=True, name="gonogo-supervised").start()


def _listen(reading: int, announced: _Announced) -> None:
    with os.fdopen(reading, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            announced.hear(line.rstrip("\n"))
    announced.late_in(_GRACE_SECONDS)  # it has ended, or a check closed what it announces itself by


def _wait(child: subprocess.Popen[bytes], announced: _Announced) -> int:
    """The child's exit status; signals that only we got are passed on, and what would never end is ended."""
    ended = threading.Event()

    def reap() -> None:
        child.wait()
        ended.set()
        os.kill(os.getpid(), signal.SIGHUP)  # wakes the loop below

    threading.Thread(target=reap, daemon=True).start()
    threading.Thread(target=_end_when_late, args=(child, announced, ended), daemon=True).start()
    signals = 0
    while not ended.is_set():
        received = signal.sigwaitinfo(SIGNALS)
        if ended.is_set():
            break
        number = signal.Signals(received.si_signo)
        if is_ignored(number):
            continue
        signals += 1
        if signals == _GIVES_UP_AT:
            announced.late_in(_GRACE_SECONDS)
        if not (number == signal.SIGINT and received.si_code == _FROM_TERMINAL):
            child.send_signal(number)
    return child.returncode


def _end_when_late(child: subprocess.Popen[bytes], announced: _Announced, ended: threading.Event) -> None:
    while not ended.wait(1):
        if announced.is_late:
            say(f"the process that judges does not end{announced.place}: gonogo stops it")
            child.kill()
            return


def _code(announced: _Announced, status: int) -> int:
    if announced.code is None:
        place = announced.place or " before anything was judged"
        exit_words = f"by signal {-status}" if status < 0 else f"with {status}"
        say(f"the process that judged was ended {exit_words},{place}: INCOMPLETE, not GO")
        if announced.leaves:
            say(f"test data of this run may be left; remove it: {announced.leaves}")
        return EXIT_INTERRUPTED if -status in SIGNALS else _INCOMPLETE
    if announced.code == 0 and status != 0:
        return status if status > 0 else _INCOMPLETE
    if announced.code == 0 and announced.record is not None and not _opens(announced.record):
        say(f"{announced.record}: this record does not give GO; read it, and run again")
        return _INCOMPLETE
    return announced.code


def _opens(folder: Path) -> bool:
    """Whether the record on disk gives an answer that is worth exit code 0, decided once more from its checks."""
    from gonogo.base.errors import GonogoError  # noqa: PLC0415 - needed after a GO only
    from gonogo.record.archive import read_results  # noqa: PLC0415
    from gonogo.record.results import Outcome, asked_by_name  # noqa: PLC0415
    from gonogo.record.run_folder import RESULTS  # noqa: PLC0415
    from gonogo.verdict.decision import decide  # noqa: PLC0415

    try:
        results = read_results(folder / RESULTS)
    except GonogoError:
        return False
    if decide(results.checks, results.lines) != results.decision:
        return False
    if results.run.only:  # no verdict, and nothing to deploy by: the checks that were named are well
        asked = asked_by_name(results)
        well = {Outcome.PASS, Outcome.WARN, Outcome.WAIVED}
        return len(asked) == len(results.run.only) and all(check.outcome in well for check in asked)
    return results.decision.verdict.opens
