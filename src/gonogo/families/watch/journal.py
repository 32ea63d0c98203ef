"""The journal of a watch: everything that happened, written as it happens.

One watcher writes it (``Journal``), held apart from a second one by a lock on the file beside it; people's answers
(``gonogo ack``, ``gonogo poll``) come from other processes (``JournalNotes``). What a round changed stands in it as a
whole or not at all, the messages that are due because of it among them, so that a kill -9 loses nothing.
"""

import fcntl
import json
import os
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gonogo.base.errors import UsageError
from gonogo.evidence.watch import Acknowledgement, Announcement, Gap, Poll, Reading, Receipt, Transition, Unsent
from gonogo.families.watch.alerts import Alert
from gonogo.families.watch.journal_file import companions, connect, explained, transaction
from gonogo.families.watch.journal_reader import ALERT, ANNOUNCEMENT, JournalReader, of_environment, text_of
from gonogo.families.watch.section import Watch

_DIED = "the watcher was not running"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """What a watcher goes on with; of a new journal: nothing, at the beginning of the axis."""

    axis: float
    """Where it is on the axis now: the last round's place, and the time that has passed since."""
    utc: datetime | None
    """When the last round was; None: there was none."""
    alerts: Mapping[str, Alert]
    unsent: Sequence[Unsent]
    """Not known to have arrived. One that is ``claimed`` may have: send it again only where the channel knows it again."""


class JournalNotes(JournalReader):
    """For the short commands of people beside the watcher."""

    @classmethod
    def note(cls, path: Path, *, environment: str) -> "JournalNotes":
        """Open a journal that is there, to add to it. Raises UsageError where there is none, or it is another's."""
        if not path.exists():
            raise UsageError(f"{path}: there is no journal; `gonogo watch --env {environment}` begins one")
        return JournalNotes(path, of_environment(path, connect(path, write=True), environment), environment)

    def acknowledge(self, acknowledgement: Acknowledgement) -> None:
        """Note who has an alert in hand."""
        self._add(
            "INSERT INTO acknowledgements (alert, by, utc, note) VALUES (?, ?, ?, ?)",
            acknowledgement.alert,
            acknowledgement.by,
            text_of(acknowledgement.utc),
            acknowledgement.note,
        )

    def poll(self, poll: Poll) -> None:
        """Note a role's answer; an earlier one stays on record."""
        self._add(
            "INSERT INTO polls (role, decision, by, utc, note) VALUES (?, ?, ?, ?, ?)",
            poll.role,
            poll.decision,
            poll.by,
            text_of(poll.utc),
            poll.note,
        )

    def event(self, utc: datetime, at: float, kind: str, text: str) -> None:
        """Note what happened to the watch itself."""
        self._add("INSERT INTO events (at, utc, kind, text) VALUES (?, ?, ?, ?)", at, text_of(utc), kind, text)

    def _add(self, statement: str, *values: object) -> None:
        with self._changing() as connection:
            connection.execute(statement, values)

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with self._exclusively(), transaction(self.connection):
            yield self.connection


