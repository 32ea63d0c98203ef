"""The journal of a watch that goes on, whatever becomes of the file.

A round, a receipt or an event that cannot be written waits in memory, in its order, and is written when it can be. Until
then everybody who asks is answered from memory: nothing is announced twice because its receipt is not on the disk. What
other processes add (``gonogo ack``, ``poll``, ``duty``) is read on from where the last look ended, so that a round costs
the same on the first day and on the tenth.
"""

import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gonogo.base.durations import format_duration
from gonogo.base.errors import UsageError
from gonogo.base.wording import counted
from gonogo.evidence.watch import (
    Acknowledgement,
    Announcement,
    Gap,
    Poll,
    Reading,
    Receipt,
    Transition,
    Unsent,
    WatchEvent,
)
from gonogo.families.watch.alerts import Alert
from gonogo.families.watch.journal import Journal, Resumed
from gonogo.families.watch.section import Watch

WRITING = "journal"
"""Kind of the events that say when the journal could not be written."""
MOST_READINGS = 250_000
"""Kept in memory until they can be written: a day of 40 signals every 15 s, which takes about 40 MB."""
_AT_ONCE = 200
"""Written in one round after the disk has room again: a round must not wait for those of a day."""
_Key = tuple[str, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwritten:
    """What is not in the journal, and why."""

    since: datetime
    """When something could not be written for the first time."""
    reason: str
    """Which file, why, and what to do."""
    rounds: int = 0
    """How many wait in memory."""


@dataclass(slots=True)
class _Entry:
    """One thing that is to be written."""

    write: Callable[..., object]
    arguments: dict[str, Any] = field(default_factory=dict)


class Ledger:
    """Writes the journal, and remembers. It may be used by several threads."""

    def __init__(
        self,
        journal: Journal,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        most_readings: int = MOST_READINGS,
    ) -> None:
        self._journal, self._now, self._most_readings = journal, now, most_readings
        self._one_at_a_time = threading.RLock()
        self._waiting: deque[_Entry] = deque()
        self._rounds: deque[_Entry] = deque()
        """Those of ``_waiting`` that are rounds, and have their readings still."""
        self._kept = self._forgotten = 0
        self._gap: Gap | None = None
        """The time of rounds that were too many to be kept."""
        self.unwritten: Unwritten | None = None
        """What is not in the journal now; None: everything is."""
        self.lost = ""
        """After ``close``: what is not in the journal for good, for people; empty: nothing."""
        self.began = self._now()
        self._at = 0.0
        """Where the newest round is on the axis."""
        self.transitions: list[Transition] = list(journal.transitions())
        self.gaps: list[Gap] = []
        self._announcements = {_key(sent): sent for sent in journal.announcements()}
        self._receipts = {_key(receipt): receipt for receipt in journal.receipts()}
        self._events, self._polls = journal.followed_events(), journal.followed_polls()
        self._acknowledgements = journal.followed_acknowledgements()

    @property
    def path(self) -> Path:
        """Where the journal is."""
        return self._journal.path

    def resume(self, utc: datetime, *, watch: Watch, launch: datetime | None, until: datetime | None) -> Resumed:
        """Begin to watch, or go on (``Journal.resume``). Raises UsageError where that cannot be written."""
        resumed = self._journal.resume(utc, watch=watch, launch=launch, until=until)
        self.began = self._journal.stretches()[0].began
        self.gaps, self._at = list(self._journal.gaps()), resumed.axis
        self._look()
        return resumed

    def unsent(self) -> Sequence[Unsent]:
        """What an earlier watcher left in the outbox."""
        return self._journal.unsent()

    @property
    def number_of_rounds(self) -> int:
        """How many the journal has, and how many wait."""
        return self._journal.number_of_rounds + len(self._rounds)

    def all_readings(self) -> Mapping[str, Sequence[Reading]]:
        """What earlier watchers read, by signal."""
        return self._journal.all_readings()

    @property
    def announcements(self) -> Sequence[Announcement]:
        """Everything that was to be told, oldest first."""
        with self._one_at_a_time:
            return list(self._announcements.values())

    @property
    def receipts(self) -> Sequence[Receipt]:
        """What became of announcements that were tried, in their order."""
        with self._one_at_a_time:
            return [self._receipts[key] for key in self._announcements if key in self._receipts]

    @property
    def acknowledgements(self) -> Sequence[Acknowledgement]:
        """Who took what in hand, as of the newest look."""
        return self._acknowledgements.rows

    @property
    def polls(self) -> Sequence[Poll]:
        """All answers of all roles, as of the newest look."""
        return self._polls.rows

    @property
    def events(self) -> Sequence[WatchEvent]:
        """What happened to the watch itself, written or not."""
        with self._one_at_a_time:
            waiting = [WatchEvent(**entry.arguments) for entry in self._waiting if entry.write == self._journal.event]
            return [*self._events.rows, *waiting]

    def catch_up(self, at: float) -> None:
        """At the beginning of a round: write what waits, and look for what other processes added."""
        with self._one_at_a_time:
            self._at = at
            self._write_waiting()
            self._look()

    def event(self, utc: datetime, at: float, kind: str, text: str) -> None:
        """Note what happened to the watch itself."""
        with self._one_at_a_time:
            self._write(_Entry(self._journal.event, {"utc": utc, "at": at, "kind": kind, "text": text}))
            self._look()

    def round(  # noqa: PLR0913 - all that one round leads to, which is written as one
        self,
        *,
        at: float,
        utc: datetime,
        mono_ok: bool,
        readings: Mapping[str, Reading],
        due: Collection[str],
        transitions: Sequence[Transition],
        alerts: Mapping[str, Alert],
        announcements: Sequence[Announcement],
    ) -> None:
        """Note one round with all that follows from it (``Journal.round``)."""
        arguments = {
            "at": at,
            "utc": utc,
            "mono_ok": mono_ok,
            "readings": dict(readings),
            "due": set(due),
            "transitions": tuple(transitions),
            "alerts": dict(alerts),
            "announcements": tuple(announcements),
        }
        with self._one_at_a_time:
            self.transitions += transitions
            self._announcements |= {_key(announcement): announcement for announcement in announcements}
            entry = _Entry(self._journal.round, arguments)
            self._rounds.append(entry)
            self._kept += len(readings)
            self._write(entry)
            self._forget()

    def claim(self, announcements: Sequence[Announcement]) -> None:
        """Note that sending begins. Where the announcement itself waits to be written, there is nothing to be claimed."""
        with self._one_at_a_time:
            if self.unwritten is None:
                self._write(_Entry(self._journal.claim, {"announcements": announcements}))

    def receipt(self, receipt: Receipt) -> None:
        """Note how sending ended."""
        with self._one_at_a_time:
            self._receipts[_key(receipt)] = receipt
            self._write(_Entry(self._journal.receipt, {"receipt": receipt}))

    def end(self, utc: datetime) -> None:
        """Note that this watcher ended on purpose."""
        self._write(_Entry(self._journal.end, {"utc": utc}))

    def close(self) -> None:
        """Write all that waits, if that is possible now. The journal itself stays open."""
        with self._one_at_a_time:
            while self.unwritten is not None and self._write_waiting():
                pass
            if self.unwritten is not None:
                lost, since = counted(self.unwritten.rounds, "round"), f"{self.unwritten.since:%Y-%m-%d %H:%M:%S} UTC"
                self.lost = (
                    f"{lost} since {since} and what belongs to them are not in the journal: {self.unwritten.reason}"
                )

    def _look(self) -> None:
        # What cannot be read now is read by a later look; that the file is not well is told by what is written.
        with suppress(UsageError):
            for followed in (self._events, self._polls, self._acknowledgements):
                followed.look()

    def _write(self, entry: _Entry) -> None:
        """Write it, after all that waits; while nothing can be written, the next round tries again."""
        with self._one_at_a_time:
            self._waiting.append(entry)
            if self.unwritten is None:
                self._write_waiting()
            else:
                self._note_failure(self.unwritten.reason)

    def _write_waiting(self) -> bool:
        """Write what waits, or the oldest of it; whether anything was written."""
        written = 0
        try:
            if self._journal.stay_in_place():
                self._waiting.append(
                    self._event("its file was gone; it was written again, with everything that it held")
                )
            while self._waiting and written < _AT_ONCE:
                self._waiting[0].write(**self._waiting[0].arguments)
                self._is_done()
                written += 1
        except UsageError as error:
            self._note_failure(str(error))
        except Exception as error:  # noqa: BLE001 - the watch goes on without what nobody can write, and says so
            self._is_done()
            self._note_failure(f"{self.path}: one entry is left out: {type(error).__name__}: {error}")
        else:
            self._note_success()
        return written > 0

    def _is_done(self) -> None:
        """The oldest of what waits does not wait any more."""
        if self._waiting and (entry := self._waiting.popleft()) and self._rounds and self._rounds[0] is entry:
            self._kept -= len(self._rounds.popleft().arguments["readings"])

    def _note_failure(self, reason: str) -> None:
        since = self.unwritten.since if self.unwritten else self._now()
        self.unwritten = Unwritten(since=since, reason=reason, rounds=len(self._rounds))

    def _note_success(self) -> None:
        """Nothing waits any more, or less of it; the time in which nothing could be written is put on record."""
        if self.unwritten is None:
            return
        if self._waiting:
            self._note_failure(self.unwritten.reason)
            return
        unwritten, self.unwritten = self.unwritten, None
        lasted = format_duration(timedelta(seconds=round((self._now() - unwritten.since).total_seconds())))
        kept = f"; the readings of {counted(self._forgotten, 'round')} are lost" if self._forgotten else ""
        gap, self._gap, self._forgotten = self._gap, None, 0
        if gap is not None:
            self.gaps.append(gap)
            self._write(_Entry(self._journal.gap, {"gap": gap}))
        self._write(
            self._event(f"it could not be written for {lasted}; what waited is written now{kept}: {unwritten.reason}")
        )

    def _event(self, text: str) -> _Entry:
        return _Entry(self._journal.event, {"utc": self._now(), "at": self._at, "kind": WRITING, "text": text})

    def _forget(self) -> None:
        """Memory is bounded: of the oldest rounds that wait, only the alerts and what was told stay."""
        while self._kept > self._most_readings and len(self._rounds) > 1:
            oldest = self._rounds.popleft().arguments
            self._kept -= len(oldest["readings"])
            self._forgotten += 1
            oldest["readings"], oldest["due"] = {}, set()
            begins = self._gap.begins if self._gap else oldest["utc"]
            reason = "the journal could not be written, and the readings were too many to be kept"
            self._gap = Gap(begins=begins, ends=self._rounds[0].arguments["utc"], reason=reason)


def _key(told: Announcement | Receipt) -> _Key:
    return told.alert, told.channel, told.number
