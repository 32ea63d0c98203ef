"""Reads a journal: for the live page, for reports, and for whoever judges the watch afterwards."""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from pydantic import TypeAdapter

from gonogo.base.errors import UsageError
from gonogo.evidence.watch import (
    Acknowledgement,
    Announcement,
    Gap,
    Poll,
    Reading,
    Receipt,
    Round,
    Stretch,
    Transition,
    Unsent,
    WatchEvent,
)
from gonogo.families.watch.alerts import Alert
from gonogo.families.watch.journal_file import connect, explained

Made = TypeVar("Made")
ALERT: TypeAdapter[Alert] = TypeAdapter(Alert)
ANNOUNCEMENT: TypeAdapter[Announcement] = TypeAdapter(Announcement)
_READINGS = """
    SELECT names.name AS name, coalesce(readings.at, rounds.at) AS at, value, events, coalesce(texts.text, '') AS missing,
        rounds.at AS place, due
    FROM readings
    JOIN rounds ON rounds.number = readings.round
    JOIN names ON names.number = readings.name
    LEFT JOIN texts ON texts.number = readings.missing
"""


class JournalReader:
    """One connection to a journal; may be used by several threads, one after another."""

    def __init__(self, path: Path, connection: sqlite3.Connection, environment: str) -> None:
        self.path = path
        self.environment = environment
        self.connection = connection
        self._one_at_a_time = threading.RLock()

    @classmethod
    def read(cls, path: Path, *, environment: str) -> "JournalReader":
        """Open a journal that is there, to change nothing. Raises UsageError where it cannot be read, or is another's."""
        return JournalReader(path, of_environment(path, connect(path, write=False), environment), environment)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        with self._one_at_a_time:
            self.connection.close()

    def stretches(self) -> Sequence[Stretch]:
        """The watcher's lives, oldest first."""
        return self._all("SELECT * FROM stretches ORDER BY number", (), _stretch)

    @property
    def launch(self) -> datetime | None:
        """T-0, as the newest watcher that knew it was told."""
        return next((stretch.launch for stretch in reversed(self.stretches()) if stretch.launch), None)

    def rounds(self, since: float = 0.0) -> Sequence[Round]:
        """All rounds from a point of the axis on, oldest first."""
        return self._all("SELECT * FROM rounds WHERE at >= ? ORDER BY number", (since,), _round)

    @property
    def number_of_rounds(self) -> int:
        """How many there were."""
        return self._all("SELECT count(*) FROM rounds", (), lambda row: int(row[0]))[0]

    def first_round(self) -> Round | None:
        """The oldest one."""
        return next(iter(self._all("SELECT * FROM rounds ORDER BY number LIMIT 1", (), _round)), None)

    def round_before(self, moment: datetime) -> Round | None:
        """The newest one that is not later."""
        query = "SELECT * FROM rounds WHERE utc <= ? ORDER BY number DESC LIMIT 1"
        return next(iter(self._all(query, (text_of(moment.astimezone(UTC)),), _round)), None)

    def last_round(self) -> Round | None:
        """The newest one."""
        return next(iter(self._all("SELECT * FROM rounds ORDER BY number DESC LIMIT 1", (), _round)), None)

    def readings(self, name: str, since: float = 0.0) -> Sequence[Reading]:
        """Everything that was read of one signal from a point of the axis on, oldest first."""
        query = f"{_READINGS} WHERE rounds.at >= ? AND names.name = ? ORDER BY rounds.number"
        return self._all(query, (since, name), _reading)

    def all_readings(self, since: float = 0.0) -> Mapping[str, Sequence[Reading]]:
        """The same of all signals, in one pass."""
        readings: dict[str, list[Reading]] = {}
        query = f"{_READINGS} WHERE rounds.at >= ? ORDER BY rounds.number"
        for name, reading in self._all(query, (since,), lambda row: (row["name"], _reading(row))):
            readings.setdefault(name, []).append(reading)
        return readings

    def looks(self, name: str) -> Sequence[tuple[float, bool, Reading]]:
        """All rounds that read one signal: where on the axis, whether it was due, and what was read."""
        query = f"{_READINGS} WHERE names.name = ? ORDER BY rounds.number"
        return self._all(query, (name,), lambda row: (row["place"], bool(row["due"]), _reading(row)))

    def alerts(self) -> Mapping[str, Alert]:
        """Where every alert stands after the newest round, by threshold."""
        alerts = self._all("SELECT alert FROM alerts", (), lambda row: ALERT.validate_json(row[0]))
        return {alert.threshold: alert for alert in alerts}

    def transitions(self) -> Sequence[Transition]:
        """All changes of alerts, oldest first."""
        return self._all("SELECT * FROM transitions ORDER BY number", (), _transition)

    def announcements(self) -> Sequence[Announcement]:
        """Everything that was to be said, sent or not, oldest first."""
        return self._all("SELECT announcement FROM announcements ORDER BY row", (), _announcement)

    def unsent(self) -> Sequence[Unsent]:
        """What is still to be sent, and what may have arrived already."""
        query = "SELECT announcement, claimed FROM announcements WHERE open ORDER BY row"
        return self._all(query, (), lambda row: Unsent(announcement=_announcement(row), claimed=bool(row["claimed"])))

    def receipts(self) -> Sequence[Receipt]:
        """What became of announcements that were tried, in their order."""
        return self._all("SELECT * FROM announcements WHERE answered IS NOT NULL ORDER BY row", (), _receipt)

    def acknowledgements(self, since: datetime | None = None) -> Sequence[Acknowledgement]:
        """Who took what in hand, from a moment on."""
        query = "SELECT * FROM acknowledgements WHERE utc >= ? ORDER BY number"
        return self._all(query, (text_of(since) if since else "",), _acknowledgement)

    def polls(self) -> Sequence[Poll]:
        """All answers of all roles, oldest first."""
        return self._all("SELECT * FROM polls ORDER BY number", (), _poll)

    def events(self) -> Sequence[WatchEvent]:
        """What happened to the watch itself, oldest first."""
        return self._all("SELECT * FROM events ORDER BY number", (), _event)

    def followed_acknowledgements(self) -> "Followed[Acknowledgement]":
        """Who took what in hand, to be looked at again and again."""
        return Followed(self, "acknowledgements", _acknowledgement)

    def followed_polls(self) -> "Followed[Poll]":
        """The same of the roles' answers."""
        return Followed(self, "polls", _poll)

    def followed_events(self) -> "Followed[WatchEvent]":
        """The same of what happened to the watch."""
        return Followed(self, "events", _event)

    def after(self, table: str, number: int, made: Callable[[sqlite3.Row], Made]) -> Sequence[tuple[int, Made]]:
        """The rows of a table that came after one of this number, with their own."""
        query = f"SELECT * FROM {table} WHERE number > ? ORDER BY number"  # noqa: S608 - our names
        return self._all(query, (number,), lambda row: (row["number"], made(row)))

    def gaps(self) -> Sequence[Gap]:
        """When nobody looked, oldest first."""
        return self._all("SELECT * FROM gaps ORDER BY number", (), _gap)

    def _all(self, query: str, parameters: Sequence[object], made: Callable[[sqlite3.Row], Made]) -> list[Made]:
        with self._exclusively():
            return [made(row) for row in self.connection.execute(query, parameters)]

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        with self._one_at_a_time, explained(self.path):
            yield


