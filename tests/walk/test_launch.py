"""The whole launch of the seed, stage by stage, by the commands of docs/launch.md; and launches that must not end in GO."""

import json
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from gonogo.base.errors import IntegrityError
from gonogo.families.registry import read_environment
from gonogo.planning.carried import CarriedRun
from gonogo.planning.gate_demands import expected_demands
from gonogo.record.recording import to_bytes
from gonogo.record.results import Results, Verdict
from gonogo.runs.reference_instance import ReferenceProcess
from gonogo.runs.replay import judged_again
from gonogo.signing.carried_runs import carried_runs
from gonogo.signing.carrying import find_source
from gonogo.signing.verification import Expected, carried_run, verify_run
from tests.walk.launching import PAID, ROLES, Walked, prepared_launch, results_of, verified, walked

pytestmark = pytest.mark.whole


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walked]:
    """Walked once."""
    with ReferenceProcess(deployment="staging") as staging, ReferenceProcess(deployment="production") as production:
        project = tmp_path_factory.mktemp("launch") / "project"
        yield walked(prepared_launch(project, staging, production))


def carrying(walked_: Walked, release: str | None = None) -> tuple[CarriedRun, ...]:
    """What the sign-off would carry now."""
    project, named = walked_.launch.project, [walked_.runs["pre-deploy"].name, walked_.runs["go-live"].name]
    wanted = release or walked_.launch.release
    reports = project / "reports"
    return carried_runs(project, reports, named, environment="production", gate="sign-off", release=wanted)


def signed_off(walked_: Walked, place: Path, carried: Sequence[CarriedRun] = (), copies: str = "") -> Results:
    """The sign-off over the same evidence, with these runs carried, or with copies of the droplet from this moment."""
    path = Path(shutil.copytree(walked_.runs["sign-off"], place / "run")) / "evidence.json"
    document: dict[str, Any] = json.loads(path.read_bytes())
    if carried:
        document["carried"] = TypeAdapter(tuple[CarriedRun, ...]).dump_python(tuple(carried), mode="json")
    for record in document["records"]:
        if copies and record["kind"] == "droplet":
            record["evidence"]["copies"] = [copies]
    path.write_bytes(to_bytes(document))
    return judged_again(path.parent, walked_.launch.project)


def test_launch_ends_in_a_verified_go(good: Walked) -> None:
    """With read and write alone; what staging measured stands in production's results, by its digest."""
    run = good.runs["sign-off"]
    done = verified(good)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, " GO"), done.stderr
    results = results_of(run)
    assert [run.problem for run in results.carried] == ["", ""]
    carried = {line.id: line for line in results.leaves if line.carried}
    assert carried["test.payment"].status == "verified"
    assert carried["security.rate-limit"].carried == good.runs["pre-deploy"].name
    assert carried["day.payment"].carried == good.runs["go-live"].name
    assert not any(line.id.startswith(("first24", "review")) for line in results.leaves), "that is after the launch"


def test_another_release_in_production(good: Walked, tmp_path: Path) -> None:
    """What staging measured says nothing of what production serves."""
    carried = carrying(good, release="0123456789ab")
    assert {f"the run verified release {good.launch.release}, not 0123456789ab" in run.problem for run in carried} == {
        True
    }
    results = signed_off(good, tmp_path, carried)
    assert results.decision.verdict is Verdict.INCOMPLETE
    assert results.decision.open_lines > len(PAID)


def test_snapshot_from_after_the_deployment(good: Walked, tmp_path: Path) -> None:
    """There is no way back in it."""
    taken = results_of(good.runs["sign-off"]).run.started_at - timedelta(seconds=1)
    results = signed_off(good, tmp_path, copies=taken.isoformat())
    assert results.decision.verdict is Verdict.NO_GO
    assert "there is no recent copy from before it" in results.decision.reason


def test_somebody_says_no_to_staging(good: Walked, tmp_path: Path) -> None:
    """Three signatures over the sign-off do not outvote it."""
    copy = good.copied(tmp_path / "copy")
    (copy.runs["pre-deploy"] / "devops.sigstore.json").unlink()
    signed = copy.launch.sign(copy.runs["pre-deploy"], "devops", "no-go")
    assert signed.returncode == 0, signed.stderr
    done = copy.launch.gonogo("verify", str(copy.runs["sign-off"]), "--gate", "sign-off")
    assert (done.returncode, "it is NO-GO: Davi Lima says NO-GO" in done.stderr) == (4, True), done.stderr


def test_staging_was_signed_by_two(good: Walked, tmp_path: Path) -> None:
    """gates.toml names three: neither begun nor verified with fewer."""
    copy = good.copied(tmp_path / "copy")
    for role in ROLES:  # who signs sees the signatures that are there
        (copy.runs["pre-deploy"] / f"{role}.sigstore.json").unlink()
    for role in ("technical-lead", "product-owner"):
        signed = copy.launch.sign(copy.runs["pre-deploy"], role)
        assert signed.returncode == 0, signed.stderr
    done = copy.launch.gonogo("verify", str(copy.runs["sign-off"]), "--gate", "sign-off")
    assert (done.returncode, "devops did not sign it" in done.stderr) == (4, True), done.stderr


def test_staging_was_measured_too_long_ago(good: Walked) -> None:
    """A release that waited for eight days is measured again."""
    late = datetime.now(UTC) + timedelta(days=8)
    project, signers = good.launch.project, list(good.launch.signers)
    service = read_environment("production", project=project).environment.service
    demands, questions = expected_demands(project, environment="production", service=service, gate="sign-off")
    source = find_source("staging", "pre-deploy", demands, questions, good.launch.release)
    with pytest.raises(IntegrityError, match=r"the evidence is 8 d.* old, and at most 7 d is allowed: run again"):
        carried_run(good.runs["pre-deploy"], project, signers, source, late)
    with pytest.raises(IntegrityError):
        verify_run(good.runs["sign-off"], project, signers, Expected(now=late))
