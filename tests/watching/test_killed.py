"""kill -9 at any moment: nothing is lost, nothing is told twice, and the time in which nobody looked is on record."""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from gonogo.evidence.watch import ALARMS, Announcement, Reading
from gonogo.families.watch.alerts import Alert, rules_of
from gonogo.families.watch.journal import Journal
from gonogo.families.watch.replaying import first_difference, replay
from gonogo.families.watch.section import Watch
from gonogo.watching.announcer import MAY_HAVE_BEEN_SENT, Announcer
from gonogo.watching.ledger import Ledger
from gonogo.watching.watcher import Watcher

ENVIRONMENT = "staging"
KILLS = 20
GAUGE = {"signal": {"gauge": "load"}, "above": 0.5, "severity": "critical", "keep": "20 ms"}
WATCH = Watch.model_validate(
    {"every": "10 ms", "no_data": "30 ms", "thresholds": {"load": GAUGE}, "channels": {"oncall": "ONCALL_URL"}}
)


class Waves:
    """Well and ill in turn, and sometimes nobody can say, by the place on the axis alone."""

    def read(self, at: float) -> Mapping[str, Reading]:
        """A wave of a third of a second."""
        phase = at % 0.3
        missing = "the scrape failed" if phase > 0.24 else ""
        return {"load": Reading(at=at, value=None if missing else float(0.06 < phase < 0.16), missing=missing)}


class Notebook:
    """A channel that writes down what arrived, at once and for good."""

    name = "oncall"
    renewed = None

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def check(self) -> None:
        """It is there."""

    def send(self, announcements: Sequence[Announcement]) -> str:
        """Each in a line."""
        lines = "".join(f"{one.alert} {one.channel} {one.number}\n" for one in announcements)
        os.write(self._descriptor, lines.encode())
        time.sleep(0.05)  # the answer comes later than the message arrives: many are killed in between
        return "written down"


def watch(folder: Path, stop: threading.Event, on_round: Callable[[float], None]) -> None:
    """Watch until somebody wants an end."""
    with Journal.open(folder / "journal.sqlite3", environment=ENVIRONMENT) as journal:
        ledger = Ledger(journal)
        announcer = Announcer([Notebook(folder / "arrived")], ledger, unsent=ledger.unsent())
        watcher = Watcher(watch=WATCH, journal=ledger, sources=[Waves()], announcer=announcer)
        watcher.on_round = lambda now: on_round(now.at)
        watcher.run(stop)
        announcer.end(timedelta(seconds=10))


def _write(descriptor: int, at: float) -> None:
    os.write(descriptor, f"{at!r}\n".encode())


def killed_after(folder: Path, rounds: int, delay: float) -> None:
    """A watcher in a process of its own, killed a moment after so many rounds."""
    seen, written = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - killed
        try:
            watch(folder, threading.Event(), lambda at: _write(written, at))
        finally:
            os._exit(1)
    os.close(written)
    with os.fdopen(seen) as lines, (folder / "looked").open("a") as looked:
        for _ in range(rounds):
            line = lines.readline()
            assert line, "the watcher died by itself"
            looked.write(line)
        time.sleep(delay)  # a moment within whatever it does, not a wait for anything
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        looked.writelines(line for line in lines if line.endswith("\n"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is left of a watch that was killed twenty times, and then ended as it should."""
    folder = tmp_path_factory.mktemp("killed")
    chance = random.Random(17)  # noqa: S311 - moments of a test
    for _ in range(KILLS):
        killed_after(folder, chance.randint(1, 40), chance.uniform(0, 0.02))
    stop, rounds = threading.Event(), Counter[str]()

    def count(_at: float) -> None:
        rounds["looked"] += 1
        if rounds["looked"] == KILLS:
            stop.set()

    watch(folder, stop, count)
    return folder


@pytest.fixture(scope="module")
def journal(folder: Path) -> Journal:
    """Its journal."""
    return Journal.open(folder / "journal.sqlite3", environment=ENVIRONMENT)


def test_nothing_is_lost(folder: Path, journal: Journal) -> None:
    """A round that was said to be over is in the journal, with all that followed from it."""
    looked = [float(line) for line in (folder / "looked").read_text().splitlines()]
    assert len(looked) > KILLS
    assert {one.at for one in journal.rounds()} >= set(looked)
    assert len(journal.stretches()) == KILLS + 1
    assert [one.ended is not None for one in journal.stretches()] == [False] * KILLS + [True]


def test_alerts_go_on_as_if_nobody_had_been_killed(journal: Journal) -> None:
    """All readings, judged again from the first to the last, give what is on record: no alert was forgotten or begun anew."""
    _, again = replay(rules_of(WATCH)["load"], Alert(threshold="load"), journal.readings("load"))
    assert first_difference(journal.transitions(), again) == ""
    assert sum(one.after in ALARMS for one in again) > 3


def test_nothing_is_told_twice_and_nothing_forgotten(folder: Path, journal: Journal) -> None:
    """What arrived did so once; what did not is marked: it may have, when the watcher was killed while it was told."""
    arrived = Counter((folder / "arrived").read_text().splitlines())
    assert set(arrived.values()) == {1}
    assert journal.unsent() == []
    receipts = {f"{one.alert} {one.channel} {one.number}": one for one in journal.receipts()}
    assert len(receipts) == len(journal.announcements())
    for announcement, receipt in receipts.items():
        assert announcement in arrived if receipt.delivered else receipt.answer == MAY_HAVE_BEEN_SENT
    assert set(arrived) <= set(receipts)
    began = {one.alert for one in journal.transitions() if one.after in ALARMS}
    assert began == {one.alert for one in journal.announcements() if one.event == "began"}


def test_gaps_are_on_record(journal: Journal) -> None:
    """Between the last round of one watcher and the first of the next nobody looked."""
    rounds = journal.rounds()
    gaps = {one.begins: one for one in journal.gaps()}
    for before, after in pairwise(rounds):
        restarted = any(before.at < stretch.at <= after.at for stretch in journal.stretches())
        if restarted and after.utc - before.utc > 4 * WATCH.every:
            assert gaps[before.utc].reason == "the watcher was not running"
            assert gaps[before.utc].ends <= after.utc
    assert gaps
