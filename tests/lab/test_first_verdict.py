"""From nothing to a verdict on services that nobody here wrote: `gonogo init`, what it proposes, and what they say.

The rows of docs/services.md that have a number of commands are these: it is counted by the test. Beside tests/lab/packages.txt,
those of Debian need prometheus-pushgateway, prometheus-node-exporter, etcd-server, nats-server, victoria-metrics,
docker-registry, influxdb and syncthing; what is not installed is skipped.
"""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from reference.certificates import CertificateSettings, issue_public
from tests.lab import first_services as services
from tests.lab import servers
from tests.lab.api_services import JSON_SERVER_AUTH, Service, running
from tests.support.api_projects import over_tls

pytestmark = pytest.mark.whole
DOCUMENT = Path(__file__).parents[2] / "docs" / "services.md"
_GONOGO = [sys.executable, "-m", "gonogo"]
_RELEASE, _HEALTH, _PAGE = "service.release", "service.health", "service.unknown-page"
_UNDECIDED = re.compile(r"^ ○ \S+ +\S+ is (?:error|blocked)\b", re.MULTILINE)
"""What a machine was too busy to learn: the same command is typed again."""
_MOST_TRIES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """The first verdict on a service, as the document has it."""

    row: str
    service: Service
    health: str = ""
    verdict: str = "INCOMPLETE"
    why: tuple[str, ...] = (_RELEASE,)
    """All lines of the list that are open or failed."""
    check: str = ""
    """The check that fails."""
    page: str = ""
    """A page by which the service is known, which somebody has to name."""


FIRST = [
    First(row="pypiserver, PyPI", service=services.PYPISERVER, health="/health", why=(_RELEASE, _PAGE)),
    First(row="Flower, PyPI", service=services.FLOWER, health="/healthcheck"),
    First(row="Kinto, PyPI", service=services.KINTO, health="/v1/__heartbeat__", why=(_RELEASE, _PAGE)),
    First(row="Datasette, PyPI", service=services.DATASETTE, why=(_HEALTH, _RELEASE)),
    First(row="devpi, PyPI", service=services.DEVPI, why=(_HEALTH, _RELEASE)),
    First(row="Jupyter Server, PyPI", service=services.JUPYTER, why=(_HEALTH, _RELEASE)),
    First(row="Radicale, PyPI", service=services.RADICALE, why=(_HEALTH, _RELEASE), page="/.web/"),
    First(row="Streamlit, PyPI", service=services.STREAMLIT, health="/_stcore/health", why=(_RELEASE, _PAGE)),
    First(row="django-watchman, PyPI", service=services.WATCHMAN, health="/watchman/"),
    First(
        row="Pyctuator, PyPI",
        service=services.PYCTUATOR,
        health="/actuator/health",
        verdict="NO-GO",
        why=("service.private", _RELEASE),
        check="http-closed-paths",
    ),
    First(row="Prefect, PyPI", service=services.PREFECT, health="/api/health"),
    First(row="Chroma, PyPI", service=services.CHROMA, health="/api/v2/healthcheck"),
    First(row="django-health-check, PyPI", service=services.DJANGO_HEALTH, health="/ht/"),
    First(row="py-healthcheck, PyPI", service=services.PY_HEALTHCHECK, health="/healthcheck"),
    First(row="flask-healthz, PyPI", service=services.HEALTHZ, health="/healthz/live"),
    First(row="fastapi-health, PyPI", service=services.FASTAPI_HEALTH, health="/health"),
    First(row="Dockerflow, PyPI", service=services.DOCKERFLOW, health="/__heartbeat__", verdict="GO", why=()),
    First(row="Prometheus, Debian", service=services.PROMETHEUS, health="/-/healthy", verdict="GO", why=()),
    First(row="Alertmanager, Debian", service=services.ALERTMANAGER, health="/-/healthy", verdict="GO", why=()),
    First(row="Pushgateway, Debian", service=services.PUSHGATEWAY, health="/-/healthy", verdict="GO", why=()),
    First(row="node exporter, Debian", service=services.NODE_EXPORTER, why=(_HEALTH, _PAGE)),
    First(row="etcd, Debian", service=services.ETCD, health="/health"),
    First(row="NATS, Debian", service=services.NATS, health="/healthz"),
    First(row="InfluxDB 1.6, Debian", service=services.INFLUXDB, health="/status"),
    First(row="VictoriaMetrics, Debian", service=services.VICTORIA, health="/health"),
    First(row="Docker registry, Debian", service=services.REGISTRY, why=(_HEALTH, _RELEASE)),
    First(row="Caddy, Debian", service=services.CADDY, health="/health"),
    First(row="nginx, Debian", service=services.NGINX, health="/health"),
    First(row="HAProxy `monitor-uri`, Debian", service=services.HAPROXY, health="/healthz", why=(_HEALTH, _RELEASE)),
    First(row="Syncthing, Debian", service=services.SYNCTHING, why=(_HEALTH, _RELEASE)),
    First(row="@godaddy/terminus, npm", service=services.GODADDY, health="/healthcheck"),
    First(row="@nestjs/terminus, npm", service=services.NEST, health="/health"),
    First(row="@fastify/under-pressure, npm", service=services.UNDER_PRESSURE, health="/status"),
    First(row="lightship, npm", service=services.LIGHTSHIP, health="/health"),
    First(row="hapi-alive, npm", service=services.HAPI_ALIVE, health="/health"),
    First(row="express-healthcheck, npm", service=services.EXPRESS_HEALTHCHECK, health="/healthcheck"),
    First(row="Node-RED, npm", service=services.NODE_RED, why=(_HEALTH, _RELEASE)),
    First(row="express-actuator, npm", service=services.EXPRESS_ACTUATOR, health="/actuator/health"),
    First(row="@cloudnative/health-connect, npm", service=services.CLOUD_HEALTH, health="/health"),
    First(
        row="json-server, npm", service=JSON_SERVER_AUTH, verdict="NO-GO", why=(_HEALTH, _RELEASE), check="http-origins"
    ),
]


