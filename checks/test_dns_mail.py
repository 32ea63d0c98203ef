"""Mail by DNS: where it goes, and who may send in the name of a domain."""

from collections.abc import Iterator, Mapping

import pytest

from gonogo.base.comparing import at_most, nothing, shown, so
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.dns import Answer, is_public
from gonogo.evidence.dns_zone import DnsMailEvidence, DnsSenderEvidence
from gonogo.families.dns.dkim import key_problem, tags_of
from gonogo.families.dns.routes import route_problems
from gonogo.families.dns.spf import (
    MOST_SPF_LOOKUPS,
    failed_records,
    idle_terms,
    opens_to_all,
    passes_on,
    spf_lookups,
    spf_records,
    verdict_on_others,
    wrong_terms,
)


@pytest.mark.check("dns-mail-route")
def test_mail_for_the_domain_arrives(dns_mail: DnsMailEvidence, environment: Environment) -> None:
    """Mail to support, and bounces of the service's mail, go where the MX says (RFC 5321, 5.1).

    Fix: point MX to a name that exists and has addresses of its own, or remove the record.
    """
    world = any(is_public(address) for host in environment.hosts.values() for address in host.addresses)
    problems = list(route_problems(dns_mail.servers, world=world))
    assert nothing(problems, "problems of the way of mail", of=len(dns_mail.servers)), (
        f"mail for {dns_mail.domain}: {'; '.join(problems)}"
    )
    _require_answers(dns_mail.mx, *(answer for server in dns_mail.servers for answer in (server.a, server.aaaa)))


@pytest.mark.check("dns-spf")
def test_spf_can_be_understood(dns_mail: DnsMailEvidence) -> None:
    """Two SPF records count as none, and one that lets everybody send protects nobody (RFC 7208, 3.2).

    Fix: keep one TXT record that begins with v=spf1, with all senders in it, and end it with -all or ~all.
    """
    _require_answers(dns_mail.spf)
    own = spf_records(dns_mail.spf.records)
    assert at_most(len(own), 1, "SPF records"), (
        f"{dns_mail.domain} has {len(own)} SPF records, which is an error: {' | '.join(own)}"
    )
    failed = failed_records(dns_mail.spf.records)
    assert nothing(failed, "records that fail to be SPF"), (
        f"{dns_mail.domain}: '{failed[0]}' does not begin with 'v=spf1 ', so it is not an SPF record"
    )
    elsewhere = {answer.name: spf_records(answer.records) for answer in dns_mail.spf_elsewhere}
    records = {name: included[0] for name, included in elsewhere.items() if len(included) == 1}
    for record in own:
        _assert_meaning(dns_mail.domain, record, records)
    for answer in dns_mail.spf_elsewhere:
        is_known = not answer.conclusive or answer.rcode == "SERVFAIL" or len(elsewhere[answer.name]) == 1
        assert so(is_known, "included domains", "have one record each", f"not so: {answer.name}"), (
            f"{dns_mail.domain}: SPF includes {answer.name}, which has {len(elsewhere[answer.name])} SPF records "
            f"({answer.told}): then the whole record does not count"
        )
    lookups = sum(spf_lookups(record, records) for record in own)
    assert at_most(lookups, MOST_SPF_LOOKUPS, "queries that SPF needs"), (
        f"{dns_mail.domain}: SPF needs {lookups} queries, and receivers make {MOST_SPF_LOOKUPS} at most"
    )
    _require_answers(*dns_mail.spf_elsewhere)


def _assert_meaning(domain: str, record: str, records: Mapping[str, str]) -> None:
    """The record must be whole, let some send, and say that others may not."""
    for name, text in {domain: record, **records}.items():
        wrong = wrong_terms(text)
        assert nothing(wrong, "terms that are no SPF"), (
            f"{domain}: '{wrong[0]}' of '{text}' ({name}) is not valid SPF, so the whole record does not count"
        )
    passing, waiting = {domain: record}, passes_on(record)
    while waiting:
        name = waiting.pop()
        if name in records and name not in passing:
            passing[name] = records[name]
            waiting += passes_on(records[name])
    for name, text in passing.items():
        opening = opens_to_all(text)
        assert so(not opening, "everybody may send", "no", f"{opening}"), (
            f"{domain}: {opening} of '{text}' ({name}) lets everybody send"
        )
    idle = [f"'{term}' of '{record}' is never read: {why}" for term, why in idle_terms(record)]
    assert nothing(idle, "terms that are never read"), f"{domain}: {idle[0]}"
    verdict = verdict_on_others(record, records)
    assert shown(
        verdict != "?", "verdict on others", "not known" if verdict is None else f"{verdict}all", "-all or ~all"
    ), f"{domain}: '{record}' does not say what to do with other senders (?all, or no all): receivers ignore it"


@pytest.mark.check("dns-mail-sender")
def test_mail_of_the_service_is_believed(dns_sender: DnsSenderEvidence, environment: Environment) -> None:
    """Without SPF, DKIM and DMARC the large providers put a service's mail into spam, or refuse it.

    Fix: publish what is missing as the mail provider says, and declare the keys' names in dns.dkim_selectors.
    """
    domain = dns_sender.domain
    problems = list(_sender_problems(dns_sender))
    world = any(is_public(address) for host in environment.hosts.values() for address in host.addresses)
    problems += route_problems(dns_sender.servers, world=world)
    assert nothing(problems, "problems of SPF, DKIM, DMARC and MX"), f"mail from {domain}: {'; '.join(problems)}"
    _require_answers(dns_sender.spf, dns_sender.dmarc, *dns_sender.dkim, dns_sender.mx)
    if not dns_sender.dkim:
        raise Unobserved(
            f"mail from {domain}: the environment does not say which keys it is signed with (DKIM)",
            hint='declare dns.dkim_selectors, as in ["mail"], from the header DKIM-Signature (s=) of a mail',
        )


def _sender_problems(sender: DnsSenderEvidence) -> Iterator[str]:
    records = spf_records(sender.spf.records)
    if sender.spf.conclusive and len(records) != 1:
        yield f"{len(records)} SPF records at {sender.spf.name}; one is expected"
    policies = [tags_of(text) for text in sender.dmarc.records if text.lower().startswith("v=dmarc1")]
    if sender.dmarc.conclusive and len(policies) != 1:
        yield f"{len(policies)} DMARC records at {sender.dmarc.name}; one is expected"
    elif policies and policies[0].get("p", "").lower() not in {"none", "quarantine", "reject"}:
        yield f"the DMARC record at {sender.dmarc.name} has no policy (p=none, quarantine or reject)"
    for key in sender.dkim:
        problems = [key_problem(text) for text in key.records]
        if key.conclusive and not problems:
            yield f"no DKIM key at {key.name} ({key.told})"
        elif problems and all(problems):
            yield f"the DKIM key at {key.name} is not valid: {problems[0]}"


def _require_answers(*answers: Answer) -> None:
    """What no resolver answers is not known. Raises Unobserved."""
    unknown = [answer for answer in answers if not answer.conclusive or answer.rcode == "SERVFAIL"]
    if unknown:
        answers_told = "; ".join(f"{answer.name} {answer.rdtype}: {answer.told}" for answer in unknown)
        raise Unobserved(
            f"resolvers do not answer: {answers_told}", hint="check whether this machine reaches the resolvers in [dns]"
        )
