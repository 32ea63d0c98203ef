"""The pipelines of docs/ci, executed step by step against a real service: checked out, installed by hash, run, signed."""

import asyncio
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from reference.listener import Handler
from tests.cli.conftest import ROOT
from tests.cli.pipeline_runners import Job, git, github_job, gitlab_job
from tests.cli.test_init import NOWHERE
from tests.support.http_doubles import http_server
from tests.support.tls_shop import HOST, Shop, dated, serving

ROLES = ("technical-lead", "product-owner", "operations")
CI = ROOT / "docs" / "ci"


class Deployed(Shop):
    """The service says which commit runs, and may be ill."""

    commit = "0" * 40
    ill = False

    def __call__(self, path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """As the healthy one, of this commit."""
        status, body = super().__call__(path, headers)
        body = body.replace(b"3f2c1a9", self.commit.encode())
        return (503 if self.ill and path == "/healthz" else status), body


@dataclass(frozen=True, kw_only=True)
class Team:
    """A repository with a pipeline, the service that it deploys, and the machines' tools."""

    home: Path
    work: Path
    origin: Path
    tools: Path
    service: Deployed

    @property
    def sha(self) -> str:
        """The commit that is to be deployed."""
        return git("rev-parse", "main", cwd=self.work)

    def job(self, name: str) -> Job:
        """A machine for one job."""
        store = self.home / "artifacts"
        store.mkdir(exist_ok=True)
        github = {"github": {"sha": self.sha}}
        return Job(
            origin=self.origin, sha=self.sha, folder=self.home / name, tools=self.tools, store=store, contexts=github
        )

    def sign(self, run: Path) -> None:
        """All three, each on a machine with the repository, and the bundles on their branch."""
        signing = self.home / f"signing-{run.parent.name}-{run.name}"
        git("clone", "--quiet", str(self.origin), str(signing), cwd=self.home)
        kept = signing / "reports" / "staging" / run.name
        shutil.copytree(run, kept, ignore=shutil.ignore_patterns("*.sigstore.json"))  # as verify kept it
        for role in ROLES:
            self.typed(signing, "sign", str(kept), "--role", role, "--decision", "go", "--yes", role=role)
        branch = self.home / f"branch-{signing.name}"
        git("clone", "--quiet", "--branch", "sign-offs", str(self.origin), str(branch), cwd=self.home)
        (branch / self.sha).mkdir(exist_ok=True)
        for bundle in kept.glob("*.sigstore.json"):
            shutil.copy(bundle, branch / self.sha)
        git("add", "-A", cwd=branch)
        git("commit", "--quiet", "--message", "signed", cwd=branch)
        git("push", "--quiet", "origin", "sign-offs", cwd=branch)

    def typed(self, folder: Path, *words: str, role: str = "") -> None:
        """What somebody types into a process of its own, which must succeed."""
        secret = {"HOME": str(self.home / role), "GONOGO_KEY_PASSPHRASE": "a long passphrase"}
        command = [sys.executable, "-c", "from gonogo.cli import main; main()", *words]
        done = subprocess.run(  # noqa: S603 - our own program
            command, cwd=folder, env={**os.environ, **secret}, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def _tools(folder: Path) -> Path:
    """The programs of python:3.12-slim, as far as the files call them: an environment that has gonogo's dependencies.

    They come from the environment of this test, gonogo itself does not: it is installed as the pipeline says.
    """
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)  # noqa: S603 - ours
    site = next(folder.glob("lib/python*/site-packages"))
    borrowed = folder / "borrowed"
    borrowed.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not path.name.lower().startswith(("gonogo", "_gonogo", "__editable__", "_editable")):
            (borrowed / path.name).symlink_to(path)
    (site / "borrowed.pth").write_text(f"{borrowed}\n")
    apt = folder / "bin" / "apt-get"
    apt.write_text('#!/bin/sh\ncase "$1" in update) ;; install) git --version >/dev/null ;; *) exit 1 ;; esac\n')
    apt.chmod(0o755)
    return folder / "bin"


def _wheel(folder: Path) -> Path:
    build = ["-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run([sys.executable, *build], cwd=ROOT, check=True, capture_output=True)  # noqa: S603 - ours
    return next(folder.glob("*.whl"))


def always(service: Deployed) -> Handler:
    """Each connection is told the time at which it began: the clock of a server does not stand still."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await http_server(service, dated())(reader, writer)

    return serve


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """As ``gonogo init`` begins it, with the pipelines of the documents, three signers, and a wheel pinned by its hash."""
    home = tmp_path_factory.mktemp("pipeline")
    work, origin, service = home / "work", home / "origin.git", Deployed()
    work.mkdir()
    git("init", "--quiet", cwd=work)
    wheel = _wheel(work / "vendor")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (work / "requirements-gonogo.txt").write_text(f"./vendor/{wheel.name} --hash=sha256:{digest}\n")
    shutil.copytree(CI, work / "docs" / "ci")
    (work / "deploy.sh").write_text("#!/bin/sh\necho deployed\n")
    (work / "deploy.sh").chmod(0o755)
    with serving(always(service), work) as url:
        assert HOST in url
        made = Team(home=home, work=work, origin=origin, tools=_tools(home / "tools"), service=service)
        made.typed(work, "init", "--base-url", url, "--trust", "root.pem", *NOWHERE, "--yes")
        for role in ROLES:
            (home / role).mkdir()
            name = ("--name", f"{role.title()} One", "--email", f"{role}@example.com")
            made.typed(work, "key", "new", "--role", role, *name, role=role)
        git("add", "-A", cwd=work)
        git("commit", "--quiet", "--message", "begin", cwd=work)
        git("branch", "-M", "main", cwd=work)
        git("clone", "--quiet", "--bare", str(work), str(origin), cwd=home)
        git("branch", "sign-offs", "main", cwd=origin)
        service.commit = made.sha
        yield made


@pytest.fixture(autouse=True)
def _healthy(team: Team) -> Iterator[None]:
    yield
    team.service.ill = False


def steps_of(name: str) -> list[dict[str, object]]:
    """Of a job of the workflow."""
    steps: list[dict[str, object]] = yaml.safe_load((CI / "github/pre-deploy.yml").read_text())["jobs"][name]["steps"]
    return steps


def test_github(team: Team) -> None:
    """Verified, kept, signed on a branch, and deployed by the signatures; not deployed without them."""
    verify = team.job("github-verify")
    assert github_job(verify, steps_of("verify")), verify.said
    outputs = verify.contexts["steps"]["gonogo"]["outputs"]
    assert outputs["exit-code"] == "0"
    needs = {"needs": {"verify": {"outputs": {"run": outputs["id"]}}}}
    early = team.job("github-early")
    early.contexts |= needs
    assert not github_job(early, steps_of("deploy"))
    assert "deployed" not in early.said
    team.sign(verify.store / f"gonogo-{team.sha}" / outputs["id"])
    deploy = team.job("github-deploy")
    deploy.contexts |= needs
    assert github_job(deploy, steps_of("deploy")), deploy.said
    assert deploy.said.endswith("deployed\n")


@pytest.mark.whole
def test_github_stops_at_a_no_go(team: Team) -> None:
    """And keeps the run all the same, which is what people want to look at."""
    team.service.ill = True
    verify = team.job("github-ill")
    for name in list(verify.store.glob("gonogo-*")):
        shutil.rmtree(name)
    assert not github_job(verify, steps_of("verify"))
    assert verify.contexts["steps"]["gonogo"]["outputs"]["exit-code"] == "1"
    assert list(verify.store.glob("gonogo-*/latest/signoff.html"))
    run = verify.contexts["steps"]["gonogo"]["outputs"]["id"]
    assert (verify.store / "cache" / run / "results.json").is_file(), "later runs would not know what changed since"


@pytest.mark.whole
def test_gitlab(team: Team) -> None:
    """The same by GitLab's file: the run's id comes as a variable, the signatures from their branch."""
    document = yaml.safe_load((CI / "gonogo.gitlab-ci.yml").read_text())
    verify = team.job("gitlab-verify")
    well, dotenv = gitlab_job(verify, document, "gonogo", {})
    assert well, verify.said
    early = team.job("gitlab-early")
    assert not gitlab_job(early, document, "signed", dotenv)[0]
    team.sign(verify.store / "gonogo" / "reports" / "staging" / dotenv["GONOGO_RUN"])
    signed = team.job("gitlab-signed")
    assert gitlab_job(signed, document, "signed", dotenv)[0], signed.said


@pytest.mark.whole
def test_gitlab_stops_at_a_no_go(team: Team) -> None:
    """With the artifacts that say why."""
    team.service.ill = True
    verify = team.job("gitlab-ill")
    shutil.rmtree(verify.store / "gonogo", ignore_errors=True)
    document = yaml.safe_load((CI / "gonogo.gitlab-ci.yml").read_text())
    well, dotenv = gitlab_job(verify, document, "gonogo", {})
    assert not well
    assert (verify.store / "gonogo/reports/staging" / dotenv["GONOGO_RUN"] / "signoff.html").is_file()
    assert (verify.store / "cache" / dotenv["GONOGO_RUN"] / "results.json").is_file()


@pytest.mark.whole
def test_shell(team: Team) -> None:
    """By a runner that knows nothing but a shell."""
    job = team.job("shell")
    job.folder.mkdir()
    job.clone(team.sha, job.folder)
    here = {"PATH": f"{team.tools}:{os.environ['PATH']}"}
    borrowed = next(team.tools.parent.glob("lib/python*/site-packages/borrowed.pth")).read_text()
    subprocess.run([sys.executable, "-m", "venv", ".gonogo"], cwd=job.folder, check=True)
    (next(job.folder.glob(".gonogo/lib/python*/site-packages")) / "borrowed.pth").write_text(borrowed)
    assert job.shell("docs/ci/gonogo.sh verify", here) == 0, job.said
    assert job.shell("docs/ci/gonogo.sh signed", here) != 0
    run = (job.folder / "gonogo.run").read_text().strip()
    team.sign(job.folder / "reports" / "staging" / run)
    assert job.shell("docs/ci/gonogo.sh signed", here) == 0, job.said
    assert job.shell("docs/ci/gonogo.sh", here) == 2
    team.service.ill = True
    (job.folder / "reports" / "staging").rename(job.folder / "kept")
    assert job.shell("docs/ci/gonogo.sh verify", here | {"GONOGO_BASELINE": "kept"}) == 1, job.said
    assert f"CHANGES since {run}" in job.said
    assert job.shell("docs/ci/gonogo.sh verify", here | {"GONOGO_BASELINE": "nowhere"}) == 2
    assert "--baseline: nowhere is not a folder; leave it out of the first run" in job.said


def test_a_wheel_of_somebody_else_is_not_installed(team: Team) -> None:
    """What was reviewed is what runs: another content of the same name is refused by its hash."""
    job = team.job("forged")
    job.folder.mkdir()
    job.clone(team.sha, job.folder)
    (wheel,) = (job.folder / "vendor").iterdir()
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    install = "python -m pip install --quiet --require-hashes --requirement requirements-gonogo.txt"
    assert job.shell(install, {}) != 0
    assert "DO NOT MATCH THE HASHES" in job.said
