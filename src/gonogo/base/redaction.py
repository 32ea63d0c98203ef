"""One redactor per run: every byte that leaves gonogo passes through it."""

import base64
import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit

SHORTEST_SECRET = 8
"""Characters. Anything shorter would be found, and blacked out, in innocent text."""


_BREAK = re.compile(r"\r?\n[ \t]*")
_BREAK_MAYBE = f"(?:{_BREAK.pattern})?"


class Redactor:
    """Replaces known secret values, in every encoding that text commonly carries, by ``[NAME redacted]``."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._names = {variant: name for name, value in secrets.items() for variant in _variants(value)}
        longest_first = sorted(self._names, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def text(self, text: str) -> str:
        """The text without secrets."""
        if self._pattern is None:
            return text
        cleaned = self._pattern.sub(lambda found: f"[{self._names[found[0]]} redacted]", text)
        return self._unbroken(cleaned) if "\n" in cleaned else cleaned

    def _unbroken(self, text: str) -> str:
        """The text without secrets that a line break went through: logs and terminals wrap where it suits them."""
        squeezed = _BREAK.sub("", text)
        for variant in sorted((one for one in self._names if one in squeezed), key=len, reverse=True):
            broken = _BREAK_MAYBE.join(map(re.escape, variant))
            text = re.sub(broken, f"[{self._names[variant]} redacted]", text)
        return text

    def names_in(self, text: str) -> set[str]:
        """Which secrets stand in the text, in whatever encoding."""
        # Most text holds none, and plain searches say so a hundred times faster than the pattern.
        if self._pattern is None or not any(variant in text for variant in self._names):
            return set()
        return {self._names[found[0]] for found in self._pattern.finditer(text)}

    def json(self, value: Any) -> Any:  # noqa: ANN401 - any JSON value in, the same shape out
        """A JSON value without secrets, in keys neither."""
        match value:
            case str():
                return self.text(value)
            case dict():
                return {self.text(key): self.json(item) for key, item in value.items()}
            case list() | tuple():
                return [self.json(item) for item in value]
            case _:
                return value


def _parts(value: str) -> Iterator[str]:
    """The value, and what hides inside of a connection string."""
    yield value
    if "://" in value:
        parts = urlsplit(value)
        if parts.password:
            user, password = unquote(parts.username or ""), unquote(parts.password)
            yield parts.password
            yield password
            yield f"{user}:{password}"


def _variants(value: str) -> Iterator[str]:
    for part in _parts(value):
        encodings = (part, quote(part, safe=""), quote_plus(part), quote(part), html.escape(part), repr(part)[1:-1])
        for text in (*encodings, json.dumps(part)[1:-1], *_base64(part)):
            if len(text) >= SHORTEST_SECRET:
                yield text


def _base64(value: str) -> Iterator[str]:
    """The characters that are the same wherever the value stands inside of a longer base64 text."""
    raw = value.encode()
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw).rstrip(b"=").decode()
        # The first character that mixes in what stands before, and the last that mixes in what follows, differ.
        stable = encoded[(0, 2, 3)[shift] : len(encoded) - (1 if (shift + len(raw)) % 3 else 0)]
        yield stable
        yield stable.translate(str.maketrans("+/", "-_"))
