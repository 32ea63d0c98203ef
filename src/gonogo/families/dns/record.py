"""Asks every resolver for the records that an environment file declares."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope
from gonogo.evidence.dns import DnsRecordEvidence
from gonogo.families.dns.query import Vantage
from gonogo.families.dns.question import vantage_of
from gonogo.families.dns.record_entry import RecordEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordQuestion:
    """One name and type, for all resolvers."""

    entry_name: str
    entry: RecordEntry
    vantage: Vantage

    @property
    def scope(self) -> Scope:
        """The name, and the entry."""
        return self.entry.name, self.entry_name

    @property
    def host(self) -> str:
        """All DNS questions go to the same few servers."""
        return "dns"


def record_questions(environment: Environment, secrets: Secrets) -> Sequence[RecordQuestion]:
    """One for each entry; none without [dns], which names the resolvers."""
    del secrets
    vantage = vantage_of(environment)
    if vantage is None:
        return []
    return [
        RecordQuestion(entry_name=name, entry=entry, vantage=vantage)
        for name, entry in environment.table(RecordEntry).items()
    ]


async def probe_record(question: RecordQuestion) -> DnsRecordEvidence:
    """The answer of each resolver."""
    taken_at = datetime.now(UTC)
    answers = await question.vantage.ask_resolvers(question.entry.name, question.entry.type)
    return DnsRecordEvidence(scope=question.scope, taken_at=taken_at, answers=answers)
