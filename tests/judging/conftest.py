"""Runs over recorded evidence and checks made for the occasion: pytest is real, the network is not needed."""

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gonogo.collecting.recorded import RecordedSource
from gonogo.evidence.record import Failure, Record
from gonogo.evidence.tls import Handshake, TlsEvidence
from gonogo.families.registry import environment_from, installed_families
from gonogo.judging.judge import judge
from gonogo.planning.gate_demands import GateDemands
from gonogo.planning.plan import build_plan
from gonogo.planning.run_plan import RunPlan
from gonogo.planning.suite import read_suite, selection
from gonogo.policy.gates import Gate
from gonogo.record.results import Results
from gonogo.runs.conclude import concluded

FAMILIES = installed_families(Path())
AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ONE, TWO = ("a.test", "192.0.2.1"), ("a.test", "192.0.2.2")
ENVIRONMENT = environment_from(
    {
        "service": {"name": "S", "base_url": "https://a.test", "without": ["dns", "http", "mongodb", "redis", "ports"]},
        "hosts": {"a.test": {"addresses": ["192.0.2.1", "192.0.2.2"]}},
        "permits": {"effects": ["read"]},
    }
)


def spoke(scope: tuple[str, str], handshake: Handshake = Handshake.DONE) -> Record:
    """An address that was asked."""
    evidence = TlsEvidence(
        scope=scope, taken_at=AT, host=scope[0], address=scope[1], port=443, handshake=handshake, version="TLSv1.3"
    )
    return Record(kind="tls", scope=scope, seconds=0.1, evidence=evidence)


def unasked(scope: tuple[str, str], **failure: bool) -> Record:
    """An address that could not be asked."""
    return Record(kind="tls", scope=scope, seconds=0.1, failure=Failure(reason="no route", hint="go there", **failure))


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a run."""

    results: Results

    @property
    def outcomes(self) -> Mapping[str, str]:
        """By check id."""
        return {check.id: check.outcome.value for check in self.results.checks}


Judging = Callable[..., Judged]


@pytest.fixture
def judging(tmp_path: Path) -> Judging:
    """``judging(checks, catalogue, records)``: write the checks, run them, conclude."""

    def _judging(
        checks: str, catalogue: str, *records: Record, arguments: tuple[str, ...] = (), only: tuple[str, ...] = ()
    ) -> Judged:
        folder = tmp_path / "checks"
        folder.mkdir(exist_ok=True)
        (folder / "test_some.py").write_text("import pytest\n" + textwrap.dedent(checks))
        (folder / "catalogue.toml").write_text(textwrap.dedent(catalogue))
        plan = made_plan(folder, *records, only=only)
        return Judged(concluded(plan, judge(plan, RecordedSource(records), *arguments), b""))

    return _judging


def made_plan(folder: Path, *records: Record, only: tuple[str, ...] = ()) -> RunPlan:
    """The plan of a run over these records."""
    suite = read_suite([folder])
    scopes = {"tls": [record.scope for record in records]}
    return RunPlan(
        id="20261123T120000Z-abcdef",
        environment_name="test",
        environment=ENVIRONMENT,
        families=FAMILIES,
        suite=suite,
        plan=build_plan(suite, ENVIRONMENT, FAMILIES.kinds, scopes, wanted=suite.order),
        demands=GateDemands(name="pre-deploy", gate=Gate(title="May we launch?", sections=("*",))),
        planned_keys=[(record.kind, record.scope) for record in records],
        started_at=AT,
        selected=selection(suite, only),
    )
