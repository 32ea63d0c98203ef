"""Kills at random moments: a signal to a command that judges, somewhere between its first question and its end.

Whatever comes, nothing may remain in the service, or the command says how ``gonogo clean`` finds it, and it does. After a
SIGKILL of all of its processes nobody is left to say so: then ``gonogo clean`` alone must find it.
"""

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from gonogo.base.interruption import EXIT_INTERRUPTED
from gonogo.runs.cleanup import clean
from gonogo.runs.reference_instance import ReferenceInstance, ReferenceProcess
from tests.smoke.endurance import contents

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
COMMANDS = ("smoke", "run")
_VICTIMS = ("command", "judge", "all")
"""The command's own process, the one that judges for it, or every process of the terminal."""
_ENDS_WITHIN_SECONDS = 300
_INCOMPLETE = 3
_TOLD = re.compile(r"gonogo clean --env reference --run (\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """One trial."""

    command: str
    number: signal.Signals
    victim: str
    at_seconds: float
    """After the first question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What came of it."""

    kill: Kill
    code: int
    struck: bool
    """Whether the command was still there."""
    seconds: float
    """From the signal until no process was left."""
    left: Mapping[str, int]
    """What was in the service then, and had not been before."""
    told: str
    """The run that the command said to clean; empty if it said nothing."""
    remained: Mapping[str, int]
    """What ``gonogo clean`` did not find."""
    finished: bool
    """Whether the record says that the run came to its end."""
    said: str = field(repr=False)

    @property
    def problem(self) -> str:
        """Why this may not be; empty if all is well."""
        nobody_left = self.kill.number is signal.SIGKILL and self.kill.victim == "all"
        if self.remained:
            return f"not found by clean: {dict(self.remained)}"
        if self.left and not self.told and not nobody_left:
            return f"left, and not told: {dict(self.left)}"
        # It may have been about to end by itself: then the verdict that it had given stands.
        if (
            self.struck
            and not self.finished
            and self.kill.number is not signal.SIGKILL
            and self.code not in {EXIT_INTERRUPTED, _INCOMPLETE}
        ):
            return f"ended with {self.code}"
        return "" if "bug in gonogo" not in self.said and "Traceback" not in self.said else "a bug"

    @property
    def line(self) -> str:
        """For whoever watches."""
        what = f"{self.kill.command} {self.kill.number.name} to {self.kill.victim} after {self.kill.at_seconds:.1f} s"
        came = f"exit {self.code}, over after {self.seconds:.1f} s" if self.struck else f"had ended, exit {self.code}"
        left = f"left {dict(self.left)}" if self.left else "nothing left"
        told = f", told {self.told}" if self.told else ""
        return f"{what}: {came}; {left}{told}; {self.problem or 'good'}"


@contextmanager
def announced(place: Path) -> Iterator[ReferenceInstance]:
    """A reference environment that every command finds which is started meanwhile, and no other."""
    before = os.environ.get("TMPDIR"), tempfile.tempdir
    os.environ["TMPDIR"] = tempfile.tempdir = str(place)
    try:
        with ReferenceProcess(announce=True) as process:
            yield ReferenceInstance(overlay=process.ready["environment"], faults=())
    finally:
        tempfile.tempdir = before[1]
        if before[0] is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before[0]


class Command:
    """A run of its own session, from its first question on."""

    def __init__(self, name: str, reports: Path) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "gonogo", name, "--env", "reference", "--reports", str(reports)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # Under nohup a run outlives SIGHUP, as it should.
            preexec_fn=partial(signal.signal, signal.SIGHUP, signal.SIG_DFL),  # noqa: PLW1509 - no thread holds a lock
        )
        self._lines: list[str] = []
        self._asking = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        if not self._asking.wait(_ENDS_WITHIN_SECONDS):
            self.strike(signal.SIGKILL, "all")
            raise AssertionError(f"{name} never began: {self.said}")

    def ended_within(self, seconds: float) -> bool:
        """Whether it came to its end by itself."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
            return True
        return False

    def strike(self, number: signal.Signals, victim: str) -> None:
        """Send the signal."""
        judges = _children(self._process.pid)
        with suppress(ProcessLookupError):
            if victim == "all":
                os.killpg(self._process.pid, number)
            else:
                os.kill(judges[0] if victim == "judge" and judges else self._process.pid, number)

    def over(self) -> int:
        """The exit code, once no process of its session is left. Raises AssertionError if that never comes."""
        deadline = time.monotonic() + _ENDS_WITHIN_SECONDS
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_ENDS_WITHIN_SECONDS)
        while alive := _session(self._process.pid):
            if time.monotonic() > deadline:
                self.strike(signal.SIGKILL, "all")
                raise AssertionError(f"still there after {_ENDS_WITHIN_SECONDS} s: {alive}; it said {self.said}")
            time.sleep(0.05)
        return self._process.returncode

    @property
    def said(self) -> str:
        """All of its standard error."""
        return "".join(self._lines)

    def _read(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            for line in stream:
                self._lines.append(line)
                if " question" in line:
                    self._asking.set()
        self._asking.set()


def drawn(rng: random.Random, command: str, number: signal.Signals, seconds: float) -> Kill:
    """One at a moment of a run that takes so long."""
    return Kill(command=command, number=number, victim=rng.choice(_VICTIMS), at_seconds=rng.uniform(0, seconds))


def undisturbed(command: str, reports: Path) -> float:
    """How many seconds a run takes from its first question on.

    Raises AssertionError if it comes to no verdict; on a machine that is too busy to make load it is INCOMPLETE.
    """
    run = Command(command, reports)
    started = time.monotonic()
    code = run.over()
    assert code in {0, _INCOMPLETE}, f"{command} ended with {code}: {run.said}"
    print(f"undisturbed {command}: exit {code}", flush=True)
    return time.monotonic() - started


def killed(kill: Kill, instance: ReferenceInstance, reports: Path) -> Aftermath:
    """Run, strike, wait until all is quiet, look, clean, and look again."""
    before = contents(instance)
    run = Command(kill.command, reports)
    struck = not run.ended_within(kill.at_seconds)
    run.strike(kill.number, kill.victim)
    started = time.monotonic()
    code = run.over()
    seconds = time.monotonic() - started
    left = _more(contents(instance), before)
    told = _TOLD.search(run.said)
    # What was told must be enough to find it.
    clean("reference", Path.cwd(), {}, run_id=told[1] if told else None, instance=instance)
    remained = _more(contents(instance), before)
    return Aftermath(
        kill=kill,
        code=code,
        struck=struck,
        seconds=seconds,
        left=left,
        told=told[1] if told and left else "",
        remained=remained,
        finished=_finished(reports),
        said=run.said,
    )


def table(all_of_it: Sequence[Aftermath]) -> str:
    """One line for each command and signal."""
    head = ("command", "signal", "kills", "struck", "nothing left", "told", "by clean alone", "bad", "slowest end")
    rows: list[tuple[str, ...]] = [head]
    for command, number in dict.fromkeys((one.kill.command, one.kill.number) for one in all_of_it):
        those = [one for one in all_of_it if (one.kill.command, one.kill.number) == (command, number)]
        counts = Counter(_kind(one) for one in those)
        slowest = max(one.seconds for one in those)
        struck = sum(one.struck for one in those)
        numbers = (len(those), struck, *(counts[kind] for kind in ("nothing", "told", "found", "bad")))
        rows.append((command, number.name, *map(str, numbers), f"{slowest:.1f} s"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _kind(one: Aftermath) -> str:
    if one.problem:
        return "bad"
    if not one.left:
        return "nothing"
    return "told" if one.told else "found"


def _finished(reports: Path) -> bool:
    told = json.loads((reports / "reference" / "latest" / "results.json").read_bytes())["run"]
    return bool(told["finished"]) and not told["interrupted"]


def _more(now: Mapping[str, int], before: Mapping[str, int]) -> Mapping[str, int]:
    return {what: number for what in (*now, *before) if (number := now.get(what, 0) - before.get(what, 0))}


def _children(pid: int) -> Sequence[int]:
    with suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _session(leader: int) -> Sequence[int]:
    """The living processes of a session."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError, IndexError):
                state, _, _, session = entry.joinpath("stat").read_text().rpartition(")")[2].split()[:4]
                if int(session) == leader and state != "Z":
                    found.append(int(entry.name))
    return found


def main(seed: int, trials: int, commands: Sequence[str] = COMMANDS) -> int:
    """So many kills by each signal in each command; 1 if anything may not be."""
    rng, seen = random.Random(seed), list[Aftermath]()  # noqa: S311 - moments, not secrets
    print(f"kills at random moments, seed {seed}: {trials} by each signal in {' and '.join(commands)}", flush=True)
    with tempfile.TemporaryDirectory() as folder, announced(Path(folder)) as instance:
        reports = Path(folder) / "reports"
        lengths = {command: undisturbed(command, reports) for command in commands}
        print(f"undisturbed: {', '.join(f'{name} {length:.1f} s' for name, length in lengths.items())}", flush=True)
        for _ in range(trials):  # in turn, so that whatever was counted when it is stopped is of every kind
            for command in commands:
                for number in SIGNALS:
                    seen.append(killed(drawn(rng, command, number, lengths[command]), instance, reports))
                    print(seen[-1].line, flush=True)
    print(table(seen))
    return 1 if any(one.problem for one in seen) else 0


if __name__ == "__main__":
    sys.exit(
        main(
            int(sys.argv[1]) if len(sys.argv) > 1 else random.SystemRandom().randrange(10**6),
            int(sys.argv[2]) if len(sys.argv) > 2 else 20,
            sys.argv[3:] or COMMANDS,
        )
    )
