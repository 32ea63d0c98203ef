"""Finds the waivers that are new, accept more, or last longer than in the run before: a pure function of two results."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from gonogo.planning.rule_values import WHOLE
from gonogo.policy.severity import Severity
from gonogo.record.declared import ExceptionResult
from gonogo.record.results import Change, Outcome, Results

WITHOUT_EFFECT: Final = "without effect"
_COUNTING = {"in force", "stale"}
_NO_WAIVER = "no waiver"
_FAILURES = {Outcome.FAIL.name}
_KEY = "waiver"
"""The table of the waivers in their file: ``waiver.tls-renewal.until``."""
_TOLD = {"excepts", "until", "owner", "approved_by", "at"}
"""Keys of a waiver that its change tells."""


def waiver_changes(before: Results, after: Results) -> Iterator[Change]:
    """One for each waiver; it is without effect where it accepts the failure of a check that never fails, but only warns."""
    then, severities = _counting(before), {check.id: check.severity for check in after.checks}
    for check, now in _counting(after).items():
        old = then.get(check)
        if old and not set(now.excepts) - set(old.excepts) and now.until <= old.until:
            continue
        was = _terms(old) if old else _NO_WAIVER
        if severities.get(check) is Severity.WARNING and _FAILURES.issuperset(now.excepts):
            is_now = f"{_terms(now)}, owner {now.owner}: no effect on the verdict, for a failure of this check is only a warning"
            yield Change(kind=WITHOUT_EFFECT, subject=check, before=was, after=is_now)
        else:
            is_now = f"{_terms(now)}, owner {now.owner}, by {now.approved_by}"
            yield Change(kind="weakened", subject=check, before=was, after=is_now)


def untold(waivers: Iterable[Change], values: Mapping[str, str]) -> Mapping[str, str]:
    """The keys of a file of waivers that these changes do not tell of; its digest says nothing more."""
    told = {f"{_KEY}.{change.subject}": change.before == _NO_WAIVER for change in waivers}
    left: dict[str, str] = {}
    for key, value in values.items():
        waiver, _, name = key.rpartition(".")
        is_told = (told[waiver] or name in _TOLD) if waiver in told else key == WHOLE and bool(told)
        if not is_told:
            left[key] = value
    return left


def _counting(results: Results) -> Mapping[str, ExceptionResult]:
    return {waiver.check: waiver for waiver in results.exceptions if waiver.state in _COUNTING}


def _terms(waiver: ExceptionResult) -> str:
    return f"{', '.join(waiver.excepts)} accepted until {waiver.until:%Y-%m-%d}"
