"""Sends the requests that an environment file declares, each to every address of its host."""

import json
import secrets as entropy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from gonogo.base.secrets import Secrets
from gonogo.clients.exchanges import Body
from gonogo.environment.model import Environment
from gonogo.evidence.requests import RequestEvidence
from gonogo.families.entry_question import EntryQuestion
from gonogo.families.http.asking import Asker, asker, deadline_of
from gonogo.families.http.questions import HttpQuestion, service_questions
from gonogo.families.kind import Probe
from gonogo.families.requests.expectations import departures, observed
from gonogo.families.requests.pages import unread
from gonogo.families.requests.section import RequestEntry

_FURTHER_TIMES = 2
"""After an answer that came too late: of three, the middle one counts."""


RequestQuestion = EntryQuestion[RequestEntry, HttpQuestion]
"""One request to one address."""


def request_questions(environment: Environment, secrets: Secrets) -> Sequence[RequestQuestion]:
    """Every declared request, at every address of its host."""
    places = service_questions(environment, secrets)
    return [
        RequestQuestion(entry=entry, place=place, host=place.host, scope=(*place.scope, name))
        for name, entry in environment.table(RequestEntry).items()
        for place in places
        if (place.host == entry.host if entry.host else place.main)
    ]


async def probe_request(question: RequestQuestion) -> RequestEvidence:
    """The answer; twice more if it came too late, and the answer of a made-up path if any answer would be right."""
    entry, place = question.entry, replace(question.place, kept_headers=tuple(question.entry.header))
    taken_at, deadline = datetime.now(UTC), deadline_of(place)
    largest = place.expected.largest_body
    async with asker(place, deadline, largest_body_bytes=largest) as asking:
        body = await _ask(asking, question)
        exchange, elapsed = body.exchange, [body.exchange.elapsed]
        if entry.within and entry.reads and exchange.status is not None and exchange.elapsed > entry.within:
            elapsed += [(await _ask(asking, question)).exchange.elapsed for _ in range(_FURTHER_TIMES)]
        everywhere = await _everywhere(asking, question, body) if exchange.status is not None else ""
    answered, now = exchange.status is not None, datetime.now(UTC)
    return RequestEvidence(
        scope=question.scope,
        taken_at=taken_at,
        exchange=body.unexpected(),
        observed=observed(entry, body) if answered else {},
        departures=departures(entry, body, now) if answered else (),
        unread=unread(entry, body, now) if answered else {},
        elapsed=tuple(sorted(elapsed)),
        everywhere=everywhere,
        unreadable=f"its body is longer than {largest} bytes (http.largest_body)" if exchange.truncated else "",
    )


async def _ask(asking: Asker, question: RequestQuestion) -> Body:
    entry, headers = question.entry, _headers(question)
    if entry.follows:
        return await asking.follow(entry.path, headers, method=entry.method)
    return await asking.send(entry.method, entry.path, headers, _content(entry))


def _headers(question: RequestQuestion) -> Mapping[str, str]:
    entry, secrets = question.entry, question.place.secrets
    sent = {"Content-Type": "application/json"} if entry.send is not None and not isinstance(entry.send, str) else {}
    sent |= entry.headers
    if entry.token:
        sent["Authorization"] = f"Bearer {secrets[entry.token]}"
    if entry.key:
        sent[entry.key_header] = secrets[entry.key]
    return sent


def _content(entry: RequestEntry) -> bytes:
    if entry.send is None:
        return b""
    return (entry.send if isinstance(entry.send, str) else json.dumps(entry.send)).encode()


async def _everywhere(asking: Asker, question: RequestQuestion, body: Body) -> str:
    """The made-up URL with the same answer, where a status is all that is declared: it would be right of any path."""
    entry = question.entry
    says_more = entry.body or entry.expressions or any(entry.header.values())
    if not entry.reads or not body.exchange.served or says_more or entry.path.partition("?")[0] == "/":
        return ""
    made_up = f"{entry.path.partition('?')[0].rstrip('/')}-{entropy.token_hex(6)}"
    other = (await asking.follow(made_up, _headers(question), method=entry.method)).exchange
    same = other.served and (other.status, other.digest) == (body.exchange.status, body.exchange.digest)
    return other.url if same else ""


PROBES: Mapping[str, Probe] = {"requested": Probe(questions=request_questions, ask=probe_request)}
