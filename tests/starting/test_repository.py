"""What a repository says of its service is read from the files that teams have; nothing in them can stop or mislead init."""

import os
from pathlib import Path

import pytest

from gonogo.families.registry import installed_families
from gonogo.starting.components import COMPONENTS, by_image, by_variable
from gonogo.starting.repository import Repository, read_repository

COMPOSE = """
services:
  web:
    build: .
    environment:
      DATABASE_URL: postgresql+asyncpg://app:hunter2@db/app
      - nothing
"""
SHOP = """
services:
  web:
    build: .
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:8000/api/v1/utils/health-check/"]
    environment:
      - CELERY_BROKER=amqp://guest:hunter2@queue//
      - SENTRY_DSN
  db:
    image: docker.io/library/postgres:16-alpine@sha256:00
  cache: {image: "valkey/valkey:8"}
"""
DEPLOYMENT = """
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  template:
    spec:
      containers:
        - image: registry.example.com/shop/api:1
          env: [{name: MONGO_URL, valueFrom: {secretKeyRef: {name: s, key: k}}}]
          livenessProbe: {httpGet: {path: /internal/alive, port: 8000}}
          readinessProbe: {exec: {command: [true]}}
"""


def read(project: Path, files: dict[str, str]) -> Repository:
    """What these files say."""
    for name, text in files.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return read_repository(project)


def places(found: Repository) -> dict[str, list[str]]:
    """By component."""
    return {use.component.key: list(use.places) for use in found.uses}


def test_compose_file(tmp_path: Path) -> None:
    """Images, URLs of variables in both spellings, and the path of the health check."""
    found = read(tmp_path, {"docker-compose.yml": SHOP})
    assert places(found) == {
        "postgresql": ["docker-compose.yml: services.db"],
        "redis": ["docker-compose.yml: services.cache"],
        "rabbitmq": ["docker-compose.yml: services.web.environment.CELERY_BROKER"],
        "sentry": ["docker-compose.yml: services.web.environment.SENTRY_DSN"],
    }
    assert found.hints.health == ("/api/v1/utils/health-check/",)
    assert "hunter2" not in repr(found)


def test_manifests(tmp_path: Path) -> None:
    """Several documents in one file, below a usual folder."""
    found = read(tmp_path, {"deploy/k8s/api.yaml": DEPLOYMENT})
    assert places(found) == {"mongodb": ["deploy/k8s/api.yaml: Deployment api, MONGO_URL"]}
    assert found.hints.health == ("/internal/alive",)


def test_dockerfile_procfile_example_and_description(tmp_path: Path) -> None:
    """The rest of what is usual."""
    found = read(
        tmp_path,
        {
            "Dockerfile": "FROM x\nHEALTHCHECK --interval=5s \\\n  CMD wget -q http://127.0.0.1:80/up || exit 1\n",
            "Procfile": "web: gunicorn app\nworker: celery -A app worker\n",
            ".env.example": "export STRIPE_SECRET_KEY=\n# REDIS_URL=redis://x\nDB=mysql://u:p@h/d\nnot a line\n",
            "docs/openapi.yaml": "openapi: 3.1.0\n",
        },
    )
    assert places(found) == {
        "mysql": [".env.example: DB"],
        "workers": ["Procfile: worker (celery)"],
        "stripe": [".env.example: STRIPE_SECRET_KEY"],
    }
    assert found.hints.health == ("/up",)
    assert found.hints.openapi == ("/openapi.yaml",)


FLY = """
app = "notes"
[env]
  REDIS_URL = "redis://example"
[http_service]
  internal_port = 8080
  [[http_service.checks]]
    path = "/internal/fly"
[[services]]
  [[services.http_checks]]
    path = "/internal/old"
"""
RENDER = """
services:
  - type: web
    runtime: node
    healthCheckPath: /internal/render
    envVars:
      - {key: SENTRY_DSN, sync: false}
      - {key: DATABASE_URL, fromDatabase: {name: notes, property: connectionString}}
  - {type: keyvalue, name: cache}
databases:
  - name: notes
"""
HEROKU = """{
  "name": "notes", "addons": ["heroku-postgresql:essential-0", {"plan": "heroku-redis:mini"}],
  "env": {"STRIPE_SECRET_KEY": {"description": "of the account", "required": true}}, "scripts": {"test": "x"}
}"""
APP_PLATFORM = """
name: notes
services:
  - name: web
    health_check: {http_path: /internal/do}
databases:
  - {name: db, engine: PG}
"""
CONFIG_MAP = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {BROKER: "amqp://queue", GREETING: hello}
"""
DEFAULTS = """
services:
  web:
    environment: {DATABASE_URL: "${DATABASE_URL:-postgresql://app@db/app}"}
    healthcheck: {test: "wget -qO- localhost:${PORT:-3000}/internal/compose || exit 1"}
  cache: {image: "${CACHE_IMAGE:-redis:7}"}
  search: {image: "elasticsearch:8", healthcheck: {test: [CMD, curl, "http://search:9200/_cluster/health"]}}
