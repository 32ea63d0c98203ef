"""A journal that cannot be written: the watch goes on, people are told, and nothing is told twice or lost."""

import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from gonogo.base.errors import UsageError
from gonogo.evidence.watch import AlertState, Announcement, Reading
from gonogo.families.watch.alerts import Alert, rules_of
from gonogo.families.watch.journal import Journal
from gonogo.families.watch.journal_reader import JournalReader
from gonogo.families.watch.replaying import first_difference, replay
from gonogo.families.watch.section import Launch
from gonogo.watching.announcer import Announcer
from gonogo.watching.ending import ending
from gonogo.watching.facts import LiveRound
from gonogo.watching.ledger import WRITING, Ledger
from gonogo.watching.live import Live
from gonogo.watching.messages import message_of
from gonogo.watching.metrics import exposition
from gonogo.watching.own_alarm import JOURNAL
from gonogo.watching.page import render_body
from gonogo.watching.polling import Seals
from gonogo.watching.rows import LiveState, Word
from gonogo.watching.watcher import Watcher
from tests.support.small_disks import failing_disk, make_read_only, needs_root, small_disk
from tests.watching.test_watcher import WATCH, PassedIn, Scripted, bad_from_to
from tests.watching.told import HEAD

TOLD = WATCH.model_copy(update={"channels": {"oncall": "ONCALL_URL"}})
WELL = bad_from_to(-1, -1)


class Taking:
    """A channel that takes everything."""

    name = "oncall"
    renewed = None

    def __init__(self) -> None:
        self.taken: list[Announcement] = []

    def check(self) -> None:
        """It is there."""

    def send(self, announcements: Sequence[Announcement]) -> str:
        """At once."""
        self.taken += announcements
        return "taken"

    @property
    def events(self) -> list[str]:
        """What was told, in its order."""
        return [f"{told.event} {told.alert}" for told in self.taken]


class Watching:
    """A watch on a clock that is passed in, as the command has it: with its channel and its page."""

    def __init__(self, path: Path, source: Scripted, most_readings: int = 100_000) -> None:
        self.journal = Journal.open(path, environment="staging")
        self.clock, self.channel = PassedIn(), Taking()
        self.ledger = Ledger(self.journal, now=self.clock.utc, most_readings=most_readings)
        self.announcer = Announcer([self.channel], self.ledger, unsent=self.ledger.unsent())
        self.watcher = Watcher(
            watch=TOLD, journal=self.ledger, sources=[source], announcer=self.announcer, clock=self.clock
        )
        self.live = Live(
            service="Shop",
            environment="staging",
            watch=TOLD,
            launch=Launch(),
            journal=self.ledger,
            seals=Seals(path.parent, path, "staging"),
        )
        self.page: LiveState | None = None

    def look(self, rounds: int = 1) -> LiveRound:
        """So many rounds, each after everything was told that the one before led to."""
        for _ in range(rounds):
            now = self.watcher.round()
            self.settle()
            self.page = self.live.state(now, self.announcer.states(), "")
            self.clock.wait(15, threading.Event())
        return now

    def look_until(self, condition: Callable[[], bool], most: int = 400) -> LiveRound:
        """Rounds until something is so."""
        for _ in range(most):
            now = self.look()
            if condition():
                return now
        raise AssertionError("it did not come about")

    @property
    def word(self) -> str:
        """What stands on the page."""
        return self.page.word if self.page else ""

    def settle(self) -> None:
        """Until the channel has everything, and its receipts are noted."""
        deadline = time.monotonic() + 60
        while len(self.ledger.receipts) < len(self.ledger.announcements):
            assert time.monotonic() < deadline
            time.sleep(0.001)

    def close(self) -> None:
        """As the command ends."""
        self.announcer.end(timedelta(seconds=20))
        self.ledger.close()
        self.journal.close()


@contextmanager
def watching(path: Path, value: Callable[[float], float | None], **more: int) -> Iterator[Watching]:
    """A watch that ends whatever happens."""
    watch = Watching(path, Scripted(value), **more)
    try:
        yield watch
    finally:
        watch.close()


def read(path: Path) -> JournalReader:
    """As a report reads it."""
    return JournalReader.read(path, environment="staging")


def is_whole(path: Path, rounds: int) -> None:
    """Every round is on record, and its readings give the alerts that are on record."""
    with read(path) as journal:
        assert journal.number_of_rounds == rounds
        readings = journal.readings("errors")
        assert len(readings) == rounds
        own = [change for change in journal.transitions() if change.threshold == "errors"]
        _, again = replay(rules_of(WATCH)["errors"], Alert(threshold="errors"), readings)
        assert first_difference(own, again) == ""
        assert journal.unsent() == []


