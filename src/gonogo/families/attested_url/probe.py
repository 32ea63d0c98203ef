"""Asks the pages that attestations point to: a document that nobody can open supports nothing."""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin, urlsplit

import httpx

from gonogo.base.errors import Unobserved
from gonogo.clients.exchanges import EXCHANGE_SECONDS
from gonogo.clients.http import address_client
from gonogo.clients.trust import trust_context
from gonogo.environment.model import Environment
from gonogo.evidence.attested_url import AttestedUrlEvidence
from gonogo.evidence.base import Scope
from gonogo.families.kind import Probe

ATTESTED_URL = "attested_url"
_MOST_REDIRECTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlQuestion:
    """One page; with the address to ask, where the environment declares it."""

    line: str
    url: str
    address: str = ""
    port: int = 443
    trust: str = "public"

    @property
    def scope(self) -> Scope:
        """The line that is attested."""
        return "attestations", self.line

    @property
    def host(self) -> str:
        """The host whose requests are bounded together."""
        return urlsplit(self.url).hostname or ""


def url_questions(urls: Mapping[str, str], environment: Environment) -> Sequence[UrlQuestion]:
    """One per attested line; a path alone is one of the service's own."""
    questions = []
    for line, url in urls.items():
        whole = f"{environment.service.base_url}{url}" if url.startswith("/") else url
        host = urlsplit(whole).hostname or ""
        declared = environment.hosts.get(host)
        question = UrlQuestion(line=line, url=whole)
        if declared:
            trust = environment.trust_of(host)
            question = replace(question, address=declared.addresses[0], port=declared.https_port, trust=trust)
        questions.append(question)
    return questions


async def probe_attested_url(question: UrlQuestion) -> AttestedUrlEvidence:
    """One GET. A refusal is an answer; Unobserved when nothing comes in time."""
    ask = _at_declared if question.address else _anywhere
    status, ended_at, problem = await ask(question)
    return AttestedUrlEvidence(
        scope=question.scope,
        taken_at=datetime.now(UTC),
        url=question.url,
        status=status,
        ended_at=ended_at,
        problem=problem,
    )


async def _at_declared(question: UrlQuestion) -> tuple[int | None, str, str]:
    parts = urlsplit(question.url)
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    tls = trust_context(question.trust)
    async with address_client(tls, host=question.host, address=question.address, port=question.port) as client:
        exchange = (await client.get(path)).exchange
    if exchange.status is None and exchange.elapsed >= timedelta(seconds=EXCHANGE_SECONDS):
        raise _silence(question)
    location = exchange.headers.get("location", "")
    return exchange.status, urljoin(question.url, location) if location else "", exchange.problem


def _silence(question: UrlQuestion) -> Unobserved:
    """A page that does not answer in time may be gone, or slow for a moment: nobody can tell which."""
    return Unobserved(
        f"{question.url}: no complete answer within {EXCHANGE_SECONDS:g} s",
        hint="open the page; if it is slow only now, run gonogo again",
    )


async def _anywhere(question: UrlQuestion) -> tuple[int | None, str, str]:
    async with httpx.AsyncClient(
        verify=ssl.create_default_context(),
        trust_env=False,
        timeout=EXCHANGE_SECONDS,
        follow_redirects=True,
        max_redirects=_MOST_REDIRECTS,
        headers={"User-Agent": "gonogo (launch-readiness checks)"},
    ) as client:
        try:
            async with client.stream("GET", question.url) as response:
                ended = str(response.url)
                return response.status_code, "" if ended == question.url else ended, ""
        except httpx.TimeoutException:
            raise _silence(question) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return None, "", f"{type(error).__name__}: {error}"[:200]


PROBES: Mapping[str, Probe] = {
    # Its questions come from attestations, not from the environment file.
    "attested_url": Probe(questions=lambda _environment, _secrets: (), ask=probe_attested_url),
}
