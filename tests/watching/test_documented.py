"""docs/watch.md: its sections are read as they stand there, its message is one that is sent."""

import tomllib
from dataclasses import replace
from datetime import timedelta

from gonogo.evidence.watch import AlertState, Reading
from gonogo.families.registry import environment_from
from gonogo.families.watch.alerts import Alert, advance, rules_of
from gonogo.families.watch.section import Launch, Watch
from gonogo.watching.announcing import ladder_of
from gonogo.watching.messages import message_of
from gonogo.watching.rules_export import prometheus_rules
from tests.docs.blocks import ROOT, blocks
from tests.watching.told import BEGAN, HEAD, announcement

PAGE = ROOT / "docs" / "watch.md"


def test_sections_of_the_document() -> None:
    """All of them together are a watch, in which those are told whom the page names."""
    document = tomllib.loads("\n".join(blocks(PAGE, "toml")))
    watch = environment_from({"service": {"name": "S", "base_url": "https://a.test"}, **document}).require(Watch)
    assert list(watch.channels) == ["oncall", "team", "alertmanager"]
    assert ladder_of(watch, "critical") == (("oncall", "alertmanager"), ("oncall", "alertmanager", "team"))
    assert ladder_of(watch, "warning") == (("team", "alertmanager"), ("team", "alertmanager", "oncall"))


def test_thresholds_of_the_document() -> None:
    """The database that is down alarms, and a Prometheus can be told the same."""
    document = tomllib.loads("\n".join(blocks(PAGE, "toml")))
    environment = environment_from({"service": {"name": "S", "base_url": "https://a.test"}, **document})
    watch = environment.require(Watch)
    assert list(watch.watched) == ["api-errors", "slow", "database", "sales"]
    alert, _ = advance(rules_of(watch)["database"], Alert(threshold="database"), Reading(at=0.0, value=0.0), BEGAN)
    assert alert.state == AlertState.FIRING
    assert "helm rollback shop" in prometheus_rules("example", watch, environment.section(Launch))


def test_message_of_the_document() -> None:
    """Word for word."""
    (shown,) = blocks(PAGE, "text")
    reminded = announcement(
        utc=BEGAN + timedelta(minutes=5), event="reminded", note="nobody acknowledged it within 5 min"
    )
    assert message_of([reminded], replace(HEAD, page="")).body == shown
