"""Values of files by their keys, as records keep them."""

from collections.abc import Iterator, Mapping
from typing import Any

Rules = Mapping[str, Mapping[str, str]]
"""Values by key, by file from the project's folder."""
WHOLE = ""
"""In the place of a key: the digest of the whole file."""
_NAMES = ("name", "check", "title", "id")
"""Keys that tell one table of a list from another, wherever it stands in the list."""


def flat(value: Any, key: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - values of TOML or JSON
    """Every value with its whole key; a list of plain values is one value."""
    match value:
        case dict():
            for name, item in value.items():
                yield from flat(item, f"{key}.{name}" if key else str(name))
        case list() if any(isinstance(item, dict | list) for item in value):
            for number, item in enumerate(value, 1):
                yield from flat(item, f"{key}.{_name(item) or number}")
        case list():
            yield key, ", ".join(map(_plain, value))
        case _:
            yield key, _plain(value)


def _name(item: Any) -> str:  # noqa: ANN401 - values of TOML or JSON
    return (
        next((item[name] for name in _NAMES if isinstance(item.get(name), str)), "") if isinstance(item, dict) else ""
    )


def _plain(value: Any) -> str:  # noqa: ANN401 - values of TOML or JSON
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "none"
        case _:
            return str(value)
