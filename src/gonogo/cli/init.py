"""``gonogo init``: from a service and nothing else to files that run."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gonogo.starting.files import Start
    from gonogo.starting.findings import Findings, Hints
    from gonogo.starting.repository import Repository

_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}", re.ASCII)
_PATH = re.compile(r"/[A-Za-z0-9_.~/+-]{0,200}")
_TAKEN = {"gates", "people", "signers", "reference"}


@click.command()
@click.option("--name", default="staging", show_default=True, help="Name of the environment.")
@click.option("--base-url", metavar="URL", help="Address of the service, as in https://api.example.com.")
@click.option(
    "--trust", default="public", show_default=True, metavar="PEM", help="Root certificate of your own authority."
)
@click.option(
    "--address", "addresses_given", multiple=True, metavar="IP", help="Address of the host name. May be repeated."
)
@click.option("--resolver", "resolvers", multiple=True, metavar="IP:PORT", help="DNS resolver to ask. May be repeated.")
@click.option("--health", metavar="PATH", help="Path of the health endpoint, if it is not a usual one.")
@click.option("--openapi", metavar="PATH", help="Path of the OpenAPI document, if it is not a usual one.")
@click.option("--page", metavar="PATH", help="A public page, if the base URL itself shows none.")
@click.option("--environment-only", is_flag=True, help="Write only environments/NAME.toml, for a further environment.")
@click.option("--example", is_flag=True, help="Copy a complete example project, a small shop, and inspect nothing.")
@click.option("--force", is_flag=True, help="Replace existing files.")
@click.option("--yes", is_flag=True, help="Do not ask questions.")
def init(  # noqa: PLR0913 - as many as there are options
    *,
    name: str,
    base_url: str | None,
    trust: str,
    addresses_given: tuple[str, ...],
    resolvers: tuple[str, ...],
    health: str | None,
    openapi: str | None,
    page: str | None,
    environment_only: bool,
    example: bool,
    force: bool,
    yes: bool,
) -> int:
    """Inspect a service and this repository, and write the files for a first verification.

    It looks up names, reads one certificate and a few pages, and changes nothing on the service. In the repository it
    reads compose files, Dockerfile, manifests, Procfile, example variables, and the files of hosting platforms
    (fly.toml, render.yaml, app.json, railway.toml, .do/app.yaml). Existing files stay as they are.
    """
    from gonogo.starting.files import Start  # noqa: PLC0415 - help answers at once
    from gonogo.starting.project import refuse_existing  # noqa: PLC0415
    from gonogo.starting.repository import read_repository  # noqa: PLC0415

    if example:
        return _copy_example(force=force, looking=bool(base_url or environment_only))
    asking = not yes and sys.stdin.isatty()
    refuse_existing(Path(), _checked_name(name), environment_only=environment_only, force=force)
    url = _checked_url(base_url or _asked_url(asking=asking))
    addresses = _checked(addresses_given, "--address")
    servers = _checked(resolvers, "--resolver")
    repository = read_repository(Path())
    hints = _hints(repository, health, openapi, page)
    click.echo(f"inspecting {url}, read-only")
    findings = _look_with_root(url, _root(trust), addresses, servers, hints, asking=asking)
    start = Start(name=name, findings=findings, repository=repository)
    _tell(start)
    if asking and not click.confirm("Write the files?", default=True):
        click.echo("nothing was written")
    else:
        _write(start, environment_only=environment_only, force=force)
    return 0


def _copy_example(*, force: bool, looking: bool) -> int:
    from gonogo.base.errors import UsageError  # noqa: PLC0415 - help answers at once
    from gonogo.starting.example import NEXT, copy_example  # noqa: PLC0415

    if looking:
        raise UsageError(
            "--example: copies a project and inspects no service; leave out --base-url, --environment-only"
        )
    paths = copy_example(Path(), force=force)
    click.echo(f"wrote {len(paths)} files of a small shop: README.md says how to run it")
    click.echo("next:")
    for command in NEXT:
        click.echo(f"  {command}")
    return 0


def _hints(repository: Repository, health: str | None, openapi: str | None, page: str | None) -> Hints:
    """Where to look first: what somebody said, then what the repository says. Raises UsageError."""
    from gonogo.base.errors import UsageError  # noqa: PLC0415 - help answers at once
    from gonogo.starting.findings import Hints  # noqa: PLC0415

    for option, path in (("--health", health), ("--openapi", openapi), ("--page", page)):
        if path is not None and not _PATH.fullmatch(path):
            raise UsageError(f"{option}: found {path[:80]!r}; a path of the service is expected, as in /status/health")
    return Hints(
        health=[*filter(None, [health]), *repository.hints.health],
        openapi=[*filter(None, [openapi]), *repository.hints.openapi],
        page=page or "",
    )


def _look(url: str, trust: str, addresses: tuple[str, ...], resolvers: tuple[str, ...], hints: Hints) -> Findings:
    import asyncio  # noqa: PLC0415 - help answers at once

    from gonogo.starting.discovery import look  # noqa: PLC0415

    return asyncio.run(look(url, trust=trust, addresses=addresses, resolvers=resolvers, hints=hints))


def _tell(start: Start) -> None:
    from gonogo.starting.render import telling, unverified  # noqa: PLC0415 - help answers at once

    for line in telling(start):
        click.echo(line)
    click.echo(unverified(start))


def _write(start: Start, *, environment_only: bool, force: bool) -> None:
    from gonogo.starting.project import kept, unfit, write  # noqa: PLC0415
    from gonogo.starting.render import next_commands  # noqa: PLC0415 - help answers at once

    written = write(Path(), start, environment_only=environment_only, force=force)
    for path, action in written.items():
        click.echo(f"{action} {path}")
    staying = [] if environment_only else [path for path in kept(Path(), force=force) if path not in written]
    for path in staying:
        if Path(path).exists():
            click.echo(f"kept {path}, which exists already")
    for problem in unfit(Path(), start.name):
        click.echo(f"to be changed before the next run: {problem}")
    click.echo("next:")
    for command in next_commands(start.name, start.findings.spoken.release):
        click.echo(f"  {command}")


def _checked_name(name: str) -> str:
    from gonogo.base.errors import UsageError  # noqa: PLC0415 - help answers at once

    if not _NAME.fullmatch(name) or name in _TAKEN:
        taken = f"; {', '.join(sorted(_TAKEN))} are reserved" if name in _TAKEN else ""
        raise UsageError(
            f"--name: {name!r} is not a name for an environment{taken}; use lower-case letters, digits and hyphens, as in 'staging'"
        )
    return name


def _asked_url(*, asking: bool) -> str:
    from gonogo.base.errors import UsageError  # noqa: PLC0415 - help answers at once

    if not asking:
        raise UsageError(
            "--base-url: is missing; give the address of the service, as in --base-url https://api.example.com"
        )
    return str(click.prompt("Where is the service? (https://…)"))


def _checked_url(text: str) -> str:
    """Give the URL as the environment file will hold it. Raises UsageError."""
    from gonogo.base.errors import UsageError  # noqa: PLC0415 - help answers at once
    from gonogo.starting.addresses import base_url  # noqa: PLC0415

    try:
        return base_url(text)
    except ValueError as error:
        raise UsageError(f"--base-url: found {text[:80]!r}; {error}") from None


def _checked(values: tuple[str, ...], option: str) -> tuple[str, ...]:
    from gonogo.base.errors import UsageError  # noqa: PLC0415 - help answers at once
    from gonogo.starting.addresses import address, socket_address  # noqa: PLC0415

    check = address if option == "--address" else socket_address
    try:
        return tuple(map(check, values))
    except ValueError as error:
        raise UsageError(f"{option}: found {', '.join(values)[:80]!r}; {error}") from None


def _root(trust: str) -> str:
    from gonogo.starting.project import portable_root  # noqa: PLC0415 - help answers at once

    return trust if trust == "public" else portable_root(Path(), Path(trust))


def _look_with_root(  # noqa: PLR0913 - what was asked for on the command line
    url: str, root: str, addresses: tuple[str, ...], resolvers: tuple[str, ...], hints: Hints, *, asking: bool
) -> Findings:
    """Look, and where the public authorities do not know its certificate, ask for another root and look again."""
    findings = _look(url, root, addresses, resolvers, hints)
    if not findings.presented.problem or root != "public" or not asking:
        return findings
    own_root = _asked_root()
    return findings if own_root == "public" else _look(url, own_root, addresses, resolvers, hints)


def _asked_root() -> str:
    click.echo("its certificate does not chain to the public authorities")
    answer = str(click.prompt("PEM file of your own root, or 'public' to continue without one", default="public"))
    return _root(answer)
