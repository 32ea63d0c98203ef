"""A real Prometheus that sends to a real Alertmanager: what they say of themselves, green and red."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import yaml

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.evidence.monitoring import AlertmanagerEvidence, PrometheusEvidence
from gonogo.families.monitoring.probe import (
    alertmanager_questions,
    probe_alertmanager,
    probe_prometheus,
    prometheus_questions,
)
from gonogo.families.registry import environment_from
from tests.checks.conftest import Judge
from tests.lab.servers import program, running
from tests.lab.table import found
from tests.support.ports import closed_port, free_port

SECONDS = 90.0
_RULES = [
    {"alert": "Watchdog", "expr": "vector(1)", "labels": {"environment": "production"}},
    {"alert": "Full", "expr": "up == 1", "annotations": {"summary": "there is {{ $value }}"}},
    {"alert": "Gone", "expr": "up == 0", "labels": {"environment": "staging"}},
    {"alert": "Ambiguous", "expr": "up + on () up", "labels": {"environment": "staging"}},
    {"alert": "Requests", "expr": "sum(prometheus_http_requests_total) < 0"},
    {"alert": "Nothing", "expr": "no_such_series_total > 1"},
]


@dataclass(frozen=True, slots=True)
class Both:
    """Where they are."""

    prometheus: str
    alertmanager: str
    down: str
    """The address of a target that does not answer."""

    def environment(self, *, prometheus: str = "", alertmanager: str = "", **section: Any) -> Environment:  # noqa: ANN401 - keys
        """Theirs, where `Full` is known to fire and staging is not ours."""
        usual = {
            "always_firing": ["Watchdog"],
            "may_fire": ["Full"],
            "labels": {"environment": "production"},
            "instances": [self.prometheus.removeprefix("http://")],
            "payments": "prometheus_http_requests_total",
        }
        servers = {
            "prometheus": {"api": prometheus or self.prometheus},
            "alertmanager": {"api": alertmanager or self.alertmanager},
        }
        return environment_from(
            {
                "service": {"name": "S", "base_url": "https://a.test"},
                "limits": {"probe": "10 s"},
                "monitoring": {**usual, **servers, **section},
            }
        )


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Once for all tests; Prometheus scrapes itself, and somebody who is not there."""
    folder, other = tmp_path_factory.mktemp("prometheus"), tmp_path_factory.mktemp("alertmanager")
    port, hears = free_port(), free_port()
    down = f"127.0.0.1:{closed_port()}"
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "all", "interval": "1s", "rules": _RULES}]}))
    jobs = {"self": f"127.0.0.1:{port}", "down": down}
    document = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{hears}"]}]}]},
        "scrape_configs": [{"job_name": job, "static_configs": [{"targets": [at]}]} for job, at in jobs.items()],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(document))
    routing = {
        "route": {"receiver": "nobody", "routes": [{"receiver": "chat", "matchers": ['alertname=~"Req.*"']}]},
        "receivers": [{"name": "nobody"}, {"name": "chat", "webhook_configs": [{"url": "http://127.0.0.1:9/"}]}],
    }
    (other / "alertmanager.yml").write_text(yaml.safe_dump(routing))
    alertmanager = [
        program("prometheus-alertmanager"),
        f"--config.file={other / 'alertmanager.yml'}",
        f"--storage.path={other / 'data'}",
        f"--web.listen-address=127.0.0.1:{hears}",
        "--cluster.listen-address=",
    ]
    prometheus = [
        program("prometheus"),
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=kept",
        "--rules.alert.resend-delay=1s",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with ExitStack() as stack:
        stack.enter_context(running(alertmanager, ports=[hears], folder=other, start_seconds=SECONDS))
        stack.enter_context(running(prometheus, ports=[port], folder=folder, start_seconds=SECONDS))
        yield Both(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{hears}", down)


def seen(environment: Environment) -> tuple[PrometheusEvidence, AlertmanagerEvidence]:
    """What both say now."""
    (first,), (second,) = (ask(environment, Secrets({})) for ask in (prometheus_questions, alertmanager_questions))
    return asyncio.run(probe_prometheus(first)), asyncio.run(probe_alertmanager(second))


def verdicts(judge: Judge, environment: Environment) -> Mapping[str, str]:
    """The checks that do not pass."""
    prometheus, alertmanager = seen(environment)
    of_prometheus = ("rules", "quiet", "scrapes", "payment-alert")
    asked: dict[str, dict[str, Any]] = {
        **{
            f"prometheus-{name}": {
                "prometheus": prometheus,
                **({"alertmanager_all": (alertmanager,)} if "pay" in name else {}),
            }
            for name in of_prometheus
        },
        **{f"alertmanager-{name}": {"alertmanager": alertmanager} for name in ("quiet", "hears")},
    }
    told: dict[str, str] = {}
    for check, evidence in asked.items():
        try:
            told[check] = judge(check, environment=environment, **evidence) or ""
        except Unobserved as error:
            told[check] = f"ERROR {error.reason}"
    wrong = {check: message for check, message in told.items() if message}
    found(wrong)
    return wrong


def eventually(read: Callable[[], Mapping[str, str]], wanted: set[str]) -> Mapping[str, str]:
    """What is read once exactly these checks do not pass."""
    deadline = time.monotonic() + SECONDS
    while (wrong := read()).keys() != wanted:
        assert time.monotonic() < deadline, wrong
        time.sleep(0.2)
    return wrong


def test_both_are_green_once_everything_was_evaluated_and_sent(both: Both, judge: Judge) -> None:
    """What fires all the time is known to, another environment's alerts and rules are not ours, and one may fire."""
    environment = both.environment()
    eventually(lambda: verdicts(judge, environment), set())
    prometheus, alertmanager = seen(environment)
    assert prometheus.alertmanagers == 1
    assert {rule.health for rule in prometheus.rules} == {"ok", "err"}
    assert {alert.name for alert in alertmanager.alerts} >= {"Watchdog", "Full"}
    assert abs(prometheus.clock - datetime.now(UTC)) < timedelta(minutes=10)


def test_alert_that_fires_is_named_by_both_and_its_silence_as_well(both: Both, judge: Judge) -> None:
    """Prometheus knows nothing of silences; the Alertmanager says whose it is."""
    environment = both.environment(may_fire=[])
    wrong = eventually(lambda: verdicts(judge, environment), {"prometheus-quiet", "alertmanager-quiet"})
    assert wrong["prometheus-quiet"].startswith("1 firing: Full (instance=127.0.0.1:")
    assert "there is 1" in wrong["alertmanager-quiet"]
    ends = datetime.now(UTC) + timedelta(hours=1)
    silence = {
        "matchers": [{"name": "alertname", "value": "Full", "isRegex": False, "isEqual": True}],
        "startsAt": datetime.now(UTC).isoformat(),
        "endsAt": ends.isoformat(),
        "createdBy": "Davi",
        "comment": "after the launch",
    }
    answer = httpx.post(f"{both.alertmanager}/api/v2/silences", json=silence, timeout=10)
    answer.raise_for_status()
    words = f"silenced by Davi until {ends:%Y-%m-%d %H:%M} UTC (after the launch)"
    deadline = time.monotonic() + SECONDS
    while words not in (told := verdicts(judge, environment).get("alertmanager-quiet", "")):
        assert time.monotonic() < deadline, told
        time.sleep(0.2)
    ended = httpx.delete(f"{both.alertmanager}/api/v2/silence/{answer.json()['silenceID']}", timeout=10)
    ended.raise_for_status()


@pytest.mark.parametrize(
    ("section", "expected", "words"),
    [
        ({"labels": {}}, {"prometheus-rules", "prometheus-quiet", "alertmanager-quiet"}, "the rule Ambiguous is err:"),
        (
            {"always_firing": ["DeadMansSwitch", "Watchdog"]},
            {"alertmanager-hears"},
            "DeadMansSwitch always fires",
        ),
        (
            {"labels": {"environment": "live"}},
            {"prometheus-quiet", "alertmanager-quiet", "alertmanager-hears"},
            "Watchdog always fires, but did not arrive with environment=live",
        ),
        ({"payments": "no_such_series_total"}, {"prometheus-payment-alert"}, "has no series no_such_series_total now"),
        ({"payments": "payments_total"}, {"prometheus-payment-alert"}, "no alerting rule of Prometheus uses"),
        ({"instances": ["DOWN"]}, {"prometheus-scrapes"}, "is down: Get "),
        ({"instances": ["api:8000"]}, {"prometheus-scrapes"}, "no active target with the instance api:8000"),
        ({"instances": []}, {"prometheus-scrapes"}, "none of the 2 active targets of Prometheus is the service"),
    ],
)
def test_each_untruth_is_seen_by_its_own_check(
    both: Both, judge: Judge, section: Mapping[str, Any], expected: set[str], words: str
) -> None:
    """The declaration is what differs: the servers are the same."""
    declared: dict[str, Any] = {key: [both.down] if value == ["DOWN"] else value for key, value in section.items()}
    wrong = eventually(lambda: verdicts(judge, both.environment(**declared)), expected)
    assert any(words in message for message in wrong.values()), wrong


def test_whoever_cannot_be_asked_is_unseen_alone(both: Both, judge: Judge) -> None:
    """Nobody at the address, and somebody else: neither is an alert, and neither is silence."""
    nobody = f"http://127.0.0.1:{closed_port()}"
    unseen = {"alertmanager-quiet", "alertmanager-hears", "prometheus-payment-alert"}
    wrong = eventually(lambda: verdicts(judge, both.environment(alertmanager=nobody)), unseen)
    assert all(message.startswith("ERROR Alertmanager at") for message in wrong.values()), wrong
    wrong = eventually(lambda: verdicts(judge, both.environment(alertmanager=both.prometheus)), unseen)
    assert all("answered 404" in message for message in wrong.values()), wrong
    of_prometheus = {f"prometheus-{name}" for name in ("rules", "quiet", "scrapes", "payment-alert")}
    wrong = eventually(lambda: verdicts(judge, both.environment(prometheus=both.alertmanager)), of_prometheus)
    assert all(message.startswith("ERROR") for message in wrong.values()), wrong


def test_alert_that_is_routed_to_nobody(both: Both, judge: Judge) -> None:
    """By the configuration that a real Alertmanager shows: its default receiver has no integration."""
    check = "prometheus-payment-alert"

    def wrong() -> Mapping[str, str]:
        told = verdicts(judge, both.environment(payments="up"))
        return {check: told[check]} if "has no integration" in told.get(check, "") else {}

    assert "sends Full to nobody, which has no integration: it notifies nobody" in eventually(wrong, {check})[check]
