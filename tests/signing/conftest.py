"""A team with a run that is GO, three people, and their keys."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from gonogo.collecting.recorded import RecordedSource
from gonogo.evidence.attested_url import AttestedUrlEvidence
from gonogo.evidence.http import Exchange, PageAnswer, ReleaseWord, ServiceEvidence
from gonogo.evidence.record import Record
from gonogo.families.registry import installed_families
from gonogo.planning.gate_demands import demanded_checks
from gonogo.planning.plan import build_plan
from gonogo.planning.run_plan import RunPlan, scopes_by_kind
from gonogo.planning.suite import project_suite
from gonogo.policy.attestations import Attestation, EvidenceFile, write_attestation
from gonogo.policy.people import read_people
from gonogo.runs.prepare import Prepared, Request, prepare
from gonogo.runs.publish import open_folder, publish
from gonogo.runs.session import judged_live
from gonogo.signing.keys import enrol, new_key
from gonogo.signing.signers import read_signers
from gonogo.signing.signing import said, sign_with_key, signable, signer_of
from gonogo.signing.verification import Expected, Verified, verify_run

PASSPHRASE = "correct horse battery"
ROLES = {"technical-lead": "Tomás", "product-owner": "Paula", "devops": "Davi"}
FAMILIES = sorted(
    {"hosts", "health", "metrics", "openapi", "origins", *installed_families(Path()).environment.section_keys.values()}
    - {"http"}
)
ASKED = {"attested-url-answers", "service-answers", "release-under-review"}
"""The checks of the gate; all the others that gonogo brings stand in a section that it does not ask."""
LATER = ",".join(sorted(project_suite(Path("docs")).catalogue.keys() - ASKED))
LIST = f"""# Launch
## Now
- [ ] Guide <!-- a.guide attest=devops -->
- [ ] All is well <!-- s.lead -->
## Later
- [ ] All the rest <!-- later.rest checks={LATER} -->
"""
GATES = """
[default]
live = "launch"
[gates.launch]
title = "May we launch?"
sections = ["Now"]
[gates.small]
title = "Is one thing in order?"
sections = ["Now"]
[roles.technical-lead]
title = "Technical lead"
statements = { "s.lead" = ["a"] }
[roles.product-owner]
title = "Product owner"
[roles.devops]
title = "DevOps"
"""


@dataclass(frozen=True, slots=True)
class Team:
    """Its project, and what it does."""

    project: Path

    @property
    def keys(self) -> Path:
        """Where everybody's private key is, for once in one place."""
        return self.project / "keys"

    def run(
        self,
        status: int = 200,
        release: str | None = "3f2c1a9",
        *,
        serves: str | None = "3f2c1a9",
        gate: str | None = None,
        before: Callable[[Prepared], Prepared] = lambda prepared: prepared,
    ) -> Path:
        """A run whose only target answered like this, and that ``serves`` this release, if it tells any."""
        prepared = before(prepare(Request(environment="live", project=self.project, release=release, gate=gate), {}))
        seen = AttestedUrlEvidence(
            scope=("attestations", "a.guide"),
            taken_at=prepared.plan.started_at,
            url="https://a.test/guide",
            status=status,
        )
        service = answering(prepared.plan.started_at, serves)
        records = [
            Record(kind="attested_url", scope=seen.scope, seconds=0.1, evidence=seen),
            Record(kind="service", scope=service.scope, seconds=0.1, evidence=service),
        ]
        answered = RecordedSource(records)
        prepared = replace(prepared, source=answered, plan=over(prepared, answered))  # type: ignore[arg-type]  # a recorded one in place of a live one
        folder = open_folder(prepared, self.project / "reports")
        publish(prepared, folder, judged_live(prepared))
        return folder.path

    def sign(self, folder: Path, role: str, decision: str = "GO", *, key: str = "") -> Path:
        """One role's signature; with the ``key`` of another one, for those who are not who they say."""
        now = datetime.now(UTC)
        signers = read_signers(self.project)
        results = signable(folder, self.project, role, decision)  # type: ignore[arg-type]  # one of three words
        signer = signer_of(signers, role, now, ssh=False)
        signoff = said(folder, results, signer, (decision, "as agreed"), now)  # type: ignore[arg-type]  # as above
        return sign_with_key(folder, signoff, signers, self.keys / f"{key or role}.key", PASSPHRASE)

    def verify(self, folder: Path, **expected: object) -> Verified:
        """As the deploy job does."""
        fields = {"now": datetime.now(UTC), "required": tuple(ROLES), **expected}
        return verify_run(folder, self.project, read_signers(self.project), Expected(**fields))  # type: ignore[arg-type]  # of each its own

    @property
    def people(self) -> Path:
        """The list of everybody."""
        return self.project / "environments/people.toml"

    def edit_people(self, change: Callable[[list[dict[str, Any]]], object]) -> None:
        """By hand, past all checks."""
        people = [one.model_dump(exclude_none=True) for one in read_people(self.project).person]
        change(people)
        self.people.write_text(tomli_w.dumps({"person": people}))


