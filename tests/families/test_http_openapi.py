"""Descriptions of an API, held against the specification that they claim."""

import json
from datetime import timedelta
from typing import Any

import pytest

from gonogo.clients.exchanges import Body
from gonogo.evidence.http import Exchange
from gonogo.families.http.openapi import Description, NoDescription, read_description

OK = {"responses": {"200": {"description": "x"}}}
GOOD: dict[str, Any] = {"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "paths": {"/a": {"get": OK}}}
ONLY_WEBHOOKS: dict[str, Any] = {"openapi": "3.1.0", "info": GOOD["info"]}


def read(document: object) -> Description:
    """What such a document says."""
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_description(Body(exchange=Exchange(url="u", status=200, elapsed=timedelta()), content=text))


def path(name: str, operation: object, **item: object) -> dict[str, Any]:
    """A document with one operation."""
    return {**GOOD, "paths": {name: {"get": operation, **item}}}


@pytest.mark.parametrize(
    "document",
    [
        GOOD,
        {**path("/a", {}), "openapi": "3.1.0"},
        {"swagger": "2.0", "info": GOOD["info"], "paths": {"/a": {"get": OK}}},
        path("/a/{id}", {**OK, "parameters": [{"name": "id", "in": "path"}]}),
        path("/a/{id}", OK, parameters=[{"name": "id", "in": "path"}]),
        {
            **path("/a/{id}", {**OK, "parameters": [{"$ref": "#/components/parameters/I~1d"}]}),
            "components": {"parameters": {"I/d": {"name": "id", "in": "path"}}},
        },
        path("/a", {"responses": {"default": {"description": "x"}, "2XX": {"description": "x"}, "x-more": 1}}),
        path("/a", {"responses": {"200": {"$ref": "https://example.com/common.json#/x"}}}),
        path("/a", {**OK, "example": {"$ref": "#/nowhere"}}),
        path("/a", {**OK, "x-mine": {"items": {"type": "strange"}}}),
        {
            **path(
                "/a",
                {
                    **OK,
                    "security": [{"key": []}, {}],
                    "parameters": [{"name": "q", "in": place} for place in ("query", "header")],
                },
            ),
            "components": {
                "securitySchemes": {"key": {"type": "http"}},
                "schemas": {"A": {"type": ["string", "null"]}},
            },
        },
        b"openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths: {/a: {get: {responses: {200: {description: x}}}}}",
        b"openapi: !!str 3.0.3\ninfo: {title: !!str T, version: '1'}\npaths: {/a: {get: {responses: {200: {}}}}}",
        {**ONLY_WEBHOOKS, "webhooks": {"new": {"post": OK}}},
        {**ONLY_WEBHOOKS, "components": {"schemas": {"A": {"type": "object"}}}},
        {**GOOD, "openapi": "3.2.0", "paths": {"/a": {"query": OK, "additionalOperations": {"COPY": OK}}}},
    ],
)
def test_valid_documents(document: object) -> None:
    """What is valid is no finding, in JSON and in YAML, old and new."""
    assert read(document).problems == []


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({**GOOD, "info": {"title": "T"}}, "info.version is missing"),
        ({**GOOD, "paths": {}}, "it describes no path"),
        (ONLY_WEBHOOKS, "it describes no path and no webhook"),
        (
            {**ONLY_WEBHOOKS, "webhooks": {"new": {"post": {"responses": {"banana": OK}}}}},
            "POST webhook new: responses",
        ),
        (
            {**path("/a", {**OK, "operationId": "x"}), "webhooks": {"new": {"post": {**OK, "operationId": "x"}}}},
            "operationId 'x' stands at GET /a and at POST webhook new",
        ),
        (path("/a", {"responses": {"banana": 7}}), "GET /a: responses has 'banana', which is no status"),
        (path("/a", {"responses": {"200": 7}}), "GET /a: the response 200 is no object"),
        (path("/a", {}), "GET /a: no response is described"),
        (path("/a", {"responses": {"200": {"$ref": "#/components/responses/Missing"}}}), "leads nowhere"),
        (
            {**GOOD, "paths": {"/a": {"get": {**OK, "operationId": "x"}}, "/b": {"get": {**OK, "operationId": "x"}}}},
            "operationId 'x' stands at GET /a and at GET /b",
        ),
        (path("/a/{id}", OK), "GET /a/{id}: no parameter describes {id}"),
        (path("a", OK), "the path 'a' does not begin with a slash"),
        (
            path("/a", {**OK, "parameters": [{"name": "q", "in": "query"}] * 2}),
            "the parameter q (query) stands there twice",
        ),
        (path("/a", {**OK, "security": [{"key": []}]}), "security names 'key', which no scheme describes"),
        ({**GOOD, "components": {"schemas": {"A": {"properties": {"b": {"type": "strin"}}}}}}, "'strin' is no type"),
    ],
)
def test_departures_are_named_with_their_place(document: object, problem: str) -> None:
    """Partners' generators stop at each of these."""
    problems = read(document).problems
    assert len(problems) == 1
    assert problem in problems[0]


def test_valid_and_of_no_use() -> None:
    """Partners would call their own machine."""
    served = read({**GOOD, "servers": [{"url": "http://localhost:8000"}]})
    assert served.remarks == ["servers names http://localhost:8000, which is the machine of whoever reads it"]
    for url in ("http://api.example.com", "https://10.0.0.5", "https://[::1"):
        assert len(read({**GOOD, "servers": [{"url": url}]}).remarks) == (not url.endswith("1"))
    assert read({**GOOD, "paths": {"/a": {}}}).remarks == ["no path has an operation"]
    assert read({**GOOD, "info": {"title": "", "version": "1"}}).remarks == ["info.title is empty"]
    parameters = [{"name": name, "in": "path"} for name in ("id", "name")]
    twice = {f"/a/{{{one['name']}}}": {"get": {**OK, "parameters": [one]}} for one in parameters}
    assert read({**GOOD, "paths": twice}).remarks == [
        "the paths /a/{id} and /a/{name} differ in the name of a variable only"
    ]


def test_path_that_stands_elsewhere_in_the_document() -> None:
    """Since 3.1 a path may be a reference: its operations are looked at where they stand."""
    document = {**ONLY_WEBHOOKS, "paths": {"/a/{id}": {"$ref": "#/components/pathItems/A"}}}
    item = {"get": {**OK, "parameters": [{"name": "id", "in": "path"}]}}
    assert read({**document, "components": {"pathItems": {"A": item}}}).problems == []
    problems = read({**document, "components": {"pathItems": {"A": {"get": OK}}}}).problems
    assert problems == ["GET /a/{id}: no parameter describes {id}"]


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{" * 100_000, b"[" * 100_000, b"a: [", b"\xff\xfe", b'{"a":']
)
def test_bodies_that_are_no_description(body: bytes) -> None:
    """The message says why; nothing crashes."""
    with pytest.raises(NoDescription):
        read(body)


def test_yaml_that_repeats_itself_is_read_once() -> None:
    """A document of a kilobyte can stand for a billion nodes."""
    lines = ["openapi: 3.0.3", "info: {title: T, version: '1'}", "paths: {/a: {}}", "x-a0: &a0 [x]"]
    lines += [f"x-a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert read("\n".join(lines).encode()).problems == []