"""


@pytest.mark.parametrize(
    ("path", "text", "components", "health"),
    [
        ("fly.toml", FLY, {"redis"}, ("/internal/fly", "/internal/old")),
        ("render.yaml", RENDER, {"postgresql", "redis", "sentry"}, ("/internal/render",)),
        ("app.json", HEROKU, {"postgresql", "redis", "stripe"}, ()),
        ("app.json", '{"expo": {"name": "notes", "platforms": ["ios"]}}', set(), ()),
        ("railway.toml", '[deploy]\nhealthcheckPath = "/internal/railway"\n', set(), ("/internal/railway",)),
        ("railway.json", '{"deploy": {"healthcheckPath": "/internal/railway"}}', set(), ("/internal/railway",)),
        (".do/app.yaml", APP_PLATFORM, {"postgresql"}, ("/internal/do",)),
        ("k8s/settings.yaml", CONFIG_MAP, {"rabbitmq"}, ()),
        ("compose.yaml", DEFAULTS, {"postgresql", "redis", "search"}, ("/internal/compose", "/_cluster/health")),
    ],
)
def test_what_platforms_are_told(
    tmp_path: Path, path: str, text: str, components: set[str], health: tuple[str, ...]
) -> None:
    """As their documentation writes these files."""
    found = read(tmp_path, {path: text})
    assert (set(places(found)), set(found.hints.health), found.remarks) == (components, set(health), [])


@pytest.mark.parametrize(("path", "text"), [("fly.toml", "app ="), ("app.json", "{"), (".do/app.yaml", "a: [")])
def test_file_of_a_platform_that_cannot_be_read(tmp_path: Path, path: str, text: str) -> None:
    """One remark, by its name."""
    (remark,) = read(tmp_path, {path: text}).remarks
    assert remark.startswith(f"{path}: cannot be read (")


def test_real_variables_are_not_opened(tmp_path: Path) -> None:
    """They hold secrets, and belong to one machine."""
    assert not read(tmp_path, {".env": "REDIS_URL=redis://x", ".env.production": "MONGO_URL=mongodb://x"}).uses


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    """Malformed, endless, or no file at all: a remark, and the rest is read."""
    os.mkfifo(tmp_path / "compose.yml")
    (tmp_path / "k8s").mkdir()
    bombs = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))
    found = read(
        tmp_path,
        {
            "docker-compose.yml": COMPOSE,
            "k8s/bomb.yaml": f"apiVersion: v1\nkind: X\na0: &a0 {{image: mongo}}\n{bombs}\n",
            "k8s/strange.yaml": "apiVersion: v1\nkind: [1]\nmetadata: 7\nservices: 3\n",
            "compose.yaml": "services: {db: {image: 'redis:7', environment: 5, healthcheck: {test: 3}}, x: 1}",
        },
    )
    assert set(places(found)) == {"mongodb", "redis"}
    assert len(found.remarks) == 1
    assert found.remarks[0].startswith("docker-compose.yml: is not valid YAML (")
    assert "hunter2" not in found.remarks[0]


def test_an_empty_repository_says_nothing(tmp_path: Path) -> None:
    """As on the first day."""
    found = read_repository(tmp_path)
    assert (found.uses, found.remarks, found.hints.health) == ([], [], ())


@pytest.mark.parametrize(
    ("image", "key"),
    [
        ("postgres", "postgresql"),
        ("ghcr.io/x/postgis:16-3.4", "postgresql"),
        ("timescale/timescaledb-ha:pg16", "postgresql"),
        ("localhost:5000/mongo:7", "mongodb"),
        ("rabbitmq:3-management", "rabbitmq"),
        ("redis/redis-stack:latest", "redis"),
        ("minio/minio", "bucket"),
    ],
)
def test_images(image: str, key: str) -> None:
    """However they are named."""
    found = by_image(image)
    assert found is not None
    assert found.key == key


@pytest.mark.parametrize("name", ["NAME", "PGADMIN_DEFAULT_EMAIL", "REDISTRIBUTE", "MAILING", "DATABASE_URL", "PATH"])
def test_names_that_are_about_something_else(name: str) -> None:
    """A guess would be a line of the list that nobody can do."""
    assert by_variable(name, "") is None


@pytest.mark.parametrize("image", ["postgres-exporter:1", "mongo-express", "nginx", "", "redis-commander"])
def test_images_of_something_else(image: str) -> None:
    """A tool beside a database is none."""
    assert by_image(image) is None


def test_sections_are_sections() -> None:
    """What init says is to be declared can be declared."""
    sections = {one.section for one in COMPONENTS if one.section}
    assert sections <= set(installed_families(Path("/")).environment.section_keys.values())
    assert all(bool(one.section) != bool(one.promise) for one in COMPONENTS)
