"""A team that outgrows one machine takes its thresholds along: they must alarm there at the same data as here."""

import json
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from gonogo.evidence.watch import AlertState
from gonogo.families.watch.section import Launch, Tell, Watch
from gonogo.families.watch.selector import parse_selector
from gonogo.watching.rules_alertmanager import alertmanager_config
from gonogo.watching.rules_export import prometheus_rules
from gonogo.watching.rules_grafana import grafana_dashboard
from tests.families.test_watch_selector import ACCEPTED, READ
from tests.lab.prometheus_rules import Page, differences, judge

WINDOW = "100 s"
"""No multiple of a scrape's interval: whether a sample on the very edge belongs to a window, versions differ in."""
WATCH = Watch.model_validate(
    {
        "channels": {"oncall": "ONCALL_URL", "team": "TEAM_URL"},
        "thresholds": {
            "errors": {
                "title": "Errors {{ of }} all",
                "first_step": "look at the newest release",
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
                "below": 0.7931,
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
            **{f'sales_total{{kind="{kind}"}}': 0 for kind in "abc"},
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


def checked(folder: Path, tool: str, *arguments: str) -> str:
    """What an official tool says of a file in this folder; an AssertionError if it refuses it."""
    done = subprocess.run([tool, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_prometheus_reads_the_rules(tmp_path: Path) -> None:
    """Braces in a title or in a command are text, and no template of Go, which would fail when it alarms."""
    launch = Launch(rollback="helm rollback {{ shop }}")
    (tmp_path / "rules.yml").write_text(prometheus_rules("shop", WATCH, launch))
    assert "SUCCESS" in checked(tmp_path, "promtool", "check", "rules", "rules.yml")
    (group,) = yaml.safe_load((tmp_path / "rules.yml").read_text())["groups"]
    alerts = {rule["alert"]: rule for rule in group["rules"] if "alert" in rule}
    assert set(alerts) == {*WATCH.thresholds, *(f"{name}-no-data" for name in WATCH.watched), "scrape-no-data"}
    errors = alerts["errors"]
    assert (errors["for"], errors["keep_firing_for"], errors["labels"]["severity"]) == ("30s", "45s", "critical")
    assert errors["annotations"] == {
        "summary": 'Errors {{ "{{" }} of }} all',
        "description": "{{ $value | humanizePercentage }}; above 10 % is too much",
        "line": "alerts.error-rate",
        "first_step": "look at the newest release",
        "runbook": 'To roll back: helm rollback {{ "{{" }} shop }}',
    }


def test_an_alert_tells_prometheus_what_people_need(tmp_path: Path) -> None:
    """Its labels and its texts, as they leave Prometheus; a target that cannot be scraped as well."""
    (tmp_path / "rules.yml").write_text(prometheus_rules("shop", WATCH, Launch(rollback="undo {{ it }}")))
    test = {
        "interval": "15s",
        "input_series": [
            {"series": 'disk_full{job="shop",instance="a"}', "values": "0.95x7 stale _x20"},
            {"series": 'up{job="shop",instance="a"}', "values": "1x7 0x20"},
        ],
        "alert_rule_test": [
            {
                "eval_time": "1m",
                "alertname": "disk",
                "exp_alerts": [
                    {
                        "exp_labels": {"environment": "shop", "severity": "warning"},
                        "exp_annotations": {
                            "summary": "disk",
                            "description": "0.95; above 0.9 is too much",
                            "runbook": "To roll back: undo {{ it }}",
                        },
                    }
                ],
            },
            {
                "eval_time": "4m",
                "alertname": "scrape-no-data",
                "exp_alerts": [
                    {
                        "exp_labels": {
                            "environment": "shop",
                            "severity": "critical",
                            "nodata": "true",
                            "job": "shop",
                            "instance": "a",
                        },
                        "exp_annotations": {
                            "summary": "The metrics of a cannot be scraped: the state of the service is not known."
                        },
                    }
                ],
            },
        ],
    }
    document = {"rule_files": ["rules.yml"], "evaluation_interval": "15s", "tests": [test]}
    (tmp_path / "test.yml").write_text(yaml.safe_dump(document))
    assert "SUCCESS" in checked(tmp_path, "promtool", "test", "rules", "test.yml")


def test_alertmanager_tells_those_who_are_on_call(tmp_path: Path) -> None:
    """Critical alerts reach every channel, warnings the first; no address is in the file."""

    def told(severity: str, watch: Watch) -> str:
        (tmp_path / "alertmanager.yml").write_text(alertmanager_config("shop", watch))
        assert "SUCCESS" in checked(tmp_path, "amtool", "check-config", "alertmanager.yml")
        routes = ("config", "routes", "test", "--config.file=alertmanager.yml")
        return checked(tmp_path, "amtool", *routes, "environment=shop", f"severity={severity}").strip()

    assert (told("critical", WATCH), told("warning", WATCH)) == ("oncall,team", "oncall")
    named = WATCH.model_copy(update={"tell": Tell(critical=("team",), warning=("team",))})
    assert (told("critical", named), told("warning", named)) == ("team", "team")


def test_a_dashboard_has_each_signal_with_its_limit_as_a_line() -> None:
    """Grafana's own schema knows its keys (tests/watching/test_grafana_dashboard.py); here is what they say."""
    dashboard = json.loads(grafana_dashboard("shop", WATCH))
    panels = {panel["title"]: panel for panel in dashboard["panels"]}
    assert len(panels) == len(WATCH.watched)
    steps = {title: panel["fieldConfig"]["defaults"]["thresholds"]["steps"] for title, panel in panels.items()}
    assert steps["Errors {{ of }} all"] == [{"color": "green", "value": None}, {"color": "red", "value": 0.1}]
    assert steps["database"] == [{"color": "red", "value": None}, {"color": "green", "value": 1.0}]
    assert steps["queue"] == [{"color": "green", "value": None}]
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels.values()}
    assert len(places) == len(panels)


def test_prometheus_reads_selectors_as_we_do(tmp_path: Path) -> None:
    """The same series match: quoting, escapes, anchors and labels that are not there."""
    # A dot is a newline as well since Prometheus 3; this one may be older.
    rows = [(text, labels, accepted) for text, labels, accepted in ACCEPTED if "\n" not in labels.values()]
    rules = [{"record": f"r{n}", "expr": f"count({parse_selector(text)})"} for n, (text, _) in enumerate(READ)]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": rules}]}))
    tests = [
        {
            "interval": "15s",
            "input_series": [
                {
                    "series": f"x{json.dumps(labels, ensure_ascii=False)}".replace('": ', "=")
                    .replace('{"', "{")
                    .replace(', "', ", "),
                    "values": "1",
                }
            ],
            "promql_expr_test": [
                {
                    "expr": f"count({parse_selector(text)})",
                    "eval_time": "0s",
                    "exp_samples": [{"labels": "{}", "value": 1}] if accepted else [],
                }
            ],
        }
        for text, labels, accepted in rows
    ]
    (tmp_path / "test.yml").write_text(yaml.safe_dump({"rule_files": ["rules.yml"], "tests": tests}))
    assert "SUCCESS" in checked(tmp_path, "promtool", "test", "rules", "test.yml")
