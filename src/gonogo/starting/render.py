"""Shows line by line what was found and what was not: nothing in it can move a cursor."""

import re
from collections.abc import Iterator

from gonogo.starting.files import Start, said
from gonogo.starting.findings import Findings, Health

_YES, _NO = "✓", "-"
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,59}", re.ASCII)
"""A release that no shell reads anything else into."""


def telling(start: Start) -> Iterator[str]:
    """A line per fact."""
    findings = start.findings
    for positive, label, text in (*_reached(findings), *_spoken(findings), *_repository(start)):
        yield f"  {_YES if positive else _NO} {label:<12} {said(text)}"


def unverified(start: Start) -> str:
    """The sections that the environment file names in ``service.without``."""
    return f"not verified yet: {', '.join(start.without)}"


def next_commands(name: str, release: str | None) -> Iterator[str]:
    """The commands to type next."""
    suffix = f" --release {said(release, 60)}" if release and _PLAIN.fullmatch(release) else ""
    yield f"gonogo run --env {name}{suffix}"
    yield f"gonogo checklist --missing --env {name}"
    yield "gonogo checks"


def _reached(findings: Findings) -> Iterator[tuple[bool, str, str]]:
    names, presented = findings.names, findings.presented
    where = ", ".join(names.addresses)
    match names.source:
        case "dns":
            yield True, "addresses", where
        case "system":
            yield True, "addresses", f"{where}, known to this machine only ({names.problem})"
        case "given":
            yield True, "addresses", f"{where}, as given by --address"
    if names.zone:
        yield (
            True,
            "DNS",
            f"zone {names.zone}, served by {', '.join(names.servers) or 'no name server with an address'}",
        )
    else:
        yield False, "DNS", f"no zone found: {names.problem}"
    left = (
        f"{presented.days_left} days left" if presented.days_left >= 0 else f"EXPIRED {-presented.days_left} days ago"
    )
    wrong = "" if presented.name_matches else f", NOT for {findings.host}"
    yield presented.sound, "certificate", f"issued by {presented.issuer}, {left}{wrong}"
    if presented.problem:
        fix = (
            "if the root is your own: --trust root.pem"
            if findings.trust == "public"
            else f"it was checked against {findings.trust}"
        )
        yield False, "trust", f"NOT TRUSTED: {presented.problem}; {fix}"
    else:
        yield True, "trust", f"chains to {'the public authorities' if findings.trust == 'public' else findings.trust}"
    yield findings.plain.startswith("closed") or "https:" in findings.plain, "plain http", findings.plain


def _spoken(findings: Findings) -> Iterator[tuple[bool, str, str]]:
    http = findings.spoken
    if http.unknown_page is None:
        yield False, "http", f"no answer: {http.problem}; nothing else was asked"
        return
    if http.elsewhere:
        yield False, "http", f"redirects to {http.elsewhere}: is that the base URL?"
    yield http.health is not None and not http.health.ill, "health", _health(http.health)
    yield http.deep_health is not None, "deep health", http.deep_health or "none found that names its dependencies"
    if http.release and not (http.health and http.health.release):
        yield True, "release", http.release
    metrics = http.metrics
    yield (
        metrics is not None,
        "metrics",
        f"{metrics.path}, {metrics.samples} samples, readable by everybody" if metrics else "not found",
    )
    yield http.openapi is not None, "OpenAPI", http.openapi or "not found"
    if http.api:
        yield (
            True,
            "API",
            f"its description gives {', '.join(http.api.taken)}; it does not give {', '.join(http.api.missing)}",
        )
    if http.readable:
        yield True, "requests", ", ".join(http.readable)
    if http.page:
        yield True, "page", f"{http.page} shows that the service answers"
    elif not http.front_is_served and http.health is None:
        yield (
            False,
            "page",
            "no public page was found: a run would see only refusals; name a page with --page PATH",
        )
    for remark in http.remarks:
        yield False, "", remark


def _repository(start: Start) -> Iterator[tuple[bool, str, str]]:
    for use in start.repository.uses:
        section = use.component.section
        next_step = f"declare [{section}]" if section else "attest its line, or install a family for it"
        yield False, "repository", f"{use.shown}: {next_step}"
    for proposal in start.proposals:
        written = f"[{list(proposal.tables)[-1]}] is in the file, as a comment" if proposal.tables else proposal.todo
        yield False, "repository", f"{proposal.title}: {written}"
    for port, place in start.exposed.items():
        yield False, "repository", f"{place} {port}: it should not be reachable from outside; see [ports.closed]"
    for remark in start.repository.remarks:
        yield False, "repository", remark


def _health(health: Health | None) -> str:
    if health is None:
        return "not found"
    if health.ill:
        return f"{health.path} {health.ill}: NOT HEALTHY NOW, and every run is NO-GO until it is"
    if health.status is None:
        return f"{health.path} answers, and names no status"
    return f"{health.path} says {health.status}" + (f", release {health.release}" if health.release else "")
