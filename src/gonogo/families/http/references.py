"""Follows references within an OpenAPI document (RFC 6901); other documents are never fetched."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

_MOST_STEPS = 10
"""A circle of references must not go on for ever."""


def resolved(document: Mapping[str, Any], value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The value that a chain of references ends at; the value itself if it is none."""
    for _ in range(_MOST_STEPS):
        reference = value.get("$ref") if isinstance(value, dict) else None
        if not isinstance(reference, str):
            return value
        value = target(document, reference)
    return value


def target(document: Mapping[str, Any], reference: str) -> Any:  # noqa: ANN401 - any JSON value
    """What a reference points to; None for nothing, True for another document."""
    if not reference.startswith("#/"):
        return document if reference == "#" or not reference.startswith("#") else True
    value: Any = document
    for part in reference[2:].split("/"):
        key = unquote(part).replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(key, value.get(int(key)) if key.isdecimal() else None)
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value
