"""The loop of a watch, on a clock that is passed in: seconds of a test are hours of a launch."""

import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gonogo.evidence.watch import CHANGED, FACT, UNSEEN, AlertState, Reading, Transition
from gonogo.families.watch.journal import Journal
from gonogo.families.watch.section import Watch
from gonogo.watching.announcer import Announcer
from gonogo.watching.clock import Clock
from gonogo.watching.facts import LiveRound
from gonogo.watching.ledger import Ledger
from gonogo.watching.surroundings import Surroundings
from gonogo.watching.watcher import ENDED, FIRST, Watcher

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
WATCH = Watch.model_validate(
    {
        "every": "15 s",
        "thresholds": {
            "errors": {
                "signal": {"ratio": ["bad_total", "all_total"]},
                "window": "5 min",
                "above": 0.05,
                "for": "1 min",
                "at_least": 10,
                "severity": "critical",
            }
        },
    }
)


@dataclass
class PassedIn(Clock):
    """Stands still unless somebody waits."""

    now: float = 1000.0
    day: datetime = NOON
    """The time of day at ``now`` = 1000."""
    at_wait: Callable[["PassedIn"], None] = lambda _clock: None

    def seconds(self) -> float:
        """As passed in."""
        return self.now

    def utc(self) -> datetime:
        """The time of day, which a test may set."""
        return self.day + timedelta(seconds=self.now - 1000.0)

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Let time pass."""
        self.now += max(0.0, seconds)
        self.at_wait(self)
        return stop.is_set()


@dataclass
class Scripted:
    """A source that gives what a function of the axis says."""

    value: Callable[[float], float | None]
    takes: float = 0.0
    clock: PassedIn | None = None
    asked: list[float] = field(default_factory=list)

    def read(self, at: float) -> Mapping[str, Reading]:
        """One reading of the only signal."""
        self.asked.append(at)
        if self.clock is not None:
            self.clock.now += self.takes
        value = self.value(at)
        missing = "" if value is not None else "the scrape failed"
        return {"errors": Reading(at=at, value=value, events=100.0 if value is not None else None, missing=missing)}


@contextmanager
def watching(
    path: Path, clock: PassedIn, source: Scripted, *, hours: float = 1.0, launch: datetime | None = None
) -> Iterator[tuple[Watcher, Journal]]:
    """A watch of one signal, from its opening to its end."""
    with Journal.open(path, environment="staging") as journal:
        ledger = Ledger(journal, now=clock.utc)
        announcer = Announcer((), ledger)
        watcher = Watcher(
            watch=WATCH,
            journal=ledger,
            sources=[source],
            announcer=announcer,
            clock=clock,
            launch=launch,
            until=clock.utc() + timedelta(hours=hours),
        )
        try:
            yield watcher, journal
        finally:
            announcer.end(timedelta(seconds=5))


def changes(transitions: Sequence[Transition]) -> list[tuple[str, AlertState]]:
    """Which alert came to which state."""
    return [(one.alert, one.after) for one in transitions if one.alert]


def bad_from_to(begins: float, ends: float) -> Callable[[float], float | None]:
    """Half of all requests fail in this stretch of the axis."""
    return lambda at: 0.5 if begins <= at < ends else 0.01


def test_an_hour_is_watched_at_its_cadence_and_ends_by_itself(tmp_path: Path) -> None:
    """Without it a pipeline would wait forever behind its deployment."""
    clock, source = PassedIn(), Scripted(bad_from_to(600, 1200))
    with watching(tmp_path / "journal.sqlite3", clock, source) as (watcher, journal):
        watcher.run(threading.Event())
        assert [round(at) for at in source.asked[:3]] == [0, 15, 30]
        assert len(source.asked) == 241
        assert clock.utc() == NOON + timedelta(hours=1)
        assert changes(journal.transitions()) == [
            ("errors-1", AlertState.FIRING),
            ("errors-1", AlertState.RESOLVED),
        ]
        assert journal.events()[-1].kind == ENDED
        assert journal.stretches()[-1].ended is not None


@pytest.mark.parametrize("seed", range(3))
def test_restarts_change_no_alert(tmp_path: Path, seed: int) -> None:
    """A watch that forgot an alarm at its restart, or gave it again, would be asked for once only."""
    rng = random.Random(seed)  # noqa: S311 - moments, not secrets
    script = {round(at / 15): rng.choice([0.01, 0.01, 0.5, 0.2]) for at in range(0, 3700, 15)}
    steady = {key: script[key // 10 * 10] for key in script}

    def whole(folder: str, restarts: int) -> list[tuple[str, str, AlertState]]:
        clock = PassedIn()
        path = tmp_path / folder / "journal.sqlite3"
        cuts = sorted(rng.sample(range(1, 239), restarts))
        source = Scripted(lambda at: steady[round(at / 15)])
        for begins, ends in zip([0, *cuts], [*cuts, 240], strict=True):
            with watching(path, clock, source) as (watcher, _):
                for _ in range(begins, ends):
                    watcher.round()
                    clock.wait(15, threading.Event())
        with Journal.open(path, environment="staging") as journal:
            return [(f"{one.at:.0f}", one.alert, one.after) for one in journal.transitions()]

    undisturbed = whole("one", 0)
    assert whole("several", 6) == undisturbed
    assert any(after is AlertState.FIRING for _, _, after in undisturbed)


@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(hours=-1), timedelta(seconds=-40)])
def test_a_clock_that_is_set_is_an_event_and_no_alarm(tmp_path: Path, step: timedelta) -> None:
    """Daylight saving, or NTP after a reboot, must neither wake anybody nor hide anything."""

    def whole(folder: str, by: timedelta) -> tuple[list[tuple[float, AlertState]], list[str]]:
        clock = PassedIn()
        source = Scripted(bad_from_to(300, 600))
        with watching(tmp_path / folder / "journal.sqlite3", clock, source) as (watcher, journal):
            for number in range(60):
                watcher.round()
                clock.wait(15, threading.Event())
                if number == 25:
                    clock.day += by
            return [(one.at, one.after) for one in journal.transitions()], [one.text for one in journal.events()]

    transitions, events = whole("set", step)
    assert transitions == whole("not", timedelta())[0]
    assert len(events) == 1
    assert events[0].startswith("the machine's clock was changed by")


def test_silence_alarms_and_is_not_well(tmp_path: Path) -> None:
    """A scrape that fails for an hour must not be an hour that was green."""
    clock, source = PassedIn(), Scripted(lambda at: None if 300 <= at < 900 else 0.01)
    with watching(tmp_path / "journal.sqlite3", clock, source, hours=0.5) as (watcher, journal):
        watcher.run(threading.Event())
        assert changes(journal.transitions()) == [
            ("errors-1", AlertState.NO_DATA),
            ("errors-1", AlertState.RESOLVED),
        ]
        reasons = [one.reason for one in journal.transitions() if one.alert]
        assert reasons[0] == "unknown: the scrape failed"


def test_a_signal_that_no_source_reads_is_told(tmp_path: Path) -> None:
    """A threshold that nobody looks at would be green for the whole launch."""
    clock = PassedIn()
    with watching(tmp_path / "journal.sqlite3", clock, Scripted(lambda _at: 0.0)) as (watcher, journal):
        watcher.sources = []
        seen: list[LiveRound] = []
        watcher.on_round = seen.append
        for _ in range(6):
            watcher.round()
            clock.wait(15, threading.Event())
        assert seen[-1].alerts["errors"].state is AlertState.NO_DATA
        assert journal.transitions()[-1].reason == "unknown: no source reads it"


def test_a_slow_round_leaves_out_those_that_fell_into_it(tmp_path: Path) -> None:
    """Rounds that pile up would ask a service that is slow already more and more often."""
    clock = PassedIn()
    source = Scripted(lambda _at: 0.01, takes=40.0, clock=clock)
    with watching(tmp_path / "journal.sqlite3", clock, source, hours=0.1) as (watcher, _):
        watcher.run(threading.Event())
    assert [round(at) for at in source.asked] == [0, 45, 90, 135, 180, 225, 270, 315, 360]


def test_t_0_is_an_event_once(tmp_path: Path) -> None:
    """The day's report counts from there."""
    clock, path = PassedIn(), tmp_path / "journal.sqlite3"
    launch = NOON + timedelta(minutes=10)
    for _ in range(2):
        with watching(path, clock, Scripted(lambda _at: 0.01), hours=0.25, launch=launch) as (watcher, journal):
            watcher.run(threading.Event())
            events = [(one.kind, one.utc) for one in journal.events() if one.kind == "launch"]
    assert events == [("launch", NOON + timedelta(minutes=10))]


