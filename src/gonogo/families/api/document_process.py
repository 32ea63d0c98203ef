"""A process of its own that holds a service against its OpenAPI document, with Schemathesis: an order in, lines out.

By itself, since it computes much, patches Hypothesis, and must end when its time is over. The order comes as JSON on
standard input; every line of standard output is a fact in JSON, the last one the number of requests.
"""

import hashlib
import json
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import hypothesis
import requests
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, settings
from requests.adapters import HTTPAdapter
from requests.models import PreparedRequest
from schemathesis import GenerationMode, Response
from schemathesis.checks import CHECKS, CheckFunction, is_check_class, load_all_checks
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok

from gonogo.families.api.document_cases import SHAPE, Case, place_of, seldom, violation_of
from gonogo.families.api.document_operators import Operators

ERRORS, STATUSES, REPLIES = "errors", "statuses", "replies"
TOKENS, METHODS, REFUSALS, OPERATORS = "tokens", "methods", "refusals", "operators"
_SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
_WRONG, _UNKNOWN, _FORBIDDEN, _TOO_MANY, _BROKEN = 400, 401, 403, 429, 500
_REFUSED = {401, 403, *range(300, 400)}
_EXCERPT = 300
_PATIENCE_SECONDS = 10
_MOST_SILENCES, _MOST_TRIES = 3, 5
_MOST_DRAWN = 500
_CHECKS: Mapping[str, Sequence[str]] = {
    STATUSES: ("status_code_conformance",),
    REPLIES: ("content_type_conformance", "response_schema_conformance"),
    METHODS: ("unsupported_method",),
    REFUSALS: ("negative_data_rejection",),
}
Order = Mapping[str, Any]


class Spent(Exception):
    """Nothing more is asked; the argument says why, as of a declared number of requests that is used up."""