@pytest.mark.parametrize("first", FIRST, ids=[first.row.partition(",")[0] for first in FIRST])
def test_first_verdict_is_right_after_the_commands_that_the_document_counts(first: First, tmp_path: Path) -> None:
    """With nothing but the address of the service, and the root of its own authority."""
    needed = (
        "npm" if first.service.npm else re.sub(r"^sh .*exec ", "", " ".join(first.service.command)).partition(" ")[0]
    )
    if first.row.endswith(("npm", "Debian")) and shutil.which(servers.program(needed)) is None:
        pytest.skip(f"{needed} is not installed")
    project = tmp_path / "team"
    project.mkdir()
    root, bundle, _ = issue_public(project, CertificateSettings(names=("localhost",), issuer="Test CA"))
    trust = Path(root).relative_to(project).as_posix()
    with running(first.service, tmp_path / "service") as behind, over_tls(behind, bundle) as port:
        where = ["--base-url", f"https://localhost:{port}", "--trust", trust, "--address", "127.0.0.1", "--yes"]
        page = ["--page", first.page] if first.page else []
        looked = _gonogo(["init", *where, *page], project)
        (proposed,) = re.findall(r"^next:\n  gonogo (.+)$", looked.stdout, re.MULTILINE)
        for _ in range(_MOST_TRIES):
            done = _gonogo(proposed.split(), project)
            output = done.stdout + done.stderr
            opened = tuple(re.findall(r"^ [○✖] ([\w.-]+\.[\w-]+)  ", output, re.MULTILINE))
            if opened == first.why or not _UNDECIDED.search(output):
                break
    commands = 2
    written = (project / "environments" / "staging.toml").read_text()
    assert re.search(rf"[◌✘✖✔] +{first.verdict}\b", output), output
    assert done.returncode == {"GO": 0, "INCOMPLETE": 3, "NO-GO": 1}[first.verdict], output
    assert f'\nhealth = "{first.health}"\n' in written if first.health else "\nhealth = " not in written
    assert opened == first.why, output
    assert re.findall(r"^ ✖ ([a-z-]+) ", output, re.MULTILINE) == ([first.check] if first.check else []), output
    assert _counted(first.row) == str(commands)


def _gonogo(words: list[str], project: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([*_GONOGO, *words], cwd=project, capture_output=True, text=True, check=False, timeout=240)


def _counted(row: str) -> str:
    """The number of commands in the row of the document."""
    (line,) = [line for line in DOCUMENT.read_text().splitlines() if line.startswith(f"| {row} |")]
    return line.split("|")[3].strip()
