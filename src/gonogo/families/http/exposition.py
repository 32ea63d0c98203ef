"""Reads the text formats of Prometheus and OpenMetrics as Prometheus does, in time that grows with their length only.

The parsers of the official client need minutes for one long label. Sources: the exposition formats of
prometheus.io/docs/instrumenting, the OpenMetrics 1.0 specification, and the lexer of Prometheus itself.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

_TEXT = r'"((?:[^"\\\n]++|\\.)*+)"'
_SAMPLE = re.compile(
    r"([a-zA-Z_:][a-zA-Z0-9_:]*+)?[ \t]*+"
    r'(?:\{((?:[^"}\n]++|"(?:[^"\\\n]++|\\.)*+")*+)\}[ \t]*+)?'
    r"([^\s{}\"#]++)(?:[ \t]++([^\s#]++))?([ \t]++#[ \t].*+)?[ \t]*+"
)
_LABEL = re.compile(rf"\s*+(?:([a-zA-Z_][a-zA-Z0-9_.:]*+)|{_TEXT})\s*+(?:=\s*+{_TEXT}\s*+)?(,|\Z)")
_NUMBER = re.compile(
    r"[+-]?(?:inf(?:inity)?|nan|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|0x[0-9a-f]*\.?[0-9a-f]*p[+-]?\d+)", re.IGNORECASE
)
_LONGEST_NUMBER = 64
_MILLISECONDS = re.compile(r"-?\d{1,19}")
_COMMENT = re.compile(r"#[ \t]+(HELP|TYPE|UNIT)[ \t]+(\"(?:[^\"\\]++|\\.)*+\"|\S+)(?:[ \t]+(.*))?")
_ESCAPES = re.compile(r"\\(.)")
_TYPES = {"counter", "gauge", "histogram", "summary", "untyped"}
_OPENMETRICS_TYPES = {"counter", "gauge", "histogram", "summary", "unknown", "info", "stateset", "gaugehistogram"}
_SHOWN = 60


class Sample(NamedTuple):
    """One line of a scrape."""

    name: str
    labels: Mapping[str, str]
    value: float


class Malformed(ValueError):
    """A line that the monitoring would not read. It drops the whole scrape then."""


@dataclass(slots=True)
class Scrape:
    """The samples of one scrape."""

    samples: list[Sample] = field(default_factory=list)
    counters: set[str] = field(default_factory=set)
    """Names that are declared as counters."""
    declared: set[str] = field(default_factory=set)
    """Names that have a line of TYPE, with samples or without."""
    remarks: list[str] = field(default_factory=list)
    """What Prometheus takes, and promtool does not."""


def parse_scrape(content: bytes, *, openmetrics: bool) -> Scrape:
    """All samples. Raises Malformed with the first line that is wrong."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"byte {error.start} is not UTF-8") from None
    return _ExpositionReader(openmetrics=openmetrics).read(text)


class _ExpositionReader:
    def __init__(self, *, openmetrics: bool) -> None:
        self._openmetrics = openmetrics
        self._scrape = Scrape()
        self._ended = False
        self._repeated = False
        self._given: set[tuple[str, frozenset[tuple[str, str]], str | None]] = set()

    def read(self, text: str) -> Scrape:
        for number, line in enumerate(text.split("\n"), 1):
            try:
                self._line(line)
            except ValueError as error:
                raise Malformed(f"line {number}: {error}: {line[:_SHOWN]!r}") from None
        if self._openmetrics and not self._ended:
            raise Malformed("the last line is not '# EOF'")
        if text and not text.endswith("\n"):
            self._scrape.remarks.append("the last line does not end")
        return self._scrape

    def _line(self, line: str) -> None:
        if self._ended and line:
            raise Malformed("it stands after '# EOF'")
        if line.startswith("#"):
            self._comment(line)
        elif line.strip(" \t"):
            self._scrape.samples.append(self._sample(line))

    def _comment(self, line: str) -> None:
        if self._openmetrics and line == "# EOF":
            self._ended = True
            return
        match = _COMMENT.fullmatch(line)
        if match is None or match[1] != "TYPE":
            return
        name, kind = match[2].strip('"'), (match[3] or "").strip(" \t")
        if kind not in (_OPENMETRICS_TYPES if self._openmetrics else _TYPES):
            raise Malformed(f"{kind[:20]!r} is no type of a metric")
        if name in self._scrape.declared:
            self._scrape.remarks.append(f"{name[:100]} has two lines of TYPE")
        self._scrape.declared.add(name)
        if kind == "counter":
            self._scrape.counters.update((name, f"{name}_total"))

    def _sample(self, line: str) -> Sample:
        """One sample, by the grammar of the format that was agreed on. Raises Malformed."""
        # Prometheus passes over blanks at the beginning; OpenMetrics has none.
        match = _SAMPLE.fullmatch(line if self._openmetrics else line.lstrip(" \t"))
        if match is None:
            raise Malformed("it ends in a carriage return" if line.endswith("\r") else "this is no sample")
        name, labels, value, at, exemplar = match.groups()
        if exemplar and not self._openmetrics:
            raise Malformed("an exemplar, which only OpenMetrics has")
        quoted, pairs = _labels(labels or "")
        if bool(name) is bool(quoted):
            raise Malformed("it has no name" if not name else "it has two names")
        if at is not None and not self._is_time(at):
            raise Malformed("its timestamp is no number")
        self._note(name or quoted, pairs, at)
        return Sample(name or quoted, pairs, _number(value))

    def _note(self, name: str, labels: Mapping[str, str], at: str | None) -> None:
        """Of two values for one series at one time, Prometheus drops one."""
        series = (name, frozenset(labels.items()), at)
        if series in self._given and not self._repeated:
            self._repeated = True
            self._scrape.remarks.append(f"{name[:100]} has two samples with the same labels")
        self._given.add(series)

    def _is_time(self, text: str) -> bool:
        if self._openmetrics:
            return len(text) <= _LONGEST_NUMBER and _NUMBER.fullmatch(text) is not None
        return _MILLISECONDS.fullmatch(text) is not None


def _labels(text: str) -> tuple[str, Mapping[str, str]]:
    """A name that stands among the labels, and the labels."""
    name, pairs = "", dict[str, str]()
    for plain, quoted, value in _parts(text):
        key = plain or _plain(quoted or "")
        if value is None:
            if plain or name:
                raise Malformed("a label has no value")
            name = key
        elif key in pairs:
            raise Malformed(f"the label {key[:40]!r} stands there twice")
        else:
            pairs[key] = _plain(value)
    return name, pairs


def _parts(text: str) -> Iterator[tuple[str | None, str | None, str | None]]:
    position = 0
    while position < len(text) and not text[position : position + 100].isspace():
        match = _LABEL.match(text, position)
        if match is None:
            raise Malformed("its labels do not parse")
        yield match[1], match[2], match[3]
        position = match.end()


def _plain(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPES.sub(lambda escape: "\n" if escape[1] == "n" else escape[1], text)


def _number(text: str) -> float:
    if len(text) > _LONGEST_NUMBER or _NUMBER.fullmatch(text) is None:
        raise Malformed("its value is no number")
    return float.fromhex(text) if "x" in text.lower() else float(text)
