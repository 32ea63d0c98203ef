"""Operations of an OpenAPI 3 document as the security journey needs them: what is sent, what comes back, who may ask."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from gonogo.families.http.references import resolved

JSON, FORM, MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
_METHODS = ("get", "post", "put", "patch", "delete")
_DEEPEST, _MOST_PARTS = 4, 20
_VARIABLE = re.compile(r"\{([^{}]{1,200})\}")
Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method at one path."""

    document: Mapping[str, Any] = field(repr=False)
    method: str
    """In upper case."""
    path: str
    """With the path of the first server before it."""
    label: str
    """Method and path as the document has them."""
    item: Mapping[str, Any] = field(repr=False)
    described: Mapping[str, Any] = field(repr=False)

    @property
    def shown(self) -> str:
        """The operation as people name it."""
        return f"{self.method} {self.path}"

    @property
    def words(self) -> Sequence[str]:
        """The parts of its path in lower case, without variables."""
        return [part.lower() for part in self.path.split("/") if part and "{" not in part]

    @property
    def variables(self) -> Sequence[str]:
        """The names of the variables of its path."""
        return _VARIABLE.findall(self.path)

    @property
    def schemes(self) -> Sequence[str]:
        """Names of the security schemes that it demands; empty where strangers may ask as well."""
        demanded = self.described.get("security", self.document.get("security"))
        alternatives = [entry for entry in _list(demanded) if isinstance(entry, dict)]
        if not all(alternatives):
            return []
        return list(dict.fromkeys(str(name) for entry in alternatives for name in entry))

    @property
    def demands_more(self) -> bool:
        """Whether a query, a header or a cookie must be filled in."""
        return any(parameter.get("required") and parameter.get("in") != "path" for parameter in self._parameters)

    @property
    def _parameters(self) -> Sequence[Schema]:
        listed = [*_list(self.item.get("parameters")), *_list(self.described.get("parameters"))]
        return [mapping(resolved(self.document, parameter)) for parameter in listed]

    @property
    def texts(self) -> Mapping[str, Sequence[str]]:
        """Names of the texts in its ``query``, and in its ``body`` of JSON."""
        inquired = [each for each in self._parameters if each.get("in") == "query" and each.get("name")]
        query = [str(each["name"]) for each in inquired if self.plain(each.get("schema")).get("type") == "string"]
        fields = self.properties(self.bodies.get(JSON, {}).get("schema"))
        return {"query": query, "body": [name for name, schema in fields.items() if schema.get("type") == "string"]}

    @property
    def fillable(self) -> bool:
        """Whether anything must be filled in before it can be read."""
        return bool(self.variables) or self.demands_more

    @property
    def bodies(self) -> Mapping[str, Schema]:
        """The schema of its body by media type."""
        body = mapping(resolved(self.document, self.described.get("requestBody")))
        return {str(kind): mapping(media) for kind, media in mapping(body.get("content")).items()}

    @property
    def reply(self) -> Schema:
        """The schema of the first JSON reply of 2xx; empty without one."""
        for code, response in sorted(mapping(self.described.get("responses")).items(), key=lambda pair: str(pair[0])):
            content = mapping(mapping(resolved(self.document, response)).get("content"))
            if str(code).startswith("2") and JSON in content:
                return mapping(mapping(content[JSON]).get("schema"))
        return {}

    def properties(self, schema: object) -> Mapping[str, Schema]:
        """The properties of an object, those of its parts (allOf) among them, each with its references followed."""
        listed = [mapping(part.get("properties")).items() for part in self._parts(schema)]
        return {str(name): self.plain(described) for items in listed for name, described in items}

    def required(self, schema: object) -> frozenset[str]:
        """Names of the properties that must be sent."""
        return frozenset(str(name) for part in self._parts(schema) for name in _list(part.get("required")))

    def _parts(self, schema: object, depth: int = 0) -> Iterator[Schema]:
        """The schema, and all that it is composed of: a circle of them is followed to a depth."""
        whole = self.plain(schema)
        yield whole
        if depth < _DEEPEST:
            for part in _list(whole.get("allOf"))[:_MOST_PARTS]:
                yield from self._parts(part, depth + 1)

    def plain(self, schema: object) -> Schema:
        """The schema without references; of alternatives, the first that is more than null."""
        whole = mapping(resolved(self.document, schema))
        for key in ("anyOf", "oneOf"):
            for part in _list(whole.get(key)):
                alternative = mapping(resolved(self.document, part))
                if alternative.get("type") != "null":
                    return {**whole, **alternative}
        return whole


def operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    """All that are not deprecated, in the order of their paths."""
    prefix = prefix_of(document)
    for path, value in sorted(mapping(document.get("paths")).items(), key=lambda pair: str(pair[0])):
        item = mapping(resolved(document, value))
        for method in _METHODS:
            described = item.get(method)
            if isinstance(described, dict) and not described.get("deprecated") and str(path).startswith("/"):
                yield Operation(
                    document=document,
                    method=method.upper(),
                    path=f"{prefix}{path}",
                    label=f"{method.upper()} {path}",
                    item=item,
                    described=described,
                )


def prefix_of(document: Mapping[str, Any]) -> str:
    """The path of the first server, which stands before all others; empty for none."""
    servers = [server for server in _list(document.get("servers")) if isinstance(server, dict)]
    path = urlsplit(str(servers[0].get("url", ""))).path.rstrip("/") if servers else ""
    return path if path.startswith("/") and "{" not in path else ""


def mapping(value: object) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else []
