"""Asks the API server about declared objects; changes nothing, judges nothing."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from gonogo.base.errors import Unobserved
from gonogo.clients.json_api import JsonSession, mapping, objects, text, texts, whole
from gonogo.families.kind import Probe
from gonogo.families.reading import Reading
from gonogo_kubernetes.api import PLURALS, ObjectQuestion, job_questions, token_questions, workload_questions
from gonogo_kubernetes.evidence import JobEvidence, PodContainer, Rights, TokenEvidence, WorkloadEvidence

_REVIEWS = "apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_CHANGES = (
    ("create", "apps", "deployments", ""),
    ("patch", "apps", "deployments", ""),
    ("delete", "apps", "deployments", ""),
    ("create", "", "pods", ""),
    ("delete", "", "pods", ""),
    ("create", "", "pods", "exec"),
    ("get", "", "secrets", ""),
    ("list", "", "secrets", ""),
    ("create", "rbac.authorization.k8s.io", "rolebindings", ""),
    ("*", "*", "*", ""),
)
"""Verb, group, resource and subresource. A review is an answer; nothing of it is done."""
_UNAUTHORIZED = 401
_MOST_PODS = 500


async def probe_token(question: ObjectQuestion) -> TokenEvidence:
    """What the token may do: first what it needs, then what it does not."""
    blank = TokenEvidence(scope=question.scope, taken_at=datetime.now(UTC), server=question.server, accepted=False)
    reading = Reading()
    needed = [(space, "list" if kind == "Pod" else "get", *PLURALS[kind][1:], "") for space, kind in question.looks]
    namespaces = sorted({namespace for namespace, _ in question.looks} or {question.namespace})
    needless = [(namespace, *change) for namespace in namespaces for change in _CHANGES]
    async with question.api.session() as session:
        first = await session.ask("POST", _REVIEWS, headers=_JSON, content=_review(*needless[0]))
        if first.status == _UNAUTHORIZED:
            return blank
        session.read(first, _REVIEWS, "")
        return replace(
            blank,
            accepted=True,
            looks=await reading.fact("looks", _rights(session, needed), ()),
            changes=await reading.fact("changes", _rights(session, needless), ()),
            unread=reading.unread,
        )


_JSON = {"Content-Type": "application/json"}


def _review(namespace: str, verb: str, group: str, resource: str, subresource: str) -> bytes:
    attributes = {
        "namespace": namespace,
        "verb": verb,
        "group": group,
        "resource": resource,
        "subresource": subresource,
    }
    return json.dumps(
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
    ).encode()


async def _rights(session: JsonSession, actions: Sequence[tuple[str, str, str, str, str]]) -> tuple[Rights, ...]:
    rights = []
    for namespace, verb, group, resource, subresource in actions:
        content = _review(namespace, verb, group, resource, subresource)
        reply = await session.ask("POST", _REVIEWS, headers=_JSON, content=content)
        status = mapping(mapping(session.read(reply, _REVIEWS, "create on selfsubjectaccessreviews")).get("status"))
        allowed, problem = status.get("allowed"), text(status.get("evaluationError"))
        action = f"{verb} {resource}{'/' if subresource else ''}{subresource} in {namespace}"
        if not isinstance(allowed, bool) or (problem and not allowed):
            raise Unobserved(f"whether the token may {action} is not known: {problem or 'no answer'}"[:300])
        rights.append(Rights(action=action, allowed=allowed))
    return tuple(rights)


async def probe_workload(question: ObjectQuestion) -> WorkloadEvidence:
    """The object with its status, and its pods: these may be refused by themselves."""
    reading = Reading()
    async with question.api.session() as session:
        missing = WorkloadEvidence(**_absent(question))
        document = await _object(session, question)
        if document is None:
            return missing
        workload = _workload(missing, document)
        pods = await reading.fact("containers", _pods(session, question, document), [])
    return replace(
        workload,
        containers=tuple(container for pod in pods for container in _containers(pod)),
        unscheduled=tuple(_name(pod) for pod in pods if _is_unscheduled(pod)),
        unread=reading.unread,
    )


def _absent(question: ObjectQuestion) -> dict[str, Any]:
    """Fields of the evidence of an object that is not there."""
    return {
        "scope": question.scope,
        "taken_at": datetime.now(UTC),
        "server": question.server,
        "kind": question.kind,
        "namespace": question.namespace,
        "name": question.name,
        "exists": False,
    }


async def _object(session: JsonSession, question: ObjectQuestion) -> dict[str, Any] | None:
    """The declared object; None where there is none of that name. Raises Unobserved, naming the right that is missing."""
    path = question.path(question.kind, question.name)
    document = await session.get(path, right=question.right(question.kind, "get"))
    if document is None:
        return None
    if mapping(document).get("kind") != question.kind:
        raise Unobserved(f"{question.server}: the answer to {path} is not a {question.kind}")
    return mapping(document)


def _workload(blank: WorkloadEvidence, document: Mapping[str, Any]) -> WorkloadEvidence:
    spec, status = mapping(document.get("spec")), mapping(document.get("status"))
    daemon = blank.kind == "DaemonSet"
    wanted = whole(status.get("desiredNumberScheduled")) if daemon else whole(spec.get("replicas"))
    desired = wanted if wanted is not None else 0 if daemon else 1
    template = mapping(mapping(mapping(spec.get("template")).get("spec")))
    return replace(
        blank,
        exists=True,
        generation=whole(mapping(document.get("metadata")).get("generation")) or 0,
        observed_generation=whole(status.get("observedGeneration")) or 0,
        desired=desired,
        ready=whole(status.get("numberReady" if daemon else "readyReplicas")) or 0,
        updated=whole(status.get("updatedNumberScheduled" if daemon else "updatedReplicas")) or 0,
        to_update=max(0, desired - _kept_back(spec, desired)),
        stuck=_stuck(status),
        paused=spec.get("paused") is True,
        images=tuple(text(container.get("image")) for container in objects(template.get("containers"))),
    )


def _kept_back(spec: Mapping[str, Any], desired: int) -> int:
    """Pods that keep the old specification by intention: OnDelete, and the partition of a StatefulSet."""
    strategy = mapping(spec.get("updateStrategy"))
    if strategy.get("type") == "OnDelete":
        return desired
    return whole(mapping(strategy.get("rollingUpdate")).get("partition")) or 0


def _stuck(status: Mapping[str, Any]) -> str:
    """Conditions by which a Deployment says that it cannot go on."""
    for condition in objects(status.get("conditions")):
        bad = (condition.get("type"), condition.get("status")) in {("Progressing", "False"), ("ReplicaFailure", "True")}
        if bad and condition.get("reason") != "DeploymentPaused":
            return f"{text(condition.get('reason'))}: {text(condition.get('message'))}"[:300]
    return ""


async def _pods(session: JsonSession, question: ObjectQuestion, document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The pods that the selector takes, but for those that are being deleted."""
    selector = ",".join(_selector(mapping(mapping(document.get("spec")).get("selector"))))
    if not selector:
        raise Unobserved(f"{question.kind} {question.name} has no selector, so its pods are not known")
    query = urlencode({"labelSelector": selector, "limit": _MOST_PODS})
    listed = mapping(await session.get(f"{question.path('Pod')}?{query}", right=question.right("Pod", "list")))
    if listed.get("kind") != "PodList":
        raise Unobserved(f"{question.server}: the answer is not a list of pods")
    if text(mapping(listed.get("metadata")).get("continue")):
        raise Unobserved(
            f"{question.kind} {question.name} has more than {_MOST_PODS} pods, and gonogo does not read that many"
        )
    return [pod for pod in objects(listed.get("items")) if not mapping(pod.get("metadata")).get("deletionTimestamp")]