@needs_root
def test_full_disk_is_told_once_and_costs_nothing(tmp_path: Path) -> None:
    """An alarm begins and ends while nothing can be written; the disk gets room again, and everything is on record."""
    with small_disk(tmp_path / "disk") as disk:
        path = disk.folder / "journal.sqlite3"
        begins = float("inf")
        with watching(path, lambda at: 0.5 if begins <= at < begins + 200 else 0.01) as watch:
            watch.look(20)
            disk.fill()
            watch.look_until(lambda: watch.ledger.unwritten is not None)
            begins = watch.watcher.now()
            watch.look(12)
            told = "the disk is full; free some space: what was written before is kept"
            assert watch.channel.events == [f"began {JOURNAL}-1", "began errors-1"]
            message = message_of(watch.channel.taken[:1], HEAD)
            assert message.subject == "WARNING production: The watch cannot write its journal"
            assert f"{path}: {told}" in message.body
            assert "Free disk space" in message.body
            assert "gonogo ack" not in message.body
            assert watch.word == Word.ABORT
            assert watch.page is not None
            assert watch.page.unwritten is not None
            assert watch.page.unwritten.rounds >= 12
            assert told in render_body(watch.page)
            metrics = exposition(watch.page, 0.0, 0).decode()
            assert "gonogo_watch_journal_writable 0.0" in metrics
            assert f"gonogo_watch_journal_waiting_rounds {watch.page.unwritten.rounds:.1f}" in metrics
            now = watch.look(12)
            assert watch.channel.events[2:] == ["resolved errors-1"]
            assert watch.word == Word.LOOK
            assert told in watch.page.reason
            assert ending(TOLD, now.alerts, cut_off=False).code == 3
            disk.free()
            watch.look(2)
            assert watch.channel.events[3:] == [f"resolved {JOURNAL}-1"]
            assert watch.word == Word.ALL_WELL
            assert "gonogo_watch_journal_writable 1.0" in exposition(watch.page, 0.0, 0).decode()
            rounds = watch.page.rounds
        is_whole(path, rounds)
        with read(path) as journal:
            events = [event.text for event in journal.events() if event.kind == WRITING]
            assert len(events) == 1
            assert events[0].startswith("it could not be written for 6 min")
            assert told in events[0]
            assert all(receipt.delivered for receipt in journal.receipts())
            assert len(journal.receipts()) == 4
            assert journal.gaps() == []


@needs_root
def test_what_has_no_room_in_memory_either_is_a_gap(tmp_path: Path) -> None:
    """Memory is bounded: of the oldest rounds the readings go, and never the alarms; that is on record."""
    with small_disk(tmp_path / "disk") as disk:
        path = disk.folder / "journal.sqlite3"
        with watching(path, WELL, most_readings=10) as watch:
            watch.look(20)
            disk.fill()
            watch.look_until(lambda: watch.ledger.unwritten is not None)
            first = watch.clock.utc()
            watch.look(60)
            disk.free()
            watch.look(2)
            (gap,) = watch.ledger.gaps
        with read(path) as journal:
            assert journal.gaps() == [gap]
            assert gap.begins <= first
            assert gap.length >= timedelta(seconds=45 * 15)
            assert len(journal.readings("errors")) < journal.number_of_rounds - 45
            assert "the readings of" in journal.events()[-1].text
            assert [change.alert for change in journal.transitions() if change.threshold == JOURNAL] == [
                f"{JOURNAL}-1"
            ] * 2


@needs_root
def test_watch_that_ends_while_nothing_can_be_written_says_what_is_lost(tmp_path: Path) -> None:
    """And the next one goes on from what is on the disk, with the time between as a gap."""
    with small_disk(tmp_path / "disk") as disk:
        path = disk.folder / "journal.sqlite3"
        with watching(path, WELL) as watch:
            watch.look(20)
            disk.fill()
            watch.look_until(lambda: watch.ledger.unwritten is not None)
            watch.look(9)
        assert watch.ledger.lost.startswith("10 rounds since 2026-12-01 ")
        assert f"are not in the journal: {path}: the disk is full" in watch.ledger.lost
        disk.free()
        with watching(path, WELL) as again:
            again.clock.now = watch.clock.now + 600
            again.look()
        with read(path) as journal:
            assert journal.number_of_rounds > 20


@needs_root
@pytest.mark.skipif(shutil.which("mkfs.ext4") is None, reason="e2fsprogs is not installed")
def test_disk_that_becomes_read_only(tmp_path: Path) -> None:
    """As Linux does it to a disk that fails: whoever has a file open there cannot write it any more."""
    with failing_disk(tmp_path / "disk") as folder, watching(folder / "journal.sqlite3", WELL) as watch:
        watch.look(5)
        make_read_only(folder)
        watch.look(3)
        assert watch.channel.events == [f"began {JOURNAL}-1"]
        assert "its disk fails, or is read-only now" in watch.channel.taken[0].reason
        assert watch.look().alerts["errors"].state is AlertState.OK


