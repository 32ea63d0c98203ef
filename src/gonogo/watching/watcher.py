"""One round after another: sources → samples → signals → alerts → announcements, with the journal beside.

A round never waits for a channel, for the page or for a check: they go on in threads of their own, and a round takes
what is known when it begins.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from gonogo.base.durations import format_duration
from gonogo.base.wording import and_more
from gonogo.evidence.watch import CHANGED, CHANNELS, FACT, FACT_IS, UNSEEN, Reading, Transition
from gonogo.families.watch.alerts import Alert, Rule, advance, rules_of
from gonogo.families.watch.section import Watch
from gonogo.watching.announcer import Announcer
from gonogo.watching.announcing import Seen, due, standing
from gonogo.watching.clock import Axis, Clock
from gonogo.watching.facts import LiveRound
from gonogo.watching.firsts import Firsts, told_before
from gonogo.watching.ledger import Ledger
from gonogo.watching.own_alarm import JOURNAL, OWN_RULES, advance_own
from gonogo.watching.surroundings import NOT_YET, Surroundings, changes

_FEW = 3
ENDED = "end"
"""The event of a watch that came to its end: the next one begins a journal of its own. One that somebody stopped goes on."""

LAUNCHED, FIRST = "launch", "first"
"""Events of T-0, and of the first user or payment after it."""


class Source(Protocol):
    """Where readings come from."""

    def read(self, at: float) -> Mapping[str, Reading]:
        """The newest reading of each of its signals. Returns within the time of a round, whatever its target does."""


@dataclass(slots=True)
class Watcher:
    """The loop."""

    watch: Watch
    journal: Ledger
    sources: Sequence[Source]
    announcer: Announcer
    clock: Clock = field(default_factory=Clock)
    launch: datetime | None = None
    until: datetime | None = None
    """When it ends by itself; None: when somebody ends it."""
    surroundings: Callable[[], Surroundings | str] = lambda: NOT_YET
    """What the launch stands on, as it was seen last."""
    on_round: Callable[[LiveRound], None] = lambda _round: None
    _alerts: dict[str, Alert] = field(init=False, default_factory=dict)
    _rules: dict[str, Rule] = field(init=False)
    _axis: Axis = field(init=False)
    _launched: float | None = field(init=False, default=None)
    """T-0 on the axis, once it is past."""
    _firsts: Firsts = field(init=False)
    _looked: Surroundings | str = field(init=False, default=NOT_YET)
    _unseen: str = field(init=False, default="")
    _stood_on: dict[str, str] = field(init=False, default_factory=dict)
    """What the launch stands on, as the journal has it."""

    def __post_init__(self) -> None:
        utc = self.clock.utc()
        resumed = self.journal.resume(utc, watch=self.watch, launch=self.launch, until=self.until)
        self._rules = {**rules_of(self.watch), **OWN_RULES}
        self._alerts = {name: resumed.alerts.get(name, Alert(threshold=name)) for name in self._rules}
        self._axis = Axis(self.clock, resumed.axis)
        events = self.journal.events
        self._stood_on = dict(event.text.split(FACT_IS, 1) for event in events if event.kind == FACT)
        self._note_channels(utc)
        self._launched = next((event.at for event in events if event.kind == LAUNCHED), None)
        self._firsts = Firsts(self.watch, told_before(self.watch, {e.text for e in events if e.kind == FIRST}))

    def _note_channels(self, utc: datetime) -> None:
        """Whom it tells: an alarm is heard by those that the watch was begun with, whatever the file says later."""
        channels = ", ".join(self.watch.channels)
        if channels == self._stood_on.get(CHANNELS, ""):
            return
        at = self._axis.now()
        for change in changes(self._stood_on, {CHANNELS: channels}):
            self.journal.event(utc, at, CHANGED, change)
        self.journal.event(utc, at, FACT, f"{CHANNELS}{FACT_IS}{channels}")
        self._stood_on[CHANNELS] = channels

    def now(self) -> float:
        """Seconds since the watch began."""
        return self._axis.now()

    def run(self, stop: threading.Event) -> None:
        """Look again and again, until the end or until somebody wants an end."""
        every, began = self.watch.every.total_seconds(), self._axis.now()
        ends = None if self.until is None else began + (self.until - self.clock.utc()).total_seconds()
        number = 0
        while not stop.is_set():
            self.round()
            now = self._axis.now()
            # A round that took too long leaves out those that fell into it: two are never under way.
            number = max(number + 1, int((now - began) // every) + (now - began > (number + 1) * every))
            following = began + number * every
            if ends is not None and following > ends:
                if not self.clock.wait(ends - now, stop):
                    self.end("its time was over")
                break
            if self.clock.wait(following - now, stop):
                break
        self.journal.end(self.clock.utc())

    def end(self, reason: str) -> None:
        """Note that it came to its end, and is not to be gone on with."""
        self.journal.event(self.clock.utc(), self._axis.now(), ENDED, reason)

    def round(self) -> LiveRound:
        """One look at everything, with all that follows from it."""
        at, utc = self._axis.now(), self.clock.utc()
        self.journal.catch_up(at)
        step = self._axis.stepped(at, utc)
        if step is not None:
            self.journal.event(
                utc, at, "clock", f"the machine's clock was changed by {_signed(step)}; windows are not affected"
            )
        self._note_launch(at, utc)
        self._note_changes(at, utc)
        readings: dict[str, Reading] = {}
        for source in self.sources:
            readings |= source.read(at)
        self._note_firsts(at, utc, readings)
        transitions = self._judge(readings, at, utc)
        seen = self._seen(at, utc, readings, transitions)
        announcements = due(self.watch, self._rules, seen)
        self.journal.round(
            at=at,
            utc=utc,
            mono_ok=step is None,
            readings=readings,
            due=readings,
            transitions=transitions,
            alerts=self._alerts,
            announcements=announcements,
        )
        self.announcer.put(announcements, standing(seen))
        seconds = self._axis.now() - at
        seen_round = LiveRound(
            at=at, utc=utc, readings=readings, alerts=dict(self._alerts), transitions=transitions, seconds=seconds
        )
        self.on_round(seen_round)
        return seen_round

    def _note_launch(self, at: float, utc: datetime) -> None:
        if self.launch is not None and self._launched is None and utc >= self.launch:
            self._launched = at
            self.journal.event(utc, at, LAUNCHED, "T-0")

    def _note_firsts(self, at: float, utc: datetime, readings: Mapping[str, Reading]) -> None:
        for text in self._firsts.seen(at, self._launched, readings):
            self.journal.event(utc, at, FIRST, text)

    def _note_changes(self, at: float, utc: datetime) -> None:
        """Hold the surroundings against the last ones, which the journal keeps: a restart hides no change."""
        looked = self.surroundings()
        if looked is self._looked:
            return
        self._looked = looked
        self._note_unseen(at, utc, looked)
        if isinstance(looked, str):
            return
        for change in changes(self._stood_on, looked.facts):
            self.journal.event(utc, at, CHANGED, change)
        for name, value in looked.facts.items():
            if self._stood_on.get(name) != value:
                self.journal.event(utc, at, FACT, f"{name}{FACT_IS}{value}")
        self._stood_on |= looked.facts

    def _note_unseen(self, at: float, utc: datetime, looked: Surroundings | str) -> None:
        """Why not all of it could be looked at: once for each reason, or nobody would ever find out."""
        failed = looked if isinstance(looked, str) else and_more(looked.unread_lines, _FEW)
        if failed and failed != self._unseen:
            self.journal.event(utc, at, UNSEEN, failed)
        self._unseen = failed

    def _judge(self, readings: dict[str, Reading], at: float, utc: datetime) -> list[Transition]:
        """Move every alert on; a signal that no source reads has no value, which alarms."""
        transitions: list[Transition] = []
        for name, rule in self._rules.items():
            if name == JOURNAL:
                continue
            reading = readings.setdefault(name, Reading(at=at, value=None, missing="no source reads it"))
            self._alerts[name], changed = advance(rule, self._alerts[name], reading, utc)
            transitions += changed
        unwritten = self.journal.unwritten
        self._alerts[JOURNAL], changed = advance_own(
            self._alerts[JOURNAL], unwritten.reason if unwritten else "", at, utc
        )
        return [*transitions, *changed]

    def _seen(
        self, at: float, utc: datetime, readings: Mapping[str, Reading], transitions: Sequence[Transition]
    ) -> Seen:
        return Seen(
            at=at,
            utc=utc,
            alerts=self._alerts,
            transitions=[*self.journal.transitions, *transitions],
            readings=readings,
            acknowledgements=self.journal.acknowledgements,
            announced=self.journal.announcements,
            receipts=self.journal.receipts,
        )


def _signed(step: timedelta) -> str:
    return format_duration(step) if step < timedelta() else f"+{format_duration(step)}"
