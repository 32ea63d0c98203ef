"""Signatures that hold: who signed what, and what follows from it."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gonogo.base.bundled import FAULTS_ON
from gonogo.base.errors import IntegrityError, UsageError
from gonogo.record.archive import read_results
from gonogo.record.declared import RoleResult
from gonogo.record.results import Verdict
from gonogo.signing.bundle import SIGSTORE, read_bundle
from gonogo.signing.keys import load_key, new_key
from gonogo.signing.signers import read_signers
from gonogo.signing.signing import said, sign_with_ssh, signable, signer_of
from tests.docs.blocks import ROOT, blocks
from tests.signing.conftest import GATES, LATER, PASSPHRASE, ROLES, Team


def test_three_signatures_make_it_go(team: Team, signed: Path) -> None:
    """In any order, each in a file of its own."""
    found = team.verify(signed, release="3f2c1a9", oldest=timedelta(hours=4))
    assert found.verdict is Verdict.GO
    assert {role: (one.signer, one.decision) for role, one in found.decisions.items()} == {
        role: (name, "GO") for role, name in ROLES.items()
    }
    assert not found.missing
    assert {path.name for path in signed.glob("*.sigstore.json")} == {f"{role}.sigstore.json" for role in ROLES}


def test_what_is_signed(signed: Path) -> None:
    """All files of the run, the release, the policy, the role's statements, and what lay there already."""
    bundle = read_bundle(signed / "technical-lead.sigstore.json")
    assert bundle.kind == SIGSTORE
    assert {"results.json", "evidence.json", "signoff.html", "junit.xml", "release"} <= bundle.subjects.keys()
    assert bundle.signoff.statements == {"s.lead": "supported"}
    assert bundle.signoff.policy.keys() == {"catalogue", "checks", "environment", "policy", "trust tls.trust"}
    last = read_bundle(signed / "devops.sigstore.json")
    assert last.signoff.witnessed.keys() == {"product-owner.sigstore.json", "technical-lead.sigstore.json"}


@pytest.mark.parametrize(
    ("decisions", "verdict"),
    [
        ({}, Verdict.INCOMPLETE),
        ({"devops": "GO"}, Verdict.INCOMPLETE),
        ({"devops": "HOLD"}, Verdict.NO_GO),
        ({"devops": "GO", "product-owner": "NO-GO", "technical-lead": "GO"}, Verdict.NO_GO),
    ],
)
def test_combination(team: Team, decisions: dict[str, str], verdict: Verdict) -> None:
    """One NO-GO is a NO-GO; silence is never a GO."""
    folder = team.run()
    for role, decision in decisions.items():
        team.sign(folder, role, decision)
    assert team.verify(folder).verdict is verdict


def test_no_signature_turns_a_no_go_into_a_go(team: Team) -> None:
    """Only a repair, or an accepted exception, and a new run."""
    folder = team.run(status=404)
    with pytest.raises(UsageError, match="A signature cannot make it GO"):
        team.sign(folder, "devops", "GO")
    team.sign(folder, "devops", "NO-GO")
    assert team.verify(folder, required=()).verdict is Verdict.NO_GO


def test_a_decision_is_not_taken_back(team: Team, signed: Path) -> None:
    """Whoever changes their mind looks at a new run."""
    with pytest.raises(UsageError, match="devops has signed already"):
        team.sign(signed, "devops", "HOLD")


def test_wrong_passphrase_and_wrong_key(team: Team, tmp_path: Path) -> None:
    """Told without a traceback, and without the passphrase."""
    path = team.keys / "devops.key"
    with pytest.raises(UsageError, match="the passphrase is wrong") as caught:
        load_key(path, "not the passphrase")
    assert "not the passphrase" not in str(caught.value)
    with pytest.raises(UsageError, match="exists already"):
        new_key(path, PASSPHRASE)
    with pytest.raises(UsageError, match="fewer than 8"):
        new_key(tmp_path / "k", "short")
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"ENCRYPTED" in path.read_bytes()


def test_openssl_alone_verifies(team: Team, signed: Path, tmp_path: Path) -> None:
    """Whoever doubts gonogo needs nothing of it: the block of docs/sign-off.md, as it stands, with a file changed and not."""
    folder = tmp_path / "run"
    shutil.copytree(signed, folder)
    signer = next(one for one in read_signers(team.project) if one.role == "devops")
    (folder / "signer.pem").write_text(signer.key or "")
    (block,) = blocks(ROOT / "docs" / "sign-off.md", "sh")

    def typed() -> subprocess.CompletedProcess[str]:
        command = ["/bin/sh", "-ec", block]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - our document

    done = typed()
    assert (done.returncode, done.stdout) == (0, "Verified OK\n"), done.stderr
    results = folder / "results.json"
    results.write_bytes(results.read_bytes() + b" ")
    assert "results.json: FAILED" in typed().stdout
    bundle = json.loads((folder / "devops.sigstore.json").read_bytes())
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(b"{}").decode()
    (folder / "devops.sigstore.json").write_text(json.dumps(bundle))
    assert "Verified OK" not in typed().stdout


