"""Placeholders of ``[api]``: ``{email}`` in a declared body or path, and what stands for it."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

OWN_PLACEHOLDERS = frozenset({"email", "password", "name", "user", "mark", "id", "number"})
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def placeholders(value: object) -> frozenset[str]:
    """The names of all placeholders in a text, or in the texts of a list or a table."""
    if isinstance(value, str):
        return frozenset(_PLACEHOLDER.findall(value))
    if isinstance(value, Mapping):
        return frozenset().union(*map(placeholders, value.values()))
    if isinstance(value, list | tuple):
        return frozenset().union(*map(placeholders, value))
    return frozenset()


def filled(value: Any, values_by_name: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON values
    """The value with its placeholders replaced. One that is a whole text may become a value of another type."""
    if isinstance(value, str):
        whole = _PLACEHOLDER.fullmatch(value)
        if whole and whole[1] in values_by_name:
            return values_by_name[whole[1]]
        return _PLACEHOLDER.sub(lambda match: str(values_by_name.get(match[1], match[0])), value)
    if isinstance(value, Mapping):
        return {key: filled(item, values_by_name) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [filled(item, values_by_name) for item in value]
    return value


def looked_up(path: str, values_by_name: Mapping[str, str], ending: str) -> str:
    """The path, with this after the value that it looks for."""
    return str(
        filled(path, {name: quote(f"{values_by_name.get(name, '')}{ending}", safe="") for name in placeholders(path)})
    )
