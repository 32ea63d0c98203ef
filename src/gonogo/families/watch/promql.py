"""Signals in PromQL: what a Prometheus is asked, and what a rule for one says.

Source: Prometheus' documentation of its functions. Sums leave labels out, so that every signal is one number.
"""

from dataclasses import dataclass
from datetime import timedelta

from gonogo.families.watch.section import Watched


@dataclass(frozen=True, slots=True, kw_only=True)
class Expressions:
    """One signal."""

    value: str
    events: str = ""
    """How many events stand behind the value; empty where nothing is counted."""
    resets: str = ""
    """How often a counter of it began anew within the window; empty where there is none."""


def expressions(watched: Watched) -> Expressions | None:
    """What a Prometheus answers for this signal; None for gonogo's own checks, which it knows nothing of."""
    signal, window = watched.signal, in_promql(watched.window) if watched.window else ""
    match signal.kind:
        case "checks":
            return None
        case "promql":
            return Expressions(value=signal.promql or "")
        case "gauge":
            combine = {"mean": "avg"}.get(signal.combine, signal.combine)
            return Expressions(value=f"{combine}({signal.selectors[0]})")
        case "quantile":
            buckets = signal.selectors[0]
            return Expressions(
                value=f"histogram_quantile({signal.quantile:g}, sum by (le) (increase({buckets}[{window}])))",
                events=f"max(sum by (le) (increase({buckets}[{window}])))",
                resets=f"sum(resets({buckets}[{window}]))",
            )
        case "ratio":
            part, whole = signal.selectors
            events = f"sum(increase({whole}[{window}]))"
            # A label set is born with its first event: no series of the part is no event, where the whole has some.
            value = f"(sum(increase({part}[{window}])) or 0 * {events}) / {events}"
            return Expressions(value=value, events=events, resets=f"sum(resets({whole}[{window}]))")
        case kind:
            counter = signal.selectors[0]
            return Expressions(value=f"sum({kind}({counter}[{window}]))", resets=f"sum(resets({counter}[{window}]))")


def in_promql(duration: timedelta) -> str:
    """A duration as PromQL has it, exactly: ``5m``, ``90s``, ``1500ms``."""
    milliseconds = round(duration / timedelta(milliseconds=1))
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"