def test_ssh_keys_do_as_well(team: Team, tmp_path: Path) -> None:
    """For teams that have those already."""
    key = tmp_path / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)  # noqa: S603, S607 - a key for the test
    public = key.with_suffix(".pub").read_text()

    def in_place_of_devops(people: list[dict[str, Any]]) -> None:
        (one,) = (one for one in people if one["roles"] == ("devops",))
        del one["keys"][0]["key"]
        one["keys"][0]["ssh"] = public

    team.edit_people(in_place_of_devops)
    folder, now = team.run(), datetime.now(UTC)
    signer = signer_of(read_signers(team.project), "devops", now, ssh=True)
    results = signable(folder, team.project, "devops", "GO")
    path = sign_with_ssh(folder, said(folder, results, signer, ("GO", ""), now), signer, key)
    assert path.name == "devops.ssh.json"
    assert team.verify(folder, required=["devops"]).verdict is Verdict.GO
    document = json.loads(path.read_bytes())
    payload = json.loads(base64.b64decode(document["dsseEnvelope"]["payload"]))
    payload["predicate"]["comment"] = "forged"
    document["dsseEnvelope"]["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()
    path.write_text(json.dumps(document))
    with pytest.raises(IntegrityError, match="was not made by Davi's key over this content"):
        team.verify(folder)


def test_keys_are_what_they_are_said_to_be(team: Team) -> None:
    """A role has a key of its own; somebody else's is refused before anything is written."""
    folder = team.run()
    with pytest.raises(UsageError, match="does not have this key for devops"):
        team.sign(folder, "devops", key="product-owner")
    assert not list(folder.glob("*.sigstore.json"))
    private = load_pem_private_key((team.keys / "devops.key").read_bytes(), PASSPHRASE.encode())
    assert private.key_size == 256  # type: ignore[union-attr]  # an EC key
    assert os.environ.get("GONOGO_KEY_PASSPHRASE") is None


def test_verifying_without_gonogo_as_documented(team: Team, signed: Path, tmp_path: Path) -> None:
    """The very commands of docs/sign-off.md, over the files of a run."""
    document = (Path(__file__).parents[2] / "docs" / "sign-off.md").read_text()
    script = document.partition("```sh\n")[2].partition("```")[0]
    work = tmp_path / "work"
    shutil.copytree(signed, work)
    signer = next(one for one in read_signers(team.project) if one.role == "devops")
    (work / "signer.pem").write_text(signer.key or "")

    def run() -> subprocess.CompletedProcess[str]:
        command = ["bash", "-e", "-c", script]
        return subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)  # noqa: S603 - our own document

    done = run()
    assert (done.returncode, done.stdout) == (0, "Verified OK\n"), done.stderr
    (work / "signoff.html").write_text("other")
    assert run().returncode != 0


EARLY = f"""# Launch
## Now
- [ ] Guide <!-- a.guide attest=devops -->
## Later
- [ ] More <!-- b.more attest=devops -->
- [ ] All the rest <!-- later.rest checks={LATER} -->
## Sign
- [ ] All is well <!-- s.lead -->
"""


def _early(team: Team, roles: str = "") -> Path:
    """A run of a gate that asks a part of what the lead's statement rests on."""
    (team.project / "environments/checklist.md").write_text(EARLY)
    gates = GATES.replace('sections = ["Now"]', f'sections = ["Now"]\n{roles}', 1).replace('["a"]', '["a", "b"]')
    (team.project / "environments/gates.toml").write_text(gates)
    return team.run()


def test_nobody_says_go_to_a_rehearsal(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where its verdict is GO: a fault that shows in nothing that the gate asks is a fault still."""
    folder = team.run()
    good = signable(folder, team.project, "devops", "GO")
    faulty = replace(good.provenance, notes=[f"{FAULTS_ON}mongo-down"])
    monkeypatch.setattr("gonogo.signing.signing.check_run", lambda *_: replace(good, provenance=faulty))
    with pytest.raises(UsageError, match=r"this run is a rehearsal: mongo-down switched on deliberately. Run again"):
        signable(folder, team.project, "devops", "GO")
    assert signable(folder, team.project, "devops", "NO-GO").faults == ["mongo-down"]


def test_nobody_says_go_to_an_unsupported_statement(team: Team) -> None:
    """The gate was green, and did not ask what the statement rests on."""
    folder = _early(team)
    with pytest.raises(
        UsageError, match=r"s\.lead: All is well: not supported: 1 of 2 lines support it; open: b\.more"
    ):
        team.sign(folder, "technical-lead")
    assert not list(folder.glob("*.sigstore.json"))
    team.sign(folder, "technical-lead", "HOLD")
    team.sign(folder, "devops")


def test_a_gate_says_who_signs_for_its_own_question(team: Team) -> None:
    """Of their statements those that it demands; and nobody else is asked."""
    folder = _early(team, 'roles = ["technical-lead"]')
    with pytest.raises(UsageError, match="no role 'devops' in the roles that sign a run of gate launch"):
        team.sign(folder, "devops")
    team.sign(folder, "technical-lead")
    found = team.verify(folder, required=[role.id for role in found_roles(folder)])
    assert found.verdict is Verdict.GO
    assert found.decisions["technical-lead"].statements == {}


def found_roles(folder: Path) -> Sequence[RoleResult]:
    """Who signs this run."""
    return read_results(folder / "results.json").roles


def test_a_statement_is_never_attested(team: Team, signed: Path) -> None:
    """Everything that it rests on is; its role has yet to sign."""
    results = read_results(signed / "results.json")
    (statement,) = (one for one in results.lines if one.id == "s.lead")
    assert statement.status == "supported"
    assert "1 of them by a person's word" in statement.why
    assert "- [ ] All is well" in (signed / "checklist.md").read_text()
    assert "- [x] Guide" in (signed / "checklist.md").read_text()
    assert team.verify(signed).verdict is Verdict.GO