def answering(at: datetime, release: str | None) -> ServiceEvidence:
    """A service at one address that answers on every connection, and tells this release."""
    front = Exchange(url="https://a.test/", status=200, elapsed=timedelta(seconds=0.01), digest="d")
    words = (ReleaseWord(where="X-Release of /", value=release, declared=True),) if release else ()
    return ServiceEvidence(
        scope=("a.test", "192.0.2.1"),
        taken_at=at,
        connections=(PageAnswer(exchange=front),) * 4,
        wanted=4,
        front=front,
        pages=(),
        releases=(words,) * 4,
        origins=(),
    )


def over(prepared: Prepared, source: RecordedSource) -> RunPlan:
    """The plan of the run over these records: what nobody can ask here was asked all the same."""
    plan = prepared.plan
    keys = [(record.kind, record.scope) for record in source.records()]
    wanted = demanded_checks(plan.suite, plan.demands, release=plan.environment.service.release)
    checks = build_plan(plan.suite, plan.environment, plan.families.kinds, scopes_by_kind(keys), wanted=wanted)
    return replace(plan, plan=checks, planned_keys=keys)


def _made(project: Path) -> Team:
    environments = project / "environments"
    environments.mkdir(parents=True)
    without = json.dumps(FAMILIES)
    (environments / "live.toml").write_text(
        f'[service]\nname = "S"\nbase_url = "https://a.test"\nwithout = {without}\n'
        '[http]\nclosed_paths = ["/.env"]\nrelease = { header = "X-Release" }\n'
    )
    (environments / "checklist.md").write_text(LIST)
    (environments / "gates.toml").write_text(GATES)
    now = datetime.now(UTC)
    guide = Attestation(
        line="a.guide",
        by="Davi",
        role="devops",
        at=now - timedelta(hours=1),
        until=now + timedelta(days=30),
        note="read",
        url="https://a.test/guide",
        evidence=EvidenceFile(name="g", sha256=hashlib.sha256(b"g").hexdigest(), file="evidence/g"),
    )
    write_attestation(project, "live", guide, b"g")
    for role, name in ROLES.items():
        public = new_key(project / "keys" / f"{role}.key", PASSPHRASE)
        enrol(project, name=name, role=role, public=public, email=f"{role}@example.com")
    return Team(project)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Team, Path]:
    """Made once: a run, signed by all three."""
    team = _made(tmp_path_factory.mktemp("team") / "project")
    folder = team.run()
    for role in ROLES:
        team.sign(folder, role)
    return team, folder.relative_to(team.project)


@pytest.fixture
def team(made: tuple[Team, Path], tmp_path: Path) -> Team:
    """A copy, to do with as one likes."""
    shutil.copytree(made[0].project, tmp_path / "project", symlinks=True)
    return Team(tmp_path / "project")


@pytest.fixture
def signed(made: tuple[Team, Path], team: Team) -> Path:
    """The folder of the signed run in the copy."""
    return team.project / made[1]


@pytest.fixture
def unsigned(signed: Path) -> Path:
    """The same run as if nobody had signed it yet."""
    for bundle in signed.glob("*.sigstore.json"):
        bundle.unlink()
    return signed
