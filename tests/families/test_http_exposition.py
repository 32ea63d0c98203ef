"""The text formats of metrics: read as Prometheus reads them, and never slower than they are long."""

import contextlib
from itertools import product

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, Info, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from gonogo.families.http.exposition import Malformed, Scrape, parse_scrape


def parse(text: str | bytes, *, openmetrics: bool = False) -> Scrape:
    """What it holds."""
    return parse_scrape(text if isinstance(text, bytes) else text.encode(), openmetrics=openmetrics)


def registry() -> CollectorRegistry:
    """Every kind of metric, with labels that need escapes."""
    made = CollectorRegistry()
    Counter("requests", 'A "help"\nof two lines', ["path"], registry=made).labels('a"b\\c\nd{}, e=1').inc(2.5e10)
    Histogram("seconds", "Time.", registry=made).observe(float("inf"))
    Info("build", "What.", registry=made).info({"revision": "abc1234"})
    return made


def test_same_samples_as_the_official_client_reads() -> None:
    """Its own exposition, and its own parser."""
    text = generate_latest(registry())
    expected = [s for family in text_string_to_metric_families(text.decode()) for s in family.samples]
    assert [(s.name, s.labels, s.value) for s in parse(text).samples] == [(s.name, s.labels, s.value) for s in expected]


def test_openmetrics_of_the_official_client() -> None:
    """The same with the other writer."""
    scrape = parse(generate_openmetrics(registry()), openmetrics=True)  # type: ignore[no-untyped-call]  # the library has no types
    assert {"requests_total", "build_info", "seconds_bucket"} <= {sample.name for sample in scrape.samples}
    assert "requests_total" in scrape.counters


@pytest.mark.parametrize(
    "line",
    [
        "a 1",
        " \t a 1",
        "a{} 1",
        'a{b="c",} 1',
        'a { b = "c" , d="e" } 1 1700000000000',
        '{"my.name","b.c"="d"} 1',
        'a{b="}"} NaN',
        "a +Inf",
        "a 0x1p-2",
        "",
        "# a comment",
        "# HELP a what",
        "# TYPE a counter",
    ],
)
def test_lines_that_prometheus_reads(line: str) -> None:
    """A scrape that the monitoring takes is no finding."""
    parse(f"{line}\n")


@pytest.mark.parametrize(
    "line",
    [
        "a",
        "a 1\r",
        "a b",
        "a 1_000",
        "a 1 2 3",
        'a{b="c} 1',
        'a{b="c" d="e"} 1',
        'a{b="c",b="d"} 1',
        "a{b} 1",
        "a{ 1 2 3",
        "{} 1",
        "a 1 " + "9" * 400,
        "a " + "9" * 900_000,
        "# TYPE a banana",
        "# TYPE a counter\r",
        'a 1 # {trace="x"} 1',
    ],
)
def test_lines_that_prometheus_does_not_read(line: str) -> None:
    """One of them makes it drop the whole scrape; the message names the line."""
    with pytest.raises(Malformed, match="line 2"):
        parse(f"ok 1\n{line}\n")


def test_bytes_that_are_no_text_and_openmetrics_without_an_end() -> None:
    """Both are the end of the scrape."""
    with pytest.raises(Malformed, match="byte 2 is not UTF-8"):
        parse(b"a \xff\n")
    with pytest.raises(Malformed, match="# EOF"):
        parse("a 1\n", openmetrics=True)
    with pytest.raises(Malformed, match="stands after"):
        parse("a 1\n# EOF\nb 1\n", openmetrics=True)


def test_what_only_promtool_refuses_is_a_remark() -> None:
    """Prometheus itself takes both."""
    assert parse("# TYPE a counter\n# TYPE a gauge\na 1\n").remarks == ["a has two lines of TYPE"]
    assert parse("a 1").remarks == ["the last line does not end"]
    assert parse('a{x="1"} 1\na{x="1"} 2\na{x="1"} 3\n').remarks == ["a has two samples with the same labels"]
    assert parse('a{x="1"} 1\na{x="2"} 1\na{x="1"} 1 1700000000000\n').remarks == []


@pytest.mark.parametrize(
    ("unit", "around"),
    list(product(['\\"', "a", '"', "{", " ", '="x",b', "\\"], ['a{{b="{}"}} 1', "a{{b={}}} 1", "a {}", "{} 1"])),
)
def test_time_grows_with_the_length_only(unit: str, around: str) -> None:
    """A label of a megabyte must not cost minutes, in which nothing else is asked: this test would never end."""
    with contextlib.suppress(Malformed):
        parse(around.format(unit * 200_000) + "\n")
