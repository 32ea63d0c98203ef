"""Filters of the page's templates: times in UTC, counts in words, and which links may be followed."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from urllib.parse import urlsplit

from gonogo.record.results import CheckResult, LineStatus, Outcome
from gonogo.report.lines import ChecklistSection
from gonogo.report.visible import visible
from gonogo.report.wording import word

_BAR = 1000


def utc(moment: datetime) -> str:
    """A moment in UTC, to the second."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def day(moment: datetime) -> str:
    """Where nobody asks for the hour."""
    return f"{moment:%Y-%m-%d}"


def seconds(elapsed: timedelta) -> str:
    """A duration in seconds, to a hundredth."""
    return f"{elapsed.total_seconds():.2f} s"


def css(value: object) -> str:
    """The class of an outcome, a status or a verdict."""
    return str(value).replace(" ", "-").lower()


def tally(checks: Sequence[CheckResult]) -> str:
    """``12 pass · 1 FAIL``."""
    counts = Counter(check.outcome for check in checks)
    return " · ".join(f"{counts[outcome]} {word(outcome)}" for outcome in Outcome if counts[outcome])


def safe_url(url: str) -> bool:
    """Whether a click on it leads where it says: https, a host, no name or password before it, nothing hidden."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return parts.scheme == "https" and bool(host) and "@" not in parts.netloc and visible(url) == url


def groupwise(sections: Iterable[ChecklistSection]) -> list[tuple[tuple[str, ...], list[ChecklistSection]]]:
    """Under the headings that they share."""
    return [(above, list(group)) for above, group in groupby(sections, key=lambda section: tuple(section.above))]


def bar(counts: Mapping[Outcome, int] | Mapping[LineStatus, int]) -> list[tuple[str, float, float]]:
    """Class, start and width of the parts of a bar; the numbers stand beside it."""
    total = sum(counts.values())
    parts, start = [], 0.0
    for name, number in counts.items():
        if number:
            width = _BAR * number / total
            parts.append((css(name), round(start, 1), round(width, 1)))
            start += width
    return parts
