"""When what a GO rests on ends: waivers, attestations, signatures, keys, and the evidence itself."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from gonogo.base.errors import IntegrityError
from gonogo.record.results import LineStatus, Results


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


def check_endings(all_endings: Iterable[Expiry], now: datetime) -> None:
    """Raises IntegrityError for what has ended by now, the earliest first."""
    over = sorted(ending for ending in all_endings if ending.at <= now)
    if over:
        raise IntegrityError(f"{over[0].what} ended {over[0].at:%Y-%m-%d %H:%M:%S} UTC; renew it, and run again")


def _below_statements(results: Results) -> Iterator[str]:
    """Ids of the lines that the statements of the roles rest on, whether the gate demands them or not."""
    lines = {line.id: line for line in results.lines}
    for identifier in (statement for role in results.roles for statement in role.statements):
        if identifier in lines:
            yield from lines[identifier].supports
