"""Workloads and jobs of a cluster as the service needs them on launch day."""

import pytest
from gonogo_kubernetes.evidence import JobEvidence, TokenEvidence, WorkloadEvidence
from gonogo_kubernetes.section import Kubernetes

from gonogo.base.comparing import at_least, at_most, below, nothing, shown, so, there
from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.base.wording import counted
from gonogo.environment.model import Environment
from gonogo.policy.catalogue import Policy

_IN_VAIN = {
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImagePull",
    "ErrImageNeverPull",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
}
"""Reasons of the kubelet for a container that does not start; ContainerCreating and PodInitializing pass."""


@pytest.mark.check("kubernetes-token")
def test_token_only_looks(kubernetes_token: TokenEvidence) -> None:
    """A token that may change the cluster is worth stealing from the pipeline that holds it.

    Fix: bind the service account to a Role with get on workloads and jobs, and list on pods; nothing else.
    """
    token = kubernetes_token
    assert so(token.accepted, "token", "accepted", "refused"), (
        f"{token.server} refuses the token (401): make a new one (kubectl create token)"
    )
    token.require("looks", "changes")
    allowed = [right.action for right in token.changes if right.allowed]
    if not allowed and not any(right.allowed for right in token.looks):
        denied = ", ".join(right.action for right in token.looks) or "anything that is declared"
        raise Unobserved(
            f"{token.server}: the token may not even {denied}, so that it may not change anything proves nothing"
        )
    assert nothing(allowed, "changes that the token may make"), f"{token.server}: the token may {', '.join(allowed)}"


@pytest.mark.check("kubernetes-exists")
def test_workload_is_there(kubernetes_workload: WorkloadEvidence) -> None:
    """A workload that was deployed into another namespace, or not at all, serves nobody.

    Fix: kubectl apply; compare the namespace of the manifest with kubernetes.namespace.
    """
    workload = kubernetes_workload
    assert so(workload.exists, "workload", "there", "missing"), (
        f"{workload.server}: there is no {workload.kind} {workload.name} in {workload.namespace}"
    )


@pytest.mark.check("kubernetes-rolled-out")
def test_rollout_has_ended(kubernetes_workload: WorkloadEvidence) -> None:
    """During a stuck rollout, some users still get the old release.

    Fix: kubectl rollout status, kubectl describe; then repair what stops it, or kubectl rollout undo.
    """
    workload = kubernetes_workload
    where = f"{workload.namespace}/{workload.name}"
    assert so(not workload.stuck, "rollout", "goes on, or has ended", "stuck"), (
        f"{where}: its rollout is stuck: {workload.stuck}"
    )
    assert so(not workload.paused, "rollout paused", "no", "yes"), (
        f"{where}: its rollout is paused (kubectl rollout resume)"
    )
    assert at_least(workload.observed_generation, workload.generation, "generation that was observed"), (
        f"{where}: its controller has not processed the newest specification "
        f"(generation {workload.generation}, observed {workload.observed_generation})"
    )
    assert at_least(workload.updated, workload.to_update, "pods of the newest specification"), (
        f"{where}: {workload.updated} of {workload.to_update} pods have the newest specification"
    )


@pytest.mark.check("kubernetes-ready")
def test_pods_are_ready(kubernetes_workload: WorkloadEvidence, environment: Environment) -> None:
    """With fewer pods than planned, the service fails with the first wave of users.

    Fix: kubectl describe pod: look at its readiness probe, the room on the nodes, its volumes; or scale it up.
    """
    workload = kubernetes_workload
    where = f"{workload.namespace}/{workload.name}"
    least = environment.require(Kubernetes).workloads[workload.name].replicas or 1
    assert at_least(workload.desired, least, "pods wanted in the cluster"), (
        f"{where}: {workload.desired} pods wanted in the cluster, at least {least} declared"
    )
    unscheduled = f"; not scheduled on a node: {', '.join(workload.unscheduled[:5])}" if workload.unscheduled else ""
    assert at_least(workload.ready, workload.desired, "pods that are ready"), (
        f"{where}: {workload.ready} of {workload.desired} pods are ready{unscheduled}"
    )


