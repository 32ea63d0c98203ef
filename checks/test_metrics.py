"""The metrics of the service, as its monitoring reads them."""

from itertools import pairwise

import pytest

from gonogo.base.comparing import above, at_least, nothing, shown, so
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.http import MetricsEvidence
from gonogo.evidence.marks import NO_ANSWERS
from gonogo.families.http.section import Http

_UNDECIDED = {408, 421, 425, 429}


@pytest.mark.check("metrics-parse")
def test_metrics_parse(metrics: MetricsEvidence) -> None:
    """One malformed line makes the monitoring drop the whole scrape, silently.

    Fix: read the named line; write metrics with the client library instead of by hand.
    """
    if metrics.exchange.truncated:
        raise Unobserved(metrics.exchange.summary, hint="declare http.largest_body, as in '64 MiB'")
    if metrics.exchange.hurried:
        raise Unobserved(metrics.exchange.summary, hint="raise limits.probe")
    assert shown(metrics.exchange.ok, "answer", metrics.exchange.status, "2xx"), metrics.exchange.summary
    assert so(not metrics.parse_error, "text of the metrics", "parses", "does not parse"), (
        f"{metrics.exchange.url}: {metrics.parse_error}{metrics.exchange.beginning}"
    )
    assert at_least(metrics.samples, 1, "samples"), f"{metrics.exchange.url} contains no sample"


@pytest.mark.check("metrics-lint")
def test_metrics_are_well_formed(metrics: MetricsEvidence) -> None:
    """Metrics that only some readers accept may break with the next version of the monitoring.

    Fix: check the text with promtool check metrics; write metrics with the client library instead of by hand.
    """
    assert nothing(metrics.remarks, "what only some readers accept"), (
        f"{metrics.exchange.url}: {'; '.join(metrics.remarks)}"
    )


@pytest.mark.check("metrics-series")
def test_required_series_exist(metrics: MetricsEvidence, environment: Environment) -> None:
    """An alert on a series that does not exist never fires.

    Fix: export the series from the start, with all its labels, or correct http.series.
    """
    series = environment.require(Http).series
    missing = [name for name in series if name not in metrics.series]
    assert nothing(missing, "series that are missing", of=len(series)), (
        f"{metrics.exchange.url} lacks {', '.join(missing)}"
    )


@pytest.mark.check("metrics-moving")
def test_metrics_move(metrics: MetricsEvidence, environment: Environment) -> None:
    """Metrics that do not change look like a calm service; metrics that fall belong to several processes.

    Fix: let the endpoint read the live registry, not a copy of a worker or a cache; with several workers, use the
    client library's mode for several processes.
    """
    where = metrics.exchange.url
    for name in environment.require(Http).moving:
        values = [scrape.get(name) for scrape in metrics.scrapes]
        numbers = [value for value in values if value is not None]
        assert so(len(numbers) == len(values), name, "there each time", "missing"), f"{where} lacks {name}"
        listed = ", ".join(f"{value:g}" for value in numbers)
        in_turn = _falls_and_returns(numbers) or (_falls(numbers) and _same_process(metrics))
        assert so(not in_turn, f"registry of {name}", "one", "several"), (
            f"{where}: {name} gives {listed}, one request after another: several registries answer in turn"
        )
        assert above(len(set(numbers)), 1, f"values of {name}"), (
            f"{where}: {name} stays at {numbers[-1]:g}, although requests were sent in between"
        )


@pytest.mark.check("metrics-private")
def test_metrics_need_a_token(metrics: MetricsEvidence) -> None:
    """Metrics tell competitors how many users there are, and attackers what is slow.

    Fix: require the token, or let only the monitoring network reach the path.
    """
    reply = metrics.without_token
    if reply is None:
        everybody = f"{metrics.exchange.url}: everybody can read {metrics.samples} samples, and no token is declared"
        assert shown(not metrics.exchange.served, "answer without a token", metrics.exchange.status, "a refusal"), (
            everybody
        )
        raise Unobserved(metrics.exchange.summary, hint="declare http.metrics_token")
    refused = not reply.served or NO_ANSWERS.intersection(reply.marks)
    assert shown(refused, "answer without the token", reply.status, "a refusal"), (
        f"{reply.url} answers without the token"
    )
    if reply.failed or reply.status in _UNDECIDED or NO_ANSWERS.intersection(reply.marks):
        raise Unobserved(f"{reply.summary} without the token: this does not show whether it is private")


def _falls(values: list[float]) -> bool:
    return any(later < earlier for earlier, later in pairwise(values))


def _falls_and_returns(values: list[float]) -> bool:
    """Down, and up again to where it was: no process that was started anew does that."""
    lowest = next((index for index, (earlier, later) in enumerate(pairwise(values), 1) if later < earlier), None)
    return lowest is not None and any(value >= values[lowest - 1] for value in values[lowest:])


def _same_process(metrics: MetricsEvidence) -> bool:
    """Whether nothing says that the process was started anew in between."""
    return len(set(metrics.starts)) == 1
