"""Secret values, which never appear where a value could be read: not in a repr, not in a traceback."""

from collections.abc import Iterator, Mapping

SECRET_NAME = r"^[A-Z][A-Z0-9_]*$"  # noqa: S105 - the shape of a name
"""What the name of a secret looks like in an environment file."""


class Secrets(Mapping[str, str]):
    """Names to values. Printing it prints names only."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Secrets({', '.join(f'{name}=***' for name in self._values)})"
