"""A verdict answers one question: another environment, gate, release or policy is another question, and never a GO."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gonogo.base.errors import IntegrityError, UsageError
from gonogo.cli.signing import _verified_lines
from gonogo.policy.waivers import Waiver, write_waiver
from gonogo.record.archive import read_results
from gonogo.record.recording import to_bytes
from gonogo.record.results import Results, from_content
from gonogo.report.files import derived
from gonogo.runs.replay import judged_again
from gonogo.signing.redacted import same_text
from gonogo.verdict.endings import Expiry
from tests.signing.conftest import ROLES, Team
from tests.signing.test_commands import gonogo

Document = dict[str, Any]


def rewritten(team: Team, folder: Path, change: Callable[[Document], object]) -> Path:
    """The run with other evidence, and results and pages made of it by gonogo itself: a consistent lie."""
    path = folder / "evidence.json"
    document = json.loads(path.read_bytes())
    change(document)
    path.write_bytes(to_bytes(document))
    return written(folder, judged_again(folder, team.project))


def written(folder: Path, results: Results) -> Path:
    """Results and every file that is a function of them."""
    results = from_content(results.content)
    (folder / "results.json").write_bytes(results.content)
    for name, content in derived(results).items():
        (folder / name).write_bytes(content)
    return folder


def refused(team: Team, folder: Path) -> str:
    """Neither signed nor verified; the words of the refusal to sign."""
    with pytest.raises(IntegrityError):
        team.verify(folder, required=())
    with pytest.raises(IntegrityError) as caught:
        team.sign(folder, "devops")
    return str(caught.value)


def waived(team: Team, check: str, until: datetime) -> Waiver:
    """A waiver that holds since a moment ago."""
    waiver = Waiver(
        check=check,
        reason="r",
        risk="r",
        owner="Davi",
        approved_by="Paula",
        at=datetime.now(UTC) - timedelta(seconds=1),
        until=until,
    )
    write_waiver(team.project, "live", waiver)
    return waiver


def test_verify_prints_the_question_and_what_was_served(team: Team, signed: Path) -> None:
    """Whoever reads the log of a deploy job sees for which question it was opened, and until when that holds."""
    done = gonogo(team, "verify", str(signed), "--release", "3f2c1a9", "--max-age", "4h")
    assert done.returncode == 0, done.stderr
    assert "gate launch: May we launch?" in done.stdout
    assert "environment live" in done.stdout
    assert "2 of 3 lines were asked by this gate; 1 was not" in done.stdout
    assert "release 3f2c1a9; a.test/192.0.2.1 serves 3f2c1a9 (X-Release of /)" in done.stdout
    assert "valid until" in done.stdout
    assert "the end of the evidence" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--env", "live", "--gate", "launch"), 0, ""),
        (("--gate", "small"), 4, "the run answers 'May we launch?' (launch), not 'Is one thing in order?' (small)"),
        (("--gate", "smoke"), 4, "not 'Do the critical paths work?' (smoke)"),
        (("--gate", "load"), 4, "(load)"),
        (("--gate", "launhc"), 2, "no gate 'launhc'; did you mean launch?"),
        (("--gate", ""), 2, "--gate: is empty"),
        (("--gate", " "), 2, "--gate: is empty"),
        (("--env", ""), 2, "--env: is empty"),
        (("--env", "liv"), 2, "no environment 'liv'"),
        (("--env", "reference"), 4, "this is a run of live, not of reference"),
        (("--release", ""), 2, "--release: is empty"),
        (("--release", "3F2C1A9"), 4, "the run verified release 3f2c1a9, not 3F2C1A9"),
        (("--release", "3f2c1a"), 4, "the run verified release 3f2c1a9, not 3f2c1a"),
    ],
)
def test_another_question_is_refused(
    team: Team, signed: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    """A deploy job that is shown the answer to another question must not open."""
    done = gonogo(team, "verify", str(signed), *arguments)
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr


def test_a_copy_below_another_environment(team: Team, signed: Path) -> None:
    """The signatures of one environment must not open another one."""
    for name in ("production", "elsewhere"):
        copy = team.project / "reports" / name / signed.name
        shutil.copytree(signed, copy)
        done = gonogo(team, "verify", str(copy), "--release", "3f2c1a9")
        assert (done.returncode, f"a run of live, not of {name}" in done.stderr) == (4, True), done.stderr
        assert gonogo(team, "verify", str(copy), "--env", "live").returncode == 0


def test_a_run_of_a_smaller_gate(team: Team) -> None:
    """Signed by everybody, and still no answer to the question of the environment's own gate."""
    folder = team.run(gate="small")
    for role in ROLES:
        team.sign(folder, role)
    done = gonogo(team, "verify", str(folder))
    assert (done.returncode, "(small), not 'May we launch?' (launch)" in done.stderr) == (4, True), done.stderr
    assert gonogo(team, "verify", str(folder), "--gate", "small").returncode == 0