class Followed(Generic[Made]):
    """The rows of a table that is only ever added to: each look reads on from where the last one ended."""

    def __init__(self, reader: JournalReader, table: str, made: Callable[[sqlite3.Row], Made]) -> None:
        self._reader, self._table, self._made = reader, table, made
        self._newest = 0
        self.rows: list[Made] = []
        """What was there at the last look, oldest first."""

    def look(self) -> None:
        """Read what was added since. Raises UsageError where the journal cannot be read."""
        for number, row in self._reader.after(self._table, self._newest, self._made):
            self._newest = number
            self.rows.append(row)


def of_environment(path: Path, connection: sqlite3.Connection, environment: str) -> sqlite3.Connection:
    """The connection, where the journal is this environment's. Raises UsageError and closes it otherwise."""
    try:
        with explained(path):
            stored = connection.execute("SELECT value FROM meta WHERE key = 'environment'").fetchone()
    except UsageError:
        connection.close()
        raise
    if stored is not None and stored[0] == environment:
        return connection
    connection.close()
    of = f"is the journal of {stored[0]}" if stored else "is a journal of no environment"
    raise UsageError(f"{path}: {of}, not of {environment}; name another file in watch.journal, or move this one away")


def text_of(moment: datetime) -> str:
    """A moment as the journal has it: in texts of one length, so that they sort by time."""
    return moment.isoformat(timespec="microseconds")


def moment_of(text: str | None) -> datetime | None:
    """The reverse."""
    return datetime.fromisoformat(text) if text else None


def _stretch(row: sqlite3.Row) -> Stretch:
    moments = {key: moment_of(row[key]) for key in ("launch", "until", "ended")}
    began, every = datetime.fromisoformat(row["began"]), timedelta(seconds=row["every"])
    rules = json.loads(row["rules"])
    return Stretch(began=began, at=row["at"], pid=row["pid"], every=every, rules=rules, **moments)


def _round(row: sqlite3.Row) -> Round:
    return Round(at=row["at"], utc=datetime.fromisoformat(row["utc"]), mono_ok=bool(row["mono_ok"]))


def _reading(row: sqlite3.Row) -> Reading:
    return Reading(at=row["at"], value=row["value"], events=row["events"], missing=row["missing"])


def _fields(row: sqlite3.Row, *left_out: str) -> dict[str, Any]:
    return {key: row[key] for key in row.keys() if key not in {"number", "utc", *left_out}}  # noqa: SIM118 - a Row yields values


def _transition(row: sqlite3.Row) -> Transition:
    return _TRANSITION.validate_python({**_fields(row), "utc": row["utc"]})


def _announcement(row: sqlite3.Row) -> Announcement:
    return ANNOUNCEMENT.validate_json(row["announcement"])


def _receipt(row: sqlite3.Row) -> Receipt:
    return Receipt(
        alert=row["alert"],
        channel=row["channel"],
        number=row["number"],
        event=row["event"],
        utc=datetime.fromisoformat(row["answered"]),
        attempts=row["attempts"],
        delivered=bool(row["delivered"]),
        tried_again=bool(row["open"]),
        answer=row["answer"],
    )


def _acknowledgement(row: sqlite3.Row) -> Acknowledgement:
    return Acknowledgement(**_fields(row), utc=datetime.fromisoformat(row["utc"]))


def _poll(row: sqlite3.Row) -> Poll:
    return Poll(**_fields(row), utc=datetime.fromisoformat(row["utc"]))


def _event(row: sqlite3.Row) -> WatchEvent:
    return WatchEvent(**_fields(row), utc=datetime.fromisoformat(row["utc"]))


def _gap(row: sqlite3.Row) -> Gap:
    begins, ends = datetime.fromisoformat(row["begins"]), datetime.fromisoformat(row["ends"])
    return Gap(begins=begins, ends=ends, reason=row["reason"])


_TRANSITION: TypeAdapter[Transition] = TypeAdapter(Transition)
