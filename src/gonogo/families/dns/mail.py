"""Asks where mail for a domain goes, and who may send in its name."""

import asyncio
from dataclasses import fields
from datetime import UTC, datetime

from gonogo.evidence.dns import Answer, agreed
from gonogo.evidence.dns_zone import DnsMailEvidence, DnsSenderEvidence, MailServer
from gonogo.families.dns.delegation import parents
from gonogo.families.dns.messages import LONGEST_TEXT
from gonogo.families.dns.query import Vantage
from gonogo.families.dns.question import DnsQuestion
from gonogo.families.dns.spf import MOST_SPF_LOOKUPS, spf_targets

_MOST_SERVERS = 10


async def probe_dns_mail(question: DnsQuestion) -> DnsMailEvidence:
    """MX with the addresses of its targets, SPF, DMARC, and DKIM for every declared selector."""
    taken_at = datetime.now(UTC)
    domain = question.name
    (mx, servers), (spf, dmarc, *dkim) = await asyncio.gather(
        mail_route(question.vantage, domain),
        asyncio.gather(
            _agreed(question.vantage, domain, "TXT"),
            _policy(question),
            *(_agreed(question.vantage, f"{selector}._domainkey.{domain}", "TXT") for selector in question.selectors),
        ),
    )
    return DnsMailEvidence(
        scope=question.scope,
        taken_at=taken_at,
        domain=domain,
        mx=mx,
        servers=servers,
        spf=spf,
        spf_elsewhere=await _included(question, spf),
        dmarc=dmarc,
        dkim=tuple(dkim),
    )


async def probe_dns_sender(question: DnsQuestion) -> DnsSenderEvidence:
    """Ask as ``probe_dns_mail`` does, about a domain that the service sends mail from."""
    mail = await probe_dns_mail(question)
    return DnsSenderEvidence(**{field.name: getattr(mail, field.name) for field in fields(mail)})


async def _policy(question: DnsQuestion) -> Answer:
    """The first DMARC record on the way up to the organisation's own domain; where there is none, the answer below."""
    answers: list[Answer] = []
    for domain in parents(question.name):
        answers.append(await _agreed(question.vantage, f"_dmarc.{domain}", "TXT"))
        has_policy = any(text.lower().startswith("v=dmarc1") for text in answers[-1].records)
        if has_policy or answers[-1].rcode not in {"NOERROR", "NXDOMAIN"} or not answers[-1].heard:
            return answers[-1]
    return answers[0]


async def mail_route(vantage: Vantage, domain: str) -> tuple[Answer, tuple[MailServer, ...]]:
    """The MX of a domain, and its targets with their addresses; ten of them at most."""
    mx = await _agreed(vantage, domain, "MX")
    targets = [record.split()[:2] for record in mx.records[:_MOST_SERVERS]]
    servers = await asyncio.gather(
        *(mail_server(vantage, target.rstrip(".").lower(), int(preference)) for preference, target in targets)
    )
    return mx, tuple(servers)


async def mail_server(vantage: Vantage, name: str, preference: int = 0) -> MailServer:
    """One target with its addresses; a domain without MX is its own (RFC 5321, 5.1)."""
    # "MX 0 ." says that the domain takes no mail (RFC 7505); nobody is asked for the root's address.
    a, aaaa = await asyncio.gather(*(_agreed(vantage, name or ".", rdtype) for rdtype in ("A", "AAAA")))
    return MailServer(name=name[:LONGEST_TEXT], preference=preference, a=a, aaaa=aaaa)


async def _included(question: DnsQuestion, spf: Answer) -> tuple[Answer, ...]:
    """Follow the includes of SPF, and theirs: breadth first, each domain once."""
    answers: list[Answer] = []
    waiting = [spf]
    visited = {question.name}
    while waiting:
        targets = [name for name in spf_targets(waiting.pop(0).records) if name not in visited]
        for name in dict.fromkeys(targets):
            if len(answers) == MOST_SPF_LOOKUPS:
                return tuple(answers)
            visited.add(name)
            answers.append(await _agreed(question.vantage, name, "TXT"))
            waiting.append(answers[-1])
    return tuple(answers)


async def _agreed(vantage: Vantage, name: str, rdtype: str) -> Answer:
    """The answer of most resolvers; where none serves us, the first of the failed ones."""
    answers = await vantage.ask_resolvers(name, rdtype)
    return agreed(answers) or answers[0]
