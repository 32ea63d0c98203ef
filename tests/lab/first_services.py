"""Services that others wrote, each started as its documentation says, for the rows of docs/services.md."""

from tests.lab.api_services import Service

_MAIN = """
import os, pathlib, sys
pathlib.Path("kept").mkdir(exist_ok=True)
{imported}
sys.argv = {words!r}.format(port=os.environ["PORT"]).split()
main()
"""


def _program(*packages: str, imported: str, words: str) -> Service:
    """A service of PyPI that comes with a program of its own."""
    return Service(python=packages, source=_MAIN.format(imported=imported, words=words))


def _node(source: str, *packages: str) -> Service:
    """A service of a few lines on packages of npm."""
    return Service(npm=packages, command=("node", "service.js"), files={"service.js": source, "package.json": "{}"})


PYPISERVER = _program(
    "pypiserver[passlib]==2.4.0",
    imported="from pypiserver.__main__ import main",
    words="pypi-server run -i 127.0.0.1 -p {port} kept",
)
DATASETTE = _program(
    "datasette==0.65.2",
    imported="from datasette.cli import cli as main",
    words="datasette serve -h 127.0.0.1 -p {port}",
)
RADICALE = _program(
    "radicale==3.7.6",
    imported="from radicale.__main__ import run as main",
    words="radicale --server-hosts 127.0.0.1:{port} --storage-filesystem-folder kept --auth-type none",
)
HEALTHZ = Service(
    python=("flask-healthz==1.0.1", "flask"),
    source="""
import os
from flask import Flask
from flask_healthz import Healthz

app = Flask(__name__)
app.config["HEALTHZ"] = {"live": lambda: None, "ready": lambda: None}
Healthz(app)
app.run(host="127.0.0.1", port=int(os.environ["PORT"]))
""",
)
FLOWER = _program(
    "flower==2.0.1",
    imported="from celery.__main__ import main",
    words="celery --broker=memory:// flower --address=127.0.0.1 --port={port}",
)
KINTO = Service(
    python=("kinto==26.5.0", "setuptools<81"),
    prepare=(
        *("venv/bin/kinto", "init", "--ini", "kinto.ini", "--backend", "memory", "--cache-backend", "memory"),
        *("--host", "127.0.0.1"),
    ),
    command=("venv/bin/kinto", "start", "--ini", "kinto.ini", "--port", "{port}"),
)
DEVPI = Service(
    python=("devpi-server==6.20.3",),
    prepare=("venv/bin/devpi-init", "--serverdir", "kept"),
    command=("venv/bin/devpi-server", "--serverdir", "kept", "--host", "127.0.0.1", "--port", "{port}"),
)
JUPYTER = Service(
    python=("jupyter-server==2.21.1",),
    command=("venv/bin/jupyter-server", "--ip", "127.0.0.1", "--port", "{port}", "--no-browser", "--allow-root"),
)
DJANGO_HEALTH = Service(
    python=("django-health-check==3.20.0", "django<6"),
    source="""
import os, secrets
import django
from django.conf import settings

settings.configure(
    SECRET_KEY=secrets.token_hex(32), ALLOWED_HOSTS=["*"], ROOT_URLCONF="__main__",
    INSTALLED_APPS=[
        "django.contrib.auth", "django.contrib.contenttypes", "health_check", "health_check.db", "health_check.cache",
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "kept.sqlite3"}},
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
)
django.setup()
from django.core.management import call_command
from django.urls import include, path

urlpatterns = [path("ht/", include("health_check.urls"))]
call_command("migrate", verbosity=0)
call_command("runserver", f"127.0.0.1:{os.environ['PORT']}", use_reloader=False)
""",
)
PY_HEALTHCHECK = Service(
    python=("py-healthcheck==1.10.1", "flask", "six"),
    source="""
import os
from flask import Flask
from healthcheck import HealthCheck

app, health = Flask(__name__), HealthCheck()
health.add_check(lambda: (True, "disk ok"))
app.add_url_rule("/healthcheck", "healthcheck", view_func=lambda: health.run())
app.run(host="127.0.0.1", port=int(os.environ["PORT"]))
""",
)
FASTAPI_HEALTH = Service(
    python=("fastapi-health==0.4.0", "uvicorn"),
    source="""
import os
import uvicorn
from fastapi import FastAPI
from fastapi_health import health

def database(): return {"database": "online"}

app = FastAPI()
app.add_api_route("/health", health([database]))
uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning")
""",
)
DOCKERFLOW = Service(
    python=("dockerflow[flask]==2026.3.4", "flask-sqlalchemy", "flask-migrate", "redis"),
    source="""
import os
from flask import Flask
from dockerflow.flask import Dockerflow

app = Flask(__name__)
dockerflow = Dockerflow(app, version_path=os.getcwd())

@dockerflow.check
def storage(): return []

app.run(host="127.0.0.1", port=int(os.environ["PORT"]))
""",
    files={"version.json": '{"source": "https://example.com/shop", "version": "1.2.3", "commit": "0ab1c2d"}'},
)
STREAMLIT = Service(
    python=("streamlit==1.67.0",),
    command=(
        *("venv/bin/streamlit", "run", "app.py", "--server.address", "127.0.0.1", "--server.port", "{port}"),
        *("--server.headless", "true", "--browser.gatherUsageStats", "false"),
    ),
    files={"app.py": "import streamlit\nstreamlit.write('Hello')\n"},
)
PROMETHEUS = Service(
    command=(
        *("prometheus", "--config.file", "prometheus.yml", "--storage.tsdb.path", "kept"),
        *("--web.listen-address", "127.0.0.1:{port}"),
    ),
    files={"prometheus.yml": "scrape_configs: []\n"},
)
ALERTMANAGER = Service(
    command=(
        *("prometheus-alertmanager", "--config.file", "alertmanager.yml", "--storage.path", "kept"),
        *("--web.listen-address", "127.0.0.1:{port}", "--cluster.listen-address="),
    ),
    files={"alertmanager.yml": "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"},
)
PUSHGATEWAY = Service(command=("prometheus-pushgateway", "--web.listen-address", "127.0.0.1:{port}"))
NODE_EXPORTER = Service(command=("prometheus-node-exporter", "--web.listen-address", "127.0.0.1:{port}"))
ETCD = Service(
    command=(
        *("etcd", "--data-dir", "kept", "--listen-client-urls", "http://127.0.0.1:{port}"),
        *("--advertise-client-urls", "http://127.0.0.1:{port}", "--listen-peer-urls", "http://127.0.0.1:0"),
    )
)
NATS = Service(command=("nats-server", "--addr", "127.0.0.1", "--port", "-1", "--http_port", "{port}"))
REGISTRY = Service(
    command=("sh", "-c", "REGISTRY_HTTP_ADDR=127.0.0.1:{port} exec docker-registry serve registry.yml"),
    files={"registry.yml": "version: 0.1\nstorage: {filesystem: {rootdirectory: kept}}\nhttp: {}\n"},
)
VICTORIA = Service(command=("victoria-metrics", "-httpListenAddr=127.0.0.1:{port}", "-storageDataPath=kept"))
GODADDY = _node(
    """
const http = require("http"), {createTerminus} = require("@godaddy/terminus");
const server = http.createServer((req, res) => { res.statusCode = 404; res.end("not found\\n"); });
createTerminus(server, {healthChecks: {"/healthcheck": async () => ({database: "connected"})}});
server.listen(process.env.PORT, "127.0.0.1");
""",
    "@godaddy/terminus@4.12.1",
)
UNDER_PRESSURE = _node(
    """
const app = require("fastify")();
app.register(require("@fastify/under-pressure"), {exposeStatusRoute: true, healthCheck: async () => true});
app.listen({port: Number(process.env.PORT), host: "127.0.0.1"});
""",
    "fastify@5",
    "@fastify/under-pressure@9.2.0",
)
HAPI_ALIVE = _node(
    """
(async () => {
  const server = require("@hapi/hapi").server({port: Number(process.env.PORT), host: "127.0.0.1"});
  await server.register({plugin: require("hapi-alive"), options: {path: "/health", healthCheck: async () => true}});
  await server.start();
})();
""",
    "@hapi/hapi@21",
    "hapi-alive@2.0.4",
)
EXPRESS_HEALTHCHECK = _node(
    """
const app = require("express")();
app.use("/healthcheck", require("express-healthcheck")());
app.listen(process.env.PORT, "127.0.0.1");
""",
    "express@4",
    "express-healthcheck@0.1.0",
)
NEST = _node(
    """
require("reflect-metadata");
const {NestFactory} = require("@nestjs/core"), {Module, Controller, Get} = require("@nestjs/common");
const {TerminusModule, HealthCheckService, MemoryHealthIndicator} = require("@nestjs/terminus");
class Health {
  constructor(health, memory) { this.health = health; this.memory = memory; }
  check() { return this.health.check([() => this.memory.checkHeap("memory_heap", 1024 * 1024 * 1024)]); }
}
Reflect.decorate([Controller("health")], Health);
Reflect.defineMetadata("design:paramtypes", [HealthCheckService, MemoryHealthIndicator], Health);
const spelled = Object.getOwnPropertyDescriptor(Health.prototype, "check");
Object.defineProperty(Health.prototype, "check", Reflect.decorate([Get()], Health.prototype, "check", spelled));
class App {}
Reflect.decorate([Module({imports: [TerminusModule], controllers: [Health]})], App);
NestFactory.create(App, {logger: false}).then((app) => app.listen(process.env.PORT, "127.0.0.1"));
""",
    *("@nestjs/core@11", "@nestjs/common@11", "@nestjs/platform-express@11", "@nestjs/terminus@11"),
    *("reflect-metadata", "rxjs"),
)
NODE_RED = Service(
    npm=("node-red@4.1.0",),
    command=("node", "node_modules/node-red/red.js", "-p", "{port}", "-u", "kept", "-s", "settings.js"),
    files={"settings.js": 'module.exports = {uiHost: "127.0.0.1"}\n', "package.json": "{}"},
)
WATCHMAN = Service(
    python=("django-watchman==1.5.0", "django<6"),
    source="""
import os, secrets
import django
from django.conf import settings

settings.configure(
    SECRET_KEY=secrets.token_hex(32), ALLOWED_HOSTS=["*"], ROOT_URLCONF="__main__", INSTALLED_APPS=["watchman"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "kept.sqlite3"}},
    WATCHMAN_CHECKS=("watchman.checks.caches", "watchman.checks.databases"),
)
django.setup()
from django.core.management import call_command
from django.urls import include, path

urlpatterns = [path("watchman/", include("watchman.urls"))]
call_command("runserver", f"127.0.0.1:{os.environ['PORT']}", use_reloader=False)
""",
)
PYCTUATOR = Service(
    python=("pyctuator==1.2.0", "fastapi", "uvicorn"),
    source="""
import os
import uvicorn
from fastapi import FastAPI
from pyctuator.pyctuator import Pyctuator

app, url = FastAPI(), f"http://127.0.0.1:{os.environ['PORT']}"
Pyctuator(app, "Shop", app_url=url, pyctuator_endpoint_url=f"{url}/actuator", registration_url=None)
uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning")
""",
)
EXPRESS_ACTUATOR = _node(
    """
const app = require("express")();
app.use(require("express-actuator")({basePath: "/actuator"}));
app.listen(process.env.PORT, "127.0.0.1");
""",
    "express@4",
    "express-actuator@1.8.4",
)
CLOUD_HEALTH = _node(
    """
const app = require("express")(), health = require("@cloudnative/health-connect");
const checker = new health.HealthChecker();
checker.registerReadinessCheck(new health.ReadinessCheck("database", () => Promise.resolve()));
app.use("/live", health.LivenessEndpoint(checker));
app.use("/ready", health.ReadinessEndpoint(checker));
app.use("/health", health.HealthEndpoint(checker));
app.listen(process.env.PORT, "127.0.0.1");
""",
    "express@4",
    "@cloudnative/health-connect@2.1.0",
)
LIGHTSHIP = _node(
    """
import("lightship").then(async ({createLightship}) => {
  const lightship = await createLightship({port: Number(process.env.PORT), detectKubernetes: false});
  lightship.signalReady();
});
""",
    "lightship@9.0.4",
)
HAPROXY = Service(
    command=("haproxy", "-db", "-f", "haproxy.cfg"),
    files={
        "haproxy.cfg": "defaults\n  mode http\n  timeout client 5s\n  timeout server 5s\n  timeout connect 5s\n"
        'frontend shop\n  bind "127.0.0.1:${PORT}"\n  monitor-uri /healthz\n  http-request return status 404\n'
    },
)
CADDY = Service(
    command=("caddy", "run", "--config", "Caddyfile"),
    files={
        "Caddyfile": "{\n admin off\n auto_https off\n storage file_system kept\n}\n"
        'http://:{$PORT} {\n bind 127.0.0.1\n respond /health "OK" 200\n respond 404\n}\n'
    },
)
SYNCTHING = Service(
    command=("syncthing", "--home", "kept", "--gui-address", "127.0.0.1:{port}", "--no-browser", "--no-default-folder"),
)

