"""``gonogo rules --format prometheus``: the same thresholds, for a Prometheus (2.42 or newer) that watches for longer.

Its rules end an alert when nothing is known; ours do not. So each alert holds itself until its signal is known to be well,
and a second one says that nobody can say.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from gonogo.families.watch.alerts import in_unit
from gonogo.families.watch.promql import Expressions, expressions, span
from gonogo.families.watch.section import Launch, Threshold, Watch, Watched

VALUE, EVENTS, UNCERTAIN = "gonogo:signal:value", "gonogo:signal:events", "gonogo:signal:uncertain"
NO_DATA = "no-data"
_HEAD = """\
# Written by `gonogo rules --env {environment} --format prometheus` from environments/{environment}.toml: change that.
# For Prometheus 2.42 or newer, with `rule_files`. Signals need the labels job and instance of their target.
"""


def prometheus_rules(environment: str, watch: Watch, launch: Launch | None) -> str:
    """A file of rules, in YAML."""
    rules, left_out, names = list[dict[str, Any]](), list[str](), set[str]()
    runbook = f"To roll back: {literal(launch.rollback)}" if launch and launch.rollback else ""
    for name, watched in watch.watched.items():
        signal = expressions(watched)
        if signal is None:
            left_out.append(f"# {name} is not here: its signal is checks, which only gonogo can run.\n")
            continue
        names |= {selector.name for selector in watched.signal.selectors}
        rules += _Rules(environment, name, watched, signal, runbook).all(watch)
    if names:
        rules.append(_scrapes(environment, names, watch))
    group = {"name": f"gonogo-{environment}", "interval": span(watch.every), "rules": rules}
    return _HEAD.format(environment=environment) + "".join(left_out) + as_yaml({"groups": [group]})


def as_yaml(document: object) -> str:
    """In the order in which it is given, one line for each expression."""
    text: str = yaml.safe_dump(document, sort_keys=False, width=10_000, allow_unicode=True)
    return text


def recorded(series: str, environment: str, name: str) -> str:
    """The selector of a recorded series."""
    return f'{series}{{environment="{environment}",signal="{name}"}}'


@dataclass(frozen=True, slots=True)
class _Rules:
    """Of one signal."""

    environment: str
    name: str
    watched: Watched
    signal: Expressions
    runbook: str

    def all(self, watch: Watch) -> Iterator[dict[str, Any]]:
        for series in (VALUE, EVENTS, UNCERTAIN):
            if expression := getattr(self.signal, series.rpartition(":")[2]):
                yield {
                    "record": series,
                    "expr": expression,
                    "labels": {"environment": self.environment, "signal": self.name},
                }
        severity = "warning"
        if isinstance(self.watched, Threshold):
            severity = self.watched.severity
            yield {
                "alert": self.name,
                "expr": self._alarm(self.watched),
                **({"for": span(self.watched.held)} if self.watched.held else {}),
                "keep_firing_for": span(self.watched.keep),
                "labels": {"environment": self.environment, "severity": severity},
                "annotations": self._annotations(_limit(self.watched)),
            }
        yield {
            "alert": f"{self.name}-{NO_DATA}",
            "expr": self._no_data(),
            "for": span(watch.no_data),
            "labels": {"environment": self.environment, "severity": severity, "nodata": "true"},
            "annotations": self._annotations("unknown: there is no value, or it may be wrong"),
        }

    @property
    def _value(self) -> str:
        return recorded(VALUE, self.environment, self.name)

    @property
    def _mark(self) -> str:
        return recorded(UNCERTAIN, self.environment, self.name)

    def _compared(self, sign: str, limit: float) -> str:
        enough = ""
        if self.signal.events:
            enough = f" and on () {recorded(EVENTS, self.environment, self.name)} >= {self.watched.at_least}"
        return f"{self._value} {sign} {limit!r}{enough}"

    def _beyond(self, threshold: Threshold) -> str:
        if threshold.below is not None:
            return self._compared("<", threshold.below)
        return self._compared(">=" if _is_open(threshold) else ">", threshold.limit)

    def _well(self, threshold: Threshold) -> str:
        clear = threshold.limit if threshold.clear is None else threshold.clear
        if threshold.below is not None:
            return self._compared(">=", clear)
        return self._compared("<" if _is_open(threshold) and clear == threshold.limit else "<=", clear)

    def _alarm(self, threshold: Threshold) -> str:
        """It begins beyond the limit, and holds until its signal is known to be well."""
        firing = f'ALERTS{{alertname="{self.name}",alertstate="firing",environment="{self.environment}"}}'
        if_certain = f" unless on () {self._mark}" if self.signal.uncertain else ""
        certain, begins, well = _certain(threshold), self._beyond(threshold), self._well(threshold)
        begins += "" if certain == "beyond" else if_certain
        well += "" if certain == "within" else if_certain
        holds = f"(max({self._value}) and on () {firing}) unless on () ({well})"
        return f"max({begins}) or on () ({holds}) or on () (max({firing}) unless on () {self._value})"

    def _no_data(self) -> str:
        missing = f"max(absent({self._value})) or on () max({self._value} != {self._value})"
        if self.signal.uncertain:
            decided = ""
            if isinstance(self.watched, Threshold) and (certain := _certain(self.watched)):
                beyond = self._beyond(self.watched)
                decided = f" unless on () ({beyond if certain == 'beyond' else f'{self._value} unless {beyond}'})"
            missing += f" or on () (max({self._mark}){decided})"
        return missing + (f" or on () ({self.signal.quiet})" if self.signal.quiet else "")

    def _annotations(self, seen: str) -> Mapping[str, str]:
        """For people. Text of the environment file is no template."""
        annotations = {
            "summary": literal(self.watched.title or self.name),
            "description": seen,
            "line": literal(", ".join(self.watched.line)),
            "first_step": literal(self.watched.first_step or ""),
            "runbook": self.runbook,
        }
        return {key: text for key, text in annotations.items() if text}


def _is_open(threshold: Threshold) -> bool:
    """A quantile in the highest bucket is said to be that bucket's beginning, and is more: the limit itself is beyond."""
    return threshold.signal.kind == "quantile" and threshold.above is not None


