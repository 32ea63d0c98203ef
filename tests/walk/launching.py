"""WorkMe's launch on two running references: one serves as staging, the other as production, in live mode."""

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import tomli_w
from dotenv import dotenv_values

from gonogo.base.wakefulness import BUSY
from gonogo.policy.attestations import Attestation, EvidenceFile, write_attestation
from gonogo.policy.checklist import read_checklist
from gonogo.policy.gates import lines_of, read_gates
from gonogo.policy.people import read_people
from gonogo.record.archive import read_results
from gonogo.record.results import Outcome, Results
from gonogo.runs.reference_instance import ReferenceProcess
from gonogo.signing.signers import Signer, read_signers

ROOT = Path(__file__).parents[2]
PASSPHRASE = "correct horse battery"
ROLES = {"technical-lead": "Tomás Reis", "product-owner": "Paula Costa", "devops": "Davi Lima"}
UNLOADED = dict.fromkeys(("test.load", "test.latency", "test.memory", "test.leaks"), "technical-lead")
"""The load has tests of its own; here somebody answers for it on staging, and production carries that word."""
PAID = dict.fromkeys(
    (
        "day.payment",
        "path.payment",
        "prod.stripe-live",
        "env.production.stripe-webhook-secret",
        "stripe.webhook-secret",
    ),
    "devops",
)
"""production.toml permits no money: a person pays, and says so, at T-0."""
TRIES = 4
GENEROUS = {"run": "9 min", "probe": "40 s", "total": 2, "per_host": 1}
"""Two at once: a machine that others work on as well has no more to give."""
MINUTES = 10


