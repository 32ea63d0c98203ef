"""The first files of a team, as text: pure functions of what was found."""

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jinja2
import tomli_w

from gonogo.families.registry import environment_from
from gonogo.report.visible import visible
from gonogo.starting.findings import Findings
from gonogo.starting.proposals import Proposal, proposals
from gonogo.starting.repository import Repository, Use

ENVIRONMENT_ALONE = "environment.toml"
_TEMPLATES = {
    "environments/checklist.md": "checklist.md",
    "environments/gates.toml": "gates.toml",
    "environments/people.toml": "people.toml",
    "checks/catalogue.toml": "catalogue.toml",
    "checks/test_own.py": "test_own.py",
}
_IGNORED = ("reports/", ".env*")
_CAA = {
    "Let's Encrypt": "letsencrypt.org",
    "Google Trust Services": "pki.goog",
    "DigiCert Inc": "digicert.com",
    "Amazon": "amazon.com",
    "Sectigo Limited": "sectigo.com",
    "GlobalSign nv-sa": "globalsign.com",
}
"""Under which domain the best-known authorities are permitted."""
_LATER = {
    "mongodb": "a document store: [mongodb], with a monitoring user",
    "redis": "a cache or queue: [redis], with a monitoring user",
    "servers": "machines with SSH: [servers.NAME], with a user for this",
    "digitalocean": "droplets: [digitalocean], with a token that may read",
    "atlas": "MongoDB Atlas: [atlas], with a service account that may read",
    "stripe": "payments: [stripe]",
    "sentry": "error reports: [sentry]",
    "mail": "mail to users: [mail], with an inbox that can be read",
    "smoke": "journeys of synthetic users: [smoke], and steps in smoke/ of your own",
    "variables": "its configuration: [variables], and the file that holds them",
    "load": "the expected traffic: [load], and scenarios in loadtests/ of your own",
}
_HTTP_LATER = {
    "health": "no health endpoint was found: declare http.health",
    "release": "no page was found that shows the release: declare http.release",
    "deep_health": "no health that names its dependencies was found: declare http.deep_health",
    "metrics": "no metrics were found: declare http.metrics, http.series and http.moving",
    "series": "no series was found that a check could require: declare http.series",
    "moving": "no series changed with a request: declare http.moving",
    "openapi": "no OpenAPI 3 document was found: declare http.openapi",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The facts that the files are written from."""

    name: str
    """The environment's name."""
    findings: Findings
    repository: Repository = field(default_factory=Repository)

    @property
    def without(self) -> Mapping[str, str]:
        """Sections that are not verified yet, each with what to declare."""
        findings, http = self.findings, self.findings.spoken
        missing = {
            "dns": ""
            if findings.names.zone
            else f"the resolvers found no zone for it ({findings.names.problem}): declare [dns]",
            "ports": "" if findings.public else "its address is not public, so this shows nothing: declare [ports]",
            "health": "" if http.health else _HTTP_LATER["health"],
            "release": "" if http.release else _HTTP_LATER["release"],
            "deep_health": "" if http.deep_health else _HTTP_LATER["deep_health"],
            "metrics": "" if http.metrics else _HTTP_LATER["metrics"],
            "series": "" if not http.metrics or http.metrics.series else _HTTP_LATER["series"],
            "moving": "" if not http.metrics or http.metrics.moving else _HTTP_LATER["moving"],
            "openapi": "" if http.openapi else _HTTP_LATER["openapi"],
            **_LATER,
            **{use.component.section: self._used(use) for use in self.repository.uses if use.component.section},
        }
        return {family: why for family, why in missing.items() if why}

    @property
    def unverified(self) -> Sequence[Use]:
        """Return what the service depends on, and no section of gonogo's own verifies."""
        return [use for use in self.repository.uses if not use.component.section]

    @property
    def unverified_ids(self) -> str:
        """The ids of their lines, each with a comma, as lists in TOML have them."""
        return "".join(f'"data.{use.component.key}", ' for use in self.unverified)

    @property
    def proposals(self) -> Sequence[Proposal]:
        """Return the sections that the repository could fill."""
        return list(proposals(self.repository, self.findings.host, self.findings.names.addresses[0]))

    @property
    def exposed(self) -> Mapping[int, str]:
        """The ports of containers that are not the service's own front."""
        own = {80, 443, self.findings.port}
        return {port: place for port, place in self.repository.exposed.items() if port not in own}

    @staticmethod
    def _used(use: Use) -> str:
        return f"USED ({', '.join(use.places)}): {_LATER[use.component.section]}"

    @property
    def caa(self) -> str:
        """The domain under which CAA permits the issuer; empty if it is not known."""
        permitted = self.findings.names.caa
        permitted_name = _CAA.get(self.findings.presented.issuer, "")
        return permitted_name or (permitted[0] if len(permitted) == 1 else "")


def environment_file(start: Start) -> str:
    """``environments/NAME.toml``, which is valid whatever the service said."""
    text = _render(ENVIRONMENT_ALONE, start)
    environment_from(tomllib.loads(text))
    return text


def team_files(start: Start) -> Mapping[str, str]:
    """The list, the gates, and an example of a check of the team's own."""
    return {path: _render(template, start) for path, template in _TEMPLATES.items()}


def ignored(existing: str) -> str:
    """A ``.gitignore`` with what must not be committed; the same text if it has that already."""
    missing = [line for line in _IGNORED if line not in existing.split()]
    if not missing:
        return existing
    start = existing if not existing or existing.endswith("\n") else f"{existing}\n"
    return start + "".join(f"{line}\n" for line in missing)


def _render(template: str, start: Start) -> str:
    return _templates().get_template(f"{template}.j2").render(start=start, found=start.findings)


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(  # noqa: S701 - TOML, Markdown and Python; a filter quotes each value
        loader=jinja2.PackageLoader("gonogo.starting"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(toml=_toml, said=said, entry=entry_name, commented=commented)
    return environment


def entry_name(path: str) -> str:
    """``get-api-v1-items`` for ``/api/v1/items``: distinct for each path, and a name that entries may have."""
    plain = "-".join(re.findall(r"[a-z0-9]+", path.lower()))[:40].strip("-") or "front"
    same = re.fullmatch(r"/[a-z0-9]+(/[a-z0-9]+)*", path) and len(path) <= 40  # noqa: PLR2004 - as above
    return f"get-{plain}" if same else f"get-{plain}-{hashlib.sha256(path.encode()).hexdigest()[:6]}"


def _toml(value: str | int | Sequence[str]) -> str:
    """Write a value as TOML, on one line."""
    if not isinstance(value, str | int):
        return f"[{', '.join(map(_toml, value))}]"
    written = tomli_w.dumps({"x": value}).partition(" = ")[2].strip()
    # The value stays what it is; what an editor would not show is spelled out.
    return "".join(
        character if character == " " or character.isprintable() else f"\\U{ord(character):08X}"
        for character in written
    )


def commented(tables: Mapping[str, Any]) -> str:
    """These sections, as lines of comments."""
    return "\n".join(f"# {visible(line)}".rstrip() for line in tomli_w.dumps(tables).splitlines())


def said(text: str, longest: int = 160) -> str:
    """Words of a target, harmless in a terminal and in a comment."""
    shown = visible(text[: longest + 1]).strip()
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"