def test_what_the_launch_stands_on_is_an_event_when_it_changes(tmp_path: Path) -> None:
    """Somebody who deploys during the launch, or a certificate that was exchanged, explains what follows."""
    clock, path = PassedIn(), tmp_path / "journal.sqlite3"
    facts = {"release at a.example.com": "3f2c1a", "addresses of a.example.com": "203.0.113.7"}
    looks = [
        facts,
        facts,
        {**facts, "release at a.example.com": "77aa01"},
        {"addresses of a.example.com": "203.0.113.7"},
        {"new issue A-3 at Sentry": "KeyError: city (error, unresolved)"},
        {"new issue A-3 at Sentry": "KeyError: city (error, resolved)"},
    ]
    texts: list[str] = []
    for part in (looks[:1], looks[1:]):  # a restart lies between them
        with watching(path, clock, Scripted(lambda _at: 0.01)) as (watcher, journal):
            for look in part:
                looked = Surroundings(facts=look, unread={})
                watcher.surroundings = lambda looked=looked: looked  # type: ignore[misc]  # bound in the loop
                watcher.round()
                clock.wait(15, threading.Event())
            texts = [one.text for one in journal.events() if one.kind == CHANGED]
    assert texts == [
        "release at a.example.com: was 3f2c1a, is 77aa01",
        "new issue A-3 at Sentry: KeyError: city (error, unresolved)",
        "new issue A-3 at Sentry: was KeyError: city (error, unresolved), is KeyError: city (error, resolved)",
    ]


