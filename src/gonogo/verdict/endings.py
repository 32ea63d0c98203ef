"""When what a verdict rests on ends: waivers, attestations, certificates, and the evidence itself."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gonogo.base.durations import format_duration
from gonogo.record.results import LineStatus, Results
from gonogo.record.shown_facts import facts_at

FRESH = timedelta(hours=4)
"""How long evidence is thought to hold where ``gonogo verify --max-age`` says nothing else."""
_TLS = "tls"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Expiry:
    """One thing that a GO rests on, and the moment from which it does not hold."""

    at: datetime
    what: str
    """As in ``the waiver of tls-expiry``."""

    @property
    def words(self) -> str:
        """``2026-11-27 12:00:00 UTC, the end of the waiver of tls-expiry``."""
        return f"{self.at:%Y-%m-%d %H:%M:%S} UTC, the end of {self.what}"


def endings(results: Results) -> Iterator[Expiry]:
    """The ends of the waivers and attestations that the verdict rests on."""
    for waived in results.exceptions:
        if waived.state == "in force":
            yield Expiry(at=waived.until, what=f"the waiver of {waived.check}")
    resting = {line.id for line in results.leaves} | set(_below_statements(results))
    for line in results.lines:
        if line.id in resting and line.attested and line.status is LineStatus.ATTESTED:
            yield Expiry(at=line.attested.until, what=f"{line.attested.by}'s attestation of {line.id}")


def validity(results: Results, oldest: timedelta = FRESH, further: Iterable[Expiry] = ()) -> Expiry:
    """The first of all ends: until then the verdict is valid, on the page as for ``gonogo verify``.

    ``further`` are ends of what the results do not hold: signatures, keys, and carried runs as they are now. What had ended before the run is
    a finding of it, and no end of its validity.
    """
    ends = [*endings(results), *_certificates(results), *_carried(results), _of_evidence(results, oldest), *further]
    return min(ending for ending in ends if ending.at > results.run.started_at)


def _carried(results: Results) -> Iterator[Expiry]:
    """The ends of the runs that stand for lines of this one."""
    for run in results.carried:
        if run.ends is not None and not run.problem:
            yield Expiry(at=run.ends, what=f"the carried run {run.id} ({run.environment})")


def outlasts(results: Results, oldest: timedelta = FRESH) -> bool:
    """Whether the run itself took so long, as a watch does: its first answer is older than evidence may be."""
    return results.run.finished_at - results.run.started_at >= oldest


def _of_evidence(results: Results, oldest: timedelta) -> Expiry:
    """Evidence is as old as its first answer; that of a run that took longer counts from its end."""
    begin = results.run.finished_at if outlasts(results, oldest) else results.run.started_at
    return Expiry(at=begin + oldest, what=f"the evidence (good for {format_duration(oldest)})")


def _certificates(results: Results) -> Iterator[Expiry]:
    """The ends of the certificates that were presented."""
    for check in results.checks:
        for observation in check.observations:
            facts = facts_at(results.checks, _TLS, observation.facts.get(_TLS))
            for presented in facts.get("presented", ()) if isinstance(facts, Mapping) else ():
                yield from _chain(presented, str(facts.get("host", "")))


def _chain(presented: Any, host: str) -> Iterator[Expiry]:  # noqa: ANN401 - JSON
    chain = presented.get("chain", ()) if isinstance(presented, Mapping) else ()
    for certificate in chain:
        try:
            ends = datetime.fromisoformat(certificate["not_after"])
        except (KeyError, TypeError, ValueError):
            continue
        if ends.tzinfo is not None:
            yield Expiry(at=ends, what=f"a certificate of {host}")


def _below_statements(results: Results) -> Iterator[str]:
    """Ids of the lines that the statements of the roles rest on, whether the gate demands them or not."""
    lines = {line.id: line for line in results.lines}
    for identifier in (statement for role in results.roles for statement in role.statements):
        if identifier in lines:
            yield from lines[identifier].supports
