"""Questions to the API server, and what each needs to be asked with."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from gonogo.base.secrets import Secrets
from gonogo.clients.json_api import JsonApi, mapping, text
from gonogo.clients.knock import require_certificates
from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope
from gonogo_kubernetes.section import Kubernetes

PLURALS = {
    "Deployment": ("apis/apps/v1", "apps", "deployments"),
    "StatefulSet": ("apis/apps/v1", "apps", "statefulsets"),
    "DaemonSet": ("apis/apps/v1", "apps", "daemonsets"),
    "Job": ("apis/batch/v1", "batch", "jobs"),
    "CronJob": ("apis/batch/v1", "batch", "cronjobs"),
    "Pod": ("api/v1", "", "pods"),
}
"""Kind to the path, the group and the plural of its resource."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectQuestion:
    """One object, or the token itself where there is no name."""

    scope: Scope
    server: str
    token: str = field(repr=False)
    trust: str
    patience: timedelta
    kind: str = ""
    namespace: str
    name: str = ""
    looks: tuple[tuple[str, str], ...] = ()
    """Of the token: namespaces and kinds that the other questions look at."""

    @property
    def host(self) -> str:
        """The host whose questions are bounded together."""
        return urlsplit(self.server).hostname or ""

    @property
    def api(self) -> JsonApi:
        """The API server, with the token."""
        return JsonApi(
            name="Kubernetes",
            base=self.server,
            headers={"Authorization": f"Bearer {self.token}", "Accept": "application/json"},
            key="kubernetes.api",
            login_hint="a token of a service account whose Role permits get and list on the declared objects (kubectl create token)",
            status_page="the API server's log",
            is_absence=_is_absence,
            trust=self.trust,
            patience=self.patience,
        )

    def path(self, kind: str, name: str = "") -> str:
        """The path of objects of a kind in its namespace, or of one."""
        prefix, _, plural = PLURALS[kind]
        return f"{prefix}/namespaces/{self.namespace}/{plural}" + (f"/{name}" if name else "")

    def right(self, kind: str, verb: str) -> str:
        """The rule of a Role that allows it."""
        _, group, plural = PLURALS[kind]
        return f'in the namespace {self.namespace} a Role with apiGroups ["{group}"], resources ["{plural}"], verbs ["{verb}"]'


def _is_absence(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether there is no such object; the same reason without a name is about a path that the server does not know."""
    status = mapping(document)
    named = text(mapping(status.get("details")).get("name"))
    return status.get("kind") == "Status" and status.get("reason") == "NotFound" and bool(named)


def token_questions(environment: Environment, secrets: Secrets) -> Sequence[ObjectQuestion]:
    """One question about the token."""
    section = environment.require(Kubernetes)
    workloads = [(one.namespace or section.namespace, one.kind) for one in section.workloads.values()]
    jobs = [(one.namespace or section.namespace, one.kind) for one in section.jobs.values()]
    pods = [(namespace, "Pod") for namespace, _ in workloads]
    return [_question(environment, secrets, ("kubernetes",), looks=tuple(sorted({*workloads, *jobs, *pods})))]


def workload_questions(environment: Environment, secrets: Secrets) -> Sequence[ObjectQuestion]:
    """One for each declared workload."""
    return [
        _question(
            environment, secrets, ("kubernetes", name), kind=declared.kind, namespace=declared.namespace, name=name
        )
        for name, declared in environment.require(Kubernetes).workloads.items()
    ]


def job_questions(environment: Environment, secrets: Secrets) -> Sequence[ObjectQuestion]:
    """One for each declared job."""
    return [
        _question(
            environment, secrets, ("kubernetes", name), kind=declared.kind, namespace=declared.namespace, name=name
        )
        for name, declared in environment.require(Kubernetes).jobs.items()
    ]


def _question(
    environment: Environment,
    secrets: Secrets,
    scope: Scope,
    *,
    namespace: str | None = None,
    **of_object: Any,  # noqa: ANN401 - fields
) -> ObjectQuestion:
    section = environment.require(Kubernetes)
    require_certificates(section.ca_file, "kubernetes.ca_file")
    return ObjectQuestion(
        scope=scope,
        server=section.api,
        token=secrets[section.token],
        trust=section.ca_file or "public",
        patience=environment.limits.probe,
        namespace=namespace or section.namespace,
        **of_object,
    )
