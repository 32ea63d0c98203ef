"""Selectors of series: the small part of PromQL in which ``[watch]`` names what it looks at.

``name{label='value', other!='value', third=~'regex', fourth!~'regex'}``, as in Prometheus' documentation ("Time series
selectors"): regular expressions are anchored at both ends, and a label that is not there is an empty text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

Labels = Mapping[str, str]
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_MATCHER = re.compile(
    r"""\s*(?P<label>[a-zA-Z_][a-zA-Z0-9_]*)\s*(?P<operator>=~|!~|!=|=)\s*(?P<quote>['"])(?P<value>(?:\\.|(?!(?P=quote)).)*)(?P=quote)\s*"""
)
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on one label."""

    label: str
    operator: str
    value: str

    def accepts(self, text: str) -> bool:
        """Whether a label's value fulfils it."""
        if self.operator in {"=", "!="}:
            return (text == self.value) == (self.operator == "=")
        return (re.fullmatch(self.value, text, re.DOTALL) is not None) == (self.operator == "=~")

    def __str__(self) -> str:
        """In PromQL, with double quotes."""
        return f'{self.label}{self.operator}"{_quoted(self.value)}"'


@dataclass(frozen=True, slots=True)
class Selector:
    """The series of one name whose labels fulfil every condition."""

    name: str
    matchers: tuple[Matcher, ...] = ()

    def accepts(self, name: str, labels: Labels) -> bool:
        """Whether a series is one of them."""
        return name == self.name and all(matcher.accepts(labels.get(matcher.label, "")) for matcher in self.matchers)

    def __str__(self) -> str:
        """In PromQL, with double quotes."""
        conditions = ",".join(map(str, self.matchers))
        return f"{self.name}{{{conditions}}}" if conditions else self.name


@lru_cache(maxsize=1024)
def parse_selector(text: str) -> Selector:
    """Read a selector. Raises ValueError, which says where it is wrong and how to write it."""
    text = text.strip()
    name = _NAME.match(text)
    if name is None:
        raise ValueError(
            f"{text!r} is no selector: it begins with the name of a series, as in x_total{{status=~'5..'}}"
        )
    rest = text[name.end() :].strip()
    if not rest:
        return Selector(name[0])
    if not (rest.startswith("{") and rest.endswith("}")):
        raise ValueError(
            f"{text!r}: after the name {name[0]!r} only conditions in braces may stand, as in {{status=~'5..'}}; "
            "functions and arithmetic are for promql, with a Prometheus that answers it"
        )
    return Selector(name[0], tuple(_matchers(text, rest[1:-1])))


def _matchers(text: str, inside: str) -> list[Matcher]:
    matchers, at = list[Matcher](), 0
    while inside[at:].strip():
        found = _MATCHER.match(inside, at)
        if found is None:
            raise ValueError(
                f"{text!r}: {inside[at:].strip()!r} is no condition; write label='value', with =, !=, =~ or !~"
            )
        matchers.append(Matcher(found["label"], found["operator"], _ESCAPED.sub(r"\1", found["value"])))
        _check_regex(text, matchers[-1])
        at = found.end()
        if at < len(inside):
            if inside[at] != ",":
                raise ValueError(f"{text!r}: a comma is missing before {inside[at:].strip()!r}")
            at += 1
    return matchers


def _check_regex(text: str, matcher: Matcher) -> None:
    if matcher.operator in {"=~", "!~"}:
        try:
            re.compile(matcher.value)
        except re.error as error:
            raise ValueError(f"{text!r}: {matcher.value!r} is no regular expression ({error})") from None


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
