"""``gonogo key``, ``gonogo sign``, ``gonogo verify``, ``gonogo seal``."""

from __future__ import annotations

import gc
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gonogo.cli import options
from gonogo.cli.completion import gate_names, role_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import timedelta

    from gonogo.record.results import Results
    from gonogo.signing.bundle import SignOff
    from gonogo.signing.signers import Signer
    from gonogo.signing.signing import SignedDecision
    from gonogo.signing.verification import Verified

PASSPHRASE = "GONOGO_KEY_PASSPHRASE"  # noqa: S105 - the name of a variable
_DECISIONS: dict[str, SignedDecision] = {"go": "GO", "no-go": "NO-GO", "hold": "HOLD"}
_MOST_SHOWN = 12


@click.group()
def key() -> None:
    """Manage the keys that people sign with."""


@key.command()
@click.option(
    "--role",
    required=True,
    shell_complete=role_names,
    help="Role that the key signs as, one of environments/gates.toml.",
)
@click.option("--name", help="Add the key to environments/people.toml under this name.")
@click.option("--email", help="E-mail address, for a person without an entry there.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Where to write the private key.  [default: ~/.config/gonogo/ROLE.key]",
)
def new(*, role: str, name: str | None, email: str | None, out: Path | None) -> int:
    """Make a key (ECDSA P-256), encrypted with a passphrase that is asked for."""
    from gonogo.base.errors import UsageError  # noqa: PLC0415 - help answers at once
    from gonogo.signing.keys import enrol, new_key  # noqa: PLC0415

    _refuse_unknown(role)
    path = out or Path.home() / ".config" / "gonogo" / f"{role}.key"
    public = new_key(path, passphrase(confirm=True))
    if name is None:
        click.echo(f"{path}: the private key; it stays on this machine\n{public}")
        return 0
    try:
        click.echo(
            f"{enrol(Path(), name=name, role=role, public=public, email=email)}: commit it, and have it reviewed"
        )
    except UsageError:
        path.unlink()  # nobody would ever sign with it
        raise
    click.echo(f"{path}: the private key; it stays on this machine")
    return 0


@click.command()
@options.RUN
@click.option(
    "--role", required=True, shell_complete=role_names, help="Role to sign as, one of environments/gates.toml."
)
@click.option("--decision", required=True, type=options.Choice(list(_DECISIONS)), help="Your decision.")
@click.option("--comment", default="", help="A sentence that is signed with the decision.")
@click.option(
    "--key", "key_file", type=click.Path(path_type=Path), help="Your key.  [default: ~/.config/gonogo/ROLE.key]"
)
@click.option(
    "--ssh-key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Sign with this SSH key instead."
)
@click.option("--yes", is_flag=True, help="Skip the confirmation.")
def sign(  # noqa: PLR0913 - as many as there are options
    *, run: Path, role: str, decision: str, comment: str, key_file: Path | None, ssh_key: Path | None, yes: bool
) -> int:
    """Sign a run, offline, after showing what is signed."""
    from gonogo.cli.output import tell_of_age  # noqa: PLC0415
    from gonogo.report.deciding import verify_command  # noqa: PLC0415
    from gonogo.signing.signers import read_signers  # noqa: PLC0415 - help answers at once
    from gonogo.signing.signing import said, sign_with_key, sign_with_ssh, signable, signer_of  # noqa: PLC0415

    folder, now = run.resolve(), datetime.now(UTC).replace(microsecond=0)
    results = signable(folder, Path(), role, _DECISIONS[decision])
    signers = read_signers(Path())
    signer = signer_of(signers, role, now, ssh=ssh_key is not None)
    signoff = said(folder, results, signer, (_DECISIONS[decision], comment), now)
    for line in _shown(results, signoff):
        click.echo(line)
    tell_of_age(folder, results)
    if not yes:
        click.confirm(f"Sign {signoff.decision} as {signer.name}, {role}?", abort=True)
    if ssh_key is not None:
        path = sign_with_ssh(folder, signoff, signer, ssh_key)
    else:
        where = key_file or Path.home() / ".config" / "gonogo" / f"{role}.key"
        path = sign_with_key(folder, signoff, signers, where, passphrase(confirm=False))
    click.echo(f"{path}: {signoff.decision} by {signer.name}, {role}; valid until {signoff.expires:%Y-%m-%d %H:%M} UTC")
    click.echo(f" when all have signed: {_visible(verify_command(results, str(run)))}")
    return 0


