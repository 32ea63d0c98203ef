"""DNS records that the environment file declares: one check for each."""

import re

import pytest

from gonogo.base.comparing import at_least, nothing, so
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.dns import Answer, DnsRecordEvidence
from gonogo.families.dns.record_entry import RecordEntry
from gonogo.families.dns.section import Dns

_HOST_NAMES = {"CNAME", "MX", "NS", "PTR", "SRV"}


@pytest.mark.check("record-*")
def test_record_is_as_declared(dns_record: DnsRecordEvidence, environment: Environment) -> None:
    """Mail, other services or certificates depend on this record.

    Fix: correct the record at the zone's DNS provider, or the entry in [records]; dig shows it at each resolver.
    """
    entry = environment.table(RecordEntry)[dns_record.scope[-1]]
    conclusive = [answer for answer in dns_record.answers if answer.conclusive and answer.rcode != "SERVFAIL"]
    quorum = environment.require(Dns).quorum
    broken = [answer for answer in dns_record.answers if answer.rcode == "SERVFAIL"]
    wrong = [problem for answer in conclusive if (problem := _problem(entry, answer))]
    assert nothing(wrong, "answers that are not as declared", of=len(conclusive)), (
        f"{entry.name} {entry.type}: {'; '.join(wrong)}"
    )
    assert so(not (broken and len(conclusive) < quorum), "resolvers", "answer", "SERVFAIL"), (
        f"{entry.name} {entry.type}: {broken[0].server} answers SERVFAIL"
    )
    if not at_least(len(conclusive), quorum, "resolvers that answer"):
        answers = "; ".join(f"{answer.server}: {answer.rcode or answer.delivery}" for answer in dns_record.answers)
        raise Unobserved(f"{entry.name} {entry.type}: {len(conclusive)} of {quorum} resolvers answer ({answers})")


def _problem(entry: RecordEntry, answer: Answer) -> str:
    """What one resolver gives that is not as declared; empty if it is."""
    records = [_normal(record, entry.type) for record in answer.records]
    where = f"{answer.server} has {', '.join(records) or f'none ({answer.rcode})'}"
    if entry.absent:
        return f"{where}; none is expected" if records else ""
    if answer.omitted_records and entry.exact:
        return f"{answer.server} has {answer.omitted_records} more records than gonogo compares"
    wanted = [_normal(record, entry.type) for record in entry.exact]
    if wanted:
        return "" if sorted(records) == sorted(wanted) else f"{where}; {', '.join(wanted)} is expected"
    if entry.contains:
        right = any(entry.contains in record for record in records)
        return "" if right else f"{where}; one with {entry.contains!r} is expected"
    return "" if records else f"{where}; one is expected"


def _normal(record: str, rdtype: str) -> str:
    """One spelling: a TXT is one text however it is cut and quoted, and names end without a dot, in lower case."""
    if rdtype == "TXT":
        return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', record)) if record.startswith('"') else record
    return record.rstrip(".").lower() if rdtype in _HOST_NAMES else record
