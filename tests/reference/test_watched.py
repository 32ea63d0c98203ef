"""Launch day of WorkMe: what its files declare, and that each fault shows in the series of the running service, and ends."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gonogo.base.wakefulness import BUSY
from gonogo.environment.load import overlaid
from gonogo.environment.secret_values import resolve_secrets
from gonogo.evidence.watch import AlertState, Reading
from gonogo.families.registry import read_environment
from gonogo.families.sentry.issues import issues_questions, probe_issues
from gonogo.families.watch.alerts import Alert, advance, rules_of
from gonogo.families.watch.journal_reader import JournalReader
from gonogo.families.watch.scraping import Scraper
from gonogo.families.watch.section import Launch, Watch, Watched
from gonogo.families.watch.signals import Samples
from gonogo.planning.suite import closure, project_suite
from gonogo.policy.checklist import read_checklist
from gonogo.policy.people import read_people
from gonogo.record.results import Outcome
from gonogo.runs.prepare import Request, prepare
from gonogo.runs.reference_instance import ReferenceInstance
from gonogo.runs.session import results_of
from gonogo.watching.demonstration import visiting
from reference.api.metrics import Metrics
from tests.reference.supervised import ROOT, Supervised, environ, eventually, processes
from tests.reference.test_faults import switched_on

WITHIN_SECONDS = 180
"""Only what never comes takes so long: a machine on which others work as well is slow."""
_PATIENCE = timedelta(seconds=10)
"""With a scrape. What is late on this machine is no fault of the service; what hangs is later than that."""
RUN = "20261201T090000Z-0a1b2c"
SLOW_HERE = {"response-time", "database-slow"}
"""What a machine that is busy with other tests shows as well, and truly."""


def _watch(name: str) -> Watch:
    watch = read_environment(name, project=ROOT).environment.section(Watch)
    assert watch is not None
    return watch


def _lines(watched: Watched) -> Collection[str]:
    return [watched.line] if isinstance(watched.line, str) else watched.line


# -- what is declared -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["reference", "staging", "production"])
def test_every_line_of_the_list_about_alerts_and_metrics_is_watched(name: str) -> None:
    """A line that nobody wrote a signal for would stay somebody's word."""
    known = {line.id for line in read_checklist(ROOT / "environments" / "checklist.md").lines}
    watch = _watch(name)
    lines = {line for watched in watch.watched.values() for line in _lines(watched)}
    assert lines <= known
    groups = ("thresholds.critical.", "thresholds.warning.", "metrics.technical.", "metrics.business.", "metrics.ux.")
    assert {line for line in known if line.startswith(groups)} <= lines
    limited = {_lines(one)[0]: one.severity for one in watch.thresholds.values()}  # type: ignore[index]
    severities = {line: severity for line, severity in limited.items() if line.startswith("thresholds.")}
    assert len(severities) == 7
    assert limited.keys() - severities.keys() == {"metrics.technical.database", "metrics.ux.crashes"}
    assert all(line.split(".")[1] == severity for line, severity in severities.items())


@pytest.mark.parametrize("name", ["reference", "staging", "production"])
def test_every_signal_is_one_that_the_service_shows_from_its_start(name: str) -> None:
    """A name or a result that is misspelt would read as no event, for ever."""
    shown = [sample for family in Metrics().registry.collect() for sample in family.samples]
    names = {"workme_http_requests_total", "workme_http_request_duration_seconds_bucket"}
    """Of these, routes have series once somebody asked for them."""
    for key, watched in _watch(name).watched.items():
        for selector in watched.signal.selectors:
            there = [sample for sample in shown if selector.accepts(sample.name, sample.labels)]
            assert there or selector.name in names, f"{key}: {selector}"


@pytest.mark.parametrize("name", ["reference", "production"])
def test_duties_have_owners_who_are_on_the_team(name: str) -> None:
    """What nobody does is not done on launch day."""
    launch = read_environment(name, project=ROOT).environment.section(Launch)
    assert launch is not None
    team = {person.name for person in read_people(ROOT).person}
    assert {duty.owner for duty in launch.duties} == team
    assert len(launch.duties) >= 13
    assert [duty.offset for duty in launch.duties] == sorted(duty.offset for duty in launch.duties)
    assert launch.zone == "America/Sao_Paulo"
    assert launch.rollback is not None


