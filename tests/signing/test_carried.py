"""Evidence carried from another run: by reference and digest, verified again wherever it counts, and never better than it was."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gonogo.base.errors import IntegrityError, UsageError
from gonogo.planning.carried import CarriedRun
from gonogo.record.archive import read_results
from gonogo.record.results import LineResult, LineStatus, Results, Verdict
from gonogo.runs.prepare import Prepared
from gonogo.signing.carried_runs import carried_runs
from tests.signing.conftest import ROLES, Team
from tests.signing.test_commands import gonogo
from tests.signing.test_identity import rewritten, waived

RELEASE = "3f2c1a9"
CARRIES = """
[[gates.launch.carries]]
into = ["live"]
environment = "live"
gate = "small"
lines = ["a.guide"]
max_age = "4 h"
signed_by = ["devops"]
"""


def line(results: Results) -> LineResult:
    """The one that is carried."""
    return next(one for one in results.lines if one.id == "a.guide")


def carrying(team: Team, *runs: Path, release: str = RELEASE) -> tuple[CarriedRun, ...]:
    """As the command does with ``--carry``."""
    return carried_runs(
        team.project,
        team.project / "reports",
        [str(run) for run in runs],
        environment="live",
        gate="launch",
        release=release,
    )


def launch(team: Team, carried: Sequence[CarriedRun]) -> Path:
    """A run of the gate that carries these."""

    def _carrying(prepared: Prepared) -> Prepared:
        return replace(prepared, plan=replace(prepared.plan, carried=tuple(carried)))

    return team.run(before=_carrying)


def prepared_team(project: Path, old: Team) -> Team:
    """A copy whose gates.toml carries."""
    shutil.copytree(old.project, project, symlinks=True)
    gates = project / "environments/gates.toml"
    gates.write_text(gates.read_text() + CARRIES)
    return Team(project)


@pytest.fixture(scope="module")
def launched(made: tuple[Team, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Team, str, str]:
    """A team whose signed run stands for a line of another one, which three signed; the ids of both."""
    team = prepared_team(tmp_path_factory.mktemp("carrying") / "project", made[0])
    small = team.run(gate="small")
    team.sign(small, "devops")
    outer = launch(team, carrying(team, small))
    for role in ROLES:
        team.sign(outer, role)
    return team, small.name, outer.name


@pytest.fixture
def carried(launched: tuple[Team, str, str], tmp_path: Path) -> tuple[Team, Path, Path]:
    """A copy of it: the team, the run that is carried, the run that carries it."""
    team, small, outer = launched
    shutil.copytree(team.project, tmp_path / "carrying", symlinks=True)
    runs = tmp_path / "carrying/reports/live"
    return Team(tmp_path / "carrying"), runs / small, runs / outer


def test_carried_line_is_shown_everywhere_and_verified(carried: tuple[Team, Path, Path]) -> None:
    """Whoever signs sees what rests on another run, on which, and by whom that was signed."""
    team, small, outer = carried
    results = read_results(outer / "results.json")
    assert (line(results).status, line(results).carried) == (LineStatus.ATTESTED, small.name)
    assert results.carried[0].digest == read_results(small / "results.json").digest
    assert results.carried[0].signed_by == ["Davi (devops)"]
    for name in (
        "signoff.html",
        "signoff-whole.html",
        "summary.md",
        "checklist.md",
        "junit.xml",
        "junit-gitlab.xml",
        "ctrf.json",
        "statement.intoto.json",
    ):
        assert small.name in (outer / name).read_text(), name
    done = gonogo(team, "verify", str(outer), "--release", RELEASE)
    assert done.returncode == 0, done.stderr
    assert f"1 line carried from run {small.name} of live at gate small" in done.stdout
    (valid,) = [row for row in done.stdout.splitlines() if row.startswith(" valid until ")]
    assert valid.endswith(f"the end of the carried run {small.name} (live)"), "it began before the run that carries it"
    assert f"V{valid.removeprefix(' v')}." in (outer / "signoff.html").read_text(), "and the page says the same"
    assert small.name in gonogo(team, "show", str(outer), "a.guide").stdout


def unsigned(_: Team, small: Path) -> None:
    """Nobody vouches for it any more."""
    (small / "devops.sigstore.json").unlink()


def refused_since(team: Team, small: Path) -> None:
    """Somebody looked again, and says no."""
    team.sign(small, "technical-lead", "NO-GO")


def edited(_: Team, small: Path) -> None:
    """By hand."""
    path = small / "results.json"
    path.write_bytes(path.read_bytes().replace(b'"attested"', b'"verified"'))


def added(_: Team, small: Path) -> None:
    """A file that nobody signed."""
    (small / "notes.txt").write_text("all is well")


def other_run(team: Team, small: Path) -> None:
    """Another run of the same question, in its place."""
    other = team.run(gate="small")
    team.sign(other, "devops")
    shutil.rmtree(small)
    other.rename(small)


def other_evidence(_: Team, small: Path) -> None:
    """What was observed is not what the results were computed from."""
    path = small / "evidence.json"
    path.write_bytes(path.read_bytes().replace(b'"status":200', b'"status":204'))


@pytest.mark.parametrize(
    ("attack", "words"),
    [
        (lambda _, small: shutil.rmtree(small), "is missing from the folder of reports"),
        (unsigned, "devops did not sign it, and environments/gates.toml demands that"),
        (refused_since, "it is NO-GO: Tomás says NO-GO"),
        (edited, "results.json"),
        (added, "notes.txt: was added after Davi signed"),
        (other_run, "carried: id, finished_at, digest differ"),
        (other_evidence, "evidence.json: is not the file"),
    ],
)
def test_carried_run_that_is_not_what_it_was(
    carried: tuple[Team, Path, Path], attack: Callable[[Team, Path], object], words: str
) -> None:
    """Three signatures over a run do not mend what it rests on: exit 4, with the run and what it saw."""
    team, small, outer = carried
    attack(team, small)
    with pytest.raises(IntegrityError) as caught:
        team.verify(outer)
    assert f"the carried run {small.name}" in str(caught.value)
    assert words in str(caught.value)


def test_carried_run_grows_too_old(carried: tuple[Team, Path, Path]) -> None:
    """A deployment next week does not rest on what was measured today."""
    team, _, outer = carried
    assert team.verify(outer, now=datetime.now(UTC) + timedelta(hours=3)).verdict is Verdict.GO
    with pytest.raises(IntegrityError, match=r"the evidence is 5 h.* old, and at most 4 h is allowed"):
        team.verify(outer, now=datetime.now(UTC) + timedelta(hours=5))


def test_gates_that_do_not_carry_it_any_more(carried: tuple[Team, Path, Path]) -> None:
    """The policy is that of the checkout."""
    team, _, outer = carried
    gates = team.project / "environments/gates.toml"
    gates.write_text(gates.read_text().replace(CARRIES, ""))
    with pytest.raises(IntegrityError):
        team.verify(outer)


def lied_about(document: dict[str, Any], **changes: object) -> None:
    """Of the run that is carried."""
    document["carried"][0].update(changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lines": {"a.guide": {"status": "verified", "why": "by itself"}}}, "carried: lines differ"),
        ({"digest": "0" * 64}, "carried: digest differ"),
        ({"signed_by": ["Davi (devops)", "Paula (product-owner)"]}, "carried: signed_by differ"),
        ({"release": "deadbeef"}, "is of release deadbeef"),
        ({"gate": "launch"}, "cannot be carried into gate launch"),
        ({"environment": "../live"}, "cannot be carried into gate"),
        ({"finished_at": "2999-01-01T00:00:00Z"}, "ended after the run that carries it had begun"),
    ],
)
def test_record_that_lies_of_what_it_carries(
    carried: tuple[Team, Path, Path], changes: dict[str, object], words: str
) -> None:
    """Evidence, results and pages that fit together, and say more of the other run than is true."""
    team, _, outer = carried
    for bundle in outer.glob("*.sigstore.json"):
        bundle.unlink()
    rewritten(team, outer, lambda document: lied_about(document, **changes))
    with pytest.raises(IntegrityError) as caught:
        team.verify(outer, required=())
    assert words in str(caught.value)


@pytest.fixture
def ready(made: tuple[Team, Path], tmp_path: Path) -> Team:
    """A team whose gates.toml carries, with no run of the other gate yet."""
    return prepared_team(tmp_path / "ready", made[0])


def signed_small(team: Team, **how: Any) -> Path:  # noqa: ANN401 - as Team.run takes them
    """A run of the other gate, signed by whom gates.toml names."""
    small = team.run(gate="small", **how)
    team.sign(small, "devops", "GO" if read_results(small / "results.json").decision.verdict.opens else "HOLD")
    return small


@pytest.mark.parametrize(
    ("how", "release", "words"),
    [
        ({"status": 404}, RELEASE, "it is NO-GO: Davi says HOLD"),
        ({}, "deadbeef", "the run verified release 3f2c1a9, not deadbeef"),
        ({"serves": "0ld0ld0"}, RELEASE, "release-under-review did not pass in this run"),
        ({"release": None}, RELEASE, "the run verified release none"),
    ],
)
def test_run_that_cannot_stand_for_a_line(ready: Team, how: dict[str, Any], release: str, words: str) -> None:
    """NO-GO, incomplete or of another release: the line is open, and says why."""
    refused = carrying(ready, signed_small(ready, **how), release=release)
    assert words in refused[0].problem
    assert not refused[0].lines
    results = read_results(launch(ready, refused) / "results.json")
    assert (line(results).status, line(results).carried) == (LineStatus.OPEN, "")
    assert refused[0].problem in line(results).why
    assert results.decision.verdict is Verdict.INCOMPLETE


def test_unsigned_too_old_and_by_another_policy(ready: Team) -> None:
    """Each by its own reason, before anything is asked."""
    small = ready.run(gate="small")
    assert carrying(ready, small)[0].problem == "devops did not sign it, and environments/gates.toml demands that"
    ready.sign(small, "devops")
    assert not carrying(ready, small)[0].problem
    waived(ready, "attested-url-answers", datetime.now(UTC) + timedelta(days=1))
    assert "differ from those that the run was judged by" in carrying(ready, small)[0].problem
    gates = ready.project / "environments/gates.toml"
    (ready.project / "environments/waivers/live.toml").unlink()
    gates.write_text(gates.read_text().replace('max_age = "4 h"', 'max_age = "1 ms"'))
    hasty = signed_small(ready)
    assert "at most 1 ms is allowed: run again" in carrying(ready, hasty)[0].problem


def test_nothing_carried_leaves_the_line_open(ready: Team) -> None:
    """A person's word does not replace it: here Davi attested the line, and says so to nobody."""
    results = read_results(launch(ready, ()) / "results.json")
    assert line(results).status is LineStatus.OPEN
    assert "none is carried: give its folder with --carry" in line(results).why
    assert any("a run of live at gate small answers this line" in finding.message for finding in results.findings)
    assert results.decision.verdict is Verdict.INCOMPLETE


