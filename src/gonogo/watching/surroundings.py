"""What a launch stands on, and whether it is still the same: release, certificates, addresses, kinds of errors, the way back.

Nothing of this is a number over time. It is looked at now and then; the first look after the start is what later ones
are held against, and every change is an event in the journal.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gonogo.base.durations import format_duration
from gonogo.evidence.base import Evidence
from gonogo.evidence.dns import DnsHostEvidence
from gonogo.evidence.http import ServiceEvidence
from gonogo.evidence.providers import DropletEvidence
from gonogo.evidence.record import Record
from gonogo.evidence.sentry import SentryIssuesEvidence
from gonogo.evidence.tls import TlsEvidence
from gonogo.evidence.watch import RELEASE_AT
from gonogo.planning.suite import Suite

KINDS = ("service", "tls", "dns_host", "droplet", "sentry_issues")
"""Kinds of evidence that tell it."""
NOT_YET = "not read yet"
"""Until the first look has ended."""
_NEW = "new issue "
"""How facts begin that are a change as soon as they are there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """One look."""

    facts: Mapping[str, str]
    """What must stay as it is, by what it is: ``release at api.example.com/203.0.113.7``."""
    unread: Mapping[str, str]
    """Why something of it could not be looked at, by kind and place."""
    rollback: tuple[str, ...] = ()
    """What whoever must go back needs to know, a line each."""

    @property
    def unread_lines(self) -> tuple[str, ...]:
        """What could not be looked at, and why, a line each."""
        return tuple(f"{what} could not be looked at: {why}" for what, why in self.unread.items())


def checks_that_look(suite: Suite) -> tuple[str, ...]:
    """One check for each kind, since evidence is asked for by checks."""
    found: dict[str, str] = {}
    for declaration in suite.declarations.values():
        for kind in KINDS:
            if kind in declaration.arguments and declaration.id in suite.catalogue and not declaration.entry:
                found.setdefault(kind, declaration.id)
    return tuple(found.values())


def surroundings(records: Iterable[Record], now: datetime) -> Surroundings:
    """What these records tell. Pure."""
    facts: dict[str, str] = {}
    unread: dict[str, str] = {}
    rollback: list[str] = []
    for record in records:
        if record.kind not in KINDS:
            continue
        if record.evidence is None:
            reason = record.failure.reason if record.failure else "it was not asked"
            unread[f"{record.kind} {'/'.join(record.scope)}"] = reason
            continue
        facts |= dict(_facts(record.evidence))
        rollback += _way_back(record.evidence, now)
    return Surroundings(facts=facts, unread=unread, rollback=tuple(dict.fromkeys(rollback)))


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """What is no longer as it was, a sentence each. What could not be looked at this time has not changed."""
    for name, value in after.items():
        if name not in before and name.startswith(_NEW):
            yield f"{name}: {value}"
        elif name in before and before[name] != value:
            yield f"{name}: was {before[name]}, is {value}"


def _facts(evidence: Evidence) -> Iterator[tuple[str, str]]:
    where = "/".join(evidence.scope)
    if isinstance(evidence, ServiceEvidence):
        words = dict.fromkeys(word.value for answer in evidence.releases for word in answer if word.certain)
        if words:
            yield f"{RELEASE_AT}{where}", ", ".join(words)
    elif isinstance(evidence, TlsEvidence) and evidence.leaf is not None:
        leaf = evidence.leaf
        yield f"certificate of {where}", f"{leaf.sha256[:16]}… until {leaf.not_after:%Y-%m-%d %H:%M}Z"
    elif isinstance(evidence, DnsHostEvidence):
        addresses = {address for server in evidence.authoritative for address in server.ever}
        if addresses and not any(server.rotates for server in evidence.authoritative):
            yield f"addresses of {evidence.host}", ", ".join(sorted(addresses))
    elif isinstance(evidence, SentryIssuesEvidence):
        for issue in evidence.issues:
            yield f"{_NEW}{issue.id} at Sentry", issue.words


def _way_back(evidence: Evidence, now: datetime) -> Iterator[str]:
    if isinstance(evidence, DropletEvidence):
        newest = max(evidence.copies, default=None)
        if newest is None:
            yield f"droplet {evidence.droplet} has no snapshot, so it cannot be rolled back to one"
        else:
            age = format_duration(now - newest)
            yield f"newest snapshot of droplet {evidence.droplet}: {newest:%Y-%m-%d %H:%M}Z, {age} old"
    elif isinstance(evidence, DnsHostEvidence):
        lives = [answer.ttl for server in evidence.authoritative for answer in (server.a, server.aaaa) if answer.ttl]
        if lives:
            longest: timedelta = max(lives)
            yield f"{evidence.host}: another address reaches everybody after {format_duration(longest)} (TTL)"
