"""Asks every resolver for the records that an environment file declares."""

from collections.abc import Sequence
from datetime import UTC, datetime

from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.evidence.dns import DnsRecordEvidence
from gonogo.families.dns.query import Vantage
from gonogo.families.dns.question import vantage_of
from gonogo.families.dns.record_entry import RecordEntry
from gonogo.families.entry_question import EntryQuestion

RecordQuestion = EntryQuestion[RecordEntry, Vantage]
"""One name and type, for all resolvers."""


def record_questions(environment: Environment, secrets: Secrets) -> Sequence[RecordQuestion]:
    """One for each entry; none without [dns], which names the resolvers."""
    del secrets
    vantage = vantage_of(environment)
    if vantage is None:
        return []
    # All DNS questions go to the same few servers, and are bounded together.
    return [
        RecordQuestion(entry=entry, place=vantage, host="dns", scope=(entry.name, name))
        for name, entry in environment.table(RecordEntry).items()
    ]


async def probe_record(question: RecordQuestion) -> DnsRecordEvidence:
    """The answer of each resolver."""
    taken_at = datetime.now(UTC)
    answers = await question.place.ask_resolvers(question.entry.name, question.entry.type)
    return DnsRecordEvidence(scope=question.scope, taken_at=taken_at, answers=answers)
