"""A project that needs no network: two files of variables, one check of its own, three lines, two statements."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gonogo.base.errors import UsageError
from gonogo.families.registry import installed_families, read_environment
from gonogo.planning.gate_demands import GateDemands, read_gate_demands
from gonogo.planning.suite import project_suite

WITHOUT = ("hosts", *installed_families(Path()).environment.section_keys.values())
LIST = """# Launch
## Before
- [ ] Own promise <!-- own.promise -->
- [ ] People said so <!-- people.said attest=lead -->
## Sign
- [ ] Lead: fit <!-- signoff.lead -->
- [ ] Ops: can be run <!-- signoff.ops -->
"""
GATES = """[default]
desk = "launch"
[gates.launch]
title = "May we launch?"
sections = ["*"]
[roles.lead]
title = "Lead"
statements = { "signoff.lead" = ["own", "people"] }
[roles.ops]
title = "Ops"
statements = { "signoff.ops" = ["own"] }
"""
PEOPLE = """[[person]]
name = "Ana Reis"
email = "ana.reis@example.com"
roles = ["lead"]
[[person]]
name = "Davi Lima"
email = "davi.lima@example.com"
roles = ["ops"]
"""
CATALOGUE = '[own-promise]\ntitle = "A promise of ours"\nproves = ["own.promise"]\nseverity = "blocker"\n'
CHECK = '''import pytest

@pytest.mark.check("own-promise")
def test_own(attested_url) -> None:
    """Why.

    Fix: it.
    """
    assert attested_url
'''


@dataclass(frozen=True, slots=True)
class Desk:
    """The project, and what its owner does."""

    project: Path

    def write(self, name: str, text: str) -> Path:
        """A file below ``environments/``."""
        path = self.project / "environments" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def attested(self, line: str = "people.said", by: str = "Ana Reis", role: str = "lead", **changes: object) -> Path:
        """An attestation with its evidence, as a file."""
        content = b"we looked, and it was so"
        evidence = self.write(f"attestations/desk/evidence/{line}.txt", "")
        evidence.write_bytes(content)
        now = datetime.now(UTC).replace(microsecond=0)
        fields = {
            "line": f'"{line}"',
            "by": f'"{by}"',
            "role": f'"{role}"',
            "at": (now - timedelta(hours=1)).isoformat(),
            "until": (now + timedelta(days=30)).isoformat(),
            "note": '"seen"',
            **changes,
        }
        text = "".join(f"{key} = {value}\n" for key, value in fields.items())
        digest = hashlib.sha256(content).hexdigest()
        text += f'[evidence]\nname = "minutes"\nsha256 = "{digest}"\nfile = "evidence/{line}.txt"\n'
        return self.write(f"attestations/desk/{line}.toml", text)

    def waived(self, owner: str = "Ana Reis", approver: str = "Davi Lima", **changes: object) -> Path:
        """A waiver of the one check."""
        now = datetime.now(UTC).replace(microsecond=0)
        fields = {
            "check": '"own-promise"',
            "reason": '"r"',
            "risk": '"k"',
            "owner": f'"{owner}"',
            "approved_by": f'"{approver}"',
            "at": (now - timedelta(hours=1)).isoformat(),
            "until": f"{now + timedelta(days=5):%Y-%m-%d}",
            **changes,
        }
        return self.write("waivers/desk.toml", "[[waiver]]\n" + "".join(f"{k} = {v}\n" for k, v in fields.items()))

    def demands(self, environment: str = "desk") -> GateDemands:
        """What a run would demand. Raises UsageError."""
        suite = project_suite(self.project)
        service = read_environment(environment, project=self.project).environment.service
        return read_gate_demands(self.project, suite, environment=environment, service=service, gate=None)

    def refusal(self) -> str:
        """Why no run begins; empty: one does."""
        try:
            self.demands()
        except UsageError as error:
            return str(error)
        return ""


def made_desk(project: Path) -> Desk:
    """Without attestations and waivers."""
    desk = Desk(project)
    without = ", ".join(f'"{one}"' for one in WITHOUT)
    desk.write(
        "desk.toml",
        f'[service]\nname = "Desk"\nbase_url = "https://desk{secrets.token_hex(2)}.example.com"\nwithout = [{without}]\n',
    )
    desk.write("checklist.md", LIST)
    desk.write("gates.toml", GATES)
    desk.write("people.toml", PEOPLE)
    (project / "checks").mkdir()
    (project / "checks/catalogue.toml").write_text(CATALOGUE)
    (project / "checks/test_own.py").write_text(CHECK)
    return desk