def test_a_default_gate_that_was_changed_meanwhile(team: Team, signed: Path) -> None:
    """The question is that of the checkout: a gate that is the default now was not asked then."""
    gates = team.project / "environments/gates.toml"
    gates.write_text(gates.read_text().replace('live = "launch"', 'live = "small"'))
    assert gonogo(team, "verify", str(signed)).returncode == 4


def test_a_release_that_nothing_vouched_for(team: Team) -> None:
    """Claimed by whoever started the run, and never seen: shown as such, and refused where it is demanded."""
    environment = team.project / "environments/live.toml"
    environment.write_text(environment.read_text().replace('"health"', '"health", "release"'))
    folder = team.run(release="deadbeef", serves="3f2c1a9")
    results = read_results(folder / "results.json")
    assert results.decision.verdict == "GO"
    assert results.release_words == "deadbeef (claimed, not seen)"
    assert b"deadbeef (claimed, not seen)" in (folder / "signoff.html").read_bytes()
    for role in ROLES:
        team.sign(folder, role)
    assert gonogo(team, "verify", str(folder)).returncode == 0
    done = gonogo(team, "verify", str(folder), "--release", "deadbeef")
    assert (done.returncode, "was claimed, not seen" in done.stderr) == (4, True), done.stderr
    assert "claimed, not seen" in gonogo(team, "runs").stdout


@pytest.mark.parametrize(
    ("serves", "verdict"), [("0000000", "NO-GO"), (None, "INCOMPLETE"), ("3f2c1a9", "GO")], ids=["other", "none", "it"]
)
def test_the_served_release_stands_beside_the_claimed_one(team: Team, serves: str | None, verdict: str) -> None:
    """Signatures are for what was served, whatever the command line said."""
    results = read_results(team.run(serves=serves) / "results.json")
    assert results.decision.verdict == verdict
    assert results.run.release == "3f2c1a9"
    assert results.release_vouched is (verdict == "GO")
    assert [served.words for served in results.run.served] == [(f"{serves} (X-Release of /)",) if serves else ()]


def test_a_waived_release_does_not_vouch(team: Team) -> None:
    """People may accept that another release is served; a deploy job that names one is not opened by that."""
    waived(team, "release-under-review", datetime.now(UTC) + timedelta(days=1))
    folder = team.run(serves="0000000")
    if read_results(folder / "results.json").decision.verdict == "GO WITH EXCEPTIONS":
        for role in ROLES:
            team.sign(folder, role)
        with pytest.raises(IntegrityError, match="was claimed, not seen"):
            team.verify(folder, release="3f2c1a9")


# -- policy --------------------------------------------------------------------------------------------------------


FORGED = {
    "check": "release-under-review",
    "excepts": ["FAIL"],
    "reason": "r",
    "risk": "r",
    "owner": "Davi",
    "approved_by": "Paula",
    "at": "2026-01-01T00:00:00Z",
    "until": "2099-01-02T00:00:00Z",
}


def _forge_waiver(document: Document) -> None:
    now = datetime.now(UTC)
    dates = {"at": now.isoformat(), "until": (now + timedelta(days=1)).isoformat()}
    document["demands"]["waivers"] = [{**FORGED, **dates}]


