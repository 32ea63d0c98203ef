"""Tells the channels what is due, beside the rounds: none waits for a channel, and no channel for another."""

import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from gonogo.evidence.watch import Announcement, Receipt, Unsent

MAY_HAVE_BEEN_SENT = "may have been sent: the watch was cut off while it was being sent"
Key = tuple[str, str, int]


class ChannelDown(Exception):
    """It did not take what it was told. The message says why, without the channel's address."""


class Channel(Protocol):
    """Somewhere where people, or another system, can be told."""

    @property
    def name(self) -> str:
        """Its name in ``[watch.channels]``."""

    @property
    def renewed(self) -> timedelta | None:
        """How often it is told again of what stands; such a channel tells duplicates apart. None: it does not."""

    def check(self) -> None:
        """Look whether it is there, as far as that is known without telling anybody. Raises ChannelDown. May take seconds."""

    def send(self, announcements: Sequence[Announcement]) -> str:
        """Tell all of them as one message, and return the answer. Raises ChannelDown. May take seconds."""


class Outbox(Protocol):
    """What remembers who was told: the journal. It is called from several threads, one call at a time.

    It raises nothing: what it cannot write is its own to keep, and to tell.
    """

    def claim(self, announcements: Sequence[Announcement]) -> None:
        """Sending them begins now: it is on disk when this returns, if it can be. A receipt ends the claim."""

    def receipt(self, receipt: Receipt) -> None:
        """What became of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pauses:
    """Between the attempts at a channel that is down: each twice as long as the one before, up to a bound."""

    first: timedelta = timedelta(seconds=2)
    longest: timedelta = timedelta(minutes=1)
    jitter: float = 0.25
    """Share by which each is longer or shorter, at random."""

    def after(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row."""
        pause = min(self.longest, self.first * 2 ** min(failures - 1, 20)).total_seconds()
        return float(pause * random.uniform(1 - self.jitter, 1 + self.jitter))  # noqa: S311 - no secret


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState:
    """How a channel is, for the page."""

    name: str
    down_since: datetime | None = None
    reason: str = ""
    """Why it is down."""
    waiting: int = 0
    """Announcements that it has not taken yet."""
    told: datetime | None = None
    """When it last took something."""


