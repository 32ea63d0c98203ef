"""Which pages of an OpenAPI document anybody may read: GET, nothing to fill in, and nothing to log in with."""

from collections.abc import Iterator, Mapping
from typing import Any

from gonogo.families.http.openapi import Description

_MOST = 12


def readable_paths(description: Description) -> list[str]:
    """The paths of pages that everybody may read, the shortest first."""
    open_paths = [
        path
        for path, item in description.paths.items()
        if "{" not in path
        and path.startswith("/")
        and isinstance(item, Mapping)
        and _is_open(item, description.security)
    ]
    return sorted(open_paths, key=lambda path: (len(path), path))[:_MOST]


def _is_open(item: Mapping[str, Any], security: object) -> bool:
    operation = item.get("get")
    if not isinstance(operation, Mapping) or operation.get("security", security) or operation.get("deprecated"):
        return False
    return not any(_is_demanded(parameter) for parameter in (*_parameters(item), *_parameters(operation)))


def _parameters(holder: Mapping[str, Any]) -> Iterator[object]:
    listed = holder.get("parameters")
    yield from listed if isinstance(listed, list) else ()


def _is_demanded(parameter: object) -> bool:
    """One that must be given; what is only referred to may be one."""
    return not isinstance(parameter, Mapping) or "$ref" in parameter or bool(parameter.get("required"))
