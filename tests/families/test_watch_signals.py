"""A reading that is wrong makes an alert that is wrong: silence read as good, or a launch taken back for nothing."""

import math
import tracemalloc
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from gonogo.evidence.watch import Reading
from gonogo.families.watch.section import Watch
from gonogo.families.watch.signals import Sample, Samples, parse_metrics

Values = Mapping[str, float]
ERRORS = {"ratio": ["r_total{status=~'5..'}", "r_total"]}
SLOW = {"quantile": 0.5, "of": "s_bucket"}


def watch(signal: object, *, limit: Mapping[str, float] | None = None, **more: object) -> Watch:
    """One threshold, called ``it``; scraped every 15 s."""
    threshold = {"signal": signal, "severity": "warning", **(limit or {"above": 0.5}), **more}
    return Watch.model_validate({"thresholds": {"it": threshold}})


def counted(signal: object, **more: Any) -> Watch:  # noqa: ANN401 - what stands in a TOML file
    """The same over a window of a minute, and a bit: no sample lies on its edge."""
    limit = more.pop("limit", None)
    return watch(signal, limit=limit, **{"window": "61 s", **more})


def page(series: Values) -> str:
    """In the text format; names as Prometheus writes series."""
    return "".join(f"{name} {value}\n" for name, value in series.items())


def scraped(watched: Watch, pages: Iterable[Values | str | None], every: float = 15) -> Samples:
    """Scrapes one after the other, from 0 on. A text is why there was none."""
    samples = Samples(watched)
    for number, series in enumerate(pages):
        failure = series if isinstance(series, str) else ""
        samples.add(number * every, None if isinstance(series, str | None) else parse_metrics(page(series)), failure)
    return samples


def read(watched: Watch, pages: Iterable[Values | str | None], at: float | None = None) -> Reading:
    """What is read after the last of them."""
    pages = list(pages)
    return scraped(watched, pages).read("it", 15.0 * (len(pages) - 1) if at is None else at)


def answers(ok: float, bad: float | None = None) -> dict[str, float]:
    """What r_total counts."""
    return {'r_total{status="200"}': ok, **({} if bad is None else {'r_total{status="500"}': bad})}


def test_a_ratio_is_of_the_events_within_its_window() -> None:
    """What was before the window would hide what is now."""
    before = [answers(1000 * number, 0) for number in range(5)]
    now = [answers(4000 + 60 * number, 40 * number) for number in range(1, 6)]
    reading = read(counted(ERRORS), [*before, *now])
    assert reading.value == pytest.approx(0.4)
    assert reading.events is not None
    assert 400 < reading.events < 500, "five scrapes of 100 lie within 61 s"


def test_what_has_no_event_yet_is_zero() -> None:
    """Labels are born with the first event in most services: before it, there are no errors, and that is known."""
    assert read(counted(ERRORS), [answers(20 * number) for number in range(5)]).value == 0.0


def test_the_first_events_of_a_series_count() -> None:
    """A burst of failures makes a series that begins with 30 and stays there. increase() of Prometheus says 0."""
    pages = [answers(20 * number, 30 if number >= 4 else None) for number in range(6)]
    reading = read(counted(ERRORS), pages)
    assert reading.value == pytest.approx(30 / (30 + 20 * 61 / 15), rel=0.02)


def test_what_the_first_scrape_has_is_no_burst() -> None:
    """A watch that begins in the evening sees what was counted since the morning: that is not now."""
    pages = [answers(1000 + 20 * number, 500) for number in range(4)]
    assert read(counted(ERRORS), pages).value == 0.0


def test_what_comes_back_after_a_gap_is_no_burst() -> None:
    """An exporter that loses its database and finds it again counts from millions on."""
    pages: list[Values] = [answers(20 * number, 1e6 if number in {0, 1, 8, 9} else None) for number in range(10)]
    assert read(counted(ERRORS), pages).value == 0.0


def test_what_was_born_while_nobody_could_scrape_is_not_within_the_window() -> None:
    """The events may be an hour old."""
    pages: list[Values | str] = [answers(0), *["timed out"] * 20, answers(500, 400), answers(520, 400)]
    assert read(counted(ERRORS), pages).value == 0.0


