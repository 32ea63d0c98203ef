"""An API server for tests, whose objects are the official client's models, in the official client's JSON.

A real one (kube_apiserver.py) is long in the making. So nothing of what this one answers is spelled by us: fields, their
names and their nesting are those that the ``kubernetes`` client was generated with, from the project's own OpenAPI document.
"""

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from kubernetes import client

from tests.lab.table import serving

TOKEN = "eyJhbGciOiJSUzI1NiJ9.of-the-lab.signature"
IMAGE = "registry.shop.test/api:1.2.3"
DIGEST = f"sha256:{'a' * 64}"
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_JSON = client.ApiClient()


@dataclass
class Cluster:
    """What the server answers; tests change it."""

    objects: dict[str, Any] = field(default_factory=dict)
    """Path to a model of the official client."""
    pods: list[client.V1Pod] = field(default_factory=list)
    allowed: set[tuple[str, str]] = field(default_factory=set)
    """Verb and resource that the token may."""
    forbidden: set[str] = field(default_factory=set)
    """Plurals that it answers 403 for."""
    errors: dict[str, int] = field(default_factory=dict)
    """Path to a status without an object."""
    asked: list[str] = field(default_factory=list)
    port: int = 0
    ca_file: str = ""

    def put(self, thing: Any) -> None:  # noqa: ANN401 - a model
        """Keep an object of a group that has its path in every release since 1.21."""
        group = "batch" if thing.kind in {"Job", "CronJob"} else "apps"
        path = f"/apis/{group}/v1/namespaces/{thing.metadata.namespace}/{thing.kind.lower()}s/{thing.metadata.name}"
        self.objects[path] = thing

    def reply(self, method: str, target: str, token: str, body: bytes) -> tuple[int, Any]:
        """Status and document."""
        parts = urlsplit(target)
        self.asked.append(f"{method} {target}")
        if token != f"Bearer {TOKEN}":
            return 401, status(401, "Unauthorized")
        if parts.path in self.errors:
            return self.errors[parts.path], None
        if parts.path == _REVIEWS:
            return 201, self._review(json.loads(body)["spec"]["resourceAttributes"])
        pieces = parts.path.split("/")
        plural, name = (pieces[-1], "") if pieces[-1] == "pods" else (pieces[-2], pieces[-1])
        if plural in self.forbidden:
            return 403, status(403, "Forbidden", name)
        if plural == "pods":
            return 200, self._pods(parse_qs(parts.query)["labelSelector"][0])
        thing = self.objects.get(parts.path)
        return (404, status(404, "NotFound", name)) if thing is None else (200, thing)

    def _review(self, attributes: Mapping[str, str]) -> client.V1SelfSubjectAccessReview:
        resource = "/".join(filter(None, (attributes["resource"], attributes["subresource"])))
        return client.V1SelfSubjectAccessReview(
            api_version="authorization.k8s.io/v1",
            kind="SelfSubjectAccessReview",
            spec=client.V1SelfSubjectAccessReviewSpec(
                resource_attributes=client.V1ResourceAttributes(
                    verb=attributes["verb"], resource=attributes["resource"]
                )
            ),
            status=client.V1SubjectAccessReviewStatus(allowed=(attributes["verb"], resource) in self.allowed),
        )

    def _pods(self, selector: str) -> client.V1PodList:
        wanted = dict(part.partition("=")[::2] for part in selector.split(","))
        chosen = [pod for pod in self.pods if wanted.items() <= pod.metadata.labels.items()]
        return client.V1PodList(api_version="v1", kind="PodList", metadata=client.V1ListMeta(), items=chosen)


def status(code: int, reason: str, name: str = "") -> client.V1Status:
    """The API server's own no."""
    details = client.V1StatusDetails(name=name) if name else None
    return client.V1Status(
        api_version="v1", kind="Status", status="Failure", code=code, reason=reason, message=reason, details=details
    )


def deployment(name: str = "api", **status_of: Any) -> client.V1Deployment:  # noqa: ANN401 - fields of the status
    """Rolled out, with two pods."""
    told = {"observed_generation": 3, "replicas": 2, "ready_replicas": 2, "updated_replicas": 2, **status_of}
    return client.V1Deployment(
        api_version="apps/v1",
        kind="Deployment",
        metadata=client.V1ObjectMeta(name=name, namespace="shop", generation=3),
        spec=client.V1DeploymentSpec(
            replicas=2, selector=client.V1LabelSelector(match_labels={"app": name}), template=_template(name)
        ),
        status=client.V1DeploymentStatus(**told),
    )