def _certain(threshold: Threshold) -> str:
    """What is certain although something is lost: ``beyond``, ``within``, or nothing."""
    kind, combine = threshold.signal.kind, threshold.signal.combine
    if kind == "gauge" and combine in {"sum", "mean"}:
        return ""
    at_least = kind in {"increase", "rate"} or (kind == "gauge" and combine == "max")
    at_most = kind == "gauge" and combine == "min"
    return (
        "within"
        if (at_least and threshold.below is not None) or (at_most and threshold.above is not None)
        else "beyond"
    )


def _scrapes(environment: str, names: set[str], watch: Watch) -> dict[str, Any]:
    """A target that cannot be scraped, of those that had one of the signals before."""
    signals = f'last_over_time({{__name__=~"{"|".join(sorted(names))}"}}[15m])'
    return {
        "alert": f"scrape-{NO_DATA}",
        "expr": f"up == 0 and on (job, instance) {signals}",
        "for": span(watch.no_data),
        "labels": {"environment": environment, "severity": "critical", "nodata": "true"},
        "annotations": {
            "summary": "The metrics of {{ $labels.instance }} cannot be scraped: the state of the service is not known.",
        },
    }


def _limit(threshold: Threshold) -> str:
    side, much = ("above", "much") if threshold.above is not None else ("below", "little")
    seen = (
        "{{ $value | humanizePercentage }}"
        if threshold.unit == "%"
        else f'{{{{ printf "%.4g" $value }}}} {threshold.unit}'
    )
    return f"{seen.strip()}; {side} {in_unit(threshold.limit, threshold.unit)} is too {much}"


def literal(text: str) -> str:
    """Text in which a template of Go finds nothing to do."""
    return text.replace("{{", '{{ "{{" }}')
