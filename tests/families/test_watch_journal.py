"""The journal of a watch: what is in it survives whatever happens to the watcher, to the disk, and to the file."""

import os
import re
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gonogo.base.errors import UsageError
from gonogo.evidence.watch import Acknowledgement, AlertState, Poll, Reading, Receipt
from gonogo.families.watch import journal_file
from gonogo.families.watch.journal import Journal, JournalNotes
from gonogo.families.watch.journal_reader import JournalReader
from tests.docs.blocks import ROOT, blocks
from tests.support.watch_day import BEGAN, ENVIRONMENT, Day, announcement, watch_of, well

MINUTE = timedelta(minutes=1)
DOCUMENT = ROOT / "docs" / "watch.md"


def read(path: Path) -> JournalReader:
    """The journal, as others see it."""
    return JournalReader.read(path, environment=ENVIRONMENT)


def bad(at: float) -> dict[str, Reading]:
    """A third of all requests fails."""
    return {**well(at), "errors": Reading(at=at, value=1 / 3, events=300.0)}


def blind(at: float) -> dict[str, Reading]:
    """One signal cannot be read."""
    return {**well(at), "room": Reading(at=at, value=None, missing="the scrape failed: connection refused")}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal will be; its folder is made by whoever opens it."""
    return tmp_path / "watch" / "journal.sqlite3"


def test_everything_comes_back_as_it_was_written(path: Path) -> None:
    """A number that changes on its way through the file gives other alerts when they are computed again."""
    day = Day(path, watch_of(), launch=BEGAN).look(60).look(120, bad, lambda one: [announcement(one)]).look(180, blind)
    day.end()
    with read(path) as journal:
        assert [one.at for one in journal.rounds()] == [15.0 * number for number in range(12)]
        assert list(journal.readings("errors", 60)) == [
            *(Reading(at=at, value=1 / 3, events=300.0) for at in (60.0, 75.0, 90.0, 105.0)),
            *(well(at)["errors"] for at in (120.0, 135.0, 150.0, 165.0)),
        ]
        assert journal.all_readings()["room"] == journal.readings("room")
        assert [(at, due, reading.value) for at, due, reading in journal.looks("room")[-3:]] == [
            (at, True, None) for at in (135.0, 150.0, 165.0)
        ]
        assert list(journal.transitions()) == day.transitions
        assert journal.alerts() == day.alerts
        (stretch,) = journal.stretches()
        assert (stretch.began, stretch.ended, stretch.launch, stretch.pid) == (
            BEGAN,
            BEGAN + 3 * MINUTE,
            BEGAN,
            os.getpid(),
        )
        assert stretch.rules == watch_of().rule_texts


def test_number_that_is_none_is_a_missing_value(path: Path) -> None:
    """SQLite keeps NaN as NULL, and NaN is beyond no limit: it would pass as well for good."""
    reading = Reading(at=0.0, value=float("nan"), events=0.0)
    assert (reading.value, reading.missing) == (None, "the value is no finite number (nan)")
    day = Day(path, watch_of())
    day.look(15, lambda at: {**well(at), "errors": Reading(at=at, value=float("inf"))})
    assert day.journal.readings("errors")[0].missing == "the value is no finite number (inf)"


def test_restart_goes_on_where_the_watcher_died(path: Path) -> None:
    """After a restart what fired fires on under its own name, what was not sent is, and nobody pretends to have looked."""
    day = Day(path, watch_of()).look(60, bad, lambda one: [announcement(one)])
    day.journal.close()
    again = Day(path, watch_of(), began=day.utc + 10 * MINUTE)
    assert again.at == pytest.approx(45 + 15 + 600)
    assert (again.alerts["errors"].state, again.alerts["errors"].id) == (AlertState.FIRING, "errors-1")
    assert [one.announcement.alert for one in again.journal.unsent()] == ["errors-1"]
    (gap,) = again.journal.gaps()
    assert (gap.length, gap.reason) == (timedelta(seconds=615), "the watcher was not running")
    assert again.look(again.at + 15, bad).transitions == []


def test_restart_at_once_leaves_no_gap(path: Path) -> None:
    """A gap that is none would be on the record of a launch for nothing."""
    Day(path, watch_of()).look(60).end()
    again = Day(path, watch_of(), began=BEGAN + MINUTE)
    assert again.journal.gaps() == []
    assert len(again.journal.stretches()) == 2


def test_watch_that_was_ended_has_a_gap_with_its_reason(path: Path) -> None:
    """Whoever reads the record must know whether somebody stopped it, or it died."""
    Day(path, watch_of()).look(60).end()
    (gap,) = Day(path, watch_of(), began=BEGAN + 5 * MINUTE).journal.gaps()
    assert gap.reason == "the watch had been ended"


def test_outbox_holds_what_did_not_arrive(path: Path) -> None:
    """An announcement is claimed before it is sent: after a crash in between nobody can say whether it arrived."""
    day = Day(path, watch_of()).look(15, bad, lambda one: [announcement(one), announcement(one, "team")])
    first, second = (one.announcement for one in day.journal.unsent())
    day.journal.claim([first, second])
    failed = Receipt(
        alert=first.alert,
        event=first.event,
        channel=first.channel,
        number=first.number,
        utc=BEGAN,
        attempts=1,
        delivered=False,
        tried_again=True,
        answer="connection refused",
    )
    day.journal.receipt(failed)
    assert [(one.announcement.channel, one.claimed) for one in day.journal.unsent()] == [
        ("oncall", False),
        ("team", True),
    ]
    day.journal.receipt(replace(failed, attempts=2, delivered=True, tried_again=False, answer="250 OK"))
    assert [one.announcement.channel for one in day.journal.unsent()] == ["team"]
    assert [(one.attempts, one.delivered, one.answer) for one in day.journal.receipts()] == [(2, True, "250 OK")]
    with pytest.raises(ValueError, match="no announcement 7 of errors-1 to oncall"):
        day.journal.receipt(replace(failed, number=7))


def test_round_is_written_as_a_whole_or_not_at_all(path: Path) -> None:
    """Half a round would be an alarm that nobody is told of, or a message about none."""
    day = Day(path, watch_of()).look(15)
    with pytest.raises(ValueError, match="due, and without a reading: users"):
        day.journal.round(at=15, utc=BEGAN, readings={}, due=["users"], alerts={})
    with pytest.raises(UsageError):
        day.look(30, bad, lambda one: [announcement(one), announcement(one)])  # the same one twice
    assert [one.at for one in day.journal.rounds()] == [0.0]
    assert {one.at for one in day.journal.transitions()} == {0.0}
    assert day.journal.announcements() == []


def test_people_answer_from_other_processes_while_it_watches(path: Path) -> None:
    """Who acknowledges an alarm does so on another terminal, while the watcher writes."""
    day = Day(path, watch_of()).look(15)
    with JournalNotes.note(path, environment=ENVIRONMENT) as notes:
        notes.acknowledge(Acknowledgement(alert="errors-1", by="Ana", utc=BEGAN, note="on it"))
        notes.poll(Poll(role="devops", decision="hold", by="Davi", utc=BEGAN + MINUTE, note="disk"))
    day.look(30).journal.event(day.utc, day.at, "clock", "set by +1 h")
    assert [one.note for one in day.journal.acknowledgements()] == ["on it"]
    assert day.journal.acknowledgements(BEGAN + MINUTE) == []
    assert [(one.role, one.decision) for one in day.journal.polls()] == [("devops", "hold")]
    assert [(one.at, one.text) for one in day.journal.events()] == [(30.0, "set by +1 h")]


def test_second_watch_is_refused(path: Path) -> None:
    """Two watchers of one journal would tell everything twice, each with half of the readings."""
    day = Day(path, watch_of())
    with pytest.raises(UsageError) as refused:
        Journal.open(path, environment=ENVIRONMENT)
    said = str(refused.value)
    assert f"{path}: is being written by process {os.getpid()}, which watches staging already" in said
    assert f"kill {os.getpid()}" in said
    day.end()
    Journal.open(path, environment=ENVIRONMENT).close()


REFUSED = {
    "another environment": ("UPDATE meta SET value = 'production'", "is the journal of production, not of staging"),
    "newer schema": ("PRAGMA user_version = 7", "was written by a newer gonogo (schema 7; this one knows 1)"),
    "another program": ("PRAGMA application_id = 5", "is a database of another program"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_journal_that_is_not_this_one_is_refused(path: Path, case: str) -> None:
    """Rounds of two environments in one file would be evidence of neither."""
    statement, message = REFUSED[case]
    Day(path, watch_of()).look(60).end()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()
    before = path.read_bytes()
    for opened in (Journal.open, JournalNotes.note, JournalReader.read):
        with pytest.raises(UsageError) as refused:
            opened(path, environment=ENVIRONMENT)
        assert message in str(refused.value)
        assert str(path) in str(refused.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", ["text", "a page"])
def test_damaged_file_is_refused_and_kept(path: Path, damage: str) -> None:
    """What can still be saved of a launch's record is not overwritten by the next watch."""
    Day(path, watch_of()).look(3600).end()
    content = bytearray(path.read_bytes())
    content[0:] = b"Dear diary" * 500 if damage == "text" else content[:4096] + b"\xff" * 8192 + content[12288:]
    path.write_bytes(content)
    for opened in (Journal.open, JournalReader.read):
        with pytest.raises(UsageError, match=r"is no journal, or is damaged .* move it away"):
            opened(path, environment=ENVIRONMENT)
    assert path.read_bytes() == content