def test_checks_of_signals_are_named_with_all_that_they_need() -> None:
    """One that is not planned is never asked; one whose need is not asked is blocked, and nobody could say anything."""
    suite = project_suite(ROOT)
    for name in ("reference", "staging", "production"):
        for watched in _watch(name).watched.values():
            assert closure(suite, watched.signal.checks) == set(watched.signal.checks)


# -- what a running service shows -----------------------------------------------------------------------------------


def test_database_and_server_are_asked_by_checks(healthy: Supervised) -> None:
    """The service shows no series of its server, and none at all without its database."""
    thresholds = _watch("reference").thresholds
    database, server = (thresholds[name].signal.checks for name in ("database-down", "server-resources"))
    instance = ReferenceInstance(overlay=healthy.environment, faults=())

    def asked() -> tuple[set[str], str]:
        """What is red, once this machine is not too busy to tell."""
        request = Request(environment="reference", project=ROOT, only=(*database, *server), exactly=True)
        deadline = time.monotonic() + WITHIN_SECONDS
        while True:
            results = results_of(prepare(request, {}, instance=instance))
            messages = [seen.message for check in results.checks for seen in check.observations]
            if not any(BUSY in message for message in messages) or time.monotonic() > deadline:
                break
        red = {check.id for check in results.checks if check.outcome is Outcome.FAIL}
        unknown = {check.id for check in results.checks if check.outcome not in {Outcome.PASS, Outcome.FAIL}}
        return red, f"{unknown}: {messages}" if unknown else ""

    assert asked() == (set(), "")
    with switched_on(healthy, "mongo-down", "server-disk-full"):
        red, _ = asked()
    assert red == {"mongo-reachable", "server-room"}


class Watching:
    """The loop's own parts, without its journal: scrape, read, judge.

    Its axis goes on by ``every`` with each round, however long that took, and stands still while nobody looks: a window
    holds as many rounds on a slow machine as on any other, and nothing passes unseen between two of them.
    """

    def __init__(self, supervised: Supervised) -> None:
        file = overlaid(read_environment("reference", project=ROOT), supervised.environment)
        watch = file.environment.section(Watch)
        assert watch is not None
        self.watch = watch
        self._rules = {name: rule for name, rule in rules_of(watch).items() if rule.watched.signal.selectors}
        self.scraper = Scraper(file.environment, resolve_secrets(file, {}), patience=_PATIENCE)
        self._samples = Samples(watch)
        self.readings: Mapping[str, Reading] = {}
        self.alerts = {name: Alert(threshold=name) for name in self._rules}
        self.fired: set[str] = set()
        self._at = 0.0

    def until(self, condition: Callable[[], bool]) -> None:
        """Look once a round until it is so."""
        deadline = time.monotonic() + WITHIN_SECONDS
        while True:
            self._round()
            if condition():
                return
            assert time.monotonic() < deadline, {name: str(one) for name, one in self.readings.items()}
            time.sleep(self.watch.every.total_seconds())

    def firing(self) -> set[str]:
        """The names of what fires now."""
        return {name for name, alert in self.alerts.items() if alert.state is AlertState.FIRING}

    def value(self, name: str) -> float | None:
        """Of the newest reading."""
        return self.readings[name].value

    def unknown(self, names: Collection[str], words: str) -> bool:
        """Whether none of these has a value, each for a reason with these words."""
        missing = [self.readings[name].missing for name in names if self.value(name) is None]
        return len(missing) == len(names) and all(words in reason for reason in missing)

    def _round(self) -> None:
        self._at += self.watch.every.total_seconds()
        at, scraped = self._at, self.scraper.scrape()
        self._samples.add(at, scraped.samples, scraped.failure)
        self.readings = {name: self._samples.read(name, at) for name in self._rules}
        for name, reading in self.readings.items():
            self.alerts[name], _ = advance(self._rules[name], self.alerts[name], reading, datetime.now(UTC))
        self.fired |= self.firing()


