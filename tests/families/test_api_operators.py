"""Operators of MongoDB in place of texts, against searches and forms of a few lines."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
import schemathesis
from schemathesis import GenerationMode, Response
from schemathesis.core.result import Ok

from gonogo.families.api.document_cases import Case
from gonogo.families.api.document_operators import Operators
from gonogo.families.api.operations import operations

TEXT = {"type": "string"}
TITLED = {"type": "object", "required": ["title"], "properties": {"title": TEXT, "price": {"type": "integer"}}}
RESPONSES = {"200": {"description": ""}}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Offers", "version": "1"},
    "paths": {
        "/offers": {
            "get": {
                "parameters": [
                    {"name": "city", "in": "query", "schema": TEXT},
                    {"name": "page", "in": "query", "schema": {"type": "integer"}},
                ],
                "responses": RESPONSES,
            },
            "post": {"requestBody": {"content": {"application/json": {"schema": TITLED}}}, "responses": RESPONSES},
        }
    },
}
TEXTS = {operation.label: operation.texts for operation in operations(DOCUMENT)}
OFFERS = [{"city": "Recife"}, {"city": "Santos"}]
Service = Callable[[dict[str, Any], Any], tuple[int, Any]]
"""Query and body to status and JSON."""


def good(label: str) -> Case:
    """The first request that the schema allows."""
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    operation = next(
        result.ok() for result in schema.get_all_operations() if isinstance(result, Ok) and result.ok().label == label
    )
    config = schema.config.generation_for(operation=operation)
    modes = [GenerationMode.POSITIVE]
    return next(iter(schema.iter_coverage_cases(operation, generation_modes=modes, generation_config=config)))


def held(service: Service, label: str, status: int = 200) -> tuple[set[str], list[str]]:
    """The texts of which it could be told, and what was reported."""
    reported: list[str] = []

    def ask(_label: str, case: Case) -> Response:
        answer, document = service(dict(case.query or {}), case.body)
        return cast("Response", SimpleNamespace(status_code=answer, content=json.dumps(document).encode()))

    operators = Operators(ask, lambda _label, _response, expected: reported.append(expected))
    return operators.tried(label, good(label), status, TEXTS[label]), reported


def passes_over(query: dict[str, Any], _body: Any) -> tuple[int, Any]:  # noqa: ANN401 - JSON
    """As most frameworks do: a parameter of another name is none."""
    return 200, [offer for offer in OFFERS if query.get("city") in {None, offer["city"]}]


def takes(query: dict[str, Any], _body: Any) -> tuple[int, Any]:  # noqa: ANN401 - JSON
    """As Express with qs, and find() of whatever it parsed."""
    return 200, OFFERS if any(name.startswith("city[$") for name in query) else []


def breaks(query: dict[str, Any], _body: Any) -> tuple[int, Any]:  # noqa: ANN401 - JSON
    """The driver refuses the operator, and nobody caught it."""
    return (500, {}) if "city[$regex]" in query else (200, [])


def refuses(query: dict[str, Any], body: Any) -> tuple[int, Any]:  # noqa: ANN401 - JSON
    """Unknown parameters and other types are mistakes."""
    wrong = any("[" in name for name in query) or (isinstance(body, dict) and isinstance(body.get("title"), dict))
    return (422, {}) if wrong else (200, {})


class Growing:
    """Others add offers all the time."""

    def __init__(self) -> None:
        self.offers = 0

    def __call__(self, *_: object) -> tuple[int, Any]:
        """One more."""
        self.offers += 1
        return 200, [1] * self.offers


def test_texts_of_an_operation_are_those_of_its_schemas() -> None:
    """Numbers are none."""
    assert TEXTS == {"GET /offers": {"query": ["city"], "body": []}, "POST /offers": {"query": [], "body": ["title"]}}


@pytest.mark.parametrize("service", [passes_over, Growing(), refuses])
def test_search_that_takes_no_operators_is_not_accused(service: Service) -> None:
    """Whether it passes them over or refuses them, and whatever others do meanwhile."""
    told, reported = held(service, "GET /offers")
    assert reported == []
    assert told == (set() if service is refuses else {"city"})


@pytest.mark.parametrize(
    ("service", "said"),
    [
        (takes, "no larger result for city[$ne] than for city[gonogo]"),
        (breaks, "no other status for city[$regex] than for city[gonogo]"),
    ],
)
def test_search_that_takes_operators_is_found_out(service: Service, said: str) -> None:
    """By what it gives away, or by what it breaks."""
    told, reported = held(service, "GET /offers")
    assert said in reported
    assert told == {"city"}


@pytest.mark.parametrize(
    ("service", "told", "reported"),
    [
        (refuses, {"title"}, []),
        (lambda *_: (201, {}), {"title"}, ['4xx for {"$ne": ""} in place of the text title']),
        (lambda *_: (403, {}), set(), []),
    ],
)
def test_body_that_takes_operators_is_found_out(service: Service, told: set[str], reported: list[str]) -> None:
    """Whoever is refused whatever they send has tried nothing."""
    status = service({}, {})[0]
    assert held(service, "POST /offers", status)[0] == told
    assert held(service, "POST /offers", status)[1][:1] == reported
