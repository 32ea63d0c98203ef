"""Selectors of series: the small part of PromQL in which ``[watch]`` names what it looks at.

``name{label='value', other!='value', third=~'regex', fourth!~'regex'}``, as in Prometheus' documentation ("Time series
selectors"): regular expressions are anchored at both ends, and a label that is not there is an empty text.
"""

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

Labels = Mapping[str, str]
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_MATCHER = re.compile(
    r"""\s*(?P<label>[a-zA-Z_][a-zA-Z0-9_]*)\s*(?P<operator>=~|!~|!=|=)\s*"""
    r"""(?:(?P<quote>['"])(?P<value>(?:\\.|(?!(?P=quote))[^\\\n])*)(?P=quote)|`(?P<raw>[^`]*)`)\s*""",
    re.DOTALL,
)
_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\'\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.DOTALL
)
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_REFUSED_ESCAPE = re.compile(r"\\[1-9]|\\[pPQECXRZuUN]")
_REFUSED = (
    (r"\(\?(?:[=!>#]|<[=!])", "looks ahead or behind, or is atomic"),
    (r"\(\?P=|\(\?\(", "refers back to a group"),
    (r"(?:[*+?]|\{\d+(?:,\d*)?\})[*+]", "is possessive, or repeats a repetition"),
    (r"\{,\d+\}", "has no least number"),
    (r"\(\?[a-zA-Z-]*[aLuxU]", "has a flag that not every engine has"),
    (r"\{(?:\d{5,}|[1-9]\d{3})|,(?:\d{5,}|[1-9]\d{3})\}", "repeats more than 999 times"),
)
"""What Prometheus' regular expressions (RE2) do not have, or read in another way than ours."""


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
        # Classes as \d are ASCII's in RE2, and a dot is any character in Prometheus 3.
        return (re.fullmatch(self.value, text, re.DOTALL | re.ASCII) is not None) == (self.operator == "=~")

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
        raise ValueError(f"{text!r}: {_instead(name[0], rest)}")
    return Selector(name[0], tuple(_matchers(text, rest[1:-1])))


def _instead(name: str, rest: str) -> str:
    """What to write in place of what PromQL has, and this part of it has not."""
    if re.search(r"\[[^\]]*\]$", rest):
        return "the time stands in window, and not in brackets behind the series"
    return (
        f"after the name {name!r} only conditions in braces may stand, as in {{status=~'5..'}}; "
        "functions and arithmetic are for promql, with a Prometheus that answers it"
    )


def _matchers(text: str, inside: str) -> list[Matcher]:
    matchers, at = list[Matcher](), 0
    while inside[at:].strip():
        condition = _MATCHER.match(inside, at)
        if condition is None:
            raise ValueError(
                f"{text!r}: {inside[at:].strip()!r} is no condition; write label='value', with =, !=, =~ or !~"
            )
        if condition["label"] == "__name__":
            raise ValueError(f"{text!r}: the name stands before the braces; leave __name__ out")
        raw = condition["raw"]
        value = _unescaped(text, condition["value"]) if raw is None else raw
        matchers.append(Matcher(condition["label"], condition["operator"], value))
        _check_regex(text, matchers[-1])
        at = condition.end()
        if at < len(inside):
            if inside[at] != ",":
                raise ValueError(f"{text!r}: a comma is missing before {inside[at:].strip()!r}")
            at += 1
    return matchers


def _unescaped(text: str, value: str) -> str:
    """The text between quotes, by the rules of PromQL's string literals."""

    def one(escape: re.Match[str]) -> str:
        plain, short, medium, long, octal, other = escape.groups()
        if other is not None:
            raise ValueError(
                f"{text!r}: \\{other} is no escape in quotes; write \\\\{other} with two backslashes, "
                f"or put backticks around the value"
            )
        if plain is not None:
            return _ESCAPED.get(plain, plain)
        code = int(octal, 8) if octal else int(short or medium or long, 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:  # noqa: PLR2004 - no character
            raise ValueError(f"{text!r}: {escape[0]} is no character")
        return chr(code)

    return _ESCAPE.sub(one, value)


def _check_regex(text: str, matcher: Matcher) -> None:
    if matcher.operator not in {"=~", "!~"}:
        return
    value = matcher.value
    if refused := _refused(value):
        raise ValueError(
            f"{text!r}: {refused}; Prometheus' regular expressions (RE2) have none of that, and neither have these"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # of brackets within brackets, which engines read in different ways
            re.compile(value, re.ASCII)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise ValueError(f"{text!r}: {value!r} is no regular expression ({error})") from None


def _refused(value: str) -> str:
    """What one engine would read in another way than the other, or not at all."""
    if escape := _REFUSED_ESCAPE.search(value.replace("\\\\", "")):
        return f"{escape[0]!r} is an escape of some engines only"
    plain = re.sub(r"\[\^?\]?[^\]]*\]", "c", re.sub(r"\\.", "c", value, flags=re.DOTALL))
    for pattern, what in _REFUSED:
        if part := re.search(pattern, plain):
            return f"{part[0]!r} {what}"
    return ""


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