@click.command()
@options.RUN_OR_NEWEST
@options.environment("The run must be of this environment.  [default: that of its folder]")
@click.option(
    "--gate",
    metavar="NAME",
    shell_complete=gate_names,
    help="The run must be of this gate.  [default: that of the environment in gates.toml]",
)
@click.option("--release", metavar="SHA", help="The run must have seen exactly this release served.")
@click.option("--require", metavar="ROLES", help="Roles that must have signed, separated by commas.  [default: all]")
@click.option(
    "--max-age", metavar="TIME", callback=options.length, help="Greatest allowed age of the evidence, as in 4h."
)
@click.option("--strict", is_flag=True, help="Exit 1 for GO WITH EXCEPTIONS as well.")
def verify(  # noqa: PLR0913 - as many as there are options
    *,
    run: Path | None,
    environment: str | None,
    gate: str | None,
    release: str | None,
    require: str | None,
    max_age: timedelta | None,
    strict: bool,
) -> int:
    """For the deploy job: verify that a run is unchanged, who signed it, and whether it is GO.

    Without RUN it takes the newest run of a whole gate; if several environments have runs, choose one with --env.
    """
    gc.disable()  # it ends soon, and until then keeps almost everything, the modules that it loads first
    from gonogo.cli.runs import exit_code  # noqa: PLC0415 - help answers at once
    from gonogo.record.archive import read_results  # noqa: PLC0415
    from gonogo.record.run_folder import RESULTS  # noqa: PLC0415
    from gonogo.signing.verification import Expected, verify_run  # noqa: PLC0415

    folder = (run or options.newest(environment)).resolve()
    recorded = read_results(folder / RESULTS)
    roles = [role.id for role in recorded.roles]
    required = roles if require is None else _required(require, roles)
    where, question = _question(folder, recorded, environment, gate)
    expected = Expected(
        now=datetime.now(UTC),
        environment=where,
        gate=question,
        required=required,
        release=_given("--release", release),
        oldest=max_age,
    )
    verified = verify_run(folder, Path(), _signers(folder), expected)
    for line in _verified_lines(verified, required):
        click.echo(line)
    return exit_code(verified.verdict, strict=strict)


def _verified_lines(verified: Verified, required: Sequence[str]) -> Iterator[str]:
    """Say who decided what, and of which run, until when it holds, and the verdict."""
    for role, signoff in verified.decisions.items():
        comment = f": {_visible(signoff.comment)}" if signoff.comment else ""
        yield f" {signoff.decision:<6} {role}, {_visible(signoff.signer)}, {signoff.time:%Y-%m-%d %H:%M} UTC{comment}"
    for role in verified.missing:
        yield f" ○      {role} has not signed"
    if not required:
        yield " ○      nobody had to sign: gates.toml has no roles"
    yield from _identity(verified.results)
    over = ": EXPIRED, run again" if verified.holds_until.at <= datetime.now(UTC) else ""
    yield f" valid until {_visible(verified.holds_until.words)}{over}"
    yield f" files, page, outcomes and policy are unchanged since the run\n {verified.verdict}"


@click.command()
@options.RUN
def seal(run: Path) -> int:
    """Write sealed.html, the page with the signatures. Anybody can make it again from the run."""
    from gonogo.base.whole_files import write_whole  # noqa: PLC0415 - help answers at once
    from gonogo.record.run_folder import SEALED  # noqa: PLC0415
    from gonogo.signing.sealing import sealed  # noqa: PLC0415
    from gonogo.signing.verification import Expected, verify_signed  # noqa: PLC0415

    folder = run.resolve()
    verified = verify_signed(folder, Path(), _signers(run), Expected(now=datetime.now(UTC)))
    write_whole(folder / SEALED, sealed(folder, verified.results, verified.decisions))
    click.echo(folder / SEALED)
    return 0


def _question(run: Path, recorded: Results, environment: str | None, gate: str | None) -> tuple[str, tuple[str, str]]:
    """The environment and the gate, with its question, that the run must have been asked. Raises Usage-, IntegrityError."""
    from gonogo.base.errors import IntegrityError  # noqa: PLC0415
    from gonogo.families.registry import read_environment  # noqa: PLC0415
    from gonogo.planning.gate_demands import expected_gate  # noqa: PLC0415 - help answers at once

    where = _given("--env", environment) or run.resolve().parent.name
    if environment is not None:
        read_environment(where, project=Path())
    if recorded.run.environment != where:
        hint = "" if environment is not None else "; name the environment with --env if the folder has another name"
        raise IntegrityError(f"this is a run of {_visible(recorded.run.environment)}, not of {where}{hint}")
    bundled = read_environment(where, project=Path()).environment.service.bundled
    name, demanded = expected_gate(Path(), environment=where, bundled=bundled, gate=_given("--gate", gate))
    return where, (name, demanded.title)


def _given(option: str, value: str | None) -> str | None:
    """Raises UsageError for an option without a value: a variable that is not set must not open a deployment."""
    from gonogo.base.errors import UsageError  # noqa: PLC0415 - help answers at once

    if value is not None and not value.strip():
        raise UsageError(f"{option}: is empty; is the variable of the pipeline set?")
    return value