def test_what_could_not_be_looked_at_is_on_record_with_its_reason(tmp_path: Path) -> None:
    """Whoever asks why the release is not known must find it; the same reason is written once."""
    clock, path = PassedIn(), tmp_path / "journal.sqlite3"
    silent = Surroundings(facts={}, unread={"service a.example.com": "no answer"})
    seen = Surroundings(facts={"release at a.example.com": "3f2c1a"}, unread={})
    looks = ["nobody came back", silent, replace(silent), seen, replace(silent)]
    with watching(path, clock, Scripted(lambda _at: 0.01)) as (watcher, journal):
        for look in looks:
            watcher.surroundings = lambda look=look: look  # type: ignore[misc]  # bound in the loop
            watcher.round()
            clock.wait(15, threading.Event())
        events = [(one.kind, one.text) for one in journal.events()]
    gone = (UNSEEN, "service a.example.com could not be looked at: no answer")
    assert events == [
        (UNSEEN, "nobody came back"),
        gone,
        (FACT, "release at a.example.com is 3f2c1a"),
        gone,
    ]


def test_who_stops_it_may_go_on_later_and_the_gap_is_told(tmp_path: Path) -> None:
    """A watcher that was restarted goes on with its journal; the time between is a gap, and is not painted green."""
    clock, path = PassedIn(), tmp_path / "journal.sqlite3"
    stop = threading.Event()
    clock.at_wait = lambda now: stop.set() if now.now > 1100 else None
    with watching(path, clock, Scripted(lambda _at: 0.01)) as (watcher, journal):
        watcher.run(stop)
        assert not any(event.kind == ENDED for event in journal.events())
    clock.now += 600
    source = Scripted(lambda _at: 0.01)
    with watching(path, clock, source) as (watcher, journal):
        watcher.round()
        assert [gap.length for gap in journal.gaps()] == [timedelta(seconds=615)]
    assert round(source.asked[0]) == 705


def test_the_first_user_after_t_0_is_told_once(tmp_path: Path) -> None:
    """Whoever opens the doors wants to see somebody come in; who was in before is not the first."""
    clock, path = PassedIn(), tmp_path / "journal.sqlite3"
    watch = Watch.model_validate(
        {
            "metrics": {
                name: {"signal": {"increase": f"{name}_total"}, "window": "5 min", "first": f"the first of {name}"}
                for name in ("users", "payments")
            }
        }
    )

    @dataclass
    class Counted:
        """Users came before T-0 as well, payments only after it."""

        def read(self, at: float) -> Mapping[str, Reading]:
            """T-0 is at 600 s."""
            return {
                "users": Reading(at=at, value=3.0),
                "payments": Reading(at=at, value=float(at >= 660)),
            }

    told: list[tuple[float, str]] = []
    for rounds in (50, 30):  # a restart lies between them
        with Journal.open(path, environment="staging") as journal:
            ledger = Ledger(journal, now=clock.utc)
            announcer = Announcer((), ledger)
            watcher = Watcher(
                watch=watch,
                journal=ledger,
                sources=[Counted()],
                announcer=announcer,
                clock=clock,
                launch=NOON + timedelta(minutes=10),
            )
            for _ in range(rounds):
                watcher.round()
                clock.wait(15, threading.Event())
            announcer.end(timedelta(seconds=5))
            told = [(one.at, one.text) for one in journal.events() if one.kind == FIRST]
    assert told == [(660.0, "the first of payments"), (900.0, "the first of users")]
