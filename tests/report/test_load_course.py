"""The course of the load as pictures: a stall is where it was, and what was not measured is not drawn."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from gonogo.evidence.load import SecondCounts, SecondLatencies, Traffic
from gonogo.report.html import render_signoff
from gonogo.report.load_course import LoadCourse, Panel, load_course
from tests.checks.test_load import each_second, measured, second, traffic
from tests.report.conftest import HOSTILE, with_load

STALL = {12, 13, 14}


def course(seconds: int = 30, stalled: Sequence[int] = ()) -> tuple[SecondLatencies, ...]:
    """Quick, but for some seconds."""
    return tuple(SecondLatencies(at, *((1500.0, 2800.0) if at in stalled else (8.0, 40.0))) for at in range(seconds))


def stalled(name: str = "all", seconds: int = 30, **changes: object) -> Traffic:
    """A class of which most requests are late in three seconds."""
    counts = [SecondCounts(at, 40, 35 if at in STALL else 0, 0, 0) for at in range(seconds)]
    return traffic(name, counts, course=course(seconds, tuple(STALL)), **changes)


def panel(found: LoadCourse, begin: str) -> Panel:
    """The one whose title begins so."""
    return next(one for one in found.panels if one.title.startswith(begin))


def heights(path: str) -> list[float]:
    """Of the points of a line."""
    return [float(point.split()[1].removesuffix("h0")) for point in path[1:].replace("M", "L").split("L")]


def test_a_stall_is_marked_and_told() -> None:
    """When it was, how late, and whose: in the picture, and in words beside it."""
    found = load_course(measured(classes=(stalled(),)))
    assert [(band.name, band.begin, band.width) for band in found.bands] == [("stall", "40%", "10%")]
    assert "Stall in seconds 12 to 14: most requests reached their budget (all)." in found.notes
    latency = panel(found, "all: latency")
    limit = latency.limits[0][1]
    places = heights(dict(latency.marks)["curve"])
    assert [at for at, y in enumerate(places) if y <= limit] == [12, 13, 14]
    assert latency.words.endswith("highest in second 12; the line of 500 ms was reached in 3 of 30 seconds by p95")
    assert panel(found, "Over").words == "Over their budget: 105 requests in 3 seconds, most in second 12: 35"


def test_a_generator_that_was_not_fit_is_named_beside_the_stall() -> None:
    """Its own lateness must not be called the service's."""
    sick = tuple(second(at, lag=timedelta(milliseconds=80 if at == 13 else 1)) for at in range(30))
    found = load_course(measured(classes=(stalled(),), generator=sick))
    assert any("the load generator was not fit then, and may be the reason" in note for note in found.notes)
    assert "Load generator: not fit in 1 of its 30 seconds, mostly: its event loop woke too late." in found.notes
    assert [kind for kind, _ in panel(found, "Load generator").marks] == ["unfit", "curve"]


def test_a_healthy_load_says_so() -> None:
    """No empty lanes, no marks."""
    found = load_course(measured(classes=(traffic("all", course=course()),)))
    assert [one.title.partition(":")[0] for one in found.panels] == ["all", "Throughput", "Load generator"]
    assert found.bands == []
    assert found.notes == [
        "No stall: in no second were most requests of a class late or failed.",
        "No request was over its budget.",
        "No request failed.",
        "Load generator: fit in all of its 30 seconds.",
    ]


def test_failing_requests_are_no_stall() -> None:
    """A refused connection is quick."""
    counts = [SecondCounts(at, 40, 0, 40 if at == 29 else 0, 0) for at in range(30)]
    found = load_course(measured(classes=(traffic("all", counts),)))
    assert "Failing in second 29: most requests failed (all)." in found.notes
    assert [(band.kind, band.name) for band in found.bands] == [("stall", "")], "named in words: no room beside it"


def test_cut_short_is_not_drawn_as_quiet() -> None:
    """What was not measured has a frame of its own, and the reason stands beside it."""
    short = measured(classes=(stalled(seconds=18),), seconds=18, generator=(), cut_short="it was interrupted")
    found = load_course(short)
    assert (found.bands[-1].name, found.bands[-1].begin, found.bands[-1].width) == ("not measured", "60%", "40%")
    assert found.notes[0] == "Only 18 of 30 seconds were measured: it was interrupted."
    assert "Load generator: it sent no figures about itself." in found.notes
    assert found.columns[-1][:2] == ("30 s", "100%")


def test_earlier_records_are_drawn_without_latencies() -> None:
    """They hold counts by the second only; that is said, and the rest is shown."""
    found = load_course(measured())
    assert [one.title.partition(":")[0] for one in found.panels] == ["Throughput", "Load generator"]
    assert "This record holds no latencies by the second, as later versions of gonogo do." in found.notes


def test_gaps_stay_gaps() -> None:
    """A second in which nothing was due is no second of 0 ms."""
    some = tuple(point for point in course() if point.second != 10)
    found = load_course(measured(classes=(traffic("all", course=some),)))
    assert dict(panel(found, "all").marks)["curve"].count("M") == 2


@pytest.mark.parametrize("seconds", [1, 30, 3600])
def test_every_length_stays_small(seconds: int) -> None:
    """A soak of an hour is drawn in as many points as people see, and its one slow second with it."""
    slow = [SecondLatencies(at, 8.0, 900.0 if at == seconds // 2 else 40.0) for at in range(seconds)]
    one = traffic("all", each_second(seconds=seconds), course=tuple(slow))
    load = measured(
        one,
        classes=(one,),
        seconds=seconds,
        planned=timedelta(seconds=seconds),
        generator=tuple(second(at) for at in range(seconds)),
    )
    found = load_course(load)
    latency = panel(found, "all")
    curve = dict(latency.marks)["curve"]
    assert curve.count("L") < 240
    assert min(heights(curve)) < latency.limits[0][1], "the slow second is above the line"
    assert sum(len(path) for each in found.panels for _, path in each.marks) < 24_000
    assert any("Each point is the highest of 15 s" in note for note in found.notes) == (seconds == 3600)


def test_nothing_measured_is_drawn_as_nothing() -> None:
    """Interrupted before the window opened."""
    nothing = measured(traffic("GET /", []), classes=(traffic("all", []),), generator=(), seconds=0)
    found = load_course(nothing)
    assert panel(found, "Throughput").words == "Throughput: nothing, 0 in all"
    assert found.bands[-1].width == "100%"


def test_names_of_classes_are_text() -> None:
    """They come from a file."""
    page = render_signoff(with_load(classes=(stalled(HOSTILE),))).decode()
    assert 'class="plot"' in page
    assert "<script>alert" not in page