def test_no_journal_says_who_writes_one(path: Path) -> None:
    """Commands that only add to a journal must not begin one: it would look like a watch."""
    for opened in (JournalNotes.note, JournalReader.read):
        with pytest.raises(UsageError, match="there is no journal"):
            opened(path, environment=ENVIRONMENT)
    with pytest.raises(UsageError, match="there is no journal"):
        Journal.open(path, environment=ENVIRONMENT, create=False)
    assert not path.parent.exists()


def test_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A file in the place of a folder, as a wrong path gives it."""
    (tmp_path / "reports").write_text("a file")
    with pytest.raises(UsageError, match=r"journal.lock: cannot be written .*watch.journal"):
        Journal.open(tmp_path / "reports" / "journal.sqlite3", environment=ENVIRONMENT)
    (tmp_path / "journal.sqlite3").mkdir()
    with pytest.raises(UsageError, match=r"journal.sqlite3: cannot be written or opened .*watch.journal"):
        Journal.open(tmp_path / "journal.sqlite3", environment=ENVIRONMENT)


def test_full_disk_costs_the_round_and_nothing_before_it(path: Path) -> None:
    """A watch that cannot write goes on from what it wrote, once there is room again."""
    day = Day(path, watch_of()).look(60)
    pages = day.journal.connection.execute("PRAGMA page_count").fetchone()[0]
    day.journal.connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(UsageError, match="the disk is full; free some space: what was written before is kept"):
        day.look(3600)
    written = len(day.journal.rounds())
    day.journal.connection.execute("PRAGMA max_page_count = 1000000")
    day.look(day.at + 15).end()
    with read(path) as journal:
        assert len(journal.rounds()) == written + 1
        assert journal.rounds()[-1].at == day.at - 15


def test_older_schema_is_brought_to_the_newest(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A watch that goes on after an update of gonogo keeps what the older version wrote."""
    Day(path, watch_of()).look(60).end()
    newer = (*journal_file.MIGRATIONS, "CREATE TABLE weather (utc TEXT); INSERT INTO weather VALUES ('rain');")
    monkeypatch.setattr(journal_file, "MIGRATIONS", newer)
    with pytest.raises(UsageError, match=r"was written by an older gonogo.*gonogo watch"):
        read(path)
    Day(path, watch_of(), began=BEGAN + MINUTE).end()
    with read(path) as journal:
        assert len(journal.rounds()) == 4
        assert journal_file.schema_version(journal.connection) == 2