@pytest.fixture(scope="module")
def watching(healthy: Supervised) -> Iterator[Watching]:
    """With visitors, and events enough of every kind."""
    instance = ReferenceInstance(overlay=healthy.environment, faults=())
    with visiting(instance, RUN) as visitors:
        watched = Watching(healthy)
        watched.until(lambda: _all_is_well(watched))
        yield watched
    assert visitors.left == ""
    assert visitors.counts["visits"] > 0


def _all_is_well(watching: Watching) -> bool:
    states = {alert.state for name, alert in watching.alerts.items() if name not in SLOW_HERE}
    return states == {AlertState.OK}


@pytest.mark.parametrize(
    ("faults", "alerts", "metrics"),
    [
        (
            ("cards-declined", "profile-not-saved"),
            {"payment-failures"},
            {"payments": 0.0, "profiles": 0.0},
        ),
        (
            ("searches-fail", "uploads-fail", "registrations-fail"),
            {"api-errors", "upload-failures", "registration-failures", "app-crashes"},
            {"registrations": 0.0, "usage-upload": 0.0},
        ),
        pytest.param(
            ("searches-slow", "bookings-fail", "beta-code-inactive"),
            {"response-time", "api-errors", "registration-failures", "app-crashes"},
            {"bookings": 0.0, "registrations": 0.0},
            marks=pytest.mark.whole,
        ),
    ],
)
def test_a_fault_fires_what_it_is_about_and_its_end_resolves_it(
    healthy: Supervised,
    watching: Watching,
    faults: tuple[str, ...],
    alerts: set[str],
    metrics: Mapping[str, float],
) -> None:
    """A threshold over a series that does not move with the fault would be green on launch day."""
    watching.until(lambda: _all_is_well(watching))
    watching.fired.clear()
    with switched_on(healthy, *faults):
        watching.until(lambda: watching.firing() >= alerts)
        watching.until(lambda: all(watching.value(name) == value for name, value in metrics.items()))
    watching.until(lambda: not watching.firing() & alerts and _all_is_well(watching))
    assert watching.fired - SLOW_HERE == alerts - SLOW_HERE


@pytest.mark.whole
def test_slow_database_and_crashes_are_seen_in_their_metrics(healthy: Supervised, watching: Watching) -> None:
    """What they show must be what happens, and no constant; and each alarms by itself."""
    watching.until(lambda: _all_is_well(watching))
    assert watching.value("crashes") == 0.0
    with switched_on(healthy, "mongo-slow", "searches-fail"):
        watching.until(lambda: (watching.value("database") or 0.0) > 0.15 and (watching.value("crashes") or 0.0) > 0.05)
        watching.until(lambda: watching.firing() >= {"database-slow", "app-crashes"})
    watching.until(lambda: _all_is_well(watching) and watching.value("crashes") == 0.0)


PAYMENTS = {"payment-failures", "payments"}
REQUESTS = {"api-errors", "response-time", "error-rate"}
GONE = ("metrics-without-commands", "metrics-without-crashes", "metrics-without-feedback", "metrics-without-searches")
LACKING = {"database", "crashes", "feedback", "usage-search", "bookings"}


@pytest.mark.parametrize(
    ("fault", "unknown", "known", "words"),
    [
        ("metrics-not-a-number", PAYMENTS, REQUESTS, "is nan"),
        (" ".join(GONE), LACKING, REQUESTS | {"usage-upload"}, "workme_"),
        pytest.param("metrics-without-payments", PAYMENTS, REQUESTS, "workme_payments_total", marks=pytest.mark.whole),
        ("visitors-shut-out", REQUESTS, {"memory", "processor"}, "no event of"),
        pytest.param("metrics-broken", PAYMENTS | REQUESTS, set(), "500", marks=pytest.mark.whole),
        pytest.param("metrics-empty", PAYMENTS | REQUESTS | {"memory"}, set(), "", marks=pytest.mark.whole),
        pytest.param("metrics-hang", PAYMENTS | REQUESTS, set(), "did not come within", marks=pytest.mark.whole),
    ],
)
def test_what_cannot_be_read_has_no_value(  # noqa: PLR0917 - a table
    healthy: Supervised, watching: Watching, fault: str, unknown: set[str], known: set[str], words: str
) -> None:
    """A service that shows nothing looks like one in which nothing fails; and what is well elsewhere is still known."""
    watching.until(lambda: _all_is_well(watching))
    with switched_on(healthy, *fault.split()):
        watching.until(
            lambda: watching.unknown(unknown, words) and all(watching.value(name) is not None for name in known)
        )
        watching.until(lambda: all(watching.alerts[name].state is AlertState.NO_DATA for name in unknown))
    watching.until(lambda: _all_is_well(watching))


