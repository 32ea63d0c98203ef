"""Tells of the expression of an alerting rule why it can never fire over the series that it is about."""

import re
from collections.abc import Iterator, Sequence

from gonogo.families.watch.selector import Selector, parse_selector

_QUOTED = r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`[^`]*`"
_CONDITIONS = rf"\{{(?:{_QUOTED}|[^{{}}\"'`])*\}}"
_ABSENT = re.compile(r"absent(?:_over_time)?\s*\(\s*$")
_LIMIT = re.compile(r"(>=?)(?:\s*bool)?\s*(\d+(?:\.\d+)?(?:e[+-]?\d+)?)[\s)]*$")
_SEVERAL = re.compile(r"\b(?:and|or|unless)\b|[<>].*[<>]", re.DOTALL)
_PERCENT = re.compile(r"\*\s*100(?![\d.])|(?<![\d.])100\s*\*")


def mentions(query: str, series: str) -> Sequence[tuple[int, str]]:
    """Where an expression selects this series: the position, and the selector with its conditions."""
    pattern = rf"(?<![\w:]){re.escape(series)}(?![\w:])\s*(?:{_CONDITIONS})?"
    inside = [match.span() for match in re.finditer(_QUOTED, query)]
    found = ((match.start(), match[0].strip()) for match in re.finditer(pattern, query))
    return [(at, text) for at, text in found if not any(begin < at < end for begin, end in inside)]


def never_fires(query: str, series: str, labels: Sequence[str]) -> str:
    """Why a rule never fires while the series is there with these labels; empty if it may."""
    return next(_reasons(query, series, labels), "")


def _reasons(query: str, series: str, labels: Sequence[str]) -> Iterator[str]:
    found = mentions(query, series)
    if found and all(_ABSENT.search(query[:at]) for at, _ in found):
        yield f"fires only while there is no {series}"
    for _, text in found:
        foreign = [
            one.label for one in _selector(text).matchers if labels and not one.accepts("") and one.label not in labels
        ]
        if foreign:
            yield f"selects by the label {foreign[0]}, which {series} does not have"
    limit = _LIMIT.search(query)
    if limit and _is_share(query, [at for at, _ in found]):
        most, wanted = 100.0 if _PERCENT.search(query) else 1.0, float(limit[2])
        if wanted > most or (wanted == most and limit[1] == ">"):
            yield f"fires at {limit[1]} {limit[2]}, and a share is {most:g} at the most"


def _selector(text: str) -> Selector:
    """What is not understood has no conditions: Prometheus itself has judged the expression."""
    try:
        return parse_selector(text)
    except ValueError:
        return Selector("")


def _is_share(query: str, places: Sequence[int]) -> bool:
    """Whether the one part is divided by the whole: the series stands before and after the only division of a comparison."""
    before, divided, after = query.partition("/")
    return (
        bool(divided)
        and "/" not in after
        and not _SEVERAL.search(query)
        and min(places, default=0) < len(before) < max(places, default=0)
    )
