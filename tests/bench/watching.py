"""``make bench``: a simulated day of a watch: 40 signals, a scrape every 15 s, judged; the time of it, and its memory."""

import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from gonogo.families.watch.alerts import Alert, advance, rules_of
from gonogo.families.watch.section import Watch
from gonogo.families.watch.signals import Sample, Samples

_EVERY = 15
_ROUNDS = 24 * 3600 // _EVERY
_BEGIN = datetime(2026, 12, 1, 9, tzinfo=UTC)
_ROUTES, _STATUSES = [f"/api/route-{number}" for number in range(20)], ("200", "404", "500")
_BOUNDS = ("0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "+Inf")


def watch() -> Watch:
    """20 ratios, 8 quantiles, 6 increases and 6 gauges."""
    ratios = {
        f"errors-{number}": {
            "signal": {
                "ratio": [f"requests_total{{route='{route}',status=~'5..'}}", f"requests_total{{route='{route}'}}"]
            },
            "above": 0.05,
            "window": "5 min",
            "for": "1 min",
            "at_least": 20,
            "severity": "critical",
        }
        for number, route in enumerate(_ROUTES)
    }
    quantiles = {
        f"slow-{number}": {
            "signal": {"quantile": 0.95, "of": f"seconds_bucket{{route='{route}'}}"},
            "above": 1,
            "window": "5 min",
            "severity": "warning",
        }
        for number, route in enumerate(_ROUTES[:8])
    }
    increases = {
        f"failures-{number}": {
            "signal": {"increase": f"failures_total{{kind='{number}'}}"},
            "above": 10,
            "window": "15 min",
            "severity": "warning",
        }
        for number in range(6)
    }
    gauges = {
        f"full-{number}": {"signal": {"gauge": f"full{{disk='{number}'}}"}, "above": 0.9, "severity": "warning"}
        for number in range(6)
    }
    return Watch.model_validate({"thresholds": ratios | quantiles | increases | gauges})


def scrapes() -> Iterator[list[Sample]]:
    """What a service of 20 routes counts: every other hour a tenth of its answers are errors for ten minutes."""
    counts = dict.fromkeys(_STATUSES, 0)
    for number in range(_ROUNDS):
        failing = number % 480 >= 440
        counts["200"] += 30
        counts["404"] += 1
        counts["500"] += 4 if failing else 0
        yield [
            *(
                Sample("requests_total", {"route": route, "status": status}, counts[status])
                for route in _ROUTES
                for status in _STATUSES
            ),
            *(
                Sample("seconds_bucket", {"route": route, "le": bound}, float(counts["200"] * (place + 4) // 10))
                for route in _ROUTES[:8]
                for place, bound in enumerate(_BOUNDS)
            ),
            *(Sample("failures_total", {"kind": str(kind)}, number // (100 + kind)) for kind in range(6)),
            *(Sample("full", {"disk": str(disk)}, 0.5 + number % 97 / 300) for disk in range(6)),
        ]


def judge_a_day() -> tuple[float, int]:
    """Seconds of processor, and how many times an alert changed."""
    watched = watch()
    rules, samples = rules_of(watched), Samples(watched)
    alerts, spent, changes = {name: Alert(threshold=name) for name in rules}, 0.0, 0
    for number, scrape in enumerate(scrapes()):
        at = float(number * _EVERY)
        started = time.process_time()
        samples.add(at, scrape)
        for name, rule in rules.items():
            alerts[name], transitions = advance(
                rule, alerts[name], samples.read(name, at), _BEGIN + timedelta(seconds=at)
            )
            changes += len(transitions)
        spent += time.process_time() - started
    return spent, changes


def main() -> None:
    """The time first, without anything that measures memory."""
    spent, changes = judge_a_day()
    print(f"a day of {_ROUNDS} rounds, 40 signals, {changes} transitions: {spent:.2f} s of processor")
    tracemalloc.start()
    judge_a_day()
    print(f"at most {tracemalloc.get_traced_memory()[1] / 2**20:.1f} MiB of memory")


if __name__ == "__main__":
    main()