class Journal(JournalNotes):
    """For the one watcher."""

    def __init__(self, path: Path, connection: sqlite3.Connection, environment: str, lock: int) -> None:
        super().__init__(path, connection, environment)
        self._lock = lock
        self._files = _identities(path)
        self._numbers: dict[str, dict[str, int]] = {"names": {}, "texts": {}}
        self._alerts: dict[str, Alert] = {}
        self._stretch = 0

    @classmethod
    def open(cls, path: Path, *, environment: str, create: bool = True) -> "Journal":
        """Open it as its watcher, and make it where there is none.

        Raises UsageError, naming file and cure: a second watcher, a file that cannot be written or is damaged, a newer
        schema, another environment's journal.
        """
        if not create and not path.exists():
            raise UsageError(f"{path}: there is no journal; `gonogo watch --env {environment}` begins one")
        lock = _locked(path, environment)
        try:
            connection = connect(path, write=True)
            try:
                with explained(path), transaction(connection):
                    connection.execute("INSERT OR IGNORE INTO meta VALUES ('environment', ?)", (environment,))
            except BaseException:
                connection.close()
                raise
            return cls(path, of_environment(path, connection, environment), environment, lock)
        except BaseException:
            os.close(lock)
            raise

    def close(self) -> None:
        """Let go of the file; somebody else may watch then."""
        super().close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def stay_in_place(self) -> bool:
        """Write the file anew if somebody deleted it under the watch; whether that was so.

        What was written is in the open file still, and would be gone with this process. Raises UsageError where
        another file lies in its place, or the new one cannot be written.
        """
        with self._exclusively():
            there = _identities(self.path)
            if there == self._files:
                return False
            if self._files and there[0] not in {None, self._files[0]}:
                raise UsageError(
                    f"{self.path}: another file was put in its place under the watch; move it away, "
                    "and the watch writes its own there again"
                )
            if self._files:
                self._write_anew()
            self.connection = connect(self.path, write=True)
            self._files = _identities(self.path)
            return True

    def _write_anew(self) -> None:
        """A copy is made first: the open file is let go of only when there is another one that is whole."""
        copy = self.path.with_name(f"{self.path.name}.new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if not self.path.with_suffix(".lock").exists():
                lock, self._lock = self._lock, _locked(self.path, self.environment)
                os.close(lock)
            copy.unlink(missing_ok=True)
            self.connection.execute("VACUUM INTO ?", (str(copy),))
            # The companions that lie there are of the old file, which removes them by their names when it is closed.
            self.connection.close()
            for companion in companions(self.path):
                companion.unlink(missing_ok=True)
            copy.replace(self.path)
            self._files = ()  # of none that is open
        except OSError as error:
            raise UsageError(
                f"{self.path}: was deleted under the watch, and cannot be written anew ({error.strerror}); "
                "make its folder writable"
            ) from None

    def resume(
        self, utc: datetime, *, watch: Watch, launch: datetime | None = None, until: datetime | None = None
    ) -> Resumed:
        """Begin to watch, or go on: note this watcher, and that nobody looked since the last round, if that is long ago.

        ``utc`` is now, ``watch`` what this watcher goes by, ``launch`` T-0, ``until`` when it is to end by itself.
        """
        last = self.last_round()
        axis = last.at + max(0.0, (utc - last.utc).total_seconds()) if last else 0.0
        with self._changing() as connection:
            if last and utc - last.utc > 2 * watch.every:
                self._note_gap(connection, Gap(begins=last.utc, ends=utc, reason=self._why_nobody_looked()))
            self._stretch = _inserted(
                connection.execute(
                    "INSERT INTO stretches (began, at, pid, every, rules, launch, until) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        text_of(utc),
                        axis,
                        os.getpid(),
                        watch.every.total_seconds(),
                        json.dumps(watch.rule_texts, sort_keys=True),
                        text_of(launch) if launch else None,
                        text_of(until) if until else None,
                    ),
                )
            )
        self._alerts = dict(self.alerts())
        return Resumed(axis=axis, utc=last.utc if last else None, alerts=dict(self._alerts), unsent=self.unsent())

    def _why_nobody_looked(self) -> str:
        before = self.stretches()[-1:]
        return "the watch had been ended" if before and before[0].ended else _DIED

    def round(  # noqa: PLR0913 - all that one round leads to, which is written as one
        self,
        *,
        at: float,
        utc: datetime,
        mono_ok: bool = True,
        readings: Mapping[str, Reading],
        due: Collection[str],
        transitions: Sequence[Transition] = (),
        alerts: Mapping[str, Alert],
        announcements: Sequence[Announcement] = (),
    ) -> None:
        """Write one round, with all that follows from it, as a whole.

        ``readings`` are those that the alerts were judged by, in this round; ``due`` names what was to be looked at.
        """
        if unread := sorted(set(due) - set(readings)):
            raise ValueError(f"due, and without a reading: {', '.join(unread)}; one without a value says why")
        changed = {name: alert for name, alert in alerts.items() if self._alerts.get(name) != alert}
        with self._numbers_of_rows(), self._changing() as connection:
            number = _inserted(
                connection.execute(
                    "INSERT INTO rounds (at, utc, mono_ok) VALUES (?, ?, ?)", (at, text_of(utc), int(mono_ok))
                )
            )
            self._write_readings(connection, number, at, readings, due)
            _write_transitions(connection, transitions)
            connection.executemany(
                "INSERT OR REPLACE INTO alerts VALUES (?, ?)",
                [(name, ALERT.dump_json(alert).decode()) for name, alert in changed.items()],
            )
            _write_announcements(connection, announcements)
        self._alerts.update(changed)

    def _write_readings(
        self,
        connection: sqlite3.Connection,
        number: int,
        at: float,
        readings: Mapping[str, Reading],
        due: Collection[str],
    ) -> None:
        rows = [
            (
                number,
                self._number(connection, "names", "name", name),
                int(name in due),
                None if reading.at == at else reading.at,
                reading.value,
                reading.events,
                self._number(connection, "texts", "text", reading.missing) if reading.missing else None,
            )
            for name, reading in readings.items()
        ]
        connection.executemany("INSERT INTO readings VALUES (?, ?, ?, ?, ?, ?, ?)", sorted(rows))

    @contextmanager
    def _numbers_of_rows(self) -> Iterator[None]:
        """Numbers of rows that were not written after all are forgotten: others may get them."""
        try:
            yield
        except BaseException:
            self._numbers = {table: {} for table in self._numbers}
            raise

    def _number(self, connection: sqlite3.Connection, table: str, column: str, text: str) -> int:
        """The number that stands for a text; texts that repeat are stored once."""
        known = self._numbers[table]
        if text not in known:
            connection.execute(f"INSERT OR IGNORE INTO {table} ({column}) VALUES (?)", (text,))  # noqa: S608 - our names
            query = f"SELECT number FROM {table} WHERE {column} = ?"  # noqa: S608 - as above
            known[text] = connection.execute(query, (text,)).fetchone()[0]
        return known[text]

    def claim(self, announcements: Sequence[Announcement]) -> None:
        """Note before sending that it begins: after a crash in between, these may have arrived."""
        with self._changing() as connection:
            connection.executemany(
                "UPDATE announcements SET claimed = 1 WHERE alert = ? AND channel = ? AND number = ?",
                [(one.alert, one.channel, one.number) for one in announcements],
            )

    def receipt(self, receipt: Receipt) -> None:
        """Note how sending ended. What did not arrive, and is tried again, stays to be sent."""
        values = (
            text_of(receipt.utc),
            receipt.attempts,
            int(receipt.delivered),
            receipt.answer,
            int(receipt.tried_again),
            *(receipt.alert, receipt.channel, receipt.number),
        )
        with self._changing() as connection:
            changed = connection.execute(
                "UPDATE announcements SET claimed = 0, answered = ?, attempts = ?, delivered = ?, answer = ?, open = ? "
                "WHERE alert = ? AND channel = ? AND number = ?",
                values,
            ).rowcount
            if not changed:
                raise ValueError(
                    f"the journal has no announcement {receipt.number} of {receipt.alert} to {receipt.channel}"
                )

    def gap(self, gap: Gap) -> None:
        """Note a time in which nobody looked."""
        with self._changing() as connection:
            self._note_gap(connection, gap)

    def _note_gap(self, connection: sqlite3.Connection, gap: Gap) -> None:
        values = (text_of(gap.begins), text_of(gap.ends), gap.reason)
        connection.execute("INSERT INTO gaps (begins, ends, reason) VALUES (?, ?, ?)", values)

    def end(self, utc: datetime) -> None:
        """Note that this watcher ended on purpose; a later one goes on from here all the same."""
        self._add("UPDATE stretches SET ended = ? WHERE number = ?", text_of(utc), self._stretch)