def test_people_may_attest_more_in_the_meantime(ready: Team) -> None:
    """Days lie between the stages of a launch: a word on another line changes nothing of an earlier run."""
    small = signed_small(ready)
    folder = ready.project / "environments/attestations/live"
    more = (folder / "a.guide.toml").read_text().replace('"a.guide"', '"later.rest"')
    (folder / "later.rest.toml").write_text(more)
    assert not carrying(ready, small)[0].problem
    (folder / "a.guide.toml").write_text((folder / "a.guide.toml").read_text().replace("read", "skimmed"))
    assert "differ from those that the run was judged by" in carrying(ready, small)[0].problem


def test_wrong_ways_to_carry(ready: Team, made: tuple[Team, Path]) -> None:
    """Wrong usage is told before anything is asked."""
    small = signed_small(ready)
    other = ready.project / "reports" / made[1].relative_to("reports")
    wrong: list[tuple[Callable[[], object], str]] = [
        (lambda: carrying(ready, other), "a run of live at gate launch cannot be carried into gate launch of live"),
        (lambda: carrying(ready, small, small), "is named twice"),
        (lambda: carrying(ready, ready.project / "nowhere"), "neither the folder of a run"),
        (lambda: carrying(ready, Path(shutil.copytree(small, ready.project / "copy"))), "lies elsewhere than"),
        (lambda: carrying(ready, small, release=None), "name the release with --release"),  # type: ignore[arg-type]  # wrong on purpose
    ]
    for way, words in wrong:
        with pytest.raises(UsageError, match=words):
            way()