def test_migration_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a migration would leave a journal that no version can read."""
    Day(path, watch_of()).look(60).end()
    broken = (*journal_file.MIGRATIONS, "CREATE TABLE weather (utc TEXT); INSERT INTO nowhere VALUES (1);")
    with monkeypatch.context() as patched:
        patched.setattr(journal_file, "MIGRATIONS", broken)
        with pytest.raises(UsageError, match="nowhere"):
            Journal.open(path, environment=ENVIRONMENT)
    with read(path) as journal:
        assert journal_file.schema_version(journal.connection) == 1


def test_journal_is_read_from_a_folder_that_cannot_be_written() -> None:
    """As an archive of a pipeline holds it, with nothing beside it, for a user who may only read it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Day(folder / "journal.sqlite3", watch_of()).look(60).end()
        folder.chmod(0o555)
        own = os.geteuid()
        try:
            if own == 0:
                os.seteuid(65534)  # nobody: root may write everywhere
            with read(folder / "journal.sqlite3") as journal:
                assert len(journal.rounds()) == 4
        finally:
            os.seteuid(own)
            folder.chmod(0o755)


def test_schema_is_the_documented_one(path: Path) -> None:
    """Whoever reads the journal with other tools goes by the document: tables, columns, and the query that stands there."""
    day = Day(path, watch_of()).look(180)
    connection = day.journal.connection
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    schema = {
        table["name"]: [row["name"] for row in connection.execute(f"PRAGMA table_info({table['name']})")]
        for table in tables
    }
    rows = re.findall(r"^\| `(\w+)` \| ((?:`\w+`(?:, )?)+) \|", DOCUMENT.read_text(), re.MULTILINE)
    assert {name: re.findall(r"\w+", columns) for name, columns in rows} == schema
    (query,) = blocks(DOCUMENT, "sql")
    newest = connection.execute(query).fetchall()
    assert len(newest) == 10
    assert (newest[0]["utc"], newest[0]["value"]) == ("2026-12-01T12:02:45.000000+00:00", 0.01)


def test_day_of_forty_signals_is_small(path: Path) -> None:
    """A journal that fills the disk of a small server takes the service down with it: a day is at most 50 MB.

    A tenth of a day is written, with every hundredth reading missing; what is stored once for all counts ten times.
    """
    names = [f"signal-{number}" for number in range(40)]
    journal = Journal.open(path, environment=ENVIRONMENT)
    journal.connection.execute("PRAGMA synchronous = OFF")
    journal.resume(BEGAN, watch=watch_of())
    for number in range(576):
        at = number * 15.001
        readings = {
            name: Reading(at=at, value=(number * 40 + place) / 7, events=float(number * place))
            if (number + place) % 100
            else Reading(at=at, value=None, missing=f"no series {name} in the answer")
            for place, name in enumerate(names)
        }
        journal.round(at=at, utc=BEGAN + timedelta(seconds=at), readings=readings, due=names, alerts={})
    journal.close()
    assert path.stat().st_size * 10 < 15_000_000
