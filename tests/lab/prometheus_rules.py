"""The rules that ``gonogo rules`` writes, judged by Prometheus' own test of rules, beside ours on the same samples."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from gonogo.evidence.watch import AlertState, Reading
from gonogo.families.watch.alerts import Alert, advance, rules_of
from gonogo.families.watch.section import Watch
from gonogo.families.watch.signals import Samples, parse_metrics
from gonogo.watching.rules_export import UNCERTAIN, VALUE, prometheus_rules, recorded

Page = Mapping[str, float] | None
"""Series as Prometheus writes them, with their values; None: the scrape failed."""
EVERY = 15
_TARGET = 'job="shop",instance="a"'


@dataclass(frozen=True, slots=True)
class Judged:
    """What ours said, round by round."""

    readings: Mapping[str, Sequence[Reading]]
    states: Mapping[str, Sequence[AlertState]]


def judge(watch: Watch, pages: Sequence[Page]) -> Judged:
    """By our own signals and alerts."""
    samples, rules = Samples(watch), rules_of(watch)
    alerts = {name: Alert(threshold=name) for name in rules}
    readings: dict[str, list[Reading]] = {name: [] for name in rules}
    states: dict[str, list[AlertState]] = {name: [] for name in rules}
    for number, page in enumerate(pages):
        at = float(number * EVERY)
        samples.add(
            at, None if page is None else parse_metrics("".join(f"{one} {page[one]}\n" for one in page)), "refused"
        )
        for name, rule in rules.items():
            reading = samples.read(name, at)
            alerts[name], _ = advance(
                rule, alerts[name], reading, datetime(2026, 12, 1, tzinfo=UTC) + timedelta(seconds=at)
            )
            readings[name].append(reading)
            states[name].append(alerts[name].state)
    return Judged(readings, states)


def differences(folder: Path, watch: Watch, pages: Sequence[Page], judged: Judged) -> str:
    """What Prometheus says otherwise; empty if it agrees in every value and every alert of every round."""
    (folder / "rules.yml").write_text(prometheus_rules("shop", watch, None))
    tests = [*_values(judged), *_alerts(watch, judged)]
    document = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": f"{EVERY}s",
        "tests": [{"interval": f"{EVERY}s", "input_series": _series(pages), "promql_expr_test": tests}],
    }
    (folder / "test.yml").write_text(yaml.safe_dump(document, width=10_000))
    tool = subprocess.run(
        ["promtool", "test", "rules", "test.yml"], cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    return "" if tool.returncode == 0 else tool.stdout + tool.stderr


def _series(pages: Sequence[Page]) -> list[Mapping[str, str]]:
    """Values of each series; where it ends, Prometheus is told so, as a scrape without it tells."""
    names = sorted({name for page in pages if page is not None for name in page})
    series: list[Mapping[str, str]] = [
        {"series": f"up{{{_TARGET}}}", "values": " ".join("0" if page is None else "1" for page in pages)}
    ]
    for name in names:
        values, before = list[str](), False
        for page in pages:
            here = page is not None and name in page
            values.append(f"{page[name]:.17g}" if here and page is not None else "stale" if before else "_")
            before = here
        bare, _, labels = name.rstrip("}").partition("{")
        series.append({"series": f"{bare}{{{labels + ',' if labels else ''}{_TARGET}}}", "values": " ".join(values)})
    return series


def _values(judged: Judged) -> list[Mapping[str, object]]:
    """Each value that is certain, to nine digits. One that is not is a lower bound, of which ours may be the better one."""
    return [
        {
            "expr": f"count(abs({recorded(VALUE, 'shop', name)} - {reading.value!r}) < 1e-9 or on () "
            f"{recorded(UNCERTAIN, 'shop', name)})",
            "eval_time": f"{reading.at:.0f}s",
            "exp_samples": [{"labels": "{}", "value": 1}],
        }
        for name, readings in judged.readings.items()
        for reading in readings
        if reading.value is not None
    ]


def _alerts(watch: Watch, judged: Judged) -> list[Mapping[str, object]]:
    """Who fires in each round. Ours has one alert where Prometheus has two: what is beyond, and what nobody can say."""
    tests = list[Mapping[str, object]]()
    rounds = len(next(iter(judged.states.values())))
    for number in range(rounds):
        firing = {name for name, states in judged.states.items() if states[number] == AlertState.FIRING}
        firing |= {
            f"{name}-no-data"
            for name, readings in judged.readings.items()
            if _missing_since(readings[: number + 1]) >= watch.no_data.total_seconds()
        }
        samples = [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in sorted(firing)]
        alerts = 'count by (alertname) (ALERTS{alertstate="firing",alertname!="scrape-no-data"})'
        tests.append({"expr": alerts, "eval_time": f"{number * EVERY}s", "exp_samples": samples})
    return tests


def _missing_since(readings: Sequence[Reading]) -> float:
    """For how many seconds, to the newest reading, there was no value; -1 if there is one."""
    since = -1.0
    for reading in reversed(readings):
        if reading.value is not None:
            break
        since = readings[-1].at - reading.at
    return since