NO_VALUE: list[tuple[str, object, list[Values | str | None], str]] = [
    ("no scrape", ERRORS, [], "not scraped yet"),
    ("failed", ERRORS, [answers(0), answers(9), "connection refused"], "connection refused"),
    ("failed without a reason", ERRORS, [answers(0), answers(9), None], "failed"),
    ("empty", ERRORS, [answers(0), answers(9), {}], "no sample"),
    ("one scrape", ERRORS, [answers(9)], "only one scrape"),
    ("one after a gap", ERRORS, [answers(0), answers(9), *["refused"] * 6, answers(9)], "only one scrape"),
    ("counted again in a gap", ERRORS, [answers(90), answers(99), *["refused"] * 6, answers(3)], "only one scrape"),
    ("no such metric", ERRORS, [{"rr_total": 1}, {"rr_total": 2}], "no metric r_total; the nearest is rr_total"),
    (
        "the part has another name",
        {"ratio": ["failures_total", "r_total"]},
        [answers(1), answers(2)],
        "no metric failures_total",
    ),
    (
        "the part has another label",
        {"ratio": ["r_total{statsu='500'}", "r_total"]},
        [answers(1), answers(2)],
        "no series of r_total has the label statsu",
    ),
    ("the whole is gone", ERRORS, [answers(0), answers(9), {"up": 1}], "no metric r_total"),
    (
        "the whole is gone, and others are there",
        {"ratio": ["r_total{status='500'}", "r_total{status='200'}"]},
        [answers(0, 0), answers(9, 0), {'r_total{status="500"}': 0}],
        'nothing matches r_total{status="200"} any more; 15 s ago',
    ),
    (
        "one series of the whole is gone",
        ERRORS,
        [{**answers(0), 'r_total{status="404"}': 5}, {**answers(0), 'r_total{status="404"}': 5}, answers(0)],
        "r_total{status='404'} is gone; 15 s ago",
    ),
    ("NaN", ERRORS, [answers(0), answers(math.nan)], "r_total{status='200'} is nan"),
    ("infinite", ERRORS, [answers(0, 0), answers(1, math.inf)], "r_total{status='500'} is inf"),
    ("counted again", ERRORS, [answers(0), answers(90), answers(30)], "from 90 to 30 0 s ago"),
    ("counted again, before", ERRORS, [answers(0), answers(90), answers(30), answers(60)], "from 90 to 30 15 s ago"),
    (
        "restarted, and counts more than before",
        ERRORS,
        [
            {**answers(2), "process_start_time_seconds": 1000},
            {**answers(9), "process_start_time_seconds": 2000},
        ],
        "started again, at most 15 s ago",
    ),
    (
        "part without whole",
        {"ratio": ["b_total", "r_total"]},
        [{"b_total": 0, "r_total": 0}, {"b_total": 5, "r_total": 0}],
        "do not belong together",
    ),
    ("no counter", {"increase": "n_total"}, [{"m_total": 0}] * 2, "no metric n_total; the nearest is m_total"),
    (
        "a counter that counts again",
        {"increase": "n_total"},
        [{"n_total": 8}, {"n_total": 0.25}],
        "from 8 to 0.25 0 s ago): the service restarted",
    ),
    ("no infinite bucket", SLOW, [{'s_bucket{le="1"}': 0}, {'s_bucket{le="1"}': 5}], "no bucket le='+Inf'"),
    ("one bucket", SLOW, [{'s_bucket{le="+Inf"}': 0}, {'s_bucket{le="+Inf"}': 5}], "one bucket only"),
    ("no bucket", SLOW, [{"s_sum": 1}] * 2, "no metric s_bucket"),
]


@pytest.mark.parametrize(("signal", "pages", "reason"), [row[1:] for row in NO_VALUE], ids=[row[0] for row in NO_VALUE])
def test_what_nobody_can_say_has_no_value(signal: object, pages: list[Values | str | None], reason: str) -> None:
    """Each of these was read as good by somebody well known."""
    reading = read(counted(signal), pages)
    assert reading.value is None
    assert reason in reading.missing


GAUGES: list[tuple[str, object, list[Values], str]] = [
    ("no such gauge", {"gauge": "full"}, [{"ful": 1}], "no metric full; the nearest is ful"),
    (
        "no such label",
        {"gauge": "full{disk='/'}"},
        [{'full{disk="/data"}': 0}],
        "no full has disk=\"/\"; disk is '/data'",
    ),
    ("NaN", {"gauge": "full"}, [{"full": math.nan}], "full is nan"),
    ("gone", {"gauge": "full"}, [{"full": 0}, {"up": 1}], "no metric full"),
    (
        "one of two gone",
        {"gauge": "full"},
        [{'full{d="a"}': 0, 'full{d="b"}': 0}, {'full{d="a"}': 0}],
        "d='b'} is gone",
    ),
    ("one of two NaN", {"gauge": "full"}, [{'full{d="a"}': 0, 'full{d="b"}': math.nan}], "full{d='b'} is nan"),
    (
        "one of a sum NaN",
        {"gauge": "full", "combine": "sum"},
        [{'full{d="a"}': 9, 'full{d="b"}': math.nan}],
        "full{d='b'} is nan",
    ),
]


