"""Compose files as they are read. What each spelling means is what Docker Compose 2.40.3 (``config``) made of it."""

from pathlib import Path
from typing import Any

import pytest

from gonogo.base.errors import UsageError
from gonogo.base.secrets import Secrets
from gonogo.evidence.compose import DeclaredService
from gonogo.families.registry import environment_from
from gonogo.families.servers.compose import compose_questions
from gonogo.families.servers.compose_file import read_services
from gonogo.families.servers.compose_section import ComposeProject


def read(tmp_path: Path, text: str, **declared: Any) -> dict[str, DeclaredService]:  # noqa: ANN401 - keys of the section
    """The services of this file, by name."""
    file = tmp_path / "compose.yaml"
    file.write_text(text)
    project = ComposeProject(server="web1", file=str(file), **declared)
    return {service.name: service for service in read_services(project, "compose.shop")}


@pytest.mark.parametrize(
    ("spelling", "meaning"),
    [
        ("22:22", ["22:22/tcp"]),
        ('"8080"', ["any:8080/tcp"]),
        ('"127.0.0.1:9000-9001:9000-9001/udp"', ["127.0.0.1:9000:9000/udp", "127.0.0.1:9001:9001/udp"]),
        ('"3000-3005:80"', ["3000-3005:80/tcp"]),
        ('"[::1]:6000:6000"', ["::1:6000:6000/tcp"]),
        ('"0.0.0.0:7000:7000"', ["7000:7000/tcp"]),
        ('{target: 443, published: "8443", host_ip: 10.0.0.1, mode: host}', ["10.0.0.1:8443:443/tcp"]),
        ("{target: 53, protocol: udp}", ["any:53/udp"]),
        ('"${HTTP_PORT:-80}:80"', ["80:80/tcp"]),
    ],
)
def test_ports(tmp_path: Path, spelling: str, meaning: list[str]) -> None:
    """YAML 1.1 would read the first as 1342."""
    service = read(tmp_path, f"services:\n  api:\n    image: a\n    ports: [{spelling}]\n")["api"]
    assert [str(port) for port in service.ports] == meaning


@pytest.mark.parametrize(
    ("image", "meaning"),
    [
        ("redis", "redis"),
        ("shop/api:${TAG}", "shop/api:1.2.3"),
        ("${REGISTRY:-docker.io}/api:$TAG", "docker.io/api:1.2.3"),
        ("redis:${EMPTY-7}", "redis:"),
        ("redis:${EMPTY:-7}", "redis:7"),
        ("redis:7${TAG:+-alpine}", "redis:7-alpine"),
        ("shop/api:${TAG:?say which}", "shop/api:1.2.3"),
    ],
)
def test_variables(tmp_path: Path, image: str, meaning: str) -> None:
    """A tag that CI fills in is filled in here as well."""
    text = f'services:\n  api:\n    image: "{image}"\n'
    assert read(tmp_path, text, variables={"TAG": "1.2.3", "EMPTY": ""})["api"].image == meaning


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("restart: no", {"restart": "no"}),
        ("restart: on-failure:3", {"restart": "on-failure"}),
        ("deploy: {restart_policy: {condition: any}}", {"restart": "always"}),
        ("deploy: {replicas: 3}", {"copies": 3}),
        ("scale: 2", {"copies": 2}),
        ("healthcheck: {test: 'true'}", {"healthcheck": True}),
        ("healthcheck: {disable: true}", {"healthcheck": False}),
        ('healthcheck: {test: ["NONE"]}', {"healthcheck": False}),
        ("build: .", {"image": ""}),
        ("<<: {image: shared, restart: always}", {"image": "shared", "restart": "always"}),
    ],
)
def test_keys(tmp_path: Path, lines: str, expected: dict[str, object]) -> None:
    """Each as Compose understands it."""
    service = read(tmp_path, f"services:\n  api:\n    {lines}\n")["api"]
    assert {name: getattr(service, name) for name in expected} == expected


def test_jobs_and_profiles(tmp_path: Path) -> None:
    """What others wait for until it has ended is a job; what no profile switches on need not run."""
    text = """
services:
  api: {image: a, depends_on: {migrate: {condition: service_completed_successfully}}}
  migrate: {image: a}
  seed: {image: a}
  debug: {image: a, profiles: [debug]}
"""
    services = read(tmp_path, text, jobs=["seed"])
    assert {name: service.once for name, service in services.items()} == {"api": False, "migrate": True, "seed": True}
    assert "debug" in read(tmp_path, text, profiles=["debug"])


@pytest.mark.parametrize(
    ("text", "declared", "message"),
    [
        ("services: [", {}, "is no compose file that can be read"),
        ("services: {a: !reset {}}", {}, "is no compose file that can be read"),
        ("volumes: {}", {}, "declares no services"),
        ("include: [other.yaml]\nservices: {a: {image: a}}", {}, "docker compose config"),
        ("services: {a: {extends: b}}", {}, "docker compose config"),
        ("services: {a: {image: 'a:${TAG}'}}", {}, "services.a.image: the variable TAG has no value; declare it"),
        ("services: {a: {image: 'a:${TAG:?}'}}", {"variables": {"TAG": ""}}, "the variable TAG has no value"),
        ("services: {a: {image: 'a:${A:-${B}}'}}", {}, "cannot be filled in"),
        ("services: {a: {ports: [http]}}", {}, "'http' is no port"),
        ("services: {a: {ports: ['1-2:1-3']}}", {}, "of different lengths"),
        ("services: {a: {image: a}}", {"jobs": ["b"]}, "has no service b"),
    ],
)
def test_mistakes_name_file_key_and_cure(tmp_path: Path, text: str, declared: dict[str, Any], message: str) -> None:
    """Exit code 2 and one sentence, before anybody is asked."""
    with pytest.raises(UsageError, match=r"compose\.yaml") as raised:
        read(tmp_path, text, **declared)
    assert message in str(raised.value)


def test_file_or_server_that_is_not_there() -> None:
    """Each names its key."""
    document = {
        "service": {"name": "S", "base_url": "https://a.test"},
        "compose": {"shop": {"server": "web1", "file": "none.yaml"}},
    }
    with pytest.raises(UsageError, match=r"compose\.shop\.server: web1 is none of \[servers\]"):
        compose_questions(environment_from(document), Secrets({}))
    with pytest.raises(UsageError, match=r"compose\.shop\.file: none\.yaml: No such file"):
        read_services(ComposeProject(server="web1", file="none.yaml"), "compose.shop")
