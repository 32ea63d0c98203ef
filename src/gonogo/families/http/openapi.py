"""Holds a description of an API against the specification that it claims: OpenAPI 3.x, or Swagger 2.0."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any
from urllib.parse import urlsplit

import yaml

from gonogo.clients.exchanges import Body
from gonogo.environment.types import is_address
from gonogo.evidence.dns import is_public
from gonogo.families.http.references import resolved, target

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_CODE = re.compile(r"[1-5](?:\d\d|XX)|default|x-.*")
_VARIABLE = re.compile(r"\{([^{}]{1,200})\}")
_MOST_PROBLEMS = 50
_DEEPEST = 200
_OWN_MACHINE = {"localhost", "127.0.0.1", "0.0.0.0", "::1"}  # noqa: S104 - compared, not bound
_TYPES = {"array", "boolean", "file", "integer", "null", "number", "object", "string"}
_HOLDING_SCHEMAS = {"schemas", "definitions", "properties", "allOf", "oneOf", "anyOf"}
_PATHS_OPTIONAL_SINCE = _RESPONSES_OPTIONAL_SINCE = (3, 1)


class NoDescription(ValueError):
    """The body is no description at all; the message says why."""


@dataclass(slots=True)
class Description:
    """Read an OpenAPI document: its facts, and its problems."""

    version: str | None = None
    title: str | None = None
    paths: Mapping[str, Any] = field(default_factory=dict)
    document: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """All of it."""
    security: object = None
    """What every operation demands that says nothing itself."""
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def read_description(body: Body) -> Description:
    """Raises NoDescription if there is nothing to judge."""
    document = read_document(body)
    version = document.get("openapi", document.get("swagger"))
    paths = document.get("paths")
    described = Description(
        version=str(version) if version is not None else None,
        title=_text(document.get("info"), "title"),
        paths=paths if isinstance(paths, dict) else {},
        document=document,
        security=document.get("security"),
    )
    reader = _DescriptionReader(document, described)
    described.problems = reader.problems()
    described.remarks = list(reader.remarks())
    return described


def read_document(body: Body) -> dict[str, Any]:
    """The description as JSON or YAML. Raises NoDescription with why it is none."""
    exchange = body.exchange
    if not exchange.ok:
        raise NoDescription(exchange.problem or f"status {exchange.status}")
    text = body.content.decode("utf-8-sig", "replace")
    try:
        document = json.loads(text)
    except RecursionError:
        raise NoDescription("the body is nested too deep") from None
    except ValueError as error:
        if text.lstrip().startswith(("{", "[", "<")):
            raise NoDescription(f"the body is neither JSON nor YAML: {error}") from None
        document = _yaml(text)
    if not isinstance(document, dict):
        raise NoDescription("the body is not a JSON object")
    return document


def _yaml(text: str) -> object:
    try:
        # The loader in C, which is as safe, and a tenth as slow.
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise NoDescription(f"the body is neither JSON nor YAML: {' '.join(str(error).split())[:200]}") from None


class _DescriptionReader:
    def __init__(self, document: Mapping[str, Any], described: Description) -> None:
        self._document = document
        self._described = described
        numbers = re.findall(r"\d{1,5}", described.version or "")[:2]
        self._version = tuple(int(number) for number in numbers)

    def problems(self) -> list[str]:
        """All departures, in the order of the document, up to a limit."""
        return list(islice(chain(self._head(), self._operations(), self._references()), _MOST_PROBLEMS))

    def remarks(self) -> Iterator[str]:
        """Oddities that are valid and help nobody."""
        shapes: dict[str, str] = {}
        for path in map(str, self._described.paths):
            alike = shapes.setdefault(_VARIABLE.sub("{}", path), path)
            if alike != path:
                yield f"the paths {alike[:100]} and {path[:100]} differ in the name of a variable only"
        if not any(True for _ in self._each_operation()):
            yield "no path has an operation"
        yield from (
            f"info.{key} is empty" for key in ("title", "version") if _text(self._document.get("info"), key) == ""
        )
        servers = self._document.get("servers")
        for server in servers if isinstance(servers, list) else []:
            url = _text(server, "url") or ""
            host = _host(url)
            if host in _OWN_MACHINE:
                yield f"servers names {url[:100]}, which is the machine of whoever reads it"
            elif url.lower().startswith("http://"):
                yield f"servers names {url[:100]}, where everything goes out without TLS"
            elif is_address(host) and not is_public(host):
                yield f"servers names {url[:100]}, which nobody outside reaches"
        if self._version[:1] == (2,):
            yield "Swagger 2.0 is from 2014; tools for it grow rare"

    def _head(self) -> Iterator[str]:
        info = self._document.get("info")
        for key in ("title", "version"):
            if not isinstance(info, dict) or info.get(key) is None:
                yield f"info.{key} is missing"
        described = ("paths",) if self._version < _PATHS_OPTIONAL_SINCE else ("paths", "webhooks", "components")
        if not any(self._document.get(key) for key in described):
            yield f"it describes no path{' and no webhook' if len(described) > 1 else ''}"

    def _operations(self) -> Iterator[str]:
        """Problems with paths and operations that make a generated client wrong."""
        owners: dict[str, str] = {}
        for path in map(str, self._described.paths):
            if not path.startswith(("/", "x-")):
                yield f"the path {path[:100]!r} does not begin with a slash"
        yield from self._security("the document", self._document.get("security"))
        for name, path, item, operation in self._each_operation():
            identifier = operation.get("operationId")
            if isinstance(identifier, str):
                if identifier in owners:
                    yield f"operationId {identifier!r} stands at {owners[identifier]} and at {name}"
                owners[identifier] = name
            yield from self._responses(name, operation)
            yield from self._parameters(name, operation)
            yield from self._security(name, operation.get("security"))
            yield from self._variables(name, path, item, operation)

    def _each_operation(self) -> Iterator[tuple[str, str, Mapping[str, Any], Mapping[str, Any]]]:
        """Those of webhooks, which have a name in the place of a path, as well."""
        paths = [(str(path), str(path), item) for path, item in self._described.paths.items()]
        webhooks = [(f"webhook {name}", "", item) for name, item in _mapping(self._document.get("webhooks")).items()]
        for shown, path, value in (*paths, *webhooks):
            item = resolved(self._document, value)
            if isinstance(item, dict):
                more = _mapping(item.get("additionalOperations"))
                for method, operation in (*((method, item.get(method)) for method in _METHODS), *more.items()):
                    if isinstance(operation, dict):
                        yield f"{str(method).upper()} {shown}", path, item, operation

    def _responses(self, name: str, operation: Mapping[str, Any]) -> Iterator[str]:
        """An operation must describe a response, before OpenAPI 3.1 in any case."""
        responses = operation.get("responses")
        if responses is None and self._version >= _RESPONSES_OPTIONAL_SINCE:
            return
        if not isinstance(responses, dict) or not responses:
            yield f"{name}: no response is described"
            return
        for code, response in responses.items():
            if not _CODE.fullmatch(str(code)):
                yield f"{name}: responses has {str(code)[:40]!r}, which is no status"
            elif not str(code).startswith("x-") and not isinstance(response, dict):
                yield f"{name}: the response {code} is no object"

    def _parameters(self, name: str, operation: Mapping[str, Any]) -> Iterator[str]:
        parameters = [resolved(self._document, parameter) for parameter in _list(operation.get("parameters"))]
        named = [
            (parameter.get("name"), parameter.get("in")) for parameter in parameters if isinstance(parameter, dict)
        ]
        for own, place in dict.fromkeys(pair for pair in named if named.count(pair) > 1 and _is_text(pair)):
            yield f"{name}: the parameter {own} ({place}) stands there twice"

    def _security(self, name: str, requirements: object) -> Iterator[str]:
        """Schemes that are required and that nobody describes."""
        components = self._document.get("components")
        schemes = components.get("securitySchemes") if isinstance(components, dict) else None
        declared = {**_mapping(schemes), **_mapping(self._document.get("securityDefinitions"))}
        for scheme in (
            scheme for requirement in _list(requirements) if isinstance(requirement, dict) for scheme in requirement
        ):
            if scheme not in declared:
                yield f"{name}: security names {str(scheme)[:60]!r}, which no scheme describes"

    def _variables(self, name: str, path: str, item: Mapping[str, Any], operation: Mapping[str, Any]) -> Iterator[str]:
        """Variables of a path that no parameter describes."""
        wanted = set(_VARIABLE.findall(path))
        if not wanted:
            return
        listed = [*_list(item.get("parameters")), *_list(operation.get("parameters"))]
        parameters = [resolved(self._document, parameter) for parameter in listed]
        declared = {
            parameter.get("name")
            for parameter in parameters
            if isinstance(parameter, dict) and parameter.get("in") == "path"
        }
        for variable in sorted(wanted - declared):
            yield f"{name}: no parameter describes {{{variable}}}"

    def _references(self) -> Iterator[str]:
        """References into the document that lead nowhere, and types that are none. Shared parts of a YAML file are looked at once."""
        pending: list[tuple[str, Any, int]] = [("#", self._document, 0)]
        visited: set[int] = set()
        missing: set[str] = set()
        while pending:
            where, value, depth = pending.pop()
            if not isinstance(value, dict | list) or id(value) in visited or depth > _DEEPEST:
                continue
            visited.add(id(value))
            if isinstance(value, dict) and _is_schema(where):
                for kind in _strange_types(value.get("type")):
                    yield f"{where}: {kind[:40]!r} is no type"
            reference = value.get("$ref") if isinstance(value, dict) else None
            if isinstance(reference, str) and reference not in missing and target(self._document, reference) is None:
                missing.add(reference)
                yield f"{where}: $ref {reference[:150]} leads nowhere"
            pending += [
                (f"{where}/{str(key)[:60]}", inner, depth + 1)
                for key, inner in (value.items() if isinstance(value, dict) else enumerate(value))
                if key not in ("example", "examples", "default", "enum", "const") and not str(key).startswith("x-")
            ]


def _is_schema(where: str) -> bool:
    """Whether a schema stands there, by the keys that lead to it."""
    *_, above, last = ("", *where.split("/"))
    return last in {"schema", "items", "additionalProperties"} or above in _HOLDING_SCHEMAS


def _strange_types(value: object) -> Iterator[str]:
    for kind in value if isinstance(value, list) else [value]:
        if isinstance(kind, str) and kind not in _TYPES:
            yield kind


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_text(pair: tuple[object, object]) -> bool:
    return all(isinstance(part, str) for part in pair)


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(item: object, key: str) -> str | None:
    value = item.get(key) if isinstance(item, dict) else None
    return value if isinstance(value, str) else None