@pytest.mark.parametrize(("signal", "pages", "reason"), [row[1:] for row in GAUGES], ids=[row[0] for row in GAUGES])
def test_a_gauge_that_nobody_can_read_has_no_value(signal: object, pages: list[Values], reason: str) -> None:
    """The disk that is not mounted any more is the one that matters."""
    reading = read(watch(signal), pages)
    assert reading.value is None
    assert reason in reading.missing


@pytest.mark.parametrize(
    ("combine", "limit", "value"),
    [
        ("max", {"above": 0.5}, 0.9),
        ("min", {"below": 0.5}, 0.1),
        ("max", {"below": 0.5}, 0.9),
        ("min", {"above": 0.5}, 0.1),
    ],
)
def test_what_decides_counts_although_a_series_is_missing(combine: str, limit: Values, value: float) -> None:
    """One disk that is full is full, whatever the other is."""
    pages = [{'full{d="a"}': value, 'full{d="b"}': math.nan}]
    reading = read(watch({"gauge": "full", "combine": combine}, limit=limit), pages)
    assert reading.value == value


@pytest.mark.parametrize(("combine", "value"), [("max", 3), ("min", 1), ("sum", 4), ("mean", 2)])
def test_gauges_are_combined(combine: str, value: float) -> None:
    """Of several disks, the fullest matters; of several queues, their sum."""
    assert read(watch({"gauge": "n", "combine": combine}), [{'n{d="a"}': 1, 'n{d="b"}': 3}]).value == value


def test_a_series_of_a_gauge_is_not_missed_for_ever() -> None:
    """Processes come and go."""
    pages = [{'n{d="a"}': 1, 'n{d="b"}': 1}, *[{'n{d="a"}': 1}] * 5]
    assert read(watch({"gauge": "n"}, limit={"above": 2}, no_traffic="1 min"), pages[:-2]).value is None
    assert read(watch({"gauge": "n"}, limit={"above": 2}, no_traffic="1 min"), pages).value == 1


def test_a_scrape_that_is_late_is_no_value() -> None:
    """A watch that hangs repeats its last good value otherwise."""
    samples = scraped(watch({"gauge": "n"}), [{"n": 0}])
    assert samples.read("it", 32).value == 0
    assert "scraped last 33 s ago" in samples.read("it", 33).missing


AFTER_A_RESTART: list[tuple[str, Mapping[str, float], object, list[Values], float | None]] = [
    ("beyond already", {"above": 0.1}, ERRORS, [answers(0, 0), answers(90, 60), answers(30, 20)], 0.4),
    ("fewer than decide", {"above": 0.1}, ERRORS, [answers(0, 0), answers(1, 1), answers(0, 1)], None),
    (
        "more than the limit",
        {"above": 5},
        {"increase": "n_total"},
        [{"n_total": 0}, {"n_total": 9}, {"n_total": 1}],
        10,
    ),
    ("perhaps too few", {"below": 50}, {"increase": "n_total"}, [{"n_total": 0}, {"n_total": 9}, {"n_total": 1}], None),
    ("enough at least", {"below": 5}, {"increase": "n_total"}, [{"n_total": 0}, {"n_total": 9}, {"n_total": 1}], 10),
]


@pytest.mark.parametrize(
    ("limit", "signal", "pages", "value"), [row[1:] for row in AFTER_A_RESTART], ids=[row[0] for row in AFTER_A_RESTART]
)
def test_after_a_restart_counts_what_is_known_at_least(
    limit: Values, signal: object, pages: list[Values], value: float | None
) -> None:
    """A service that falls over and comes back must not hide what it did before; nor is it accused of what nobody saw."""
    more = {"at_least": 20} if "ratio" in str(signal) else {}
    reading = read(counted(signal, limit=limit, **more), pages)
    assert reading.value == (None if value is None else pytest.approx(value, rel=0.2))


def test_few_events_are_shown_and_decide_nothing() -> None:
    """One failure of three is no 33 per cent, and no traffic is no 0 per cent."""
    assert read(counted(ERRORS), [answers(100)] * 3) == Reading(at=30.0, value=0.0, events=0.0)


