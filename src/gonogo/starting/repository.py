"""Reads what a repository says of its service: compose files, Dockerfile, manifests, Procfile, files of platforms.

Names alone, in examples of variables as well: values are read for the kind of URL that they are, and kept nowhere; a file
that may hold real ones, as ``.env``, is not opened. Of descriptions of the API it learns under which names they may be
served.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from gonogo.base.regular_files import Unreadable, read_regular
from gonogo.starting.components import COMPONENTS, Component, by_image, by_variable, url_scheme
from gonogo.starting.findings import Hints
from gonogo.starting.platforms import PLATFORM_FILES, components, health_paths, parsed

_COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
_DOCKERFILES = ("Dockerfile", "Containerfile")
_EXAMPLES = (".env.example", ".env.sample", ".env.template", ".env.dist", "env.example", ".env.example.local")
_DESCRIPTIONS = ("openapi.json", "openapi.yaml", "openapi.yml", "swagger.json", "swagger.yaml", "swagger.yml")
_FOLDERS = (
    *(".", "api", "docs", "doc", "spec", "public", "static", "deploy", "deployment", "k8s", "kubernetes", "manifests"),
    *("infra", "ops", "docker", "backend", "server", "app", "src", "helm", "k8s/base", "deploy/k8s", "config"),
)
_LARGEST_BYTES = 512 * 1024
_MOST_FILES, _MOST_NODES = 200, 20_000
_PATH_IN_COMMAND = re.compile(
    r"(?:https?://[^\s/\"']{1,100}|(?<![\w./@-])(?:localhost|127\.0\.0\.1)(?::[^\s/\"']{1,40})?)(/[A-Za-z0-9_./-]+)"
)
"""Of the service itself, by whatever name it calls itself in its own health check."""
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_PATH = re.compile(r"/[A-Za-z0-9_./-]{1,100}")
_EXPOSED = re.compile(r"(?<![\w$/-])(\d{1,5})(?:/tcp)?(?![\w/-])")
_RUNNING = ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job")
_CHART_FOLDERS = (".", "helm", "chart", "charts", "deploy", "deploy/helm", "deploy/charts", "infra", "ops")
_MOST_CHARTS = 5
_QUEUE_WORDS = re.compile(r"\b(celery|sidekiq|rq worker|resque|bullmq|dramatiq|huey)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Something that the service depends on, and where that is said."""

    component: Component
    places: Sequence[str]
    """``compose.yaml: services.db``; at most three."""

    @property
    def shown(self) -> str:
        """The component and the places that name it, in words."""
        return f"{self.component.title}, as {' and '.join(self.places)} says"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """An object of Kubernetes that runs something."""

    kind: str
    name: str
    namespace: str
    """Empty where the manifest leaves it to whoever applies it."""
    place: str
    replicas: int | None = None
    images: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """All that the repository says about what the service depends on."""

    uses: Sequence[Use] = ()
    hints: Hints = field(default_factory=Hints)
    remarks: Sequence[str] = ()
    """Files that would say something, and cannot be read."""
    project: Path = field(default_factory=Path)
    compose: Sequence[str] = ()
    """Compose files, as seen from the project."""
    manifests: Sequence[Manifest] = ()
    exposed: Mapping[int, str] = field(default_factory=dict)
    """TCP port of a container to the file that says so."""

    def use(self, key: str) -> Use | None:
        """The use of that component."""
        return next((use for use in self.uses if use.component.key == key), None)


def read_repository(project: Path) -> Repository:
    """Look into the usual files of a folder. What cannot be read is a remark, never an error."""
    reader = _Reader(project)
    reader.read()
    uses = [
        Use(component=component, places=list(dict.fromkeys(reader.places[component.key]))[:3])
        for component in COMPONENTS
        if component.key in reader.places
    ]
    hints = Hints(health=tuple(dict.fromkeys(reader.health))[:5], openapi=tuple(dict.fromkeys(reader.openapi))[:5])
    return Repository(
        uses=uses,
        hints=hints,
        remarks=reader.remarks,
        project=project,
        compose=reader.compose,
        manifests=reader.manifests,
        exposed=reader.exposed,
    )


