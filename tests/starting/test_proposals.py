"""Sections that the repository could fill: as comments, which the next command takes when their marks are taken away."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from gonogo_kubernetes import FAMILY as KUBERNETES
from gonogo_smtp import FAMILY as SMTP

from gonogo.environment.composition import compose
from gonogo.environment.model import Environment
from gonogo.families import BUILT_IN
from gonogo.families.registry import environment_from
from gonogo.families.servers.compose_file import read_services
from gonogo.families.servers.compose_section import ComposeProject
from gonogo.starting import proposals as starting
from gonogo.starting.files import Start, environment_file
from gonogo.starting.findings import Findings, Names, ShownCertificate, Spoken
from gonogo.starting.render import telling
from gonogo.starting.repository import read_repository

COMPOSE = """
services:
  web: {image: "shop/web:1.2.3", ports: ["8000:8000"], depends_on: [db]}
  db: {image: "postgres:17"}
"""
MANIFESTS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: api, image: "registry.example/api:1.2.3"}, {name: proxy, image: "${PROXY}"}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: data}
spec: {serviceName: db, template: {spec: {containers: [{name: db, image: "postgres:17"}]}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: backup, namespace: shop}
spec: {schedule: "0 3 * * *", jobTemplate: {spec: {template: {spec: {containers: [{name: b, image: "b:1"}]}}}}}
"""
CHART = "apiVersion: v2\nname: shop\nversion: 1.0.0\n"
TEMPLATE = 'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ include "shop.name" . }}\n'
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG5vYm9keXMta2V5LW9mLXRoZS1sYWJvcmF0b3J5LWF0LWFs"


def started(project: Path, files: Mapping[str, str], *, public: bool = True) -> Start:
    """What init knows of a service whose repository has these files."""
    for name, text in files.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    findings = Findings(
        base_url="https://shop.example.com",
        host="shop.example.com",
        port=443,
        trust="public",
        names=Names(addresses=["192.0.2.7"], source="given", problem="none"),
        presented=ShownCertificate(address="192.0.2.7", issuer="X", days_left=60, name_matches=True),
        plain="closed",
        spoken=Spoken(unknown_page=404),
        public=public,
    )
    return Start(name="staging", findings=findings, repository=read_repository(project))


def declared(start: Start) -> Mapping[str, object]:
    """The environment file with the marks of its proposals taken away."""
    head, *proposed = environment_file(start).split("\n# From the repository: ")
    tables = [block[block.index("\n# [") :].replace("\n# ", "\n") for block in proposed]
    document = tomllib.loads("".join([head, *tables]).replace("ssh-ed25519 AAAA...", HOST_KEY))
    document["service"]["without"] = [part for part in document["service"]["without"] if part not in document]
    return document


@pytest.fixture
def packaged(monkeypatch: pytest.MonkeyPatch) -> type[Environment]:
    """Packages with families installed beside gonogo; what an environment file may have then."""
    sections = [section for family in (*BUILT_IN, KUBERNETES, SMTP) for section in family.sections]
    monkeypatch.setattr(starting, "_sections", lambda _: {section.key: section.model for section in sections})
    return compose(sections)


def told(start: Start) -> str:
    """All that init says."""
    return "\n".join(telling(start))


def test_compose_file_is_proposed_as_the_next_command_takes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it runs is nowhere in it: a person writes that."""
    monkeypatch.chdir(tmp_path)
    start = started(tmp_path, {"compose.yaml": COMPOSE})
    document = declared(start)
    environment_from(document, tmp_path)
    ((name, project),) = document["compose"].items()  # type: ignore[attr-defined]  # TOML
    assert [service.name for service in read_services(ComposeProject(**project), f"compose.{name}")] == ["web", "db"]
    assert "[compose] is in the file, as a comment" in told(start)
    assert "compose.yaml, 2 services that Docker Compose runs" in told(start)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"include: [other.yaml]\n{COMPOSE}", "is put together from several files (include, extends)"),
        ("services: {web: {image: 'shop/web:${TAG}'}}", "TAG"),
    ],
)
def test_compose_file_that_would_be_refused_is_not_proposed(tmp_path: Path, text: str, said: str) -> None:
    """It is told why, in the words of the run that would refuse it."""
    start = started(tmp_path, {"compose.yaml": text})
    assert "compose" not in declared(start)
    assert said in told(start)
    assert str(tmp_path) not in told(start)


def test_manifests_are_proposed_where_their_family_is(tmp_path: Path, packaged: type[Environment]) -> None:
    """With their kinds, numbers and images; what is filled in later is no image."""
    start = started(tmp_path, {"k8s/all.yaml": MANIFESTS})
    document = declared(start)
    packaged.model_validate(document)
    section = document["kubernetes"]
    assert isinstance(section, dict)
    assert section["namespace"] == "data"
    assert section["workloads"] == {
        "api": {"kind": "Deployment", "images": ["registry.example/api:1.2.3"], "replicas": 3, "namespace": "shop"},
        "db": {"kind": "StatefulSet", "images": ["postgres:17"]},
    }
    assert section["jobs"] == {"backup": {"kind": "CronJob", "namespace": "shop"}}


def test_submission_of_mail_is_proposed(tmp_path: Path, packaged: type[Environment]) -> None:
    """From the names of variables alone; an API of mail is no SMTP."""
    start = started(tmp_path, {".env.example": "SMTP_HOST=mail.example.com\nSMTP_PORT=587\n"})
    document = declared(start)
    packaged.model_validate(document)
    assert document["smtp"] == {"url": "SMTP_URL", "sender": "noreply@shop.example.com"}
    assert "smtp" not in declared(started(tmp_path, {".env.example": "SENDGRID_API_KEY=\n"}))


def test_family_that_is_not_installed_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    """The next command would refuse its section."""
    start = started(tmp_path, {"k8s/all.yaml": MANIFESTS, ".env.example": "SMTP_HOST=\n"})
    assert not {"kubernetes", "smtp"} & declared(start).keys()
    assert "install gonogo-kubernetes, which brings" in told(start)
    assert "install gonogo-smtp, which brings" in told(start)


def test_charts_and_templates_are_told_and_not_read(tmp_path: Path) -> None:
    """A template is no manifest: what it says depends on values."""
    start = started(
        tmp_path,
        {
            "helm/Chart.yaml": CHART,
            "helm/templates/api.yaml": TEMPLATE,
            "deploy/api.yaml": TEMPLATE,
            "helm/values.yaml": "a: 1",
        },
    )
    assert start.repository.manifests == []
    assert "helm/Chart.yaml: a Helm chart, whose templates are not read" in told(start)
    assert "deploy/api.yaml: is a template ({{ … }}), not a manifest" in told(start)
    assert "kubernetes" not in declared(start)


def test_ports_of_containers_are_told(tmp_path: Path) -> None:
    """Behind a front, nobody out there should reach them; whether that is so, a person says."""
    start = started(tmp_path, {"Dockerfile": "FROM x\nEXPOSE 8000/tcp 9000/udp $PORT 443 70000-70010\n"})
    assert start.exposed == {8000: "Dockerfile: EXPOSE"}
    assert "Dockerfile: EXPOSE 8000: it should not be reachable from outside" in told(start)
    assert "# service-8000 = [8000]" in environment_file(start)
    assert "8000" not in environment_file(started(tmp_path, {}, public=False))
