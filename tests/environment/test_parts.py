"""A service may speak HTTP and lack health, metrics or a description: said once, and never green by silence."""

from typing import Any

import pytest

from gonogo.base.bundled import bundled_root
from gonogo.base.secrets import Secrets
from gonogo.families.registry import environment_from, installed_families
from gonogo.planning.plan import PlannedCheck, build_plan
from gonogo.planning.suite import read_suite

FAMILIES = installed_families(bundled_root())
SUITE = read_suite([bundled_root() / "checks"])
EVERYTHING: dict[str, Any] = {
    "health": "/health",
    "deep_health": "/deep",
    "metrics": "/metrics",
    "openapi": "/openapi.json",
    "series": ["up"],
    "moving": ["requests_total"],
}


def planned(http: dict[str, Any], *without: str) -> dict[str, PlannedCheck]:
    """What is planned for a service with this section."""
    environment = environment_from(
        {
            "service": {"name": "S", "base_url": "https://a.test", "without": without},
            "hosts": {"a.test": {"addresses": ["192.0.2.1"]}},
            "http": {"closed_paths": ["/.env"], **http},
        }
    )
    questions = ((name, probe.questions(environment, Secrets({}))) for name, probe in FAMILIES.probes().items())
    scopes = {name: [question.scope for question in asked] for name, asked in questions}
    return dict(build_plan(SUITE, environment, FAMILIES.kinds, scopes, wanted=SUITE.order).checks)


@pytest.mark.parametrize(
    ("part", "check"),
    [
        ("health", "health-shallow"),
        ("deep_health", "health-deep"),
        ("metrics", "metrics-parse"),
        ("series", "metrics-series"),
        ("moving", "metrics-moving"),
        ("openapi", "openapi-valid"),
    ],
)
def test_part_is_verified_missed_or_declared_absent(part: str, check: str) -> None:
    """Silence is a gap with its cure; only somebody who says that there is none makes the gap go away."""
    assert not planned(EVERYTHING)[check].unrunnable
    rest = {key: value for key, value in EVERYTHING.items() if key != part}
    missed = planned(rest)[check]
    assert missed.unrunnable == f"the environment declares no http.{part}"
    assert f'add "{part}" to service.without' in missed.hint
    assert check not in planned(rest, part)


def test_empty_list_of_series_declares_nothing() -> None:
    """No required series is no promise: a check over nothing would pass for nothing."""
    assert planned({**EVERYTHING, "series": []})["metrics-series"].unrunnable


def test_what_needs_no_health_is_verified_without_it() -> None:
    """A service without a health endpoint may still serve its .env."""
    plan = planned({}, "health", "deep_health", "metrics", "openapi")
    assert not plan["http-closed-paths"].unrunnable
    assert not plan["tls-hsts"].unrunnable
    assert plan["http-closed-paths"].scopes == [("a.test", "192.0.2.1")]
    assert plan["http-plain"].scopes
    assert plan["http-closed-paths"].policy.needs == ("service-answers",)
    assert not {"health-shallow", "clock-agrees", "metrics-private"} & plan.keys()
