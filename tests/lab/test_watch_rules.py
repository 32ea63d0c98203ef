"""A team that outgrows one machine takes its thresholds along: they must alarm there at the same data as here."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from gonogo.evidence.watch import AlertState
from gonogo.families.watch.section import Watch
from tests.lab.prometheus_rules import Page, differences, judge

WINDOW = "100 s"
"""No multiple of a scrape's interval: whether a sample on the very edge belongs to a window, versions differ in."""
WATCH = Watch.model_validate(
    {
        "channels": {"oncall": "ONCALL_URL", "team": "TEAM_URL"},
        "thresholds": {
            "errors": {
                "title": "Errors {{ of }} all",
                "line": "alerts.error-rate",
                "signal": {"ratio": ["requests_total{status=~'5..'}", "requests_total"]},
                "above": 0.1,
                "clear": 0.05,
                "window": WINDOW,
                "for": "30 s",
                "keep": "45 s",
                "at_least": 30,
                "unit": "%",
                "severity": "critical",
            },
            "few-errors": {
                "signal": {"ratio": ["requests_total{status!~'[45]..'}", "requests_total"]},
                "below": 0.8,
                "window": WINDOW,
                "severity": "warning",
            },
            "failures": {"signal": {"increase": "failures_total"}, "above": 4, "window": WINDOW, "severity": "warning"},
            "sales": {"signal": {"increase": "sales_total"}, "below": 3, "window": WINDOW, "severity": "warning"},
            "rate": {
                "signal": {"rate": "sales_total{kind=~'a|b'}"},
                "above": 0.2,
                "window": WINDOW,
                "severity": "warning",
            },
            "slow": {
                "signal": {"quantile": 0.9, "of": "seconds_bucket"},
                "above": 1,
                "window": WINDOW,
                "at_least": 20,
                "for": "15 s",
                "severity": "warning",
            },
            "database": {"signal": {"gauge": "database_up", "combine": "min"}, "below": 1, "severity": "critical"},
            "disk": {"signal": {"gauge": "disk_full"}, "above": 0.9, "clear": 0.8, "severity": "warning"},
        },
        "metrics": {"queue": {"signal": {"gauge": "queue", "combine": "mean"}}},
    }
)


class Service:
    """Counts as services do: a series is born with its first event, and a restart loses all of them."""

    def __init__(self, seed: int) -> None:
        self.random, self.started = random.Random(seed), 1000  # noqa: S311 - no secret
        self.counts = {
            **{f'requests_total{{status="{status}"}}': 9000 for status in ("200", "204", "404")},
            **{f'seconds_bucket{{le="{le}"}}': 9000 for le in ("0.1", "0.5", "1", "+Inf")},
            "failures_total": 500,
            **{f'sales_total{{kind="{kind}"}}': 700 for kind in "abc"},
        }
        """It has been there since the morning: of a window that a counter from 0 does not fill, versions say different."""

    def restart(self) -> None:
        """As after a crash."""
        self.counts.clear()
        self.started += 500

    def count(self, series: str, events: int) -> None:
        """Some events."""
        if events:
            self.counts[series] = self.counts.get(series, 0) + events

    def page(self, *, failing: float, traffic: int, slow: float, database: float = 1) -> Page:
        """A scrape, a round later."""
        for _ in range(traffic):
            status = "500" if self.random.random() < failing else self.random.choice(["200", "200", "204", "404"])
            self.count(f'requests_total{{status="{status}"}}', 1)
            seconds = self.random.random() * 2 * slow
            for le in ("0.1", "0.5", "1", "+Inf"):
                self.count(f'seconds_bucket{{le="{le}"}}', int(seconds <= float(le)))
        self.count("failures_total", int(self.random.random() < failing * 3))
        self.count(f'sales_total{{kind="{self.random.choice("abc")}"}}', int(self.random.random() < 0.3))
        return {
            **{f'seconds_bucket{{le="{le}"}}': 0 for le in ("0.1", "0.5", "1", "+Inf") if traffic},
            "failures_total": 0,
            'sales_total{kind="c"}': 0,
            **self.counts,
            "process_start_time_seconds": self.started,
            'database_up{name="a"}': 1,
            'database_up{name="b"}': database,
            'disk_full{disk="/"}': round(0.5 + 0.5 * self.random.random() * slow, 3),
            'queue{name="a"}': self.random.randrange(9),
            'queue{name="b"}': 3,
        }


def changing(seed: int) -> list[Page]:
    """Good and bad times in turns, with much traffic and little."""
    service = Service(seed)
    pages = [service.page(failing=0.0, traffic=9, slow=0.3) for _ in range(8)]
    for _ in range(9):
        failing, slow = service.random.choice([(0.0, 0.3), (0.3, 0.4), (0.03, 1.2), (0.07, 0.2)])
        traffic, database = service.random.choice([9, 30, 2, 0]), service.random.choice([1, 1, 0])
        pages += [
            service.page(failing=failing, traffic=traffic, slow=slow, database=database)
            for _ in range(service.random.randrange(2, 14))
        ]
    return pages


def restarting(seed: int) -> list[Page]:
    """A crash in good times, and one in bad ones."""
    service = Service(seed)
    pages = [service.page(failing=0.0, traffic=20, slow=0.2) for _ in range(15)]
    service.restart()
    pages += [service.page(failing=0.0, traffic=20, slow=0.2) for _ in range(15)]
    pages += [service.page(failing=0.4, traffic=20, slow=1) for _ in range(12)]
    service.restart()
    return pages + [service.page(failing=0.4, traffic=20, slow=1) for _ in range(15)]


def unreachable(seed: int) -> list[Page]:
    """Scrapes fail in good times, and while it alarms."""
    service = Service(seed)
    pages = [service.page(failing=0.0, traffic=20, slow=0.2) for _ in range(12)]
    pages += [*[None] * 8, *[service.page(failing=0.0, traffic=20, slow=0.2) for _ in range(10)]]
    pages += [service.page(failing=0.4, traffic=20, slow=0.2) for _ in range(14)]
    return [*pages, *[None] * 8, *[service.page(failing=0.0, traffic=20, slow=0.2) for _ in range(20)]]


@pytest.mark.parametrize(
    ("course", "seed"),
    [
        (changing, 1),
        (restarting, 1),
        (unreachable, 1),
        *[pytest.param(changing, seed, marks=pytest.mark.whole) for seed in range(2, 12)],
    ],
)
def test_the_same_samples_give_the_same_alerts(course: Callable[[int], list[Page]], seed: int, tmp_path: Path) -> None:
    """Every value to nine digits, and who fires, in every round."""
    pages = course(seed)
    judged = judge(WATCH, pages)
    seen = {state for states in judged.states.values() for state in states}
    assert {AlertState.OK, AlertState.FIRING} <= seen, "a course in which nothing happens shows nothing"
    assert differences(tmp_path, WATCH, pages, judged) == ""
