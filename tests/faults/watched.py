"""The part of ``make lies`` that somebody has to watch for: a journal over a running reference, and what its checks say.

One watch tells many lies at once. Its axis goes on by ``every`` with each round, however long that took, so that a busy
machine misses no round; what the checks of signals say is asked once.
"""

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gonogo.environment.load import EnvironmentFile, overlaid
from gonogo.environment.secret_values import resolve_secrets
from gonogo.evidence.watch import Reading, Transition
from gonogo.families.registry import read_environment
from gonogo.families.watch.alerts import Alert, advance, rules_of
from gonogo.families.watch.journal import Journal
from gonogo.families.watch.scraping import Scraper
from gonogo.families.watch.section import Launch, Watch
from gonogo.record.results import CheckResult, Outcome
from gonogo.runs.prepare import Request, prepare
from gonogo.runs.reference_instance import ReferenceInstance, ReferenceProcess
from gonogo.runs.session import results_of
from gonogo.watching.demonstration import visiting
from gonogo.watching.recording import GATE
from gonogo.watching.sources import OwnMetrics

_PATIENCE = timedelta(seconds=10)
_BEFORE = 8
"""Rounds before those that are judged, in which windows fill and visitors come."""
_GONE = "metrics-without-"
_ALONE = {"mongo-down", "mongo-slow", "registrations-fail", "metrics-not-a-number", "searches-slow"}
"""What hides another lie, or changes the same: nothing works without the database, or everything is slow with it, who cannot
register searches nothing, and slow searches do not fail."""


def groups(lies: Sequence[str]) -> Sequence[Sequence[str]]:
    """Lies that are told together: series that are gone, what fails, and each that must be alone."""
    gone = [lie for lie in lies if lie.startswith(_GONE)]
    failing = [lie for lie in lies if lie not in gone and lie not in _ALONE]
    return [group for group in (gone, failing, *([lie] for lie in lies if lie in _ALONE)) if group]


@dataclass(frozen=True, slots=True)
class _Watching:
    instance: ReferenceInstance
    file: EnvironmentFile
    watch: Watch
    journal: Journal

    def rounds(self, number: int) -> None:
        """So many, a real pause of one second between two: visitors come in it."""
        environment, rules = self.file.environment, rules_of(self.watch)
        source = OwnMetrics(Scraper(environment, resolve_secrets(self.file, {}), patience=_PATIENCE), self.watch)
        asked, alerts = self._asked(), {name: Alert(threshold=name) for name in rules}
        every, began = self.watch.every.total_seconds(), datetime.now(UTC)
        self.journal.resume(began, watch=self.watch, launch=None)
        for place in range(number):
            at, utc = place * every, began + place * self.watch.every
            readings = {**source.read(at), **{name: Reading(at=at, value=value) for name, value in asked.items()}}
            transitions = list[Transition]()
            for name, reading in readings.items():
                alerts[name], changed = advance(rules[name], alerts[name], reading, utc)
                transitions += changed
            self.journal.round(
                at=at,
                utc=utc,
                readings=readings,
                due=readings.keys(),
                transitions=transitions,
                alerts=alerts,
                announcements=[],
            )
            time.sleep(every)
        self.journal.end(began + number * self.watch.every)

    def _asked(self) -> Mapping[str, float]:
        """How many checks of each signal fail."""
        signals = {name: one.signal.checks for name, one in self.watch.watched.items() if one.signal.checks}
        only = [check for checks in signals.values() for check in checks]
        request = Request(environment="reference", project=Path.cwd(), only=only, exactly=True)
        results = results_of(prepare(request, {}, instance=self.instance))
        failing = {check.id for check in results.checks if check.outcome in {Outcome.FAIL, Outcome.WARN}}
        return {name: float(len(failing.intersection(checks))) for name, checks in signals.items()}


def watched(process: ReferenceProcess, lies: Sequence[str]) -> Sequence[CheckResult]:
    """What the checks of a whole watch say while these lies are told."""
    process.set_faults(lies)
    overlay = process.ready["environment"]
    instance = ReferenceInstance(overlay=overlay, faults=lies)
    file = overlaid(read_environment("reference", project=Path.cwd()), overlay)
    watch, launch = file.environment.require(Watch), file.environment.require(Launch)
    with tempfile.TemporaryDirectory() as folder, visiting(instance, f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-0a1b2c"):
        path = Path(folder) / "journal.sqlite3"
        with Journal.open(path, environment="reference") as journal:
            _Watching(instance, file, watch, journal).rounds(_BEFORE + int(launch.watch / watch.every))
        return _judged(instance, path, watch)


def _judged(instance: ReferenceInstance, journal: Path, watch: Watch) -> Sequence[CheckResult]:
    """By the journal alone: a lie must be seen by what was watched."""
    only = [f"watch-{name}" for name in watch.watched]
    overlay = {"watch": {"journal": str(journal)}}
    request = Request(environment="reference", project=Path.cwd(), gate=GATE, only=only, overlay=overlay)
    results = results_of(prepare(request, {}, instance=instance))
    return [check for check in results.checks if check.id in only]


def unticked(checks: Sequence[CheckResult]) -> Iterator[str]:
    """What is not green where nothing is untrue: what lies do to it would show nothing."""
    yield from (
        f"{check.id} is {check.outcome} where all is well: {check.worst.message}"
        for check in checks
        if check.outcome is not Outcome.PASS
    )
