"""Sends operators of MongoDB in place of texts: a query that takes them as they are gives away what nobody asked for.

Source: the query operators of MongoDB's manual, and OWASP's testing guide, WSTG-INPV-05.6 (NoSQL injection).
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemathesis import Response

from gonogo.families.api.document_cases import Case

_IN_QUERY: Mapping[str, str] = {"$ne": "gonogo", "$gt": "", "$regex": ".*"}
_IN_BODY: Sequence[Mapping[str, Any]] = ({"$ne": ""}, {"$regex": ".*"})
_NONE = "gonogo"
"""It stands in place of an operator: a service that takes brackets apart looks for an operator that does not exist, and
all others pass over both."""
_TOO_MANY, _BROKEN = 429, 500
_TIMES = 2
"""How often an operator must show an effect, so that what others add meanwhile is no finding."""


@dataclass(frozen=True, slots=True)
class Operators:
    """Tries operators at one operation of the API after another.

    ``ask`` sends a case under a label and returns its reply; ``report`` takes label, reply and what was expected.
    """

    ask: Callable[[str, Case], Response]
    report: Callable[[str, Response, str], None]

    def tried(self, label: str, good: Case, status: int, texts: Mapping[str, Sequence[str]]) -> set[str]:
        """Return the names of the texts of which the replies could tell whether the service takes operators.

        ``good`` is a request that is as it should be, ``status`` that of its reply; ``texts`` has the names of texts by
        place, ``query`` and ``body``. Whatever is taken is reported.
        """
        decided = {name for name in texts["query"] if self._in_query(label, good, name)}
        return decided | {name for name in texts["body"] if self._in_body(label, good, status, name)}

    def _in_query(self, label: str, good: Case, name: str) -> bool:
        decided = False
        for operator, value in _IN_QUERY.items():
            wrong = _queried(good, name, operator, value)
            for _ in range(_TIMES):
                before, reply, after = (
                    self.ask(label, case)
                    for case in (_queried(good, name, _NONE, _NONE), wrong, _queried(good, name, _NONE, _NONE))
                )
                if _TOO_MANY in {before.status_code, reply.status_code, after.status_code}:
                    return False
                decided |= _served(before) or reply.status_code != before.status_code
                if not (problem := _worse(reply, before, after)):
                    break
            else:
                self.report(label, reply, f"{problem} for {name}[{operator}] than for {name}[{_NONE}]")
        return decided

    def _in_body(self, label: str, good: Case, status: int, name: str) -> bool:
        decided = False
        fields: Any = good.body
        for operator in _IN_BODY if isinstance(fields, dict) else ():
            reply = self.ask(label, _copied(good, body={**fields, name: operator}))
            if reply.status_code == _TOO_MANY:
                return False
            if _served(reply) or reply.status_code >= _BROKEN:
                self.report(label, reply, f"4xx for {json.dumps(operator)} in place of the text {name}")
            decided |= 200 <= status < 300 or reply.status_code != status  # noqa: PLR2004 - 2xx
        return decided


def _worse(reply: Response, before: Response, after: Response) -> str:
    """Return what was expected in place of this reply; empty if the operator was passed over or refused."""
    if reply.status_code >= _BROKEN:
        return "no other status"
    if _served(reply) and not _served(before):
        return "no other status"
    grown = _served(reply) and _size(reply) > max(_size(before), _size(after))
    return "no larger result" if grown else ""


def _served(reply: Response) -> bool:
    return 200 <= reply.status_code < 300  # noqa: PLR2004 - 2xx


def _size(reply: Response) -> int:
    """Return the number of values in a reply, or the number of its bytes if it is no JSON."""
    try:
        return sum(1 for _ in _leaves(json.loads(reply.content)))
    except (ValueError, RecursionError):
        return len(reply.content)


def _leaves(value: Any) -> Iterator[Any]:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner)
    else:
        yield value


def _queried(good: Case, name: str, operator: str, value: str) -> Case:
    others = {key: kept for key, kept in (good.query or {}).items() if key != name}
    return _copied(good, query={**others, f"{name}[{operator}]": value})


def _copied(good: Case, **changed: Any) -> Case:  # noqa: ANN401 - parts of a request
    parts = {
        "path_parameters": good.path_parameters,
        "headers": good.headers,
        "cookies": good.cookies,
        "query": good.query,
        "body": good.body,
        "media_type": good.media_type,
    }
    case: Case = good.operation.Case(**{**parts, **changed})
    return case