class _Reader:
    def __init__(self, project: Path) -> None:
        self._project = project
        self.places: dict[str, list[str]] = {}
        self.health: list[str] = []
        self.openapi: list[str] = []
        self.remarks: list[str] = []
        self.compose: list[str] = []
        self.manifests: list[Manifest] = []
        self.exposed: dict[int, str] = {}

    def read(self) -> None:
        for chart in self._charts():
            self.remarks.append(
                f"{chart}: a Helm chart, whose templates are not read: look at what helm template prints"
            )
        for folder in _FOLDERS:
            for name in _DOCKERFILES:
                self._dockerfile(f"{folder}/{name}")
            for name in _EXAMPLES:
                self._example(f"{folder}/{name}")
            for name in _DESCRIPTIONS:
                if (self._project / folder / name).is_file():
                    self.openapi.append(f"/{name}")
        self._procfile("Procfile")
        for path in PLATFORM_FILES:
            self._platform(path)
        for path in self._documents():
            self._yaml(path)

    def _documents(self) -> Iterator[str]:
        """Files in YAML: compose files by their name, manifests by what is in them."""
        paths = []
        for folder in _FOLDERS:
            below = self._project / folder
            names = sorted(path.name for path in below.iterdir()) if below.is_dir() else []
            paths += [f"{folder}/{name}" for name in names if name.endswith((".yaml", ".yml"))]
        yield from paths[:_MOST_FILES]

    def _charts(self) -> Iterator[str]:
        """Charts in the usual folders, and one folder below those."""
        for folder in _CHART_FOLDERS:
            for pattern in ("Chart.yaml", "*/Chart.yaml"):
                for path in sorted((self._project / folder).glob(pattern))[:_MOST_CHARTS]:
                    yield path.relative_to(self._project).as_posix()

    def _text(self, path: str) -> str:
        if not (self._project / path).is_file():
            return ""
        try:
            return read_regular(self._project / path, _LARGEST_BYTES).decode("utf-8", "replace")
        except Unreadable as error:
            self.remarks.append(f"{_short(path)}: {error}")
            return ""

    def _say(self, component: Component | None, place: str) -> None:
        if component is not None:
            self.places.setdefault(component.key, []).append(place)

    def _dockerfile(self, path: str) -> None:
        for row in self._text(path).replace("\\\n", " ").splitlines():
            instruction, _, words = row.strip().partition(" ")
            if instruction.upper() == "HEALTHCHECK":
                self.health += _PATH_IN_COMMAND.findall(row)
            if instruction.upper() == "EXPOSE":
                for port in _EXPOSED.findall(words):
                    self.exposed.setdefault(int(port), f"{_short(path)}: EXPOSE")

    def _procfile(self, path: str) -> None:
        for row in self._text(path).splitlines():
            name, colon, command = row.partition(":")
            if colon and (queue := _QUEUE_WORDS.search(command)):
                self._say(_QUEUE, f"{_short(path)}: {name.strip()} ({queue[1]})")

    def _example(self, path: str) -> None:
        for row in self._text(path).splitlines():
            name, sign, value = row.strip().removeprefix("export ").partition("=")
            if sign and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name.strip()):
                self._say(by_variable(name.strip(), url_scheme(value)), f"{_short(path)}: {name.strip()}")

    def _yaml(self, path: str) -> None:
        text = self._text(path)
        if not text or not ("services" in text or "apiVersion" in text):
            return
        try:
            documents = list(yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            if Path(path).name in _COMPOSE:
                self.remarks.append(f"{_short(path)}: is not valid YAML ({' '.join(str(error).split())[:100]})")
            elif "{{" in text:
                self.remarks.append(f"{_short(path)}: is a template ({{{{ … }}}}), not a manifest, so it is not read")
            return
        for document in documents:
            if isinstance(document, Mapping) and isinstance(document.get("services"), Mapping):
                self._compose(path, document["services"])
            elif isinstance(document, Mapping) and "apiVersion" in document and "kind" in document:
                self._manifest(path, document)

    def _platform(self, path: str) -> None:
        text = self._text(path)
        try:
            nodes = list(_mappings(parsed(path, text))) if text else []
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            self.remarks.append(f"{path}: cannot be read ({' '.join(str(error).split())[:100]})")
            return
        self.health += [found for found in health_paths(nodes) if _PATH.fullmatch(found)]
        for component, name in components(nodes):
            self._say(component, f"{path}: {name}")

    def _compose(self, path: str, services: Mapping[object, object]) -> None:
        if Path(path).name in _COMPOSE:
            self.compose.append(_short(path))
        for name, service in services.items():
            if not isinstance(service, Mapping):
                continue
            place = f"{_short(path)}: services.{name}"
            self._say(by_image(str(service.get("image", ""))), place)
            variables = service.get("environment")
            pairs = variables.items() if isinstance(variables, Mapping) else _pairs(variables)
            for variable, value in pairs:
                self._say(by_variable(str(variable), url_scheme(str(value))), f"{place}.environment.{variable}")
            check = service.get("healthcheck")
            if isinstance(check, Mapping):
                self.health += _PATH_IN_COMMAND.findall(" ".join(map(str, _listed(check.get("test")))))

    def _manifest(self, path: str, document: Mapping[object, object]) -> None:
        if document["kind"] in _RUNNING:
            self.manifests.append(_manifest(path, document))
        if document["kind"] == "ConfigMap" and isinstance(data := document.get("data"), Mapping):
            for variable, value in data.items():
                place = f"{_short(path)}: ConfigMap {_name(document)}, {variable}"
                self._say(by_variable(str(variable), url_scheme(str(value))), place)
        for node in _mappings(document):
            if isinstance(image := node.get("image"), str):
                self._say(by_image(image), f"{_short(path)}: {document['kind']} {_name(document)}")
            for probe in _PROBES:
                get = inner.get("httpGet") if isinstance(inner := node.get(probe), Mapping) else None
                if isinstance(get, Mapping) and _PATH.fullmatch(str(get.get("path", ""))):
                    self.health.append(str(get["path"]))
            if isinstance(variable := node.get("name"), str) and ("value" in node or "valueFrom" in node):
                place = f"{_short(path)}: {document['kind']} {_name(document)}, {variable}"
                self._say(by_variable(variable, url_scheme(str(node.get("value", "")))), place)


_QUEUE = next(component for component in COMPONENTS if component.key == "workers")


def _short(path: str) -> str:
    return path.removeprefix("./")


def _name(document: Mapping[object, object]) -> str:
    metadata = document.get("metadata")
    return str(metadata.get("name", "")) if isinstance(metadata, Mapping) else ""


def _manifest(path: str, document: Mapping[object, object]) -> Manifest:
    metadata, spec = document.get("metadata"), document.get("spec")
    replicas = spec.get("replicas") if isinstance(spec, Mapping) else None
    containers = [container for node in _mappings(spec) for container in _listed(node.get("containers"))]
    images = [str(each.get("image", "")) for each in containers if isinstance(each, Mapping)]
    return Manifest(
        kind=str(document["kind"]),
        name=_name(document),
        namespace=str(metadata.get("namespace") or "") if isinstance(metadata, Mapping) else "",
        place=_short(path),
        replicas=replicas if isinstance(replicas, int) and replicas > 0 else None,
        images=list(dict.fromkeys(filter(None, images))),
    )


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else [value]


def _pairs(value: object) -> list[tuple[str, str]]:
    return [
        (name, given) for item in _listed(value) if isinstance(item, str) for name, _, given in [item.partition("=")]
    ]


def _mappings(document: object) -> Iterator[Mapping[object, object]]:
    """Every mapping within, each once: what aliases repeat is no more to read."""
    pending, visited = [document], set[int]()
    while pending and len(visited) < _MOST_NODES:
        node = pending.pop()
        if id(node) in visited:
            continue
        visited.add(id(node))
        if isinstance(node, Mapping):
            yield node
            pending += node.values()
        elif isinstance(node, list):
            pending += node
