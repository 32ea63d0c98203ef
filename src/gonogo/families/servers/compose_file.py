"""Reads the services of a compose file (https://github.com/compose-spec/compose-spec) that were resolved, or nearly so."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from gonogo.base.errors import UsageError
from gonogo.clients.json_api import mapping
from gonogo.evidence.compose import DeclaredPort, DeclaredService
from gonogo.families.servers.compose_section import ComposeProject

_VARIABLE = re.compile(r"\$(?:(?P<escaped>\$)|(?P<plain>\w+)|\{(?P<name>\w+)(?:(?P<rule>:?[-?+])(?P<word>[^{}]*))?\})")
_PORT = re.compile(
    r"(?:(?:(?P<host>\[[0-9a-fA-F:]+\]|[0-9.]+):)?(?:(?P<first>\d+)(?:-(?P<last>\d+))?)?:)?"
    r"(?P<target>\d+)(?:-(?P<target_last>\d+))?(?:/(?P<protocol>tcp|udp|sctp))?"
)
_ALL = {"0.0.0.0", "::"}  # noqa: S104 - how every address is spelled
_RESOLVE = "declare what `docker compose config` prints, and keep it beside the original"
_POLICIES = {"any": "always", "none": "no", "": "always"}
"""Conditions of deploy.restart_policy, by what Compose makes of them."""
_MOST_PORTS = 1000


class _Loader(yaml.SafeLoader):
    """Every scalar is a text: YAML 1.1 reads 22:22 as a number, and no as false."""

    yaml_implicit_resolvers = {"<": [("tag:yaml.org,2002:merge", re.compile("^<<$"))]}  # noqa: RUF012 - as its base has it


def read_services(declared: ComposeProject, key: str) -> tuple[DeclaredService, ...]:
    """The services that must run. Raises UsageError naming the file, the key in it and the cure."""
    services = _services(declared, key)
    finished = set(declared.jobs) | {name for service in services.values() for name in _finished_first(service)}
    if unknown := sorted(set(declared.jobs) - services.keys()):
        raise UsageError(f"{key}.jobs: {declared.file} has no service {unknown[0]}")
    return tuple(
        _service(name, service, declared, once=name in finished)
        for name, service in services.items()
        if _switched_on(service, declared)
    )


def _services(declared: ComposeProject, key: str) -> Mapping[str, Mapping[str, Any]]:
    try:
        document = yaml.load(Path(declared.file).read_text("utf-8"), _Loader)  # noqa: S506 - a SafeLoader that reads texts
    except OSError as error:
        raise UsageError(f"{key}.file: {declared.file}: {error.strerror or error}") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        line = " ".join(str(error).split())[:200]
        raise UsageError(
            f"{key}.file: {declared.file} is no compose file that can be read: {line}; {_RESOLVE}"
        ) from None
    services = document.get("services") if isinstance(document, dict) else None
    if (
        not isinstance(services, dict)
        or not services
        or not all(isinstance(service, dict) for service in services.values())
    ):
        raise UsageError(f"{key}.file: {declared.file} declares no services")
    if "include" in document or any("extends" in service for service in services.values()):
        raise UsageError(
            f"{key}.file: {declared.file} is put together from several files (include, extends); {_RESOLVE}"
        )
    return services


def _switched_on(service: Mapping[str, Any], declared: ComposeProject) -> bool:
    profiles = service.get("profiles")
    return not isinstance(profiles, list) or not profiles or bool({"*", *profiles} & {*declared.profiles})


def _finished_first(service: Mapping[str, Any]) -> Iterator[str]:
    """Services that must have ended well before this one starts."""
    needed = service.get("depends_on")
    for name, need in needed.items() if isinstance(needed, dict) else ():
        if isinstance(need, dict) and need.get("condition") == "service_completed_successfully":
            yield name


def _service(name: str, service: Mapping[str, Any], declared: ComposeProject, *, once: bool) -> DeclaredService:
    where = f"{declared.file}: services.{name}"
    deploy = mapping(service.get("deploy"))
    copies = _filled(str(deploy.get("replicas") or service.get("scale") or 1), declared, f"{where}.deploy.replicas")
    if not copies.isdecimal():
        raise UsageError(f"{where}.deploy.replicas: {copies!r} is no number")
    ports = service.get("ports")
    check = service.get("healthcheck")
    return DeclaredService(
        name=name,
        image=_filled(str(service.get("image") or ""), declared, f"{where}.image"),
        ports=tuple(
            port for entry in (ports if isinstance(ports, list) else ()) for port in _ports(entry, declared, where)
        ),
        restart=_restart(service, deploy, declared, where),
        copies=int(copies),
        once=once,
        healthcheck=isinstance(check, dict) and check.get("disable") != "true" and check.get("test") not in _NO_TEST,
    )


_NO_TEST = ("NONE", ["NONE"])


def _restart(service: Mapping[str, Any], deploy: Mapping[str, Any], declared: ComposeProject, where: str) -> str:
    policy = mapping(deploy.get("restart_policy"))
    if "restart" in service or not policy:
        return _filled(str(service.get("restart") or "no"), declared, f"{where}.restart").partition(":")[0]
    condition = str(policy.get("condition") or "")
    return _POLICIES.get(condition, condition)


def _ports(entry: object, declared: ComposeProject, where: str) -> Iterator[DeclaredPort]:
    """Read a port in the long or in the short form. Raises UsageError for another."""
    text = entry if isinstance(entry, str) else _short(entry) if isinstance(entry, dict) else ""
    filled = _filled(text, declared, f"{where}.ports")
    match = _PORT.fullmatch(filled)
    if match is None:
        raise UsageError(f"{where}.ports: {filled!r} is no port; write it as in '127.0.0.1:8080:80/tcp'")
    host = (match["host"] or "").strip("[]")
    target, target_last = int(match["target"]), int(match["target_last"] or match["target"])
    first = int(match["first"] or 0)
    last = int(match["last"] or first)
    shared = {"host": "" if host in _ALL else host, "protocol": match["protocol"] or "tcp"}
    if target_last - target >= _MOST_PORTS or (first and target < target_last and last - first != target_last - target):
        raise UsageError(f"{where}.ports: {filled!r}: the ranges are too long, or of different lengths")
    if target == target_last:
        yield DeclaredPort(first=first, last=last, target=target, **shared)
        return
    for step in range(target_last - target + 1):
        yield DeclaredPort(first=first and first + step, last=first and first + step, target=target + step, **shared)


def _short(port: Mapping[str, Any]) -> str:
    """Write a port of the long form in the short one."""
    host = str(port.get("host_ip") or "")
    host = f"[{host}]" if ":" in host else host
    published = str(port.get("published") or "")
    before = f"{host}:{published}:" if host else f"{published}:" if published else ""
    return f"{before}{port.get('target', '')}/{port.get('protocol') or 'tcp'}"


def _filled(text: str, declared: ComposeProject, where: str) -> str:
    """Fill in the text's variables (compose-spec, interpolation). Raises UsageError for one without a value."""

    def value(match: re.Match[str]) -> str:
        if match["escaped"]:
            return "$"
        name, rule, word = match["plain"] or match["name"], match["rule"] or "", match["word"] or ""
        given = declared.variables.get(name)
        present = given is not None and (bool(given) or not rule.startswith(":"))
        if rule.endswith("+"):
            return word if present else ""
        if present:
            return given or ""
        if rule.endswith("-"):
            return word
        raise UsageError(f'{where}: the variable {name} has no value; declare it: variables = {{ {name} = "…" }}')

    if "${" in _VARIABLE.sub("", text):
        raise UsageError(f"{where}: {text!r} cannot be filled in; {_RESOLVE}")
    return _VARIABLE.sub(value, text)
