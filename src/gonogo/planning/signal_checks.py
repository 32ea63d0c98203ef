"""Signals of a watch that are made of checks: each check is asked here, and named with all that it needs."""

from collections.abc import Collection, Iterator, Mapping

from gonogo.base.errors import UsageError
from gonogo.environment.load import EnvironmentFile
from gonogo.families.kind import EvidenceKind
from gonogo.families.watch.section import Watch
from gonogo.planning.plan import WALK, not_asked
from gonogo.planning.suite import Suite, closure, selection


def check_signals(file: EnvironmentFile, suite: Suite, kinds: Mapping[str, EvidenceKind]) -> None:
    """Raise UsageError for every check of a signal that nobody could ask, or whose need nobody would hear of."""
    watch = file.environment.section(Watch)
    signals = {name: one.signal.checks for name, one in watch.watched.items() if one.signal.checks} if watch else {}
    if watch is None or not signals:
        return
    absent, problems = not_asked(suite, file.environment, kinds), list[str]()
    for name, checks in signals.items():
        kind = "thresholds" if name in watch.thresholds else "metrics"
        key = f"{file.path}: watch.{kind}.{name}.signal.checks"
        try:
            selection(suite, checks, key)
        except UsageError as error:
            problems += error.problems
        else:
            problems += (f"{key}: {problem}" for problem in _unheard(suite, checks, absent))
            if watch.journeys_every is None:
                problems += (f"{key}: {problem}" for problem in _never_walked(suite, checks))
    if problems:
        raise UsageError(*problems)


def _unheard(suite: Suite, checks: Collection[str], absent: Collection[str]) -> Iterator[str]:
    """What would be no value for ever; and needs whose failure blocks a check of the signal, and that are not in it."""
    for check in checks:
        if check in absent:
            yield f"{check} does not run in this environment, which declares nothing that it could check; leave it out"
    missing = closure(suite, checks) - set(checks) - set(absent)
    needed = [identifier for identifier in suite.order if identifier in missing]
    if needed:
        yield (
            f"these checks need {', '.join(needed)} as well; add them: a check whose need fails says nothing, so that "
            "what fails must be in the signal"
        )


def _never_walked(suite: Suite, checks: Collection[str]) -> Iterator[str]:
    for check in checks:
        if WALK in suite.declarations[check].arguments:
            yield f"{check} is a step of a journey; say in watch.journeys_every how often it runs"
            return