def _attest_everything(document: Document) -> None:
    told = {**document["demands"]["attestations"][0], "line": "later.rest"}
    document["demands"]["attestations"].append(told)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_forge_waiver, "a waiver of release-under-review that environments/waivers/live.toml does not have"),
        (_attest_everything, "an attestation of later.rest that environments/attestations/live does not have"),
        (lambda document: document["demands"]["attestations"].clear(), "that the run does not have"),
        (
            lambda document: document["demands"]["attestations"][0].update(role="technical-lead"),
            "that differs from the one in",
        ),
        (
            lambda document: document["demands"]["attestations"][0].update(until="2031-01-01T00:00:00Z"),
            "that differs from the one in",
        ),
        (
            lambda document: document["demands"]["gate"].update(sections=["Later"]),
            "not the one in environments/gates.toml",
        ),
        (
            lambda document: document["demands"]["gate"].update(title="May we all go home?"),
            "not the one in environments/gates.toml",
        ),
        (lambda document: document["demands"]["roles"].pop("devops"), "other roles than environments/gates.toml"),
        (lambda document: document["demands"]["roles"]["technical-lead"].update(statements={}), "other roles"),
        (lambda document: document["demands"]["checklist"]["lines"].pop(), "other checklist"),
        (
            lambda document: document["demands"]["checklist"]["lines"][0].update(attest=["product-owner"]),
            "other checklist",
        ),
        (lambda document: document["demands"].update(stands_for=["live", "production"]), "other stands for"),
        (lambda document: document["environment"]["service"].update(name="T"), "is not the environment file"),
        (lambda document: document.update(chosen=[["service", "name"]]), "is not the environment file"),
        (
            lambda document: document["demands"]["files"]["environments/gates.toml"].update(more="yes"),
            "other files of the team",
        ),
        (lambda document: document["demands"]["files"].popitem(), "other files of the team"),
        (
            lambda document: document.update(told={"service": {"name": "T"}}),
            "no option of the command line sets service.name",
        ),
        (lambda document: document.update(lowered=["rate 1 instead of 8"]), "which load settings were lower"),
        (lambda document: document["demands"].update(name="nobody"), "no gate 'nobody'"),
        (lambda document: document.update(environment_name="production"), ""),
    ],
)
def test_demands_that_no_file_of_the_project_makes(
    team: Team, unsigned: Path, change: Callable[[Document], object], words: str
) -> None:
    """What evidence.json says was demanded is compared whole with the files, whatever digest the record carries."""
    try:
        rewritten(team, unsigned, change)
    except UsageError:
        return  # not even gonogo's own parts make a run of it
    assert words in refused(team, unsigned)


def test_a_redacted_text_is_the_text_that_it_was_made_from(team: Team) -> None:
    """A secret in the prose of the list is redacted in the record, and nothing else of it may differ."""
    assert same_text("use [CODE redacted] for beta", "use BETA2025 for beta")
    assert not same_text("use [CODE redacted] for beta", "use BETA2025 for launch")
    assert not same_text("use BETA for beta", "use BETA2025 for beta")
    folder = team.run()
    rewritten(team, folder, lambda document: document["demands"]["checklist"]["lines"][0].update(text="[X redacted]"))
    team.sign(folder, "devops", "HOLD")
    changed = rewritten(
        team, team.run(), lambda document: document["demands"]["checklist"]["lines"][0].update(id="[X redacted]")
    )
    assert "other checklist" in refused(team, changed)


# -- dates ---------------------------------------------------------------------------------------------------------


def test_a_waiver_that_ended_since_the_run(team: Team) -> None:
    """A waiver ends when it says, also where the run was judged before: neither sign nor verify takes it."""
    until = datetime.now(UTC) + timedelta(hours=1)
    waived(team, "attested-url-answers", until)
    folder = team.run(status=404)
    results = read_results(folder / "results.json")
    if results.decision.verdict != "GO WITH EXCEPTIONS":
        pytest.skip(f"the check covers a line that stays open: {results.decision.reason}")
    for role in ROLES:
        team.sign(folder, role)
    assert team.verify(folder).holds_until.at <= until
    with pytest.raises(IntegrityError, match="the waiver of attested-url-answers ended"):
        team.verify(folder, now=until + timedelta(minutes=1))


