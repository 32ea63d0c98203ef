"""WorkMe's launch on two running references: staging, and production in live mode on the doubles."""

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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
ORDERED = {"memory": ("2GiB", "4GiB"), "cpus": ("1", "2"), "disk": ("50GiB", "80GiB")}
"""What the list says of staging's droplet, and what the double has."""
GENEROUS = {"run": "9 min", "probe": "40 s", "total": 2, "per_host": 1}
"""Two at once: a machine that others work on as well has no more to give."""
MINUTES = 10


@dataclass(frozen=True, slots=True)
class Launch:
    """The project, and what its people do by the commands of docs/launch.md."""

    project: Path
    release: str

    def gonogo(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command in the project, as a process of its own."""
        known = {"GONOGO_KEY_PASSPHRASE": PASSPHRASE, "HOME": str(self.project)}
        return subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "gonogo", *arguments],
            cwd=self.project,
            env={**os.environ, **known},
            capture_output=True,
            text=True,
            timeout=MINUTES * 60,
            check=False,
        )

    def run(self, environment: str, gate: str, *carried: Path, release: str | None = None) -> tuple[int, Path]:
        """A run of the gate: exit code and folder."""
        named = [part for run in carried for part in ("--carry", str(run.relative_to(self.project)))]
        given = ["--release", release or self.release] if gate != "production-pre-deploy" else []
        done = self.gonogo("run", "--env", environment, "--gate", gate, *given, *named)
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, (self.project / "reports" / environment / "latest").resolve()

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
        return Launch(Path(shutil.copytree(self.project, place, symlinks=True)), self.release)

    @property
    def signers(self) -> Iterable[Signer]:
        """Everybody who may sign."""
        return read_signers(self.project)


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


def prepared_launch(project: Path, staging: ReferenceProcess, production: ReferenceProcess) -> Launch:
    """WorkMe's own folders, list, gates and people; addresses, secrets and domain are those of the doubles."""
    environments = project / "environments"
    environments.mkdir(parents=True)
    for name in ("smoke", "loadtests"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("gates.toml", "people.toml"):
        shutil.copy(ROOT / "environments" / name, environments / name)
    (environments / "checklist.md").write_text(_list())
    for role, name in ROLES.items():
        made = Launch(project, "").gonogo("key", "new", "--role", role, "--name", name)
        assert made.returncode == 0, made.stderr
    assert len(read_people(project).person) == len(ROLES)
    _declare(project, "staging", staging, {"permits": {"effects": ["read", "write", "intrusive"]}}, ["load"])
    shipped = tomllib.loads((ROOT / "environments/production.toml").read_text())
    live = {
        "permits": shipped["permits"],
        "stripe": {"mode": "live"},
        "smoke": {key: shipped["smoke"][key] for key in ("card", "most_money_cents")},
    }
    _declare(project, "production", production, live, shipped["service"]["without"])
    return Launch(project, str(production.ready["environment"]["service"]["release"]))


def _list() -> str:
    """The seed's list, with the domain and the size of staging that the doubles have."""
    text = (ROOT / "environments/checklist.md").read_text().replace("workme.com.br", "workme.test")
    for key, (wanted, double) in ORDERED.items():
        text = text.replace(f"digitalocean.droplets.*.{key}:{wanted}", f"digitalocean.droplets.*.{key}:{double}")
    return text


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
        keys = ("STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY")
        known |= {key: known[key].replace("_test_", "_live_") for key in keys} | {"SMOKE_CARD": "pm_card_visa"}
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