@dataclass(frozen=True, slots=True)
class Launch:
    """The project, and what its people do by the commands of docs/launch.md."""

    project: Path
    release: str
    say: Callable[[str], object] = field(default=lambda _line: None, repr=False)
    """Told every command, and how it ended."""

    def gonogo(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command in the project, as a process of its own; what it ends with is said."""
        known = {"GONOGO_KEY_PASSPHRASE": PASSPHRASE, "HOME": str(self.project)}
        shown = " ".join(part.removeprefix(f"{self.project}/") for part in arguments)
        self.say(f"$ gonogo {shown}")
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "gonogo", *arguments],
            cwd=self.project,
            env={**os.environ, **known},
            capture_output=True,
            text=True,
            timeout=MINUTES * 60,
            check=False,
        )
        words = (done.stdout or done.stderr).strip().splitlines()
        self.say(f"  exit {done.returncode}: {words[-1].strip() if words else ''}")
        return done

    def run(self, environment: str, gate: str, *carried: Path, release: str | None = None) -> tuple[int, Path]:
        """A run of the gate: exit code and folder."""
        named = [part for run in carried for part in ("--carry", str(run.relative_to(self.project)))]
        given = ["--release", release or self.release] if gate != "production-pre-deploy" else []
        return self._patiently(environment, "run", "--env", environment, "--gate", gate, *given, *named)

    def smoke(self, environment: str) -> tuple[int, Path]:
        """What users do: exit code and folder."""
        return self._patiently(environment, "smoke", "--env", environment, "--release", self.release)

    def _patiently(self, environment: str, *arguments: str) -> tuple[int, Path]:
        """A run; what a busy machine could not tell is asked again, as its message says."""
        for _ in range(TRIES):
            done = self.gonogo(*arguments)
            assert "Traceback" not in done.stderr, done.stderr
            folder = (self.project / "reports" / environment / "latest").resolve()
            if not too_busy(folder):
                break
        return done.returncode, folder

    def attest(self, environment: str, gate: str, others: Mapping[str, str]) -> None:
        """What people say at that gate: the lines that the list gives to a role, and ``others``, by their role."""
        checklist = read_checklist(self.project / "environments/checklist.md")
        asked = lines_of(
            read_gates(self.project / "environments/gates.toml", checklist).gates[gate], checklist, [environment]
        )
        roles = {line.id: line.attest[0] for line in asked if line.attest} | dict(others)
        now = datetime.now(UTC).replace(microsecond=0)
        for line in asked:
            said_already = (self.project / f"environments/attestations/{environment}/{line.id}.toml").exists()
            if not said_already and (role := roles.get(line.id)):
                seen = f"{line.id}: looked at on launch day".encode()
                spoken = Attestation(
                    line=line.id,
                    by=ROLES[role],
                    role=role,
                    at=now,
                    until=now + (line.valid or timedelta(days=30)),
                    note="seen",
                    evidence=EvidenceFile(
                        name=line.id, sha256=hashlib.sha256(seen).hexdigest(), file=f"evidence/{line.id}"
                    ),
                )
                write_attestation(self.project, environment, spoken, seen)

    def sign(self, run: Path, role: str, decision: str = "go") -> subprocess.CompletedProcess[str]:
        """One role's signature."""
        return self.gonogo("sign", str(run), "--role", role, "--decision", decision, "--yes")

    def copied(self, place: Path) -> "Launch":
        """To do with as one likes; what is served is not asked any more."""
        return Launch(Path(shutil.copytree(self.project, place, symlinks=True)), self.release, self.say)

    @property
    def signers(self) -> Iterable[Signer]:
        """Everybody who may sign."""
        return read_signers(self.project)


@dataclass(frozen=True, slots=True)
class Walked:
    """A launch that ended in GO, and its runs by their gate."""

    launch: Launch
    runs: dict[str, Path]

    def copied(self, place: Path) -> "Walked":
        """To be disturbed."""
        launch = self.launch.copied(place)
        return Walked(launch, {gate: place / run.relative_to(self.launch.project) for gate, run in self.runs.items()})


class NotGo(Exception):
    """A stage did not end in GO; the message says which, and what kept it from it."""


def walked(launch: Launch) -> Walked:
    """Every stage in its order; each must be GO before the next begins. Raises NotGo."""
    runs: dict[str, Path] = {}

    def stage(environment: str, gate: str, *carried: str) -> None:
        code, run = launch.run(environment, gate, *(runs[name] for name in carried))
        if code:
            raise NotGo(f"{gate}: {'; '.join(undone(run))}")
        runs[gate] = run

    def signed(gate: str) -> None:
        for role in ROLES:
            done = launch.sign(runs[gate], role)
            if done.returncode:
                raise NotGo(f"{role} may not sign {gate}: {done.stderr}")

    launch.attest("staging", "pre-deploy", UNLOADED)
    launch.attest("production", "production-pre-deploy", {})
    stage("staging", "pre-deploy")
    stage("production", "production-pre-deploy")
    signed("pre-deploy")
    for gate, others in (("post-deploy", {}), ("launch", {}), ("go-live", PAID)):
        launch.attest("production", gate, others)
        stage("production", gate)
    launch.attest("production", "sign-off", {})
    stage("production", "sign-off", "pre-deploy", "go-live")
    signed("sign-off")
    return Walked(launch, runs)


def verified(walked_: Walked) -> subprocess.CompletedProcess[str]:
    """The command of the deploy job, about the sign-off."""
    named = ("--env", "production", "--gate", "sign-off", "--release", walked_.launch.release)
    return walked_.launch.gonogo("verify", str(walked_.runs["sign-off"]), *named)


def results_of(run: Path) -> Results:
    """As recorded."""
    return read_results(run / "results.json")


def too_busy(run: Path) -> bool:
    """Whether nothing else kept it from its verdict than that this machine could not tell."""
    results = results_of(run)
    unknown = [check.worst.message for check in results.checks if check.outcome is Outcome.ERROR]
    failed = any(check.outcome is Outcome.FAIL for check in results.checks)
    return bool(unknown) and not failed and all(BUSY in message for message in unknown)


def undone(run: Path) -> list[str]:
    """What keeps the run from GO, for whoever reads a failed test."""
    results = results_of(run)
    lines = [f"{line.id}: {line.why}" for line in results.leaves if line.status in {"open", "failed"}]
    checks = [f"{check.id}: {check.worst.message}" for check in results.checks if check.outcome in {"fail", "error"}]
    return [*checks, *lines]


def prepared_launch(
    project: Path,
    staging: ReferenceProcess,
    production: ReferenceProcess,
    say: Callable[[str], object] = lambda _line: None,
) -> Launch:
    """WorkMe's own folders, list, gates and people; addresses, secrets and domain are those of the doubles."""
    environments = project / "environments"
    environments.mkdir(parents=True)
    for name in ("smoke", "loadtests"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("gates.toml", "people.toml"):
        shutil.copy(ROOT / "environments" / name, environments / name)
    (environments / "checklist.md").write_text(
        (ROOT / "environments/checklist.md").read_text().replace("workme.com.br", "workme.test")
    )
    for role, name in ROLES.items():
        made = Launch(project, "", say).gonogo("key", "new", "--role", role, "--name", name)
        assert made.returncode == 0, made.stderr
    assert len(read_people(project).person) == len(ROLES)
    _declare(project, "staging", staging, {"permits": {"effects": ["read", "write", "intrusive"]}}, ["load"])
    shipped = tomllib.loads((ROOT / "environments/production.toml").read_text())
    live = {
        "permits": shipped["permits"],
        "smoke": {key: shipped["smoke"][key] for key in ("card", "most_money_cents")},
    }
    _declare(project, "production", production, live, shipped["service"]["without"])
    return Launch(project, str(production.ready["environment"]["service"]["release"]), say)


def _declare(
    project: Path, name: str, process: ReferenceProcess, own: Mapping[str, Any], without: Iterable[str]
) -> None:
    base = tomllib.loads((ROOT / "environments/reference.toml").read_text())
    document = _laid_over(_laid_over(base, process.ready["environment"]), {**own, "limits": GENEROUS})
    for key in ("bundled", "stands_for", "release"):
        document["service"].pop(key, None)
    document["service"]["without"] = list(without)
    for section in without:
        document.pop(section)
    known = {key: value or "" for key, value in dotenv_values(document["secrets"]["dotenv"]).items()}
    if document["stripe"]["mode"] == "live":
        known["SMOKE_CARD"] = "pm_card_visa"
    dotenv = project / f".env.{name}"
    dotenv.write_text("".join(f"{key}={_quoted(value)}\n" for key, value in known.items()))
    document["secrets"]["dotenv"] = str(dotenv)
    (project / f"environments/{name}.toml").write_text(tomli_w.dumps(document))


def _laid_over(document: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The document with the changes, table by table."""
    both = {
        key: _laid_over(document[key], value) if isinstance(value, Mapping) and key in document else value
        for key, value in changes.items()
    }
    return {**document, **both}


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