def _identity(results: Results) -> Iterator[str]:
    """The question that the verdict answers: environment, gate, release, time; and what it rests on beside itself."""
    from gonogo.report.wording import asked, carried_runs  # noqa: PLC0415 - help answers at once

    run = results.run
    yield f" run {_visible(run.id)} · environment {run.environment} · machine {results.decision.verdict}"
    yield f" gate {run.gate}: {_visible(run.question)}"
    if words := asked(results):
        yield f" {words}"
    served = ", ".join(
        f"{served_at.at} serves {' or '.join(served_at.words) or 'no word of it'}" for served_at in run.served
    )
    yield f" release {_visible(results.release_words or 'none given')}{f'; {_visible(served)}' if served else ''}"
    yield from (f" {_visible(words)}" for words in carried_runs(results))
    yield from (f" {_visible(anchor.words)}" for anchor in results.provenance.trust)
    yield f" evidence of {run.started_at:%Y-%m-%d %H:%M} UTC · policy {results.provenance.policy[:12] or 'none'}"


def passphrase(*, confirm: bool) -> str:
    """Of the environment, or typed."""
    given = os.environ.get(PASSPHRASE)
    if given is not None:
        return given
    typed: str = click.prompt("Passphrase of the key", hide_input=True, confirmation_prompt=confirm, err=True)
    return typed


def _required(text: str, known_roles: Sequence[str]) -> list[str]:
    """The roles that ``--require`` names. Raises UsageError when it names nobody, or somebody that there is not."""
    from gonogo.base.errors import UsageError  # noqa: PLC0415 - help answers at once
    from gonogo.policy.people import unknown_role  # noqa: PLC0415

    named = [name.strip() for name in text.split(",")]
    if not all(named):
        raise UsageError(f"--require: {text!r} names no role; leave it out for all roles of gates.toml")
    if problems := [problem for role in named if (problem := unknown_role(role, known_roles, "gates.toml"))]:
        raise UsageError(*(f"--require: {problem}" for problem in problems))
    return list(dict.fromkeys(named))


def _refuse_unknown(role: str) -> None:
    """Raises UsageError for a role that gates.toml does not have: nobody would ever wait for its signature."""
    from gonogo.base.errors import UsageError  # noqa: PLC0415 - help answers at once
    from gonogo.planning.gate_demands import GATES, LIST, read_list  # noqa: PLC0415
    from gonogo.policy.people import unknown_role  # noqa: PLC0415

    folder = Path("environments")
    roles = read_list(Path())[1].roles if (folder / LIST).is_file() and (folder / GATES).is_file() else {}
    if roles and (problem := unknown_role(role, roles, "gates.toml")):
        raise UsageError(f"--role: {problem}")


def _signers(run: Path) -> Sequence[Signer]:
    """Nobody, if nobody has signed and there is no list of signers."""
    from gonogo.policy.people import FILE  # noqa: PLC0415
    from gonogo.signing.integrity import signatures  # noqa: PLC0415 - help answers at once
    from gonogo.signing.signers import read_signers  # noqa: PLC0415

    project = Path()
    return read_signers(project) if signatures(run) or (project / "environments" / FILE).is_file() else []


def _visible(text: str) -> str:
    from gonogo.report.visible import visible  # noqa: PLC0415 - help answers at once

    return visible(text)


def _shown(results: Results, signoff: SignOff) -> Iterator[str]:
    """Show what a person should have read before they sign."""
    from gonogo.record.results import DONE, sum_line  # noqa: PLC0415 - help answers at once
    from gonogo.report.changes import weakened_words  # noqa: PLC0415
    from gonogo.report.wording import waiver_terms  # noqa: PLC0415

    decision = results.decision
    yield f"{decision.verdict}: {_visible(decision.reason)}"
    yield from _identity(results)
    yield f" {sum_line(results.counts)}"
    for words in weakened_words(results):
        yield f" ≠ {words}"
    still = [line for line in results.leaves if line.status not in DONE]
    for line in still[:_MOST_SHOWN]:
        yield f" ○ {line.id}: {_visible(line.why)}"
    if len(still) > _MOST_SHOWN:
        yield f" ○ and {len(still) - _MOST_SHOWN} more lines"
    for exception in results.exceptions:
        yield f" ◇ {exception.check} {waiver_terms(results, exception)}: {_visible(exception.reason)}; risk: {_visible(exception.risk)}"
    by_id = {line.id: line for line in results.lines}
    for statement in [by_id[identifier] for identifier in signoff.statements if identifier in by_id]:
        shape = "✔" if statement.status in DONE else "○"
        yield f" {shape} {_visible(statement.text)}: {_visible(statement.why)}"
    for name in signoff.witnessed:
        yield f" already signed: {name}"
