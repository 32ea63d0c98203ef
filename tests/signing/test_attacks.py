"""Each attack is a test: none of them ends in GO."""

import base64
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gonogo.base.errors import IntegrityError, UsageError
from gonogo.policy.waivers import Waiver, write_waiver
from gonogo.record.archive import read_results
from gonogo.report.files import derived
from gonogo.signing.bundle import signed_with_key, statement
from gonogo.signing.integrity import run_files
from gonogo.signing.keys import load_key
from gonogo.signing.signers import read_signers
from gonogo.signing.signing import said, sign_with_key, signable, signer_of
from gonogo.signing.verification import Expected, verify_run
from tests.signing.conftest import PASSPHRASE, ROLES, Team

FILES = ["results.json", "evidence.json", "signoff.html", "signoff-whole.html", "junit.xml", "devops.sigstore.json"]


def refused(team: Team, folder: Path, why: str = "", **expected: object) -> str:
    """Exit 4 or 2, with the one thing that differs."""
    with pytest.raises((IntegrityError, UsageError)) as caught:
        team.verify(folder, **expected)
    assert why in str(caught.value)
    return str(caught.value)


def flip(path: Path, at: int) -> None:
    """One bit of one byte."""
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """The statement in a bundle, and nothing else of it."""
    document = json.loads(path.read_bytes())
    payload = json.loads(base64.b64decode(document["dsseEnvelope"]["payload"]))
    change(payload)
    document["dsseEnvelope"]["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()
    path.write_text(json.dumps(document))


def test_a_byte_in_every_file(team: Team, signed: Path) -> None:
    """At the beginning, in the middle, at the end."""
    names = [path.relative_to(signed).as_posix() for path in signed.rglob("*") if path.is_file()]
    assert set(FILES) <= set(names)
    for name in names:
        original = (signed / name).read_bytes()
        for at in (0, len(original) // 2, len(original) - 2):
            flip(signed / name, at)
            refused(team, signed)
            (signed / name).write_bytes(original)
    assert team.verify(signed).verdict == "GO"


def test_files_of_another_run(team: Team, signed: Path) -> None:
    """Each as good as the other, and not of this run."""
    other = team.run()
    for name in FILES[:-1]:
        mine, theirs = (signed / name).read_bytes(), (other / name).read_bytes()
        (signed / name).write_bytes(theirs)
        refused(team, signed)
        (signed / name).write_bytes(mine)


def test_an_old_sign_off_on_a_new_run(team: Team, signed: Path) -> None:
    """Three honest signatures, over something else."""
    new = team.run()
    for bundle in signed.glob("*.sigstore.json"):
        shutil.copy(bundle, new)
    refused(team, new, "is a signature of run")


def test_the_page_only(team: Team, signed: Path) -> None:
    """It is what people read."""
    page = signed / "signoff.html"
    page.write_bytes(page.read_bytes().replace(b"GO", b"OK", 1))
    assert "signoff.html: is not what gonogo makes from results.json" in refused(team, signed)


def test_evidence_and_results_together(team: Team) -> None:
    """A consistent lie: a failed run made good everywhere, under signatures that were given to the failure."""
    folder = team.run(status=404)
    for role in ("devops", "product-owner", "technical-lead"):
        team.sign(folder, role, "HOLD")
    good = team.run()
    for name in (*derived(read_results(good / "results.json")), "results.json", "evidence.json"):
        shutil.copy(good / name, folder / name)
    refused(team, folder, "is a signature of run")


def test_results_edited_and_everything_rendered_anew(team: Team, signed: Path) -> None:
    """Without the keys, the files still are not those that were signed."""
    path = signed / "results.json"
    document = json.loads(path.read_bytes())
    document["run"]["service"] = "Other"
    path.write_text(json.dumps(document))
    results = read_results(path)
    path.write_bytes(results.content)
    for name, content in derived(results).items():
        (signed / name).write_bytes(content)
    refused(team, signed, "service: results.json says 'Other', the evidence 'S'")


@pytest.mark.parametrize("name", FILES[:-1])
def test_missing_files(team: Team, signed: Path, name: str) -> None:
    """What is not there cannot be looked at."""
    (signed / name).unlink()
    refused(team, signed, name)


def test_a_file_that_nobody_signed(team: Team, signed: Path) -> None:
    """Somebody would take it for a part of the run."""
    (signed / "correction.html").write_text("all is well")
    refused(team, signed, "correction.html: was added after")


def test_a_no_go_that_is_dropped(team: Team, unsigned: Path) -> None:
    """Whoever signed after it has seen it."""
    dropped = team.sign(unsigned, "product-owner", "NO-GO")
    team.sign(unsigned, "devops")
    dropped.unlink()
    refused(team, unsigned, "product-owner.sigstore.json: was there when Davi signed")
    team.sign(unsigned, "product-owner", "GO")
    refused(team, unsigned, "is now missing or changed")


def test_a_no_go_dropped_before_anybody_saw_it(team: Team, unsigned: Path) -> None:
    """Then its role has not signed: never a GO."""
    team.sign(unsigned, "product-owner", "NO-GO").unlink()
    team.sign(unsigned, "devops")
    team.sign(unsigned, "technical-lead")
    assert team.verify(unsigned).verdict == "INCOMPLETE"


def test_unknown_expired_and_foreign_keys(team: Team, signed: Path) -> None:
    """A signature is as good as the entry in people.toml."""
    signers = {
        "unknown": "that environments/people.toml does not have",
        "expired": "key is valid from",
        "foreign": "says that Tomás signed, but the key is Mallory's",
    }
    known = list(read_signers(team.project))
    lead = next(index for index, one in enumerate(known) if one.role == "technical-lead")
    over = datetime.now(UTC) - timedelta(seconds=1)
    lists = {
        "unknown": [one for one in known if one.role != "technical-lead"],
        "expired": [replace(one, valid_until=over) if index == lead else one for index, one in enumerate(known)],
        "foreign": [replace(one, name="Mallory") if index == lead else one for index, one in enumerate(known)],
    }
    for name, why in signers.items():
        expected = Expected(now=datetime.now(UTC), required=())
        with pytest.raises(IntegrityError, match=why):
            verify_run(signed, team.project, lists[name], expected)


def test_people_that_changed_since(team: Team, signed: Path) -> None:
    """Who may sign, and as what, is policy: it is compared like the list."""
    team.edit_people(lambda people: people[0].update(name="Mallory"))
    refused(team, signed, "the people, the attestations")


def test_one_person_in_two_roles(team: Team, signed: Path) -> None:
    """Three roles are three people, and three keys."""
    before = team.people.read_text()
    for paula in ("Tomás", "tomás", "Tom\u00e1s\u200b", "Tomás "):
        team.people.write_text(before.replace('"Paula"', f'"{paula}"'))
        refused(team, signed, "people.toml")
    team.people.write_text(before)
    keys = [one.key or "" for one in read_signers(team.project)]
    team.people.write_text(before.replace(keys[0].strip(), keys[1].strip()))
    refused(team, signed, "is listed 2 times")
    team.people.write_text(before.replace("product-owner@example.com", "devops@example.com"))
    refused(team, signed, "is the address of 2 entries")


def test_a_signature_of_another_role(team: Team, unsigned: Path) -> None:
    """The devops' GO does not stand for the lead's: not under another name, not with the role written into it."""
    folder, now = unsigned, datetime.now(UTC)
    team.sign(folder, "devops").rename(folder / "technical-lead.sigstore.json")
    refused(
        team,
        folder,
        "technical-lead.sigstore.json: is the signature of devops; give the file its name back: devops.sigstore.json",
    )
    signers = read_signers(team.project)
    devops, lead = (signer_of(signers, role, now, ssh=False) for role in ("devops", "technical-lead"))
    (folder / "technical-lead.sigstore.json").unlink()
    results = read_results(folder / "results.json")
    payload = statement(run_files(folder), said(folder, results, lead, ("GO", ""), now))
    forged = signed_with_key(payload, load_key(team.keys / "devops.key", PASSPHRASE), devops)
    (folder / "technical-lead.sigstore.json").write_bytes(forged)
    refused(team, folder, "Davi signs as devops, but the signature is for technical-lead")


@pytest.mark.parametrize(
    "change",
    [
        lambda payload: payload["predicate"].update(decision="GO", comment="other"),
        lambda payload: payload["subject"].append({"name": "x", "digest": {"sha256": "0" * 64}}),
        lambda payload: payload["subject"].append({"name": "../../etc/passwd", "digest": {"sha256": "0" * 64}}),
        lambda payload: payload.update(predicateType="urn:other"),
        lambda payload: payload.pop("predicate"),
        lambda payload: payload["predicate"].update(role="../../x"),
    ],
)
def test_a_signature_over_other_bytes(team: Team, signed: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Also one that points out of the folder: nothing is opened by a name in a statement."""
    edit(signed / "devops.sigstore.json", change)
    refused(team, signed, "devops.sigstore.json")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"null", b"[]", b'{"dsseEnvelope": {}}', b"[" * 100_000, b'{"a": "' + b"x" * 300_000 + b'"}']
)
def test_bundles_that_are_none(team: Team, signed: Path, content: bytes) -> None:
    """Truncated, empty, huge, nested without an end."""
    (signed / "devops.sigstore.json").write_bytes(content)
    refused(team, signed, "devops.sigstore.json")


def test_a_truncated_bundle(team: Team, signed: Path) -> None:
    """Half a signature is none."""
    path = signed / "devops.sigstore.json"
    path.write_bytes(path.read_bytes()[:-200])
    refused(team, signed, "is not a signature made by gonogo")


def test_a_waiver_added_after_signing(team: Team, signed: Path) -> None:
    """The policy that is there now is not the one that was judged by."""
    now = datetime.now(UTC)
    waiver = Waiver(
        check="attested-url-answers",
        reason="r",
        risk="r",
        owner="Davi",
        approved_by="Paula",
        at=now,
        until=now + timedelta(days=1),
    )
    write_waiver(team.project, "live", waiver)
    refused(team, signed, "the waivers differ from those that the run was")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("checklist.md", "the checklist, the gates"),
        ("gates.toml", "the checklist, the gates"),
        ("attestations/live/a.guide.toml", "the checklist, the gates"),
        ("live.toml", "is not the environment file"),
    ],
)
def test_a_policy_that_changed(team: Team, signed: Path, name: str, why: str) -> None:
    """Softened after the fact."""
    path = team.project / "environments" / name
    text = path.read_text()
    path.write_text(text.replace('name = "S"', 'name = "T"') if name == "live.toml" else text + "\n# softened\n")
    refused(team, signed, why)


def test_evidence_that_changed(team: Team, signed: Path) -> None:
    """What an attestation rests on is policy: the file is named, and whose word it is."""
    evidence = team.project / "environments/attestations/live/evidence/g"
    evidence.write_bytes(b"g, and a line more")
    refused(team, signed, "evidence/g: Davi's word on a.guide rests on it")
    evidence.unlink()
    refused(team, signed, "the attestations cannot be compared")


def test_symbolic_links(team: Team, signed: Path) -> None:
    """A file that is elsewhere can be changed there."""
    elsewhere = team.project / "page.html"
    shutil.move(signed / "signoff.html", elsewhere)
    (signed / "signoff.html").symlink_to(elsewhere)
    refused(team, signed, "is a symbolic link")
    (signed / "signoff.html").unlink()
    shutil.move(elsewhere, signed / "signoff.html")
    (signed / "more").symlink_to(team.project)
    refused(team, signed, "more: is a symbolic link")
    (signed / "more").unlink()
    os.mkfifo(signed / "pipe")
    refused(team, signed, "pipe: is not a regular file")


@pytest.mark.parametrize(
    ("expected", "why"),
    [
        ({"release": "0000000"}, "the run verified release 3f2c1a9, not 0000000"),
        (
            {"now": datetime.now(UTC) + timedelta(hours=5), "oldest": timedelta(hours=4)},
            "old, and at most 4 h is allowed",
        ),
        ({"now": datetime.now(UTC) + timedelta(hours=25)}, "expired"),
        ({"now": datetime.now(UTC) - timedelta(hours=1)}, "the run ends in the future"),
    ],
)
def test_another_release_and_another_time(team: Team, signed: Path, expected: dict[str, object], why: str) -> None:
    """What was verified yesterday, or was something else, is not what is deployed now."""
    refused(team, signed, why, **expected)


def test_a_signature_that_never_ends(team: Team) -> None:
    """Whoever has a key could sign once for all time to come."""
    folder, now, signers = team.run(), datetime.now(UTC), read_signers(team.project)
    for role in ROLES:
        signer = signer_of(signers, role, now, ssh=False)
        signoff = said(folder, signable(folder, team.project, role, "GO"), signer, ("GO", ""), now)
        for_ever = signoff.model_copy(update={"expires": now + timedelta(days=3650)})
        sign_with_key(folder, for_ever, signers, team.keys / f"{role}.key", PASSPHRASE)
    refused(team, folder, "at most 1 d is allowed")


def test_evidence_is_as_old_as_its_first_answer(team: Team, signed: Path) -> None:
    """A laptop that was closed in the middle of a run ends it the next morning."""
    started = read_results(signed / "results.json").run.started_at
    hours = timedelta(hours=4)
    assert team.verify(signed, now=started + hours, oldest=hours).results.decision.verdict == "GO"
    refused(team, signed, "at most 4 h is allowed", now=started + hours + timedelta(seconds=1), oldest=hours)
