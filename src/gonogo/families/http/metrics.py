"""The facts of a scrape: series, sums, and what is wrong with it."""

import math
from collections.abc import Collection, Mapping, Sequence

from gonogo.clients.exchanges import Body
from gonogo.families.http.bodies import Quote
from gonogo.families.http.exposition import Malformed, Sample, Scrape, parse_scrape

Samples = Sequence[tuple[str, float]]
_MEDIA_TYPES = {"text/plain", "application/openmetrics-text"}
"""What Prometheus 3 reads; earlier versions took whatever came."""
_MOST_SERIES = 2000
_START = "process_start_time_seconds"


def read_scrape(body: Body) -> tuple[Scrape, str]:
    """The samples of a scraped page, and the problem with it; empty without one."""
    exchange = body.exchange
    if not exchange.ok:
        return Scrape(), exchange.problem or f"status {exchange.status}"
    openmetrics = "openmetrics" in exchange.headers.get("content-type", "")
    try:
        scrape = parse_scrape(body.content, openmetrics=openmetrics)
    except Malformed as error:
        return Scrape(), f"not in the exposition format: {error}"
    media_type = exchange.headers.get("content-type", "")
    if media_type.partition(";")[0].strip().lower() not in _MEDIA_TYPES:
        scrape.remarks.append(f"its Content-Type is {media_type[:60] or 'missing'}: Prometheus 3 refuses that")
    return scrape, ""


def labelled(body: Body) -> tuple[Sequence[Sample], str]:
    """The samples of a scrape with their labels, and what is wrong with it."""
    scrape, problem = read_scrape(body)
    return scrape.samples, problem


def samples(body: Body) -> tuple[Samples, str]:
    """Names and values of a scrape, and what is wrong with it."""
    scrape, problem = read_scrape(body)
    return pairs(scrape), problem


def pairs(scrape: Scrape) -> Samples:
    """Names and values."""
    return [(sample.name, sample.value) for sample in scrape.samples]


def series(scraped: Samples, required: Collection[str], quote: Quote) -> tuple[str, ...]:
    """The names, in order; when there are too many to keep, those that are asked for are kept."""
    names = sorted({name for name, _ in scraped}, key=lambda name: (name not in required, name))
    return tuple(sorted(quote(name) or "" for name in names[:_MOST_SERIES]))


def sums(scraped: Samples, names: Sequence[str]) -> dict[str, float]:
    """Over all labels of each of the names. What adds up to no number has not been counted, and is left out."""
    values: dict[str, list[float]] = {}
    for name, value in scraped:
        if name in names:
            values.setdefault(name, []).append(value)
    totals = {name: _sum(several) for name, several in values.items()}
    return {name: total for name, total in totals.items() if math.isfinite(total)}


def started_at(scrape: Scrape) -> float | None:
    """When the process that answered was started, in seconds since 1970."""
    values = [sample.value for sample in scrape.samples if sample.name == _START]
    return values[0] if len(values) == 1 and math.isfinite(values[0]) else None


def build_labels(scrape: Scrape) -> Mapping[str, str]:
    """The labels of ``*_build_info`` by ``name.label``: where Prometheus' own conventions put the release."""
    return {
        f"{sample.name}.{label}": value
        for sample in scrape.samples
        if sample.name.endswith(("build_info", "app_info"))
        for label, value in sample.labels.items()
    }


def _sum(values: Sequence[float]) -> float:
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):
        return math.nan