def _selector(selector: Mapping[str, Any]) -> Iterator[str]:
    """A LabelSelector as a query (apimachinery, labels)."""
    yield from (f"{name}={value}" for name, value in mapping(selector.get("matchLabels")).items())
    for expression in objects(selector.get("matchExpressions")):
        name, values = text(expression.get("key")), ",".join(texts(expression.get("values")))
        match expression.get("operator"):
            case "In":
                yield f"{name} in ({values})"
            case "NotIn":
                yield f"{name} notin ({values})"
            case "Exists":
                yield name
            case "DoesNotExist":
                yield f"!{name}"


def _name(pod: Mapping[str, Any]) -> str:
    return text(mapping(pod.get("metadata")).get("name"))


def _is_unscheduled(pod: Mapping[str, Any]) -> bool:
    conditions = objects(mapping(pod.get("status")).get("conditions"))
    return any(
        (condition.get("type"), condition.get("status")) == ("PodScheduled", "False") for condition in conditions
    )


def _containers(pod: Mapping[str, Any]) -> Iterator[PodContainer]:
    """Containers and those that prepare: a pod that cannot begin is one that does not serve."""
    status, spec = mapping(pod.get("status")), mapping(pod.get("spec"))
    named = {text(container.get("name")): text(container.get("image")) for container in objects(spec.get("containers"))}
    for reported in (*objects(status.get("initContainerStatuses")), *objects(status.get("containerStatuses"))):
        state, last = mapping(reported.get("state")), mapping(mapping(reported.get("lastState")).get("terminated"))
        name = text(reported.get("name"))
        yield PodContainer(
            pod=_name(pod),
            name=name,
            image=named.get(name, ""),
            image_id=text(reported.get("imageID")),
            restarts=whole(reported.get("restartCount")) or 0,
            waiting=text(mapping(state.get("waiting")).get("reason")),
            ended=_moment(last.get("finishedAt")),
            end_reason=text(last.get("reason")),
        )


def _moment(value: object) -> datetime | None:
    """A time of Kubernetes (RFC 3339, UTC); None for what is none."""
    with suppress(ValueError):
        return datetime.fromisoformat(text(value))
    return None


async def probe_job(question: ObjectQuestion) -> JobEvidence:
    """The job, and when it ended well."""
    async with question.api.session() as session:
        missing = JobEvidence(**_absent(question))
        document = await _object(session, question)
    if document is None:
        return missing
    status = mapping(document.get("status"))
    conditions = {
        text(condition.get("type")): f"{text(condition.get('reason'))}: {text(condition.get('message'))}"[:300]
        for condition in objects(status.get("conditions"))
        if condition.get("status") == "True"
    }
    return replace(
        missing,
        exists=True,
        complete="Complete" in conditions,
        failed=conditions.get("Failed", ""),
        suspended=mapping(document.get("spec")).get("suspend") is True,
        last_success=_moment(status.get("lastSuccessfulTime")),
    )


PROBES: Mapping[str, Probe] = {
    "kubernetes_token": Probe(questions=token_questions, ask=probe_token),
    "kubernetes_workload": Probe(questions=workload_questions, ask=probe_workload),
    "kubernetes_job": Probe(questions=job_questions, ask=probe_job),
}
