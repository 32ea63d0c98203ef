"""One redactor per run: every byte that leaves gonogo passes through it."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

from gonogo.base.secret_forms import SHORTEST_SECRET, Form, forms_of
from gonogo.base.spellings import View, views

__all__ = ["SHORTEST_SECRET", "Redactor"]
_BETWEEN = b"\n\x00\x1d\n"
"""Between the strings of a document: no secret reaches over it, and no spelling."""
_CUT_OFF = re.compile(rb"(?:\xe2\x80\xa6|\.\.\.)?(?:\Z|\n?\x00)")
"""The end of a text, or a mark that it was cut, as it follows the beginning of a secret."""
# Stripe's documentation: "The client secret … should not be stored, logged, or exposed to anyone other than the customer."
_CLIENT_SECRET = re.compile(
    rb"(?<![A-Za-z0-9])(?:(?:pi|seti|src|vs|cs_test|cs_live)_[A-Za-z0-9]{6,}|fcsess_client|accs|cuss)_secret_+([A-Za-z0-9%_-]{6,})"
)
_BYTE = range(256)
Span = tuple[int, int, str]


class Redactor:
    """Replaces known secret values, however text spells them, by ``[NAME redacted]``; and Stripe's client secrets."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._forms = forms_of(secrets)
        # One of these is in every text that holds a form.
        self._keys = tuple({form.key for form in self._forms if not form.within})
        self._phrases = any(b" " in form.value or b"\t" in form.value for form in self._forms if not form.within)
        self._numbers = {form.value.decode() for form in self._forms if form.value.isdigit()}

    def text(self, text: str) -> str:
        """The text without secrets."""
        data = text.encode("utf-8", "surrogatepass")
        spans = self._spans(data)
        return _blacked_out(data, spans).decode("utf-8", "surrogatepass") if spans else text

    def names_in(self, text: str) -> set[str]:
        """Which secrets stand in the text, however they are spelled."""
        data = text.encode("utf-8", "surrogatepass")
        return {
            name
            for view in views(data, phrases=self._phrases)
            for _, _, name in self._in_view(view)
            if name != _CLIENT_SECRET_NAME
        }

    def json(self, value: Any) -> Any:  # noqa: ANN401 - any JSON value in, the same shape out
        """A JSON value without secrets, in keys neither."""
        # All strings at once: most documents hold no secret, and one search tells so.
        collected: dict[str, None] = {}
        _gather(value, collected)
        texts = list(collected)
        spans = self._spans(_BETWEEN.join(text.encode("utf-8", "surrogatepass") for text in texts))
        if not spans and not self._numbers:
            return value
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts] if spans else []
        return self._rebuilt(value, dict(_replaced(texts, encoded, spans)))

    def _rebuilt(self, value: Any, replaced: Mapping[str, str]) -> Any:  # noqa: ANN401 - as above
        match value:
            case str():
                return replaced.get(value, value)
            case list() | tuple() if replaced and _may_be_bytes(value) and str(value) in replaced:
                return replaced[str(value)]
            case dict():
                return {
                    replaced.get(key, key) if isinstance(key, str) else key: self._rebuilt(item, replaced)
                    for key, item in value.items()
                }
            case list() | tuple():
                return [self._rebuilt(item, replaced) for item in value]
            case int() if self._numbers and not isinstance(value, bool):
                shown = self.text(str(value))
                return value if shown == str(value) else shown
            case _:
                return value

    def _spans(self, data: bytes) -> list[Span]:
        """Where secrets stand, in order, none over another."""
        spans = [
            (*view.locate(start, end), name)
            for view in views(data, phrases=self._phrases)
            for start, end, name in self._in_view(view)
        ]
        return list(_apart(spans)) if spans else []

    def _in_view(self, view: View) -> Iterator[Span]:
        data = view.data
        if [key for key in self._keys if key in data]:
            for form in self._forms:
                if form.key in data:
                    yield from _occurrences(data, form)
        if b"_secret_" in data:
            for match in _CLIENT_SECRET.finditer(data):
                yield *match.span(1), _CLIENT_SECRET_NAME


_CLIENT_SECRET_NAME = "client secret"  # noqa: S105 - what stands in its place


def _occurrences(data: bytes, form: Form) -> Iterator[Span]:
    """The form wherever it is whole, and its beginning where the text was cut off in the middle of it."""
    at = data.find(form.key)
    while at >= 0:
        if data.startswith(form.value, at):
            yield at, at + len(form.value), form.name
        elif form.may_be_cut:
            end = at + len(form.key)
            while end < len(data) and data[end] == form.value[end - at]:
                end += 1
            if _CUT_OFF.match(data, end):
                yield at, end, form.name
        at = data.find(form.key, at + 1)


def _apart(spans: list[Span]) -> Iterator[Span]:
    """Overlapping stretches are one; it has the name of the first, which is the longest of those that begin there."""
    spans.sort(key=lambda span: (span[0], -span[1]))
    start, end, name = spans[0]
    for next_start, next_end, next_name in spans[1:]:
        if next_start < end:
            end = max(end, next_end)
        else:
            yield start, end, name
            start, end, name = next_start, next_end, next_name
    yield start, end, name


def _blacked_out(data: bytes, spans: Sequence[Span]) -> bytes:
    pieces: list[bytes] = []
    copied_to = 0
    for start, end, name in spans:
        pieces += (data[copied_to:start], f"[{name} redacted]".encode())
        copied_to = end
    return b"".join((*pieces, data[copied_to:]))


def _gather(value: Any, collected: dict[str, None]) -> None:  # noqa: ANN401 - as above
    """Every string in it, once. Documents have millions of values: each is looked at once, not handed from level to level."""
    if isinstance(value, str):
        collected[value] = None
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(key, str):
                collected[key] = None
            _gather(item, collected)
    elif isinstance(value, list | tuple):
        if _may_be_bytes(value):
            collected[str(value)] = None
            return
        for item in value:
            _gather(item, collected)


def _may_be_bytes(value: Sequence[Any]) -> bool:
    """Whether it may be a text, byte by byte, as JSON holds what is no text: ``{"type": "Buffer", "data": [115, …]}``."""
    return len(value) >= SHORTEST_SECRET and all(type(item) is int and item in _BYTE for item in value)


def _replaced(texts: Sequence[str], encoded: Sequence[bytes], spans: Sequence[Span]) -> Iterator[tuple[str, str]]:
    """Map the texts in which something is redacted to what they become."""
    begins = [0, *accumulate(len(text) + len(_BETWEEN) for text in encoded)]
    inside: dict[int, list[Span]] = {}
    for start, end, name in spans:
        at = bisect_right(begins, start) - 1
        inside.setdefault(at, []).append((start - begins[at], min(end - begins[at], len(encoded[at])), name))
    for at, cuts in inside.items():
        yield texts[at], _blacked_out(encoded[at], cuts).decode("utf-8", "surrogatepass")
