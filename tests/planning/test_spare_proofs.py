"""Several ways to know the same: those that are declared must pass, and nobody misses the others."""

from collections.abc import Collection
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gonogo.families.registry import environment_from
from gonogo.planning.gate_demands import GateDemands, read_list
from gonogo.planning.plan import NOTHING, Plan
from gonogo.planning.proofs import shortfall
from gonogo.planning.suite import project_suite
from tests.docs.blocks import ROOT

AT = {"api": "https://monitoring.a.test"}
PROMETHEUS = {"prometheus": AT}
WATCH = {"launch": {"green": "10 min"}}
OF_PROMETHEUS = {"prometheus-rules", "prometheus-quiet"}
ALL = {*OF_PROMETHEUS, "alertmanager-quiet", "alertmanager-hears", "watch-green"}


@pytest.mark.parametrize(
    ("declared", "planned", "missing"),
    [
        ({"monitoring": PROMETHEUS}, OF_PROMETHEUS, set()),
        (WATCH, {"watch-green"}, set()),
        ({"monitoring": PROMETHEUS, **WATCH}, {*OF_PROMETHEUS, "watch-green"}, set()),
        ({"monitoring": PROMETHEUS, **WATCH}, OF_PROMETHEUS, {"watch-green"}),
        (
            {"monitoring": {**PROMETHEUS, "alertmanager": AT, "always_firing": ["Watchdog"]}},
            OF_PROMETHEUS,
            {"alertmanager-quiet", "alertmanager-hears"},
        ),
        ({}, set(), ALL),
    ],
)
def test_a_line_is_proved_by_what_is_declared(
    declared: dict[str, Any], planned: Collection[str], missing: Collection[str]
) -> None:
    """What is declared and not asked is missed; where nothing is declared, the line is open."""
    environment = environment_from({"service": {"name": "S", "base_url": "https://a.test"}, **declared})
    checklist, _ = read_list(ROOT)
    plan = Plan(checks=cast("Any", dict.fromkeys(planned)))
    demands = cast("GateDemands", SimpleNamespace(checklist=checklist))
    found = shortfall(project_suite(ROOT), plan, demands, environment).missing
    assert set(found.get("day.green", {})) == set(missing)


@pytest.mark.parametrize(
    ("reason", "missing"), [(NOTHING, set[str]()), ("this gate does not ask it", {"variables-own-database"})]
)
def test_what_there_is_nothing_of_is_not_missed(reason: str, missing: Collection[str]) -> None:
    """One file of variables cannot be compared with another; two that were not are missed."""
    environment = environment_from({"service": {"name": "S", "base_url": "https://a.test"}})
    checklist, _ = read_list(ROOT)
    suite = project_suite(ROOT)
    proofs = [name for name, policy in suite.catalogue.items() if "env.staging.mongo-url" in policy.proves]
    plan = Plan(
        checks=cast("Any", dict.fromkeys({*proofs} - {"variables-own-database"})),
        absent={"variables-own-database": reason},
    )
    demands = cast("GateDemands", SimpleNamespace(checklist=checklist))
    found = shortfall(suite, plan, demands, environment).missing
    assert set(found.get("env.staging.mongo-url", {})) == set(missing)
