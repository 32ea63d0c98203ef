"""``gonogo attest`` and ``gonogo waive``: what people say, as files that go through the team's own code review."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gonogo.cli import options
from gonogo.cli.completion import check_names, line_names, role_names

if TYPE_CHECKING:
    from gonogo.planning.team_files import TeamFiles
    from gonogo.policy.attestations import Attestation

_ENV = options.environment("The environment it is about.", required=True)


@click.command()
@click.argument("line", metavar="ID", shell_complete=line_names)
@_ENV
@click.option("--by", required=True, metavar="NAME", help="Who attests it: an entry of environments/people.toml.")
@click.option(
    "--role", required=True, shell_complete=role_names, help="In which role: technical-lead, product-owner, devops."
)
@click.option(
    "--evidence",
    required=True,
    type=click.Path(path_type=Path),
    help="The evidence file; a copy is kept.",
)
@click.option("--hash-only", is_flag=True, help="Keep only the file's digest, if the line says evidence=digest.")
@click.option("--url", help="A page that supports it; every run fetches it, and it must answer.")
@click.option("--note", required=True, help="What was seen, in one sentence.")
@click.option(
    "--valid",
    metavar="TIME",
    help="How long it counts, or its last moment.  [default: as long as the line allows, 90d]",
)
def attest(  # noqa: PLR0913 - as many as there are options
    *,
    line: str,
    environment: str,
    by: str,
    role: str,
    evidence: Path,
    hash_only: bool,
    url: str | None,
    note: str,
    valid: str | None,
) -> int:
    """Attest a line of the checklist that no program can check."""
    from gonogo.base.moments import ending_from  # noqa: PLC0415
    from gonogo.base.toml_files import build  # noqa: PLC0415
    from gonogo.policy.attestations import KEPT, LONGEST, Attestation, why_not, write_attestation  # noqa: PLC0415 - help answers at once

    root, now = Path(), datetime.now(UTC).replace(microsecond=0)
    files = _team_files(root, environment)
    listed = files.checklist.find(line)
    longest = listed.valid if listed is not None and listed.valid else LONGEST
    content = _evidence(evidence)
    digest = hashlib.sha256(content).hexdigest()
    kept = None if hash_only else f"{KEPT}/{digest[:8]}-{evidence.name}"
    attestation = build(
        Attestation,
        "attest",
        line=line,
        by=by,
        role=role,
        at=now,
        until=ending_from(valid, now, "--valid") if valid else now + longest,
        note=note,
        url=url,
        evidence={"name": evidence.name, "sha256": digest, **({"file": kept} if kept else {})},
        found=digest,
    )
    _refuse_attestation(files, attestation, why_not(attestation, listed, now, tuple(files.gates.roles)))
    click.echo(f"{write_attestation(root, environment, attestation, content)}: commit it, and have it reviewed")
    return 0


def _refuse_attestation(files: TeamFiles, attestation: Attestation, problem: str) -> None:
    """Raises UsageError for an attestation that would not count; ``problem`` is what its line has against it."""
    from gonogo.base.errors import UsageError  # noqa: PLC0415 - help answers at once
    from gonogo.planning.team_files import attestation_refusals  # noqa: PLC0415

    problems = [f"attest: {refusal}" for refusal in attestation_refusals(files, attestation)]
    problems += [f"{attestation.line}: {problem}"] if problem else []
    if problems:
        raise UsageError(*problems)


def _team_files(root: Path, environment: str) -> TeamFiles:
    """The list, the gates and the people, as attestations are held against them."""
    from gonogo.families.registry import read_environment  # noqa: PLC0415 - help answers at once
    from gonogo.planning.gate_demands import read_list  # noqa: PLC0415
    from gonogo.planning.team_files import TeamFiles  # noqa: PLC0415
    from gonogo.policy.people import read_people  # noqa: PLC0415

    service = read_environment(environment, project=root).environment.service
    checklist, gates = read_list(root)
    return TeamFiles(
        root=root,
        environment=environment,
        stands_for=service.stands_for,
        checklist=checklist,
        gates=gates,
        people=read_people(root),
    )


def _evidence(path: Path) -> bytes:
    """The file that somebody attests a line with. Raises UsageError for whatever is none, at once."""
    from gonogo.base.errors import UsageError  # noqa: PLC0415 - help answers at once
    from gonogo.base.regular_files import Unreadable, read_regular  # noqa: PLC0415
    from gonogo.policy.attestations import LARGEST_KEPT_BYTES  # noqa: PLC0415

    try:
        content = read_regular(path, LARGEST_KEPT_BYTES, follow=False)
    except Unreadable as error:
        raise UsageError(f"--evidence: {path}: {error}") from None
    if not content:
        raise UsageError(f"--evidence: {path}: is empty, so it proves nothing")
    return content


@click.command()
@click.argument("check", metavar="CHECK", shell_complete=check_names)
@_ENV
@click.option(
    "--excepts",
    default="FAIL",
    show_default=True,
    metavar="OUTCOMES",
    help="Outcomes that are accepted: FAIL, WARN, ERROR.",
)
@click.option("--reason", required=True, help="Why it is not repaired first.")
@click.option("--risk", required=True, help="What may happen, and to whom.")
@click.option("--owner", required=True, help="Who takes the risk and repairs it: an entry of environments/people.toml.")
@click.option("--approved-by", required=True, help="Who approves it: somebody other than the owner.")
@click.option("--until", required=True, metavar="DATE", help="Last day of the waiver (UTC), or 14d; at most 30 days.")
def waive(  # noqa: PLR0913 - as many as there are options
    *, check: str, environment: str, excepts: str, reason: str, risk: str, owner: str, approved_by: str, until: str
) -> int:
    """Accept until a date that a check does not pass. It still runs, and the page shows the waiver at its top."""
    from gonogo.base.errors import UsageError  # noqa: PLC0415
    from gonogo.base.moments import ending_from  # noqa: PLC0415
    from gonogo.base.toml_files import build  # noqa: PLC0415
    from gonogo.families.registry import read_environment  # noqa: PLC0415 - help answers at once
    from gonogo.planning.suite import project_suite, selection  # noqa: PLC0415
    from gonogo.planning.team_files import waiver_problems  # noqa: PLC0415
    from gonogo.policy.people import read_people  # noqa: PLC0415
    from gonogo.policy.waivers import Waiver, refusal, write_waiver  # noqa: PLC0415

    root, now = Path(), datetime.now(UTC).replace(microsecond=0)
    read_environment(environment, project=root)
    suite = project_suite(root)
    selection(suite, [check], "CHECK")
    if not suite.catalogue[check].waivable:
        raise UsageError(refusal(check))
    waiver = build(
        Waiver,
        "waive",
        check=check,
        excepts=[outcome.strip() for outcome in excepts.split(",")],
        reason=reason,
        risk=risk,
        owner=owner,
        approved_by=approved_by,
        at=now,
        until=ending_from(until, now, "--until"),
    )
    if problems := list(waiver_problems(root, environment, [waiver], read_people(root))):
        raise UsageError(*(problem.rpartition("waiver.0")[2].lstrip(".: ") for problem in problems))
    click.echo(f"{write_waiver(root, environment, waiver)}: commit it, and have it reviewed")
    return 0
