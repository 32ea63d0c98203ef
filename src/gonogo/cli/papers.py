"""``gonogo attest`` and ``gonogo waive``: what people say, as files that go through the team's own code review."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import click

from gonogo.cli import options
from gonogo.cli.completion import check_names, line_names, role_names

_ENV = options.environment("The environment it is about.", required=True)


@click.command()
@click.argument("line", metavar="ID", shell_complete=line_names)
@_ENV
@click.option("--by", required=True, metavar="NAME", help="Who says so.")
@click.option(
    "--role", required=True, shell_complete=role_names, help="As what: technical-lead, product-owner, devops."
)
@click.option(
    "--evidence",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file it rests on; a copy is kept.",
)
@click.option("--hash-only", is_flag=True, help="Keep the file's digest only: it is nobody else's business.")
@click.option("--url", help="A page that supports it; every run fetches it, and it must answer.")
@click.option("--note", required=True, help="What was seen, in one sentence.")
@click.option("--valid", default="90d", show_default=True, metavar="TIME", help="How long it counts; or until when.")
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
    valid: str,
) -> int:
    """Attest a line of the checklist that no program can verify."""
    from gonogo.base.errors import UsageError  # noqa: PLC0415
    from gonogo.base.toml_files import build, moment_from  # noqa: PLC0415
    from gonogo.families.registry import read_environment  # noqa: PLC0415
    from gonogo.planning.demands import read_list  # noqa: PLC0415
    from gonogo.policy.attestations import KEPT, LARGEST_KEPT_BYTES, Attestation, why_not, write_attestation  # noqa: PLC0415 - help answers at once

    root, now = Path(), datetime.now(UTC).replace(microsecond=0)
    read_environment(environment, project=root)
    checklist, gates = read_list(root)
    content = evidence.read_bytes()
    if len(content) > LARGEST_KEPT_BYTES and not hash_only:
        raise UsageError(
            f"{evidence}: larger than {LARGEST_KEPT_BYTES // 2**20} MiB; keep its digest only: --hash-only"
        )
    digest = hashlib.sha256(content).hexdigest()
    kept = None if hash_only else f"{KEPT}/{digest[:8]}-{evidence.name}"
    said = build(
        Attestation,
        "attest",
        line=line,
        by=by,
        role=role,
        at=now,
        until=moment_from(valid, now, "--valid"),
        note=note,
        url=url,
        evidence={"name": evidence.name, "sha256": digest, **({"file": kept} if kept else {})},
        found=digest,
    )
    if problem := why_not(said, checklist.find(line), now, tuple(gates.roles)):
        raise UsageError(f"{line}: {problem}")
    click.echo(f"{write_attestation(root, environment, said, content)}: commit it, and have it reviewed")
    return 0


@click.command()
@click.argument("check", metavar="CHECK", shell_complete=check_names)
@_ENV
@click.option("--reason", required=True, help="Why it is not repaired first.")
@click.option("--risk", required=True, help="What may come of it, and for whom.")
@click.option("--owner", required=True, help="Who bears it, and repairs it.")
@click.option("--approved-by", required=True, help="Who allows it; not the owner.")
@click.option("--until", required=True, metavar="DATE", help="The last day of it (UTC), or 14d; at most 30 days.")
def waive(*, check: str, environment: str, reason: str, risk: str, owner: str, approved_by: str, until: str) -> int:  # noqa: PLR0913 - as many as there are options
    """Accept for a while that a check does not pass. It still runs, and the page says so in its first lines."""
    from gonogo.base.errors import UsageError  # noqa: PLC0415
    from gonogo.base.toml_files import build, moment_from  # noqa: PLC0415
    from gonogo.families.registry import read_environment  # noqa: PLC0415 - help answers at once
    from gonogo.planning.suite import project_suite, selection  # noqa: PLC0415
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
        reason=reason,
        risk=risk,
        owner=owner,
        approved_by=approved_by,
        at=now,
        until=moment_from(until, now, "--until"),
    )
    click.echo(f"{write_waiver(root, environment, waiver)}: commit it, and have it reviewed")
    return 0