def stateful_set(name: str = "db", partition: int | None = None, **status_of: Any) -> client.V1StatefulSet:  # noqa: ANN401 - as above
    """Rolled out, with three pods; a partition keeps some of them back."""
    told = {"observed_generation": 1, "replicas": 3, "ready_replicas": 3, "updated_replicas": 3, **status_of}
    rolling = client.V1RollingUpdateStatefulSetStrategy(partition=partition)
    return client.V1StatefulSet(
        api_version="apps/v1",
        kind="StatefulSet",
        metadata=client.V1ObjectMeta(name=name, namespace="shop", generation=1),
        spec=client.V1StatefulSetSpec(
            replicas=3,
            service_name=name,
            selector=client.V1LabelSelector(match_labels={"app": name}),
            template=_template(name),
            update_strategy=client.V1StatefulSetUpdateStrategy(type="RollingUpdate", rolling_update=rolling),
        ),
        status=client.V1StatefulSetStatus(**told),
    )


def daemon_set(name: str = "agent", **status_of: Any) -> client.V1DaemonSet:  # noqa: ANN401 - as above
    """On each of four nodes."""
    told = {
        "observed_generation": 1,
        "current_number_scheduled": 4,
        "desired_number_scheduled": 4,
        "number_misscheduled": 0,
        "number_ready": 4,
        "updated_number_scheduled": 4,
        **status_of,
    }
    return client.V1DaemonSet(
        api_version="apps/v1",
        kind="DaemonSet",
        metadata=client.V1ObjectMeta(name=name, namespace="shop", generation=1),
        spec=client.V1DaemonSetSpec(
            selector=client.V1LabelSelector(match_labels={"app": name}), template=_template(name)
        ),
        status=client.V1DaemonSetStatus(**told),
    )


def _template(name: str, restart_policy: str = "Always") -> client.V1PodTemplateSpec:
    containers = [client.V1Container(name=name, image=IMAGE)]
    return client.V1PodTemplateSpec(
        metadata=client.V1ObjectMeta(labels={"app": name}),
        spec=client.V1PodSpec(containers=containers, restart_policy=restart_policy),
    )


def pod(
    name: str,
    app: str,
    *,
    image: str = IMAGE,
    waiting: str = "",
    restarts: int = 0,
    ended: timedelta | None = None,
    leaving: bool = False,
) -> client.V1Pod:
    """A pod of one container, running unless it waits."""
    state = client.V1ContainerState(
        waiting=client.V1ContainerStateWaiting(reason=waiting) if waiting else None,
        running=None if waiting else client.V1ContainerStateRunning(started_at=_ago(timedelta(hours=1))),
    )
    last = client.V1ContainerState(
        terminated=client.V1ContainerStateTerminated(exit_code=137, reason="OOMKilled", finished_at=_ago(ended))
        if ended is not None
        else None
    )
    container = client.V1ContainerStatus(
        name=app,
        image=image,
        image_id=f"registry.shop.test/api@{DIGEST}",
        ready=not waiting,
        restart_count=restarts,
        state=state,
        last_state=last,
    )
    return client.V1Pod(
        api_version="v1",
        kind="Pod",
        metadata=client.V1ObjectMeta(
            name=name, namespace="shop", labels={"app": app}, deletion_timestamp=_ago(timedelta()) if leaving else None
        ),
        spec=client.V1PodSpec(containers=[client.V1Container(name=app, image=image)]),
        status=client.V1PodStatus(phase="Running", container_statuses=[container]),
    )


def cron_job(
    name: str = "backup", succeeded: timedelta | None = timedelta(hours=3), *, suspended: bool = False
) -> client.V1CronJob:
    """Every night."""
    job = client.V1JobSpec(template=_template(name, "Never"))
    return client.V1CronJob(
        api_version="batch/v1",
        kind="CronJob",
        metadata=client.V1ObjectMeta(name=name, namespace="shop"),
        spec=client.V1CronJobSpec(
            schedule="0 3 * * *", suspend=suspended, job_template=client.V1JobTemplateSpec(spec=job)
        ),
        status=client.V1CronJobStatus(last_successful_time=None if succeeded is None else _ago(succeeded)),
    )


def job(name: str = "migrate", condition: str = "Complete", reason: str = "") -> client.V1Job:
    """Ended, or with no condition yet."""
    conditions = [client.V1JobCondition(type=condition, status="True", reason=reason or None)] if condition else None
    return client.V1Job(
        api_version="batch/v1",
        kind="Job",
        metadata=client.V1ObjectMeta(name=name, namespace="shop"),
        spec=client.V1JobSpec(template=_template(name, "Never")),
        status=client.V1JobStatus(conditions=conditions),
    )


def _ago(age: timedelta) -> datetime:
    """As the API server writes times: to the second."""
    return (datetime.now(UTC) - age).replace(microsecond=0)


@contextmanager
def serve(cluster: Cluster, folder: Path, chain: Path, key: Path) -> Iterator[Cluster]:
    """Answer for it over TLS on loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet for head and body: nobody waits for an acknowledgement

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            code, document = cluster.reply(self.command, self.path, self.headers.get("Authorization", ""), body)
            content = json.dumps(_JSON.sanitize_for_serialization(document)).encode() if document is not None else b""
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server, serving("kubernetes"):
        server.socket = context.wrap_socket(server.socket, server_side=True)
        cluster.port, cluster.ca_file = server.server_port, str(folder / "internal-root.pem")
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield cluster
        finally:
            server.shutdown()