class Announcer:
    """One worker for each channel. What it is given is sent until it is delivered, or until the end."""

    def __init__(
        self,
        channels: Iterable[Channel],
        outbox: Outbox,
        *,
        unsent: Iterable[Unsent] = (),
        pauses: Pauses | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._desk = _Desk(outbox, now)
        self._workers = {channel.name: _Worker(channel, self._desk, pauses or Pauses()) for channel in channels}
        left: list[Announcement] = []
        for outstanding in unsent:
            worker = self._workers.get(outstanding.announcement.channel)
            if outstanding.claimed and worker is not None and worker.channel.renewed is None:
                self._desk.close(outstanding.announcement, MAY_HAVE_BEEN_SENT)
            else:
                left.append(outstanding.announcement)
        self.put(left)
        for worker in self._workers.values():
            worker.start()

    def put(self, announcements: Sequence[Announcement], standing: Sequence[Announcement] = ()) -> None:
        """Take what is due after a round, and what stands. Returns at once."""
        for name, worker in self._workers.items():
            worker.put(
                [announcement for announcement in announcements if announcement.channel == name],
                [announcement for announcement in standing if announcement.channel == name],
            )
        for announcement in announcements:
            if announcement.channel not in self._workers:
                self._desk.close(announcement, "the channel is not in watch.channels any more")

    def states(self) -> Mapping[str, ChannelState]:
        """How the channels are."""
        return {name: worker.state for name, worker in self._workers.items()}

    def end(self, within: timedelta) -> tuple[Announcement, ...]:
        """Try what waits once more, and stop. Returns what was not told: its receipts say so."""
        deadline = time.monotonic() + within.total_seconds()
        for worker in self._workers.values():
            worker.stop()
        for worker in self._workers.values():
            worker.join(max(0.0, deadline - time.monotonic()))
        return tuple(announcement for worker in self._workers.values() for announcement in worker.abandon())


class _Desk:
    """Writes into the outbox, one at a time; nothing any more once a worker was abandoned."""

    def __init__(self, outbox: Outbox, now: Callable[[], datetime]) -> None:
        self._outbox = outbox
        self._lock = threading.Lock()
        self.now = now

    def claim(self, announcements: Sequence[Announcement]) -> None:
        with self._lock:
            self._outbox.claim(announcements)

    def close(self, announcement: Announcement, answer: str) -> None:
        """It is not told, and not tried again."""
        self.receipt(announcement, attempts=0, delivered=False, answer=answer)

    def receipt(
        self, announcement: Announcement, *, attempts: int, delivered: bool, answer: str, tried_again: bool = False
    ) -> None:
        receipt = Receipt(
            alert=announcement.alert,
            channel=announcement.channel,
            number=announcement.number,
            event=announcement.event,
            utc=self.now(),
            attempts=attempts,
            delivered=delivered,
            tried_again=tried_again,
            answer=answer,
        )
        with self._lock:
            self._outbox.receipt(receipt)


class _Worker(threading.Thread):
    """Tells one channel. It may hang in there: a daemon, which the end does not wait for."""

    def __init__(self, channel: Channel, desk: _Desk, pauses: Pauses) -> None:
        super().__init__(name=f"channel {channel.name}", daemon=True)
        self.channel = channel
        self._desk, self._pauses = desk, pauses
        self._changed = threading.Condition()
        self._waiting: dict[Key, Announcement] = {}
        self._attempts: dict[Key, int] = {}
        self._standing: list[Announcement] = []
        self._failures = 0
        self._again_at = 0.0
        self._renewed_at = time.monotonic()
        self._under_way: Sequence[Announcement] = ()
        self._stopping = self._abandoned = self._was_there = False
        self.state = ChannelState(name=channel.name)

    def put(self, announcements: Sequence[Announcement], standing: Sequence[Announcement]) -> None:
        with self._changed:
            self._waiting |= {_key(announcement): announcement for announcement in announcements}
            self._standing = list(standing) if self.channel.renewed is not None else []
            self.state = replace(self.state, waiting=len(self._waiting))
            if announcements:
                # Whoever is to be told in its place must not wait for its pause to end.
                self._again_at = 0.0
            self._changed.notify()

    def stop(self) -> None:
        with self._changed:
            self._stopping, self._again_at = True, 0.0
            self._changed.notify()

    def abandon(self) -> Sequence[Announcement]:
        """Give up what waits, whatever the thread does from now on."""
        with self._changed:
            self._abandoned = True
            left, self._waiting = list(self._waiting.values()), {}
            under_way = {_key(announcement) for announcement in self._under_way}
            reason = f"not sent before the watch ended: {self.state.reason or 'it took too long'}"
        for announcement in left:
            answer = MAY_HAVE_BEEN_SENT if _key(announcement) in under_way else reason
            self._desk.receipt(
                announcement, attempts=self._attempts.get(_key(announcement), 0), delivered=False, answer=answer
            )
        return left

    def run(self) -> None:
        while True:
            with self._changed:
                while (pause := self._pause()) > 0 and not self._stopping:
                    self._changed.wait(pause)
                batch = list(self._waiting.values())
                standing = [announcement for announcement in self._standing if _key(announcement) not in self._waiting]
                last, self._under_way = self._stopping, batch
            if batch or (standing and not last):
                self._attempt(batch, lambda: self.channel.send([*standing, *batch]))  # noqa: B023 - called at once
            elif not self._was_there and not last:
                self._attempt((), self._looked_for)
            if last:
                return

    def _pause(self) -> float:
        """Seconds until there is something to do; an hour where there is nothing."""
        now = time.monotonic()
        if self._waiting or not self._was_there:
            return self._again_at - now
        if self.channel.renewed is not None and self._standing:
            return max(self._again_at, self._renewed_at + self.channel.renewed.total_seconds()) - now
        return 3600.0

    def _looked_for(self) -> str:
        self.channel.check()
        return ""

    def _attempt(self, batch: Sequence[Announcement], ask: Callable[[], str]) -> None:
        if batch:
            self._desk.claim(batch)
        try:
            answer = ask()
        except ChannelDown as error:
            self._failed(batch, str(error))
        except Exception as error:  # noqa: BLE001 - libraries of channels raise what they like, with addresses in it
            self._failed(batch, f"it failed with {type(error).__name__}")
        else:
            self._delivered(batch, answer)

    def _failed(self, batch: Sequence[Announcement], reason: str) -> None:
        with self._changed:
            if self._abandoned:
                return
            self._failures, self._under_way = self._failures + 1, ()
            came_meanwhile = len(self._waiting) > len(batch)
            self._again_at = 0.0 if came_meanwhile else time.monotonic() + self._pauses.after(self._failures)
            self.state = replace(self.state, down_since=self.state.down_since or self._desk.now(), reason=reason)
        for announcement in batch:
            attempts = self._attempts[_key(announcement)] = self._attempts.get(_key(announcement), 0) + 1
            self._desk.receipt(announcement, attempts=attempts, delivered=False, answer=reason, tried_again=True)

    def _delivered(self, batch: Sequence[Announcement], answer: str) -> None:
        now = self._desk.now()
        with self._changed:
            if self._abandoned:
                return
            self._failures, self._again_at, self._under_way, self._was_there = 0, 0.0, (), True
            self._renewed_at = time.monotonic()
            for announcement in batch:
                self._waiting.pop(_key(announcement), None)
            told = now if answer else self.state.told
            self.state = ChannelState(name=self.channel.name, waiting=len(self._waiting), told=told)
        for announcement in batch:
            attempts = self._attempts.pop(_key(announcement), 0) + 1
            self._desk.receipt(announcement, attempts=attempts, delivered=True, answer=answer)


def _key(announcement: Announcement) -> Key:
    return announcement.alert, announcement.channel, announcement.number