def test_journal_that_was_deleted_is_written_anew(tmp_path: Path) -> None:
    """Somebody cleans the folder of reports: what the open file holds must not go with the process."""
    path = tmp_path / "reports" / "journal.sqlite3"
    with watching(path, bad_from_to(150, 350)) as watch:
        watch.look(20)
        shutil.rmtree(path.parent)
        watch.look(2)
        assert [event.text for event in watch.ledger.events] == [
            "channels is oncall",
            "its file was gone; it was written again, with everything that it held",
        ]
        with pytest.raises(UsageError, match="is being written by process"):
            Journal.open(path, environment="staging")
        path.with_name("journal.sqlite3-wal").unlink()
        watch.look(28)
        rounds = watch.page.rounds if watch.page else 0
    assert watch.channel.events == ["began errors-1", "resolved errors-1"]
    is_whole(path, rounds)
    assert not list(path.parent.glob("*.new"))


def test_another_file_in_its_place_is_left_alone(tmp_path: Path) -> None:
    """Whose it is nobody knows; the journal is written once it is moved away."""
    path = tmp_path / "journal.sqlite3"
    with watching(path, WELL) as watch:
        watch.look(3)
        path.unlink()
        path.write_text("somebody's notes")
        watch.look(3)
        assert path.read_text() == "somebody's notes"
        assert "another file was put in its place under the watch; move it away" in watch.channel.taken[0].reason
        path.rename(tmp_path / "notes")
        watch.look(2)
        assert watch.channel.events == [f"began {JOURNAL}-1", f"resolved {JOURNAL}-1"]
        rounds = watch.page.rounds if watch.page else 0
    is_whole(path, rounds)


def test_receipt_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """Nobody would notice otherwise: the round itself was written."""
    path = tmp_path / "journal.sqlite3"
    with watching(path, bad_from_to(0, 10_000)) as watch:
        watch.look(4)
        watch.settle()
        with watch.journal.connection as connection:
            connection.execute(
                "CREATE TEMP TRIGGER full BEFORE UPDATE ON main.announcements BEGIN SELECT RAISE(FAIL, 'no'); END"
            )
        watch.look(1)
        assert watch.channel.events == ["began errors-1"]
        assert watch.ledger.unwritten is not None
        watch.look(1)
        assert watch.channel.events == ["began errors-1", f"began {JOURNAL}-1"]
        watch.journal.connection.execute("DROP TRIGGER full")
        watch.look(2)
        assert watch.ledger.unwritten is None
    with read(path) as journal:
        assert [receipt.delivered for receipt in journal.receipts()] == [True] * 3


def test_texts_of_a_round_that_was_not_written_are_not_taken_for_others(tmp_path: Path) -> None:
    """A reason is stored once: a number that was given to one which is not in the file must not be used again."""
    path = tmp_path / "journal.sqlite3"
    reasons = iter(["refused", "reset", "reset", "refused", "reset"])

    class Silent(Scripted):
        def read(self, at: float) -> Mapping[str, Reading]:
            return {"errors": Reading(at=at, value=None, missing=next(reasons))}

    watch = Watching(path, Silent(WELL))
    try:
        watch.look()
        connection = watch.journal.connection
        connection.execute(
            "CREATE TEMP TRIGGER full BEFORE INSERT ON main.readings BEGIN SELECT RAISE(FAIL, 'no'); END"
        )
        watch.look(2)
        assert watch.ledger.unwritten is not None
        connection.execute("DROP TRIGGER full")
        watch.look(2)
    finally:
        watch.close()
    with read(path) as journal:
        assert [reading.missing for reading in journal.readings("errors")] == [
            "refused",
            "reset",
            "reset",
            "refused",
            "reset",
        ]


def test_a_round_reads_as_much_on_the_tenth_day_as_on_the_first(tmp_path: Path) -> None:
    """Counted in rows that are read, and in steps of SQLite's machine: a journal that grows must not slow the watch down."""
    with watching(tmp_path / "journal.sqlite3", lambda at: 0.5 if at % 600 < 200 else 0.01) as watch:
        connection, counted = watch.journal.connection, {"rows": 0, "steps": 0}

        def row(cursor: sqlite3.Cursor, values: tuple[object, ...]) -> sqlite3.Row:
            counted["rows"] += 1
            return sqlite3.Row(cursor, values)

        def step() -> None:
            counted["steps"] += 1

        connection.row_factory = row
        connection.set_progress_handler(step, 1)
        of_rounds = list[tuple[int, int]]()
        for _ in range(400):
            counted.update(rows=0, steps=0)
            watch.look()
            of_rounds.append((counted["rows"], counted["steps"]))
        assert len(watch.ledger.announcements) > 15
        first, last = of_rounds[40:80], of_rounds[-40:]
        assert max(rows for rows, _ in last) <= max(rows for rows, _ in first)
        assert max(steps for _, steps in last) <= 1.1 * max(steps for _, steps in first)
