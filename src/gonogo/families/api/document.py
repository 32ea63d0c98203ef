"""Holds a service against its OpenAPI document: gives the order, and reads what the process tells."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.clients.network import Swallowed
from gonogo.clients.replies import masked
from gonogo.environment.model import Environment
from gonogo.environment.types import Effect
from gonogo.families.api.callers import Caller
from gonogo.families.api.operations import operations, prefix_of
from gonogo.families.api.routes import undocumented
from gonogo.families.api.section import Api, Document
from gonogo.families.world import World

_PROCESS = "gonogo.families.api.document_process"
_GRACE_SECONDS = 20
"""For starting, and for the request that is under way when the time is over."""
_POLL_SECONDS = 0.5
_NOT_THERE = {404, 405, 501}
_NOT_ASKED = "it was not asked"


@dataclass(frozen=True, slots=True)
class Departure:
    """A reply that is not what the document promises."""

    kind: str
    """``errors``, ``statuses``, ``replies``, ``tokens``, ``methods``, ``refusals``, ``operators`` or ``routes``."""
    operation: str
    observed: str
    expected: str
    curl: str
    """The request as a command, without secrets."""

    def __str__(self) -> str:
        """One message."""
        again = f"; again: {self.curl}" if self.curl else ""
        return f"{self.operation}: {self.observed}; expected: {self.expected}{again}"


@dataclass(slots=True)
class Conformance:
    """What was asked of a service, and how it answered."""

    departures: list[Departure] = field(default_factory=list)
    statuses: dict[str, set[int]] = field(default_factory=dict)
    """Operation to the statuses that it answered with."""
    left: dict[str, str] = field(default_factory=dict)
    """Operations that nobody knows enough of, and why."""
    aside: dict[str, str] = field(default_factory=dict)
    """Operations that are left out on purpose: the file excludes them, or others ask them."""
    enforced: set[str] = field(default_factory=set)
    """Operations that refuse whoever has no token, or a wrong one."""
    tried: set[str] = field(default_factory=set)
    """Operations that were asked for all that their schemas allow, and for one violation of each constraint."""
    refusing: dict[str, set[str]] = field(default_factory=dict)
    """Operation to the violations of its schemas that it answered otherwise than what is as it should be."""
    violated: dict[str, dict[str, set[int]]] = field(default_factory=dict)
    """Operation to the violations that were sent, with the statuses that they were answered with."""
    operators: dict[str, list[str]] = field(default_factory=dict)
    """Operation to its texts in whose place operators were tried; one without a name when all of them were."""
    texts: set[str] = field(default_factory=set)
    """Operations that have such texts, but for those that are left out on purpose."""
    dead: list[str] = field(default_factory=list)
    """Operations that read, with nothing to fill in, and are not there."""
    untried: set[str] = field(default_factory=set)
    """Operations that answered, and of which nobody can tell whether they demand the token that the document names."""
    requests: int = 0
    ended: str = "nobody said how it ended"
    """Why nothing more was asked; empty when there was nothing more."""

    @property
    def served(self) -> bool:
        """Whether any operation answered with 2xx."""
        return any(200 <= status < 300 for statuses in self.statuses.values() for status in statuses)  # noqa: PLR2004

    @property
    def shown(self) -> str:
        """The numbers, in one line."""
        aside = "; ".join(f"without {operation} ({reason})" for operation, reason in self.aside.items())
        numbers = f"{self.requests} requests to {len(self.statuses)} operations"
        return f"{numbers}{', all that there were' if not self.ended else ''}{'; ' if aside else ''}{aside}"

    def of(self, kind: str) -> list[Departure]:
        """The departures of one kind."""
        return [departure for departure in self.departures if departure.kind == kind]


async def fetch_document(environment: Environment) -> tuple[Mapping[str, Any], str]:
    """The document at ``http.openapi`` of the first address, or why there is none."""
    from gonogo.families.http.asking import asker, deadline_of  # noqa: PLC0415 - only where somebody walks
    from gonogo.families.http.openapi import NoDescription, read_document  # noqa: PLC0415
    from gonogo.families.http.questions import openapi_questions  # noqa: PLC0415

    questions = openapi_questions(environment, Secrets({}))
    if not questions:
        return {}, "no address of the service, or no http.openapi, is declared"
    question = questions[0]
    path = question.expected.openapi or "/"
    try:
        async with asker(question, deadline_of(question), largest_body_bytes=question.expected.largest_body) as asking:
            body = await asking.follow(path)
        document = await asyncio.to_thread(read_document, body)
    except NoDescription as error:
        return {}, f"the document at {path} could not be read ({error})"
    except Swallowed as error:
        return {}, f"the document at {path} was not served ({error.reason})"
    if not str(document.get("openapi", "")).startswith("3."):
        return {}, f"the document at {path} is no OpenAPI 3"
    return document, ""


def hold(world: World, api: Api, users: Sequence[Caller], administrator: Caller | None = None) -> Conformance:
    """Ask as much of the document as the budget lets through. Raises Unobserved where nothing could be asked.

    Where the first of the users may not, the next one asks; an administrator only reads.
    """
    if find_spec("schemathesis") is None:
        raise Unobserved("Schemathesis is not installed", hint="install gonogo with its extra openapi")
    document, problem = world.run(fetch_document, world.environment)
    if problem:
        raise Unobserved(problem, hint="is http.openapi right?")
    budget = api.document or Document()
    everybody = [*users, *([administrator] if administrator else [])]
    order = {
        **_order(world, api, document, budget),
        "users": [dict(user.identity) for user in users],
        "administrator": dict(administrator.identity) if administrator else None,
    }
    lines = _answered(world, order, budget.seconds + _GRACE_SECONDS)
    conformance = _read(world, lines, order, [caller.token for caller in everybody])
    conformance.departures += [
        Departure("routes", route, f"it is used ({where})", "it is in the document", "")
        for route, where in undocumented(api, world.environment, document)
    ]
    conformance.texts = order["texts"].keys() - order["left"].keys()
    pages = [each.label for each in operations(document) if each.method == "GET" and not each.fillable]
    conformance.dead = [page for page in pages if (conformance.statuses.get(page) or {0}) <= _NOT_THERE]
    return conformance


def _order(world: World, api: Api, document: Mapping[str, Any], budget: Document) -> Mapping[str, Any]:
    environment = world.environment
    base = environment.service.base_url
    host = urlsplit(base).hostname or ""
    trust = environment.trust_of(host)
    scheme = f"{api.sent.scheme} $TOKEN".strip()
    return {
        "document": json.dumps(document, default=str),
        "base_url": f"{base.removesuffix(urlsplit(base).path)}{prefix_of(document)}",
        "host": host,
        "address": environment.hosts[host].addresses[0],
        "port": environment.hosts[host].https_port,
        "verify": True if trust == "public" else trust,
        "shown": f"{api.sent.cookie}=$TOKEN" if api.sent.cookie else scheme,
        "secured": [operation.label for operation in operations(document) if operation.schemes],
        "texts": {each.label: each.texts for each in operations(document) if any(each.texts.values())},
        "left": _left(api, document, budget),
        "requests": budget.requests,
        "seconds": budget.seconds,
        "seed": budget.seed,
        "writes": budget.writes,
        "invalid": Effect.INTRUSIVE in environment.permits.effects,
        "run": world.run_id,
    }


def _left(api: Api, document: Mapping[str, Any], budget: Document) -> Mapping[str, str]:
    """Operations that are not asked: what is excluded, and what would lock, make or remove the user who asks."""
    own = {
        ("POST", api.login.path if api.login else ""): "the security journey asks it",
        ("POST", api.register_.path if api.register_ else ""): "accounts that it makes could not be removed",
        ("DELETE", api.remove or api.me or ""): "it would remove the user who asks",
    }
    reasons = {
        operation.label: own[operation.method, operation.path]
        for operation in operations(document)
        if (operation.method, operation.path) in own
    }
    return reasons | dict.fromkeys(budget.exclude, "api.document.exclude names it")


def _answered(world: World, order: Mapping[str, Any], seconds: float) -> list[str]:
    """The lines of the process. Raises Unobserved when it broke, and Stopped when the run ends first."""
    command = [sys.executable, "-m", _PROCESS]
    with subprocess.Popen(  # noqa: S603 - ourselves
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        waiting: str | None = json.dumps(order)
        try:
            for _ in range(round(seconds / _POLL_SECONDS)):
                try:
                    output, problem = process.communicate(waiting, timeout=_POLL_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    waiting = None
                    world.alive()
            else:
                raise Unobserved(
                    "the document could not be walked through in its time", hint="raise api.document.seconds"
                )
        finally:
            process.kill()
    if process.returncode:
        last = world.redactor.text(masked(problem.strip().splitlines()[-1] if problem.strip() else "no word"))
        hint = "Schemathesis cannot read this document; exclude the operation"
        raise Unobserved(f"the document could not be walked through: {last[:300]}", hint=hint)
    return output.splitlines()


def _read(world: World, lines: Iterable[str], order: Mapping[str, Any], tokens: Sequence[str]) -> Conformance:
    """Facts from lines; whatever the target said is redacted."""
    conformance = Conformance()
    for line in lines:
        facts = {key: _shown(value, world, tokens) for key, value in json.loads(line).items()}
        _note(conformance, facts, order["left"])
    tried = conformance.enforced | {departure.operation for departure in conformance.of("tokens")}
    for label in order["secured"]:
        if label in conformance.statuses and label not in tried:
            conformance.untried.add(label)
            conformance.left[label] = "whether it demands its token could not be tried: it answers nobody otherwise"
    for label, statuses in conformance.statuses.items():
        if label not in conformance.tried and conformance.ended:
            conformance.left.setdefault(label, f"it was not asked for all that its schemas say: {conformance.ended}")
        if label in conformance.violated:
            conformance.refusing[label] = {
                violation
                for violation, answers in conformance.violated[label].items()
                if any(200 <= status < 300 for status in statuses) or answers - statuses  # noqa: PLR2004 - 2xx
            }
            if not conformance.refusing[label]:
                allowed = ", ".join(map(str, sorted(statuses)))
                conformance.left.setdefault(
                    label, f"whether it refuses anything could not be tried: what it should take is answered {allowed}"
                )
    return conformance


def _shown(value: Any, world: World, tokens: Sequence[str]) -> Any:  # noqa: ANN401 - a JSON value
    """A text without secrets, the tokens of these users among them."""
    if not isinstance(value, str):
        return value
    for token in filter(None, tokens):
        value = value.replace(token, "***")
    return masked(world.redactor.text(value))


def _note(conformance: Conformance, facts: Mapping[str, Any], on_purpose: Collection[str]) -> None:
    """One line of the process."""
    label = str(facts.get("operation"))
    match facts["event"]:
        case "finding":
            texts = (str(facts[name]) for name in ("observed", "expected", "curl"))
            conformance.departures.append(Departure(str(facts["kind"]), label, *texts))
        case "asked":
            conformance.left[label] = _NOT_ASKED
        case "left" if label not in conformance.tried:  # what is refused after that (429) was asked enough
            place = conformance.aside if label in on_purpose else conformance.left
            place[label] = str(facts["reason"])
        case "silent":
            conformance.left[label] = f"it gave no answer ({facts['reason']})"
        case "enforced":
            conformance.enforced.add(label)
        case "end":
            conformance.requests, conformance.ended = int(facts["requests"]), str(facts["ended"])
            for unasked in [label for label, reason in conformance.left.items() if reason == _NOT_ASKED]:
                conformance.left[unasked] = f"{_NOT_ASKED}: {conformance.ended}"
        case _:
            _note_asked(conformance, label, facts)


def _note_asked(conformance: Conformance, label: str, facts: Mapping[str, Any]) -> None:
    """What an operation was asked for, and its answer."""
    match facts["event"]:
        case "answered":
            _note_answer(conformance, label, int(facts["status"]), str(facts["violates"]))
        case "operators":
            conformance.operators[label] = list(facts["told"])
        case "tried":
            conformance.tried.add(label)


def _note_answer(conformance: Conformance, label: str, status: int, violation: str) -> None:
    """A status; apart, if the request violated the schema."""
    conformance.left.pop(label, None)
    statuses = conformance.statuses.setdefault(label, set())
    if violation:
        statuses = conformance.violated.setdefault(label, {}).setdefault(violation, set())
    statuses.add(status)