def test_a_restart_of_the_service_is_said_and_not_counted(healthy: Supervised, watching: Watching) -> None:
    """Counters that begin at zero are no failures, and no lack of them either."""
    watching.until(lambda: _all_is_well(watching))
    watching.fired.clear()
    before = _apis(healthy)
    with switched_on(healthy, "service-restarts"):
        assert _apis(healthy) != before
        # The last scrape of the old process is one round ago on the watch's axis, and thus within every window.
        watching.until(lambda: "again" in watching.readings["api-errors"].missing)
        watching.until(lambda: _all_is_well(watching))
    watching.until(lambda: _all_is_well(watching))
    assert not watching.fired - SLOW_HERE


def test_an_error_that_nobody_saw_before_is_new_at_sentry(healthy: Supervised, watching: Watching) -> None:
    """By the service's own SDK, as Sentry lists it; what a healthy service sends is none."""
    del watching  # its visitors search
    launch = {"launch": {"at": datetime.now(UTC)}}
    file = overlaid(overlaid(read_environment("reference", project=ROOT), healthy.environment), launch)
    (question,) = issues_questions(file.environment, resolve_secrets(file, {}))

    def titles() -> set[str]:
        return {issue.title.partition(":")[0] for issue in asyncio.run(probe_issues(question)).issues}

    # With an alert less, it is another Sentry, which has seen nothing yet.
    with switched_on(healthy, "sentry-no-alerts"):
        assert titles() == set()
        assert healthy.set_faults("sentry-no-alerts", "searches-fail")["event"] == "faults"
        assert eventually(lambda: titles() == {"RuntimeError"}), titles()


def _apis(supervised: Supervised) -> set[int]:
    """The process ids of its API."""
    running = processes(group=supervised.pid, state=supervised.state)
    return {pid for pid, command in running.items() if "reference.api" in command}


def test_faults_of_the_api_cut_nobody_off(healthy: Supervised, watching: Watching) -> None:
    """A switch that broke connections would show as errors that the fault does not make."""
    before = _apis(healthy)
    stop, failures = threading.Event(), list[str]()

    def scrape() -> None:
        while not stop.is_set():
            failures.extend(filter(None, [watching.scraper.scrape().failure]))

    asking = threading.Thread(target=scrape)
    asking.start()
    try:
        for _ in range(5):
            with switched_on(healthy, "hsts-missing"):
                pass
    finally:
        stop.set()
        asking.join()
    assert [failure for failure in failures if "did not come" not in failure] == []
    assert _apis(healthy) == before


def test_the_command_watches_the_instance_that_is_up_and_leaves_it_as_it_was(
    healthy: Supervised, tmp_path: Path
) -> None:
    """As from another terminal: one that is started for the watch is not the one whose faults somebody looks for."""
    before = _apis(healthy)
    done = subprocess.run(
        [sys.executable, "-m", "gonogo", "watch", "--env", "reference", "--for", "4 s"],
        cwd=tmp_path,
        env=environ(TMPDIR=str(healthy.state.parent)),
        capture_output=True,
        text=True,
        timeout=WITHIN_SECONDS,
        check=False,
    )
    assert f"that is already up (pid {healthy.pid})" in done.stderr, done.stderr
    assert "synthetic visitors: " in done.stdout, done.stdout + done.stderr
    assert "left behind" not in done.stdout
    assert _apis(healthy) == before
    journal = tmp_path / "reports/reference/watch/journal.sqlite3"
    with JournalReader.read(journal, environment="reference") as reader:
        assert any(reading.value is not None for reading in reader.readings("memory"))
