"""The load on the page."""

from datetime import timedelta

import pytest

from gonogo.report.drawing import WIDTH
from gonogo.report.html import render_signoff
from gonogo.report.load import UnreadableLoad, load_view
from tests.checks.test_load import traffic
from tests.report.conftest import CURVE, HOSTILE, check, results, with_load


def test_numbers_of_every_endpoint() -> None:
    """What a signer reads, and what a developer needs."""
    view = load_view(with_load())
    assert view is not None
    whole, endpoint = view.rows
    assert (whole.is_class, endpoint.is_class) == (True, False)
    assert endpoint.requests == 1200
    assert list(endpoint.quantiles) == ["12 (11 to 13)", "40 (36 to 44)", "80 (72 to ?)"]
    assert (endpoint.budget, endpoint.margin) == ("p95 < 500 ms", "+460 ms")


def test_curve_and_budget_share_a_scale() -> None:
    """A curve that crosses the line in the picture does so in the numbers, and the other way round."""
    view = load_view(with_load())
    assert view is not None
    chart = view.chart
    places = [tuple(map(float, point.split())) for point in chart.lines[0].path[1:].split("L")]
    assert [x for x, _ in places] == sorted(x for x, _ in places)
    assert [y for _, y in places] == sorted((y for _, y in places), reverse=True)
    budget = chart.budgets[0][1]
    assert all((y < budget) == (milliseconds >= 500) for (_, y), (_, milliseconds) in zip(places, CURVE, strict=True))
    assert all(0 <= x <= WIDTH and 0 <= y <= chart.height for x, y in places)


def test_page_says_what_was_left_out() -> None:
    """The warm-up, an early end, and a service that was not seen."""
    page = render_signoff(
        with_load(
            cut_short="it was interrupted", stopped_early=HOSTILE, server=(), server_problem="/metrics: status 401"
        )
    ).decode()
    assert "5 s of warm-up (200 requests, not judged with the rest)" in page
    assert "it was interrupted" in page
    assert "its metrics were not seen: /metrics: status 401" in page
    assert "<script>alert" not in page


def test_no_load_no_section() -> None:
    """Nor a chart of a load without a sample."""
    assert load_view(results([check("dns-a")])) is None
    assert "No load was part of this run" in render_signoff(results([check("dns-a")])).decode()
    empty = load_view(
        with_load(
            classes=(traffic("all", []),),
            endpoints=(traffic("GET /", []),),
            generator=(),
            seconds=0,
            planned=timedelta(0),
        )
    )
    assert empty is not None
    assert empty.facts["Generator"] == "sent no figures"


def test_a_load_that_cannot_be_read_is_not_told_as_none() -> None:
    """A run of another version: whoever signs must not believe that nothing was measured."""
    unreadable = results([check("load-ran", facts={"load": {"classes": "none"}})])
    with pytest.raises(UnreadableLoad):
        load_view(unreadable)
    page = render_signoff(unreadable).decode()
    assert "its facts cannot be shown by this version of gonogo" in page
    assert "No load was part of this run" not in page
