"""Finds the values of an environment whose type carries a mark: names of secrets, files of trust."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel


def marked_values(section: BaseModel, mark: type[object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Key and text of every value with this mark, at whatever depth; keys as in ``hosts.api.example.com.tls.trust``."""
    for key, field in type(section).model_fields.items():
        is_marked = any(isinstance(note, mark) for note in _annotations(field))
        yield from _inside(getattr(section, key), mark, f"{prefix}{key}", is_marked=is_marked)


def _inside(value: object, mark: type[object], key: str, *, is_marked: bool) -> Iterator[tuple[str, str]]:
    """The marked values in the value of one key: a text, a table, or several of either."""
    if isinstance(value, BaseModel):
        yield from marked_values(value, mark, f"{key}.")
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _inside(item, mark, f"{key}.{name}", is_marked=is_marked)
    elif isinstance(value, tuple):
        for position, item in enumerate(value):
            yield from _inside(item, mark, f"{key}.{position}", is_marked=is_marked)
    elif is_marked and isinstance(value, str):
        yield key, value


def _annotations(field: Any) -> Iterator[object]:  # noqa: ANN401 - pydantic's FieldInfo, or a part of its annotation
    """The notes on a field, in its optional variant as well (``SecretName | None``)."""
    yield from field.metadata
    for part in getattr(field.annotation, "__args__", ()):
        yield from getattr(part, "__metadata__", ())