class _ToAddress(HTTPAdapter):
    """Sends to one address, whatever the name leads to elsewhere; the certificate must be the name's. Counts."""

    def __init__(self, order: Order, deadline: float) -> None:
        self._order = order
        self._deadline = deadline
        self.sent = 0
        super().__init__(max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:  # noqa: ANN401, FBT001, FBT002 - as in requests
        names = {"server_hostname": self._order["host"], "assert_hostname": self._order["host"]}
        super().init_poolmanager(connections, maxsize, block, **options, **names)

    def send(self, request: PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]  # noqa: ANN401
        if self.sent >= self._order["requests"]:
            raise Spent(f"the {self.sent} requests of api.document.requests were used up")
        if time.monotonic() > self._deadline:
            raise Spent(f"the {self._order['seconds']:g} seconds of api.document.seconds were over")
        self.sent += 1
        parts = urlsplit(str(request.url))
        request.headers["Host"] = parts.netloc
        address = self._order["address"]
        shown = request.url
        request.url = urlunsplit(
            parts._replace(netloc=f"{f'[{address}]' if ':' in address else address}:{self._order['port']}")
        )
        try:
            return super().send(request, **options)
        finally:
            request.url = shown


class Conformance:
    """One service, one document, one budget."""

    def __init__(self, order: Order, session: requests.Session, document: dict[str, Any]) -> None:
        self._order = order
        self._session = session
        self._base_url: str = order["base_url"]
        self._silences = self._drawn_each = 0
        self._reported: set[tuple[str, str]] = set()
        self._tries: dict[str, int] = {}
        self._users: Sequence[Mapping[str, str]] = order["users"]
        self._whose: dict[str, int] = {}
        self._good: dict[str, tuple[Case, int]] = {}
        """Operation to a request that is as it should be, and its status: one that was served, if any was."""
        self._schema = schemathesis.openapi.from_dict(document)
        self._schema.config.generation.with_security_parameters = False
        load_all_checks()

    def walk(self) -> None:
        """Ask every operation once, then round and round until nothing new is left. Raises Spent."""
        asked = self._asked()
        self._drawn_each = min(self._order["requests"] // max(len(asked), 1) + 1, _MOST_DRAWN)
        alone: set[str] = set()
        for cases_of in (self._firsts, self._rest):
            queues = {operation.label: cases_of(operation) for operation in asked if operation.label not in alone}
            while queues:
                for label, cases in list(queues.items()):
                    case = next(cases, None)
                    if case is None and cases_of == self._firsts:
                        tell("tried", operation=label)
                    if case is not None and not self._ask(label, case):
                        alone.add(label)
                    if case is None or label in alone:
                        del queues[label]
            if cases_of == self._firsts and self._order["invalid"]:
                self._with_operators(alone)

    def _with_operators(self, alone: set[str]) -> None:
        """Operators of MongoDB in place of the texts of every operation that has some."""
        operators = Operators(self._answer, lambda *found: self._report(OPERATORS, *found))
        for label, texts in self._order["texts"].items():
            if label in self._good and label not in alone:
                told = operators.tried(label, *self._good[label], texts)
                tell("operators", operation=label, told=sorted(told))
        tell("operators", operation="", told=[])

    def _asked(self) -> Sequence[Any]:
        """The operations that may be asked, those that read first; tells why the others are not."""
        chosen = []
        for result in self._schema.get_all_operations():
            if not isinstance(result, Ok):
                tell("left", operation=str(result.err())[:_EXCERPT], reason="it cannot be read")
                continue
            operation = result.ok()
            if reason := self._reason_to_leave(operation):
                tell("left", operation=operation.label, reason=reason)
            else:
                tell("asked", operation=operation.label)
                chosen.append(operation)
        return sorted(chosen, key=lambda operation: operation.method.upper() not in _SAFE)

    def _reason_to_leave(self, operation: Any) -> str:  # noqa: ANN401 - Schemathesis' own
        label = operation.label
        if label in self._order["left"]:
            return str(self._order["left"][label])
        if operation.method.upper() not in _SAFE and not self._order["writes"]:
            return "it writes: api.document.writes is not true"
        return ""

    def _firsts(self, operation: Any) -> Iterator[Case]:  # noqa: ANN401 - Schemathesis' own
        """What the schema allows, one violation of each of its constraints, and the usual methods that nobody declared."""
        for mode in self._modes:
            yield from (case for case, first in self._covered(operation, mode) if first)

    def _rest(self, operation: Any) -> Iterator[Case]:  # noqa: ANN401 - as above
        """Further violations of the same constraints, other wrong requests, and what is drawn at random."""
        for mode in self._modes:
            yield from (case for case, first in self._covered(operation, mode) if not first)
        for mode in self._modes:
            yield from self._permitted(operation, self._drawn(operation, mode))

    def _covered(self, operation: Any, mode: GenerationMode) -> Iterator[tuple[Case, bool]]:  # noqa: ANN401 - as above
        """Each case of a kind, and whether it is the first of its place."""
        seen = set()
        for case in self._permitted(operation, self._covering(operation, mode)):
            place = place_of(case)
            again = mode is GenerationMode.NEGATIVE and (place in seen or seldom(case))
            seen.add(place)
            yield case, not again

    @property
    def _modes(self) -> Sequence[GenerationMode]:
        return [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if self._order["invalid"] else [])]

    def _permitted(self, operation: Any, cases: Iterator[Case]) -> Iterator[Case]:  # noqa: ANN401 - as above
        for case in cases:
            undeclared = case.method.upper() != operation.method.upper()
            if not undeclared or case.method.upper() in _SAFE or self._order["writes"]:
                yield case

    def _covering(self, operation: Any, mode: GenerationMode) -> Iterator[Case]:  # noqa: ANN401 - as above
        generation = self._schema.config.generation_for(operation=operation)
        yield from self._schema.iter_coverage_cases(operation, generation_modes=[mode], generation_config=generation)

    def _drawn(self, operation: Any, mode: GenerationMode) -> Iterator[Case]:  # noqa: ANN401 - as above
        """Cases drawn at random: the same for the same seed."""
        drawn: list[Case] = []
        seed = int(hashlib.sha256(f"{self._order['seed']} {operation.label} {mode}".encode()).hexdigest()[:8], 16)
        options = settings(
            max_examples=self._drawn_each,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )

        @hypothesis.seed(seed)
        @options
        @hypothesis.given(operation.as_strategy(generation_mode=mode))
        def draw(case: Case) -> None:
            drawn.append(case)

        # Where nothing of this kind can be drawn: an operation without parameters has no invalid ones.
        with suppress(hypothesis.errors.HypothesisException):
            draw()
        yield from drawn

    def _ask(self, label: str, case: Case) -> bool:
        """Send a case and judge its reply; False when the operation is to be left alone from now on."""
        try:
            response = self._answer(label, case)
        except (requests.RequestException, ValueError) as error:
            tell("silent", operation=label, reason=type(error).__name__)
            self._silences += 1
            if self._silences >= _MOST_SILENCES:
                raise Spent(f"{_MOST_SILENCES} requests in a row gave no answer") from None
            return False
        self._silences = 0
        if response.status_code == _TOO_MANY:
            tell("left", operation=label, reason="it answered 429 Too Many Requests")
            return False
        declared = case.method.upper() == case.operation.method.upper()
        violated = violation_of(case)
        if violated != SHAPE:
            tell("answered", operation=label, status=response.status_code, violates=violated)
        if not violated and (label not in self._good or 200 <= response.status_code < 300):  # noqa: PLR2004 - 2xx
            self._good[label] = case, response.status_code
        if response.status_code >= _BROKEN:
            self._report(ERRORS, label, response, "no status of 500 or more")
            return True
        wrong = {METHODS: not declared, REFUSALS: violated not in {"", SHAPE}}
        for kind, names in _CHECKS.items():
            # 404 refuses a method that nobody documented as well as 405 does; and proxies leave out the Allow header.
            if wrong.get(kind, True) and (kind not in wrong or response.status_code < _WRONG):
                self._judge(kind, names, label, case, response)
        if declared:
            self._without_token(label, case, response)
        return True

    def _answer(self, label: str, case: Case) -> Response:
        """The reply to the first of the users who may ask; the last of them only reads, where an administrator is."""
        users = self._users_of(case)
        first = min(self._whose.get(label, 0), len(users) - 1)
        for number in range(first, len(users)):
            self._whose[label] = number
            response = self._send(case, users[number])
            if response.status_code != _FORBIDDEN:
                break
        return response

    def _users_of(self, case: Case) -> Sequence[Mapping[str, str]]:
        administrator = self._order["administrator"]
        return [*self._users, administrator] if administrator and case.method.upper() in _SAFE else self._users

    def _send(self, case: Case, headers: Mapping[str, str]) -> Response:
        own = {"X-Gonogo-Run": self._order["run"], **headers}
        return case.call(
            base_url=self._base_url,
            session=self._session,
            headers=own,
            verify=self._order["verify"],
            timeout=_PATIENCE_SECONDS,
            allow_redirects=False,
        )

    def _judge(self, kind: str, names: Sequence[str], label: str, case: Case, response: Response) -> None:
        try:
            case.validate_response(response, checks=_functions(names))
        except FailureGroup as group:
            failure = next(each for each in group.exceptions if isinstance(each, Failure))
            expected = " ".join(f"{failure.title}: {failure.message}".split())
            if kind == REFUSALS:
                expected = f"4xx, since its schema forbids it ({violation_of(case)})"
            self._report(kind, label, response, expected)

    def _without_token(self, label: str, case: Case, response: Response) -> None:
        """What demands a token must refuse whoever has none, or a wrong one; until one reply tells.

        Whoever has a token is answered otherwise, or a refusal would say nothing of the token.
        """
        token_headers = self._users_of(case)[self._whose.get(label, 0)]
        demanded = label in self._order["secured"]
        tries = self._tries.get(label, 0)
        if not demanded or not token_headers or tries >= _MOST_TRIES or response.status_code == _UNKNOWN:
            return
        self._tries[label] = tries + 1
        wrong = {name: value[: len(value) // 2] + "gonogo" for name, value in token_headers.items()}
        for whom, headers in (("no token", {}), ("a wrong token", wrong)):
            reply = self._send(case, headers)
            if 200 <= reply.status_code < 300:  # noqa: PLR2004 - 2xx
                self._report(TOKENS, label, reply, f"401 or 403 for {whom}, which the document demands")
                self._tries[label] = _MOST_TRIES
                return
            # Whoever is known and may not is told so with another status than whoever is not known at all.
            if reply.status_code not in _REFUSED or reply.status_code == response.status_code:
                return
        self._tries[label] = _MOST_TRIES
        tell("enforced", operation=label)

    def _report(self, kind: str, label: str, response: Response, expected: str) -> None:
        """Tell what departs from the document, the first of its kind at each operation."""
        if (kind, label) in self._reported:
            return
        self._reported.add((kind, label))
        text = response.content[: 10 * _EXCERPT].decode("utf-8", "replace")
        tell(
            "finding",
            kind=kind,
            operation=label,
            observed=f"{response.request.method} answered {response.status_code}: {' '.join(text.split())[:_EXCERPT]}",
            expected=expected[: 2 * _EXCERPT],
            curl=self._curl(response.request),
        )

    def _curl(self, request: PreparedRequest) -> str:
        """The request as a command, without the token."""
        words = ["curl", "-i", "-X", str(request.method), shlex.quote(str(request.url))]
        for name in ("Content-Type", *self._users[0]):
            value = request.headers.get(name)
            if value is not None:
                words += ["-H", f'"{name}: {self._shown(name, value)}"']
        body = request.body
        if body:
            text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body)
            words += ["--data-raw", shlex.quote(text[: 2 * _EXCERPT])]
        return " ".join(words)

    def _shown(self, name: str, value: str | bytes) -> str:
        """A header's value as a shell may have it: the token is a variable."""
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        if name not in self._users[0]:
            return text
        users = [*self._users, self._order["administrator"] or {}]
        return str(self._order["shown"]) if text in [user.get(name) for user in users] else "wrong"


def _functions(names: Sequence[str]) -> list[CheckFunction]:
    return [check for check in CHECKS.get_by_names(list(names)) if not is_check_class(check)]


def tell(event: str, **facts: object) -> None:
    """One line for whoever gave the order."""
    sys.stdout.write(f"{json.dumps({'event': event, **facts})}\n")
    sys.stdout.flush()


def read(text: str) -> dict[str, Any]:
    """The document as JSON or YAML."""
    try:
        document: dict[str, Any] = json.loads(text)
    except ValueError:
        document = yaml.safe_load(text)
    return document


def main(opened: Callable[[], requests.Session] = requests.Session) -> None:
    """Carry out one order."""
    order = json.load(sys.stdin)
    adapter = _ToAddress(order, time.monotonic() + order["seconds"])
    with opened() as session:
        session.trust_env = False
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.adapters.clear()
        session.mount("https://", adapter)
        try:
            Conformance(order, session, read(order["document"])).walk()
            ended = ""
        except Spent as spent:
            ended = str(spent)
        tell("end", requests=adapter.sent, ended=ended)


if __name__ == "__main__":
    main()
