"""docs/watch.md: what somebody copies on the day before a launch is read, and written for their Prometheus."""

from datetime import UTC, datetime
from pathlib import Path

from gonogo.evidence.watch import AlertState, Reading
from gonogo.families.registry import read_environment
from gonogo.families.watch.alerts import Alert, advance, rules_of
from gonogo.families.watch.section import Launch, Watch
from gonogo.watching.rules_export import prometheus_rules
from tests.docs.blocks import ROOT, blocks


def test_sections_of_the_document(tmp_path: Path) -> None:
    """It is a whole one: the document's database that is down alarms."""
    (tmp_path / "environments").mkdir()
    block, _ = blocks(ROOT / "docs" / "watch.md", "toml")  # who is told: tests/watching/test_documented.py
    service = '[service]\nname = "S"\nbase_url = "https://a.test"\n'
    (tmp_path / "environments" / "example.toml").write_text(service + block, encoding="utf-8")
    environment = read_environment("example", project=tmp_path).environment
    watch, launch = getattr(environment, "watch", None), getattr(environment, "launch", None)
    assert isinstance(watch, Watch)
    assert isinstance(launch, Launch)
    assert list(watch.watched) == ["api-errors", "slow", "database", "sales"]
    rule = rules_of(watch)["database"]
    alert, _ = advance(rule, Alert(threshold="database"), Reading(at=0.0, value=0.0), datetime.now(UTC))
    assert alert.state == AlertState.FIRING
    assert "helm rollback shop" in prometheus_rules("example", watch, launch)