@pytest.mark.check("kubernetes-image")
def test_declared_images_run(kubernetes_workload: WorkloadEvidence, environment: Environment) -> None:
    """If another image runs, users do not get the release that was tested.

    Fix: set the image in the manifest, and roll it out; an image named by its digest cannot be exchanged.
    """
    workload = kubernetes_workload
    where = f"{workload.namespace}/{workload.name}"
    for image in environment.require(Kubernetes).workloads[workload.name].images:
        assert shown(image in workload.images, "images", workload.images, image), (
            f"{where} uses {', '.join(workload.images)}; {image} is declared"
        )
        workload.require("containers")
        pods = {container.pod for container in workload.containers}
        running = [container for container in workload.containers if container.image == image]
        old = sorted(pods - {container.pod for container in running})
        assert nothing(old, f"pods without {image}", of=len(pods)), (
            f"{where}: the pods {', '.join(old[:5])} run a different image than {image}"
        )
        digest = image.partition("@")[2]
        for container in running:
            right = not digest or container.image_id.endswith(digest)
            assert shown(right, "digest that runs", container.image_id, digest or "any"), (
                f"{where}: the pod {container.pod} runs {container.image_id or 'no image yet'}; {digest} is declared"
            )


@pytest.mark.check("kubernetes-steady")
def test_containers_stay_up(kubernetes_workload: WorkloadEvidence, policy: Policy) -> None:
    """A container that restarts every minute looks ready if you look at the right moment.

    Fix: kubectl logs --previous; OOMKilled: give it more memory; ImagePullBackOff: correct name or credentials.
    """
    kubernetes_workload.require("containers")
    settled = policy.duration("settled")
    for container in kubernetes_workload.containers:
        where = f"{kubernetes_workload.namespace}/{container.pod}, container {container.name}"
        assert so(container.waiting not in _IN_VAIN, "containers", "not stuck", container.waiting), (
            f"{where} is stuck: {container.waiting} ({counted(container.restarts, 'restart')})"
        )
        if container.restarts < (most := policy.number("restarts")):
            below(container.restarts, most, f"restarts of {container.name}", kind="restarts")
            continue
        if container.ended is None:
            raise Unobserved(f"{where}: {container.restarts} restarts; the time of the last one is not known")
        age = kubernetes_workload.taken_at - container.ended
        assert at_least(age, settled, f"{container.name} runs since its last restart for", kind="settled"), (
            f"{where} restarted {format_duration(age)} ago ({container.end_reason or 'ended'}), "
            f"{counted(container.restarts, 'restart')} in all"
        )


@pytest.mark.check("kubernetes-jobs")
def test_jobs_end_well(kubernetes_job: JobEvidence, environment: Environment) -> None:
    """A migration or a backup that fails at night is missed when it is needed.

    Fix: kubectl logs job/NAME; kubectl create job --from=cronjob/NAME runs it once more.
    """
    job = kubernetes_job
    where = f"{job.kind} {job.namespace}/{job.name}"
    assert so(job.exists, job.kind, "there", "missing"), f"{job.server}: there is no {where}"
    if job.kind == "Job":
        assert so(not job.failed, "job", "not failed", job.failed), f"{where} failed: {job.failed}"
        if not job.complete:
            raise Unobserved(f"{where} has not ended yet", hint="run gonogo again when it has ended")
        return
    assert so(not job.suspended, "suspended", "no", "yes"), f"{where} is suspended"
    assert there(job.last_success, "success"), f"{where} has never succeeded"
    limit = environment.require(Kubernetes).jobs[job.name].max_age
    age = job.taken_at - job.last_success
    assert limit is None or at_most(age, limit, "last success ago"), (
        f"{where} last succeeded {format_duration(age)} ago; at most {format_duration(limit) if limit else ''} is declared"
    )