def test_no_traffic_for_long_is_no_value() -> None:
    """On launch day, nobody coming is an alarm of its own."""
    watched = counted(ERRORS, no_traffic="2 min")
    pages = [answers(0), answers(5), *[answers(5)] * 10]
    assert read(watched, pages[:10]).value == 0.0
    assert "no event of r_total for 2 min" in read(watched, pages).missing
    assert read(counted(ERRORS, no_traffic="20 s"), pages[:5]).missing == "no event of r_total for 45 s"


def test_a_metric_that_is_declared_and_had_no_event_is_no_slip_of_the_pen() -> None:
    """Before the first payment there is none: too few to say, and an alarm only when it lasts."""
    samples = Samples(counted({"ratio": ["p_total{ok='no'}", "p_total"]}, no_traffic="1 min"))
    for number in range(8):
        samples.add(number * 15.0, parse_metrics("# TYPE p_total counter\nup 1\n"))
        if number == 4:
            assert samples.read("it", 60.0) == Reading(at=60.0, value=0.0, events=0.0)
    assert samples.read("it", 105.0).missing == "no event of p_total for 2 min"


def test_a_value_that_no_series_has_is_named_with_those_that_there_are() -> None:
    """A slip of the pen in a value looks like no traffic; whoever reads the alarm at night sees which it is."""
    watched = counted(
        {"ratio": ["r_total{route='/regster',status='500'}", "r_total{route='/regster'}"]}, no_traffic="1 min"
    )
    pages = [{'r_total{route="/register",status="200"}': number} for number in range(8)]
    assert read(watched, pages[:3]) == Reading(at=30.0, value=0.0, events=0.0)
    assert read(watched, pages).missing == (
        'no event of r_total{route="/regster"} for 2 min: no r_total has route="/regster"; route is \'/register\''
    )


def buckets(**counts: float) -> dict[str, float]:
    """A histogram's; names as le is, with p for the point."""
    return {f's_bucket{{le="{le.strip("_").replace("p", ".").replace("inf", "+Inf")}"}}': n for le, n in counts.items()}


def test_a_quantile_beyond_its_highest_bucket_is_more_than_that() -> None:
    """Prometheus says exactly 1 there, which is not above 1: the slowest service would be well."""
    pages = [buckets(_0p5=0, _1=0, inf=0), buckets(_0p5=1, _1=2, inf=90)]
    reading = read(counted(SLOW, limit={"above": 1}), pages)
    assert reading.value is not None
    assert reading.value > 1
    assert "more than 1" in read(counted(SLOW, limit={"above": 2}), pages).missing
    assert read(counted(SLOW, limit={"below": 0.5}), pages).value is not None


def test_a_quantile_without_events_is_too_few() -> None:
    """NaN in Prometheus, which no comparison is true of."""
    pages = [buckets(_1=7, inf=7)] * 3
    assert read(counted(SLOW), pages) == Reading(at=30.0, value=0.0, events=0.0)


def test_more_series_than_can_be_kept_are_no_value() -> None:
    """A label with the user's id in it fills memory, until the watch is killed on launch day."""
    watched = watch({"increase": "n_total"}, window="24 h", limit={"above": 1e9})
    samples = Samples(watched)
    for at in (0.0, 15.0):
        samples.add(at, [Sample("n_total", {"user": str(user)}, at) for user in range(400)])
    assert "more than 347 series" in samples.read("it", 15.0).missing
    samples.add(30.0, [Sample("n_total", {"user": str(user)}, 30) for user in range(300)])
    assert "is gone" in samples.read("it", 30.0).missing


def test_memory_does_not_grow_with_time() -> None:
    """A watch lasts a day; label sets that come and go with each process must not add up."""
    samples = Samples(counted({"increase": "n_total"}))

    tracemalloc.start()
    try:
        for number in range(4000):
            labels = [{"process": str((number + other) % 20)} for other in range(3)]
            samples.add(number * 15.0, [Sample("n_total", of_one, number) for of_one in labels])
            samples.read("it", number * 15.0)
        assert tracemalloc.get_traced_memory()[0] < 100_000, "each sample kept would be twice as much"
    finally:
        tracemalloc.stop()


def test_a_page_that_prometheus_would_not_read_names_its_line() -> None:
    """Prometheus drops the whole scrape then; half of it would be believed here."""
    with pytest.raises(ValueError, match="line 2"):
        parse_metrics("a 1\nb is 2 fast\n")
