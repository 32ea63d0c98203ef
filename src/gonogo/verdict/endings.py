"""When what a verdict rests on ends: waivers, attestations, certificates, and the evidence itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from gonogo.record.results import LineStatus, Results
from gonogo.record.shown_facts import facts_at

FRESH = timedelta(hours=4)
"""How long evidence is thought to hold: what the documentation gives to ``gonogo verify --max-age``."""
_TLS = "tls"
_MOMENT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Expiry:
    """One thing that a GO rests on, and the moment from which it does not hold."""

    at: datetime
    what: str
    """As in ``the waiver of tls-expiry``."""


def endings(results: Results) -> Iterator[Expiry]:
    """The ends of the waivers and attestations that the verdict rests on."""
    for waived in results.exceptions:
        if waived.state == "in force":
            yield Expiry(at=waived.until, what=f"the waiver of {waived.check}")
    resting = {line.id for line in results.leaves} | set(_below_statements(results))
    for line in results.lines:
        if line.id in resting and line.attested and line.status is LineStatus.ATTESTED:
            yield Expiry(at=line.attested.until, what=f"{line.attested.by}'s attestation of {line.id}")


def validity(results: Results) -> Expiry:
    """The first of all ends; what had ended before the run is a finding of it, and no end of its validity."""
    fresh = Expiry(at=results.run.finished_at + FRESH, what="evidence is good for 4 h")
    ends = [*endings(results), *_certificates(results), fresh]
    return min(ending for ending in ends if ending.at > results.run.started_at)


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
            yield Expiry(at=_MOMENT.validate_python(certificate["not_after"]), what=f"a certificate of {host} ends")
        except (KeyError, TypeError, ValidationError):
            continue


def _below_statements(results: Results) -> Iterator[str]:
    """Ids of the lines that the statements of the roles rest on, whether the gate demands them or not."""
    lines = {line.id: line for line in results.lines}
    for identifier in (statement for role in results.roles for statement in role.statements):
        if identifier in lines:
            yield from lines[identifier].supports