def _locked(path: Path, environment: str) -> int:
    """A descriptor that holds the lock of the one watcher; the system lets go of it whenever the process ends."""
    place = path.with_suffix(".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    except OSError as error:
        raise UsageError(
            f"{place}: cannot be written ({error.strerror}); make its folder writable, or name another file in watch.journal"
        ) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "that is not known"
        os.close(descriptor)
        raise UsageError(
            f"{path}: is being written by process {holder}, which watches {environment} already; "
            f"look at its page, or end it first (kill {holder})"
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def _identities(path: Path) -> tuple[tuple[int, int] | None, ...]:
    """Which file lies there, and which one of SQLite's log beside it; None for one that is not there."""
    identities: list[tuple[int, int] | None] = []
    for file in (path, companions(path)[0]):
        try:
            found = file.stat()
        except OSError:
            identities.append(None)
        else:
            identities.append((found.st_dev, found.st_ino))
    return tuple(identities)


def _inserted(cursor: sqlite3.Cursor) -> int:
    if cursor.lastrowid is None:
        raise AssertionError("an INSERT gives a number")
    return cursor.lastrowid


def _write_transitions(connection: sqlite3.Connection, transitions: Sequence[Transition]) -> None:
    connection.executemany(
        "INSERT INTO transitions (at, utc, threshold, alert, before, after, value, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                transition.at,
                text_of(transition.utc),
                transition.threshold,
                transition.alert,
                transition.before,
                transition.after,
                transition.value,
                transition.reason,
            )
            for transition in transitions
        ],
    )


def _write_announcements(connection: sqlite3.Connection, announcements: Sequence[Announcement]) -> None:
    connection.executemany(
        "INSERT INTO announcements (alert, channel, number, event, announcement) VALUES (?, ?, ?, ?, ?)",
        [
            (one.alert, one.channel, one.number, one.event, ANNOUNCEMENT.dump_json(one).decode())
            for one in announcements
        ],
    )
