"""Signing and verifying from the command line: the exit code is what a deploy job goes by."""

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import called
from tests.signing.conftest import PASSPHRASE, Team


def gonogo(team: Team, *arguments: str, given: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    """In the team's project, with the passphrase in the environment."""
    known = {"GONOGO_KEY_PASSPHRASE": PASSPHRASE, "HOME": str(team.project)}
    return called(team.project, *arguments, given=given, **{**known, **environ})


def test_from_keys_to_a_verified_go(team: Team) -> None:
    """Every step as the three people and the deploy job do it."""
    shutil.rmtree(team.keys)
    team.people.unlink()
    names = {"technical-lead": "Tomás", "product-owner": "Paula", "devops": "Davi"}
    for role, name in names.items():
        made = gonogo(team, "key", "new", "--role", role, "--name", name, "--email", f"{role}@example.com")
        assert made.returncode == 0, made.stderr
        assert "have it reviewed" in made.stdout
        assert (team.project / f".config/gonogo/{role}.key").is_file()
    folder = str(team.run())
    for role, name in names.items():
        before = gonogo(team, "verify", folder)
        assert before.returncode == 3
        assert f"{role} has not signed" in before.stdout
        signed = gonogo(team, "sign", folder, "--role", role, "--decision", "go", given="y\n")
        assert signed.returncode == 0, signed.stderr
        assert signed.stdout.startswith("GO: all 3 must-pass checks passed")
        assert f"GO by {name}, {role}" in signed.stdout
    told = signed.stdout.splitlines()[-1].partition(" when all have signed: gonogo ")[2]
    assert told == f"verify {folder} --env live --gate launch --release 3f2c1a9 --max-age 4h"
    done = gonogo(team, *shlex.split(told))
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, " GO"), done.stderr


def test_whoever_signs_an_older_run_hears_of_the_newer_one(team: Team) -> None:
    """Before the confirmation: a GO over what was green an hour ago is what nobody meant to give."""
    older = team.run()
    newer = team.run(status=500)
    asked = gonogo(team, "sign", str(older), "--role", "devops", "--decision", "go", given="n\n")
    assert asked.returncode != 0
    assert f"a newer run of gate launch, {newer.name}, is NO-GO" in asked.stderr
    assert (
        "a newer run"
        not in gonogo(team, "sign", str(newer), "--role", "devops", "--decision", "no-go", given="n\n").stderr
    )


def test_the_sealed_page_shows_who_signed_and_nothing_else(team: Team) -> None:
    """It lies beside the signed files, and is as good as they are, or verify refuses it."""
    folder = team.run()
    team.sign(folder, "devops")
    team.sign(folder, "product-owner")
    page = folder / "sealed.html"
    assert gonogo(team, "seal", str(folder)).stdout == f"{page}\n"
    first = page.read_bytes()
    assert b"as agreed" in first
    assert gonogo(team, "verify", str(folder)).returncode == 3
    team.sign(folder, "technical-lead")
    late = gonogo(team, "verify", str(folder))
    assert (late.returncode, "make it again: gonogo seal" in late.stderr) == (4, True)
    assert gonogo(team, "seal", str(folder)).returncode == 0
    assert gonogo(team, "verify", str(folder)).returncode == 0
    again = page.read_bytes()
    assert again != first
    assert gonogo(team, "seal", str(folder)).returncode == 0
    assert page.read_bytes() == again
    page.write_bytes(again.replace(b"as agreed", b"as argued"))
    edited = gonogo(team, "verify", str(folder))
    assert (edited.returncode, "sealed.html: does not match" in edited.stderr) == (4, True)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--release", "other"), 4, "the run verified release 3f2c1a9, not other"),
        (("--max-age", "1ms"), 4, "run again"),
        (("--max-age", "1m"), 2, "--max-age: '1m' is not a duration"),
        (("--require", "technical-lead,ciso"), 2, "--require: no role 'ciso' in gates.toml; there are devops"),
        (("--require", "Devops"), 2, "did you mean devops?"),
        (("--require", ""), 2, "--require: '' names no role"),
        (("--require", ","), 2, "names no role"),
        (("--require", " "), 2, "names no role"),
        (("--require", "devops,,technical-lead"), 2, "names no role"),
        (("--require", "devops"), 0, ""),
    ],
)
def test_verify_says_what_differs(team: Team, signed: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    """Exit 4 for anything that is not what it should be, 3 for a signature that is missing."""
    done = gonogo(team, "verify", str(signed), *arguments)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_verify_without_a_run_takes_the_newest(team: Team, signed: Path) -> None:
    """As show and diff do; but where several environments have runs, a deploy job must say which it deploys to."""
    for arguments in ((), ("--env", "live")):
        done = gonogo(team, "verify", *arguments)
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, " GO"), done.stderr
        assert f" run {signed.resolve().name} " in done.stdout
    shutil.copytree(signed, team.project / "reports/other" / signed.resolve().name)
    torn = gonogo(team, "verify")
    assert (torn.returncode, "latest of which environment?" in torn.stderr) == (2, True)
    assert gonogo(team, "verify", "--env", "live").returncode == 0
    nowhere = gonogo(team, "verify", "--env", "liv")
    assert (nowhere.returncode, "reports/liv/latest: neither the folder of a run" in nowhere.stderr) == (2, True)


def test_refusals(team: Team, signed: Path) -> None:
    """Nothing is written, and the passphrase is not shown."""
    failed = str(team.run(status=404))
    for arguments, code, said in (
        (("sign", failed, "--role", "devops", "--decision", "go", "--yes"), 2, "A signature cannot make it GO"),
        (("sign", failed, "--role", "ciso", "--decision", "hold", "--yes"), 2, "no role 'ciso' in the roles that sign"),
        (("sign", str(signed), "--role", "devops", "--decision", "hold", "--yes"), 2, "has signed already"),
        (("sign", failed, "--role", "devops", "--decision", "hold", "--yes", "--key", "gone"), 2, "cannot be read"),
        (("key", "new", "--role", "devops", "--name", "Paula"), 2, "a person signs in exactly one role"),
        (
            ("key", "new", "--role", "devops", "--name", "", "--email", "n@example.com"),
            2,
            "is empty; write it in words",
        ),
        (("key", "new", "--role", "devop", "--name", "Nina"), 2, "--role: no role 'devop' in gates.toml; did you mean"),
        (("key", "new", "--role", "devops", "--name", "Nina"), 2, "give the e-mail address as well"),
        (("key", "new", "--role", "devops", "--name", "D\u0430vi", "--email", "d@example.com"), 2, "mixes scripts"),
    ):
        done = gonogo(team, *arguments)
        assert done.returncode == code, done.stderr
        assert said in done.stderr
        assert "Traceback" not in done.stderr + done.stdout
        assert PASSPHRASE not in done.stderr + done.stdout
    wrong = gonogo(
        team,
        *("sign", failed, "--role", "devops", "--decision", "no-go", "--yes", "--key", str(team.keys / "devops.key")),
        GONOGO_KEY_PASSPHRASE="not this one",
    )
    assert wrong.returncode == 2
    assert "the passphrase is wrong" in wrong.stderr
    declined = gonogo(team, "sign", failed, "--role", "devops", "--decision", "no-go", given="n\n")
    assert declined.returncode == 130
    assert not list(Path(failed).glob("*.sigstore.json"))