NGINX = Service(
    command=("sh", "-c", "sed -i s/PORT/{port}/ nginx.conf; exec nginx -p . -c nginx.conf"),
    files={
        "nginx.conf": "daemon off;\npid nginx.pid;\nevents {}\nhttp {\n access_log off;\n client_body_temp_path kept;\n"
        " server {\n  listen 127.0.0.1:PORT;\n  location = /health { return 200 OK; }\n  location / { return 404; }\n }\n}\n"
    },
)
INFLUXDB = Service(
    command=("sh", "-c", "sed -i s/PORT/{port}/ influx.conf; exec influxd -config influx.conf"),
    files={
        "influx.conf": 'reporting-disabled = true\nbind-address = "127.0.0.1:0"\n[meta]\ndir = "meta"\n'
        '[data]\ndir = "data"\nwal-dir = "wal"\n[http]\nbind-address = "127.0.0.1:PORT"\n'
    },
)
PREFECT = Service(
    python=("prefect==3.9.1",),
    command=(
        *("sh", "-c"),
        "PREFECT_HOME=$PWD/kept exec venv/bin/prefect server start --host 127.0.0.1 --port {port}",
    ),
)
CHROMA = Service(
    python=("chromadb==1.5.9",),
    command=("venv/bin/chroma", "run", "--path", "kept", "--host", "127.0.0.1", "--port", "{port}"),
)
