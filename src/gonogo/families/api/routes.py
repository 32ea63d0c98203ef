"""Routes that an environment file uses, held against those of the OpenAPI document."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gonogo.environment.model import Environment
from gonogo.families.api.operations import operations
from gonogo.families.api.section import Api
from gonogo.families.load.section import Load

_ENDPOINT = re.compile(r"([A-Z]+) (/\S*)")
_VARIABLE = re.compile(r"\\\{[^{}/]*\\\}")
"""``{id}``, as it is escaped for a pattern."""


def undocumented(api: Api, environment: Environment, document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Method and path of each route that ``[api]`` or ``[load]`` names and the document does not, and who names it."""
    described = [
        (each.method, re.compile(_VARIABLE.sub("[^/]+", re.escape(each.path)))) for each in operations(document)
    ]
    used = dict.fromkeys(_of_api(api), "[api]") | {
        (endpoint[1], endpoint[2]): "[load]" for endpoint in _of_load(environment)
    }
    for (method, path), where in used.items():
        bare = path.partition("?")[0]
        if not any(method == known and pattern.fullmatch(bare) for known, pattern in described):
            yield f"{method} {bare}", where


def _of_api(api: Api) -> Iterator[tuple[str, str]]:
    for call in (api.login, api.register_, api.upload, *api.objects.values()):
        if call is not None:
            yield call.method, call.path
    read = [api.me, *api.closed, *api.admin, *api.lookups, *(own.get for own in api.objects.values())]
    yield from (("GET", path) for path in (*read, api.upload.listed if api.upload else None) if path)
    if api.remove:
        yield "DELETE", api.remove


def _of_load(environment: Environment) -> Iterator[re.Match[str]]:
    load = environment.section(Load)
    for group in load.classes.values() if load else ():
        yield from filter(None, map(_ENDPOINT.fullmatch, group.endpoints))
