"""What is watched, in PromQL, with the answers that our own readings give: see docs/watch.md.

Three recorded series stand for each signal: its value, the events behind it, and a mark while something is lost of it.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from gonogo.families.watch.section import Threshold, Watched
from gonogo.families.watch.selector import Matcher, Selector

_TARGET = "on (job, instance)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expressions:
    """Of one signal. Each gives one number without labels, or nothing."""

    value: str
    events: str = ""
    """Empty where no events are counted."""
    uncertain: str = ""
    """There while the value may be wrong: counted again from 0, gone in part, no number."""
    quiet: str = ""
    """There while there was no event for too long."""


def expressions(watched: Watched) -> Expressions | None:
    """The signal in PromQL; None for checks, which only gonogo can ask."""
    signal = watched.signal
    if signal.kind == "checks":
        return None
    if signal.promql:
        worst = "min" if isinstance(watched, Threshold) and watched.below is not None else "max"
        return Expressions(value=f"{worst}({signal.promql})")
    if signal.kind == "gauge":
        return _gauge(watched)
    return _quantile(watched) if signal.kind == "quantile" else _counted(watched)


def _counted(watched: Watched) -> Expressions:
    window, quiet = span(watched.window), span(watched.no_traffic)
    part, whole = watched.signal.selectors[0], watched.signal.selectors[-1]
    events = f"sum({_increase(whole, window)})"
    if watched.signal.kind == "ratio":
        several = f"(sum({_increase(part, window)}) or on () 0 * count({whole}))"
        value = f"({several} / ({events} > 0) or on () {events} == 0) and on () count({whole})"
        return Expressions(
            value=value,
            events=f"{events} and on () count({whole})",
            uncertain=f"{_uncertain(part, window)} or on () {_uncertain(whole, window)}",
            quiet=f"sum({_increase(whole, quiet)}) == 0",
        )
    # What has no event yet has no series: 0, while the metric is there with other labels.
    value = f"({events} or on () 0 * count({whole.name}) unless on () count({whole})) and on () count({whole.name})"
    if watched.signal.kind == "rate":
        value = f"({value}) / {seconds(watched.window):g}"
    return Expressions(value=value, uncertain=_uncertain(whole, window))


def _quantile(watched: Watched) -> Expressions:
    window = span(watched.window)
    (buckets,) = watched.signal.selectors
    everything = replace(buckets, matchers=(*buckets.matchers, Matcher("le", "=", "+Inf")))
    events = f"sum({_increase(everything, window)})"
    quantile = f"histogram_quantile({watched.signal.quantile:g}, sum by (le) ({_increase(buckets, window)}))"
    return Expressions(
        value=f"({quantile} and on () {events} > 0 or on () {events} == 0) and on () count({buckets})",
        events=f"{events} and on () count({buckets})",
        uncertain=_uncertain(buckets, window),
        quiet=f"sum({_increase(everything, span(watched.no_traffic))}) == 0",
    )


def _gauge(watched: Watched) -> Expressions:
    (selector,), combine = watched.signal.selectors, watched.signal.combine
    return Expressions(
        value=f"{'avg' if combine == 'mean' else combine}({selector})",
        uncertain=f"{_odd(selector)} or on () {_gone(selector, span(watched.no_traffic))}",
    )


def _increase(selector: Selector, window: str) -> str:
    """The events of each series. increase() loses the first ones of a series that was born within the window.

    Born was what was not there before the window, and has fewer samples within it than its target was scraped.
    """
    born = (
        f"(({selector} unless {selector} offset {window}) and count_over_time({selector}[{window}]) "
        f"< {_TARGET} group_left () sum_over_time(up[{window}]))"
    )
    return f"{born} or increase({selector}[{window}])"


def _uncertain(selector: Selector, window: str) -> str:
    restarted = f"changes(process_start_time_seconds[{window}]) > 0 and {_TARGET} {selector}"
    return (
        f"count(resets({selector}[{window}]) > 0) or on () count({restarted}) or on () {_gone(selector, window)} "
        f"or on () {_odd(selector)}"
    )


def _gone(selector: Selector, window: str) -> str:
    return f"count(last_over_time({selector}[{window}]) unless {selector})"


def _odd(selector: Selector) -> str:
    """NaN is unequal to itself."""
    return f"count({selector} != {selector}) or on () count(abs({selector}) == Inf)"


def span(duration: timedelta | None) -> str:
    """A duration as Prometheus writes it."""
    milliseconds = round(seconds(duration) * 1000)
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"


def seconds(duration: timedelta | None) -> float:
    """As a number."""
    return duration.total_seconds() if duration else 0.0
