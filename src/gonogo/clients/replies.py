"""Replies as steps read them: whatever is not as it should be is said in words, never as a KeyError."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gonogo.base.comparing import one_of
from gonogo.clients.exchanges import Body
from gonogo.evidence.http import Exchange

_EXCERPT = 300
_PRIVATE = re.compile(
    r"""(["'](?:[\w-]{0,40}(?:[tT]oken|[pP]assword|[sS]ecret)|beta_code|jwt)["']\s{0,3}:\s{0,3}(["']))(?:(?!\2)[\s\S]){1,4000}"""
)
_TOKEN = re.compile(r"\beyJ[\w-]{8,4000}(?:\.[\w-]{0,8000}){1,2}")
"""A JWT, wherever it stands."""


def demand(fulfilled: bool, message: str) -> None:  # noqa: FBT001 - reads like assert, and survives python -O
    """Fail the step, for this reason, unless the demand is fulfilled."""
    if not fulfilled:
        raise AssertionError(message)


def masked(text: str) -> str:
    """The text with tokens and passwords of synthetic users replaced by ``***``."""
    return _TOKEN.sub("***", _PRIVATE.sub(r"\1***", text))


@dataclass(frozen=True, slots=True)
class ReplyDocument:
    """A JSON object of somebody else's making. Reading what is not there, or of another type, fails the step."""

    said: str
    """The reply that it stands in, for messages."""
    values: Mapping[str, Any]

    def text(self, key: str) -> str:
        """A text that is not empty."""
        value = self._get(key, str, "text")
        demand(value, f"{key!r} is empty; {self.said}")
        return str(value)

    def number(self, key: str) -> int:
        """An integer."""
        return int(self._get(key, int, "integer"))

    def flag(self, key: str) -> bool:
        """True or false."""
        return bool(self._get(key, bool, "boolean"))

    def objects(self, key: str) -> "list[ReplyDocument]":
        """A list of objects."""
        return [self._document(item) for item in self._get(key, list, "list")]

    def nested(self, key: str) -> "ReplyDocument":
        """An object within, as the ``data`` around all that many APIs answer."""
        return self._document(self._get(key, dict, "object"))

    def _get(self, key: str, kind: type, name: str) -> Any:  # noqa: ANN401 - of the kind asked for
        value = self.values.get(key)
        right = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
        demand(right, f"{key!r} should be of type {name}; {self.said}")
        return value

    def _document(self, value: object) -> "ReplyDocument":
        if not isinstance(value, dict):
            raise AssertionError(f"an object was expected; {self.said}")  # noqa: TRY004 - the step fails
        return ReplyDocument(self.said, value)


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply to one request, or the reason why there is none."""

    request: str
    body: Body

    @property
    def exchange(self) -> Exchange:
        """Status and times."""
        return self.body.exchange

    @property
    def status(self) -> int:
        """Fails the step if no reply came at all."""
        if self.exchange.status is None:
            raise AssertionError(f"{self.request}: {self.exchange.problem}")
        return self.exchange.status

    @property
    def said(self) -> str:
        """The reply in one line."""
        if self.exchange.status is None:
            return f"{self.request}: {self.exchange.problem}"
        return f"{self.request} answered {self.exchange.status}: {self.excerpt or '(nothing)'}"

    @property
    def excerpt(self) -> str:
        """The beginning of the body, without secrets."""
        return masked(" ".join(self.body.readable(_EXCERPT * 10).split()))[:_EXCERPT]

    def answers(self, *statuses: int) -> "Reply":
        """Fail the step unless it has one of these."""
        wanted = " or ".join(map(str, statuses))
        right = one_of(self.status, statuses, f"answer to {self.request}", kind="answer")
        demand(right, f"{self.said}; {wanted} was expected")
        demand(not self.exchange.truncated, f"{self.request}: {self.exchange.problem}")
        return self

    def document(self, *statuses: int) -> ReplyDocument:
        """The JSON object that came with one of these."""
        value = self.answers(*statuses)._json()  # noqa: SLF001 - our own
        demand(isinstance(value, dict), f"{self.said}; a JSON object was expected")
        return ReplyDocument(self.said, value)

    def documents(self, *statuses: int) -> list[ReplyDocument]:
        """The list of JSON objects that came with one of these."""
        value = self.answers(*statuses)._json()  # noqa: SLF001 - our own
        demand(isinstance(value, list), f"{self.said}; a JSON list was expected")
        return list(self._objects(value))

    def refuses(self, *statuses: int) -> None:
        """Fail the step unless it was refused with one of these; 2xx and 5xx are both wrong."""
        wanted = " or ".join(map(str, statuses))
        right = one_of(self.status, statuses, f"refusal of {self.request}", kind="refusal")
        demand(right, f"{self.said}; a refusal with {wanted} was expected")

    def _json(self) -> Any:  # noqa: ANN401 - any JSON value
        try:
            return json.loads(self.body.content)
        except (ValueError, RecursionError):
            raise AssertionError(f"{self.said}; JSON was expected") from None

    def _objects(self, values: list[Any]) -> Iterator[ReplyDocument]:
        for value in values:
            demand(isinstance(value, dict), f"{self.said}; JSON objects were expected")
            yield ReplyDocument(self.said, value)
