"""Whom a run trusted is part of what was judged: the files behind ``tls.trust`` and ``ca_file`` are policy."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from gonogo.base.errors import IntegrityError
from gonogo.cli.signing import _verified_lines
from gonogo.families.registry import environment_from, read_environment
from gonogo.planning.trust import trust_anchors
from gonogo.planning.trusted import TrustAnchor, other_trust
from gonogo.record.archive import read_results
from gonogo.record.history import changes
from gonogo.signing.bundle import read_bundle
from tests.signing.conftest import ROLES, Team

SECTIONS = '\n[tls]\ntrust = "roots/own.pem"\nissuer = "Own"\n'


@pytest.fixture
def trusting(team: Team) -> Team:
    """With a root of its own for certificates, which nobody shows here."""
    roots = team.project / "roots"
    roots.mkdir()
    (roots / "own.pem").write_text("the root of the team")
    path = team.project / "environments/live.toml"
    path.write_text(path.read_text() + SECTIONS)
    return team


def test_files_of_trust_are_signed_shown_and_compared(trusting: Team) -> None:
    """Another root under the same name lets somebody else speak for the service."""
    folder = trusting.run()
    for role in ROLES:
        trusting.sign(folder, role)
    verified = trusting.verify(folder)
    words = "\n".join(_verified_lines(verified, ()))
    assert "tls.trust trusts own.pem (sha256 " in words
    assert "tls.trust trusts own.pem (sha256 " in (folder / "signoff.html").read_text()
    configuration = json.loads((folder / "statement.intoto.json").read_text())["predicate"]["configuration"]
    digests = {anchor.place: anchor.sha256 for anchor in verified.results.provenance.trust}
    assert {one["name"]: one["digest"]["sha256"] for one in configuration if one["name"].startswith("trust/")} == {
        f"trust/{place}": digest for place, digest in digests.items()
    }
    signed = read_bundle(folder / "devops.sigstore.json").signoff
    assert signed.policy["trust tls.trust"] == digests["tls.trust"]
    assert signed.asked == "2 of 3 lines were asked by this gate; 1 was not"
    path = trusting.project / "roots/own.pem"
    before = path.read_text()
    path.write_text("somebody else's")
    with pytest.raises(IntegrityError, match=r"live.toml: tls.trust: the run trusted own.pem \(sha256 .* now it is"):
        trusting.verify(folder)
    path.unlink()
    with pytest.raises(IntegrityError, match=r"tls.trust: .* now it is own.pem \(not read\); keep the file in"):
        trusting.verify(folder)
    path.write_text(before)
    assert trusting.verify(folder).verdict == "GO"


def test_another_root_is_told_as_a_change_of_the_policy(trusting: Team) -> None:
    """Whoever signs the second run sees that it trusted somebody else than the first."""
    first = read_results(trusting.run() / "results.json")
    (trusting.project / "roots/own.pem").write_text("another root")
    second = read_results(trusting.run() / "results.json")
    [change] = [change for change in changes(first, second) if change.kind == "policy changed"]
    assert (change.subject, change.key) == ("environments/live.toml", "tls.trust")
    assert change.before.startswith("trusted own.pem (sha256 ")
    assert change.after.startswith("trusts own.pem (sha256 ")
    assert change.before.split()[-1] != change.after.split()[-1]


def test_every_key_that_names_authorities_is_one(tmp_path: Path) -> None:
    """A database's root decides as much as that of the pages, and so does the key that signs tokens."""
    names = ("own", "host", "redis", "mongo", "tokens")
    for name in names:
        (tmp_path / f"{name}.pem").write_text(name)
    bundled = read_environment("reference", project=tmp_path).document
    environment = environment_from(
        {
            "service": {"name": "S", "base_url": "https://a.test"},
            "permits": {"effects": ["read"]},
            "hosts": {"a.test": {"addresses": ["192.0.2.1"], "tls": {"trust": "host.pem"}}},
            "tls": {"trust": "own.pem", "issuer": "Own"},
            "redis": {**bundled["redis"], "ca_file": "redis.pem"},
            "mongodb": {**bundled["mongodb"], "ca_file": "mongo.pem"},
            "api": {**bundled["api"], "public_key": str(tmp_path / "tokens.pem")},
        }
    )
    anchors = {anchor.place: anchor for anchor in trust_anchors(environment, tmp_path)}
    assert {place: anchor.file for place, anchor in anchors.items()} == {
        "hosts.a.test.tls.trust": "host.pem",
        "tls.trust": "own.pem",
        "redis.ca_file": "redis.pem",
        "mongodb.ca_file": "mongo.pem",
        "api.public_key": "tokens.pem",
    }
    digests = {anchor.sha256 for anchor in anchors.values()}
    assert digests == {hashlib.sha256(name.encode()).hexdigest() for name in names}


def test_the_public_authorities_are_named_and_a_newer_certifi_is_no_change(team: Team) -> None:
    """They come with gonogo's dependencies, and no project answers for them."""
    environment = read_environment("live", project=team.project).environment
    [public] = trust_anchors(environment, team.project)
    assert public.words.startswith("tls.trust trusts the public authorities (certifi 20")
    older = TrustAnchor(place="tls.trust", file="public", version="2020.01.01", sha256="0" * 64)
    assert not list(other_trust([older], [public]))
    own = TrustAnchor(place="tls.trust", file="own.pem", sha256="0" * 64)
    assert [place for place, _, _ in other_trust([older], [own])] == ["tls.trust"]
    assert [then for _, then, _ in other_trust([], [own])] == ["nobody by a file"]


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe"])
def test_what_is_no_file_of_trust_is_not_read(trusting: Team, kind: str) -> None:
    """Nobody waits for the end of a pipe; whoever needs the file says so with its key."""
    path: Path = trusting.project / "roots/own.pem"
    path.unlink()
    if kind == "folder":
        path.mkdir()
    if kind == "pipe":
        os.mkfifo(path)
    environment = read_environment("live", project=trusting.project).environment
    anchors = {anchor.place: anchor for anchor in trust_anchors(environment, trusting.project)}
    assert anchors["tls.trust"].words == "tls.trust trusts own.pem (not read)"