def test_the_earliest_end_is_told(team: Team, signed: Path) -> None:
    """The evidence, the attestation, a key, a signature: whichever ends first ends the GO."""
    ends = team.verify(signed, oldest=timedelta(days=2)).holds_until
    assert ends.what.endswith("signature")
    assert team.verify(signed, oldest=timedelta(hours=1)).holds_until.what == "the evidence (good for 1 h)"


def test_the_page_says_the_same_end(team: Team, signed: Path) -> None:
    """Two moments for one run, and somebody deploys in between: the page's end is that of verify without --max-age."""
    found = team.verify(signed)
    assert found.holds_until.at == found.results.run.started_at + timedelta(hours=4)
    assert f"Valid until {found.holds_until.words}." in (signed / "signoff.html").read_text()
    assert f" valid until {found.holds_until.words}" in _verified_lines(found, list(ROLES))
    over = replace(found, holds_until=Expiry(at=found.results.run.started_at, what="the evidence"))
    assert any(
        told.endswith("the end of the evidence: EXPIRED, run again") for told in _verified_lines(over, list(ROLES))
    )


def test_an_attestation_that_ends_before_the_signatures(team: Team) -> None:
    """Somebody's word for three hours is no word for the fourth."""
    path = team.project / "environments/attestations/live/a.guide.toml"
    until = (datetime.now(UTC) + timedelta(hours=3)).replace(microsecond=0)
    lines = path.read_text().splitlines()
    path.write_text(
        "\n".join(f"until = {until:%Y-%m-%dT%H:%M:%SZ}" if line.startswith("until") else line for line in lines)
    )
    folder = team.run()
    for role in ROLES:
        team.sign(folder, role)
    ends = team.verify(folder).holds_until
    assert (ends.at, ends.what) == (until, "Davi's attestation of a.guide")
    with pytest.raises(IntegrityError, match=r"Davi's attestation of a\.guide ended"):
        team.verify(folder, now=until + timedelta(minutes=1))


# -- files ---------------------------------------------------------------------------------------------------------


def _folder_in_place(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


def _shorter(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def _renamed_key(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"taken_at"', b'"token_at"', 1))


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("sealed.html", _folder_in_place),
        ("evidence.json", _folder_in_place),
        ("results.json", _folder_in_place),
        ("devops.sigstore.json", _folder_in_place),
        ("evidence.json", _shorter),
        ("results.json", _shorter),
        ("evidence.json", _renamed_key),
        ("evidence.json", lambda path: path.write_bytes(b"")),
        ("results.json", lambda path: path.write_bytes(b"null")),
    ],
)
def test_damaged_files_are_integrity_failures(
    team: Team, signed: Path, name: str, damage: Callable[[Path], object]
) -> None:
    """A damaged run is not what it says: exit 4, and never a bug of gonogo or a usage error that somebody ignores."""
    damage(signed / name)
    done = gonogo(team, "verify", str(signed))
    assert "Traceback" not in done.stderr
    assert done.returncode == (2 if (signed / name).is_file() and (signed / name).read_bytes() == b"null" else 4), (
        done.stderr
    )


def test_the_identity_in_results_is_that_of_the_evidence(team: Team, unsigned: Path) -> None:
    """Environment, gate, question and release are judged again as every outcome is."""
    results = read_results(unsigned / "results.json")
    for change in (
        {"gate": "small", "question": "Is one thing in order?"},
        {"question": "May we all go home?"},
        {"release": "0000000"},
        {"environment": "production"},
        {"served": ()},
        {"started_at": results.run.started_at + timedelta(days=1)},
    ):
        written(unsigned, replace(results, run=replace(results.run, **change)))
        refused(team, unsigned)
    team.sign(written(unsigned, results), "devops")
    assert team.verify(unsigned, required=()).verdict == "GO", "what is written again unchanged is no attack"


def test_a_machine_without_shared_memory_verifies(team: Team, signed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container with a read-only root has no semaphores: the two halves are done one after the other."""

    def none(*_: object, **__: object) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("gonogo.signing.integrity.ProcessPoolExecutor", none)
    assert team.verify(signed).verdict == "GO"
    (signed / "signoff.html").write_bytes(b"GO")
    with pytest.raises(IntegrityError, match="is not what"):
        team.verify(signed)
