"""gonogo-kubernetes on answers that the official client's models make: each check green, and red at its fault."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from gonogo_kubernetes import FAMILY
from gonogo_kubernetes.probe import PROBES

from reference.certificates import issue_internal
from tests.lab.installation import Installation, install
from tests.lab.kubernetes_api import (
    DIGEST,
    IMAGE,
    TOKEN,
    Cluster,
    cron_job,
    daemon_set,
    deployment,
    job,
    pod,
    serve,
    stateful_set,
)
from tests.lab.package_verdicts import environment_of, verdicts, wrong

API = "/apis/apps/v1/namespaces/shop/deployments/api"
LOOKS = {("get", "deployments"), ("get", "statefulsets"), ("get", "daemonsets"), ("get", "jobs"), ("get", "cronjobs")}
DECLARED = {
    "workloads": {
        "api": {"images": [IMAGE], "replicas": 2},
        "db": {"kind": "StatefulSet"},
        "agent": {"kind": "DaemonSet"},
    },
    "jobs": {"backup": {}, "migrate": {"kind": "Job"}},
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One server for all tests."""
    folder: Path = tmp_path_factory.mktemp("kubernetes")
    _, certificate = issue_internal(folder)
    with serve(Cluster(), folder, certificate.chain, certificate.key) as cluster:
        yield cluster


@pytest.fixture
def cluster(running: Cluster) -> Cluster:
    """Nothing is wrong in it."""
    for kept in (running.objects, running.pods, running.forbidden, running.errors, running.asked):
        kept.clear()
    for thing in (deployment(), stateful_set(), daemon_set(), cron_job(), job()):
        running.put(thing)
    running.pods += [pod("api-1", "api"), pod("api-2", "api"), pod("db-0", "db"), pod("agent-1", "agent")]
    running.allowed = LOOKS | {("list", "pods")}
    return running


def judged(cluster: Cluster, *, token: str = TOKEN, **section: Any) -> dict[str, str]:  # noqa: ANN401 - keys of the section
    """Every check's verdict."""
    declared = {
        "api": f"https://localhost:{cluster.port}",
        "token": "KUBERNETES_TOKEN",
        "ca_file": cluster.ca_file,
        "namespace": "shop",
        **DECLARED,
        **section,
    }
    environment = environment_of(FAMILY, {"kubernetes": declared})
    return verdicts(FAMILY, PROBES, environment, {"KUBERNETES_TOKEN": token})


def test_server_may_be_named_by_its_address(cluster: Cluster) -> None:
    """Most clusters have no name in the DNS; certificates of API servers hold their addresses."""
    assert wrong(judged(cluster, api=f"https://127.0.0.1:{cluster.port}")) == {}


def test_sound_cluster_is_green_and_left_alone(cluster: Cluster) -> None:
    """It is looked at by GET; a review of rights is the only POST."""
    assert wrong(judged(cluster)) == {}
    assert {asked for asked in cluster.asked if not asked.startswith("GET ")} == {
        "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    }


def _waits(reason: str) -> Callable[[Cluster], None]:
    return lambda cluster: cluster.pods.append(
        pod("api-3", "api", waiting=reason, restarts=7, ended=timedelta(minutes=2))
    )


def _condition(kind: str, value: str, reason: str) -> dict[str, Any]:
    from kubernetes import client  # noqa: PLC0415 - its models only here

    condition = client.V1DeploymentCondition(type=kind, status=value, reason=reason, message="it says why")
    return {"conditions": [condition]}


def _paused(cluster: Cluster) -> None:
    thing = deployment()
    thing.spec.paused = True
    cluster.put(thing)


FAULTS: list[tuple[Callable[[Cluster], object], str, str]] = [
    (lambda c: c.objects.pop(API), "exists", "there is no Deployment api in shop"),
    (lambda c: c.put(deployment(observed_generation=2)), "rolled-out", "generation 3, observed 2"),
    (lambda c: c.put(deployment(updated_replicas=1)), "rolled-out", "1 of 2 pods have the newest specification"),
    (
        lambda c: c.put(deployment(**_condition("Progressing", "False", "ProgressDeadlineExceeded"))),
        "rolled-out",
        "its rollout is stuck: ProgressDeadlineExceeded: it says why",
    ),
    (
        lambda c: c.put(deployment(**_condition("ReplicaFailure", "True", "FailedCreate"))),
        "rolled-out",
        "is stuck: FailedCreate",
    ),
    (_paused, "rolled-out", "its rollout is paused"),
    (lambda c: c.put(stateful_set(updated_replicas=1)), "rolled-out", "shop/db: 1 of 3 pods"),
    (lambda c: c.put(daemon_set(updated_number_scheduled=3)), "rolled-out", "shop/agent: 3 of 4 pods"),
    (lambda c: c.put(deployment(ready_replicas=None)), "ready", "shop/api: 0 of 2 pods are ready"),
    (lambda c: c.put(stateful_set(ready_replicas=2)), "ready", "shop/db: 2 of 3 pods are ready"),
    (lambda c: c.put(daemon_set(number_ready=1)), "ready", "shop/agent: 1 of 4 pods are ready"),
    (
        lambda c: c.pods.append(pod("api-0", "api", image="registry.shop.test/api:1.2.2")),
        "image",
        "the pods api-0 run a different",
    ),
    (_waits("CrashLoopBackOff"), "steady", "shop/api-3, container api is stuck: CrashLoopBackOff (7 restarts)"),
    (_waits("ImagePullBackOff"), "steady", "is stuck: ImagePullBackOff"),
    (
        lambda c: c.pods.append(pod("db-1", "db", restarts=3, ended=timedelta(minutes=9))),
        "steady",
        "restarted 9 min",
    ),
    (lambda c: c.put(cron_job(succeeded=timedelta(hours=26))), "jobs", "succeeded 1 d 2 h"),
    (lambda c: c.put(cron_job(succeeded=None)), "jobs", "has never succeeded"),
    (lambda c: c.put(cron_job(suspended=True)), "jobs", "is suspended"),
    (lambda c: c.put(job(condition="Failed", reason="BackoffLimitExceeded")), "jobs", "failed: BackoffLimitExceeded"),
    (lambda c: c.put(job(condition="")), "jobs", "ERROR Job shop/migrate has not ended yet"),
    (lambda c: c.allowed.add(("delete", "pods")), "token", "the token may delete pods in shop"),
    (lambda c: c.allowed.add(("get", "secrets")), "token", "the token may get secrets in shop"),
    (lambda c: c.allowed.add(("create", "pods/exec")), "token", "the token may create pods/exec in shop"),
    (lambda c: c.allowed.clear(), "token", "ERROR https://localhost"),
]


def first_of_each(faults: list[tuple[Callable[[Cluster], object], str, str]]) -> list[Any]:
    """All faults; those of a check that was red already are marked as long."""
    checks = [check for _, check, _ in faults]
    return [
        pytest.param(
            *fault, id=f"{fault[1]}-{number}", marks=[pytest.mark.whole] if fault[1] in checks[:number] else []
        )
        for number, fault in enumerate(faults)
    ]


@pytest.mark.parametrize(("fault", "check", "message"), first_of_each(FAULTS))
def test_faults_turn_their_checks_red(
    cluster: Cluster, fault: Callable[[Cluster], object], check: str, message: str
) -> None:
    """Each its own check, in words that name the object."""
    fault(cluster)
    red = {name: verdict for name, verdict in wrong(judged(cluster)).items() if verdict != "BLOCKED"}
    assert red.keys() == {f"kubernetes-{check}"}
    assert message in red[f"kubernetes-{check}"]


@pytest.mark.parametrize(
    "harmless",
    [
        lambda c: c.put(stateful_set(partition=2, updated_replicas=1)),
        lambda c: c.pods.append(pod("api-0", "api", image="registry.shop.test/api:1.2.2", leaving=True)),
        lambda c: c.pods.append(pod("db-1", "db", restarts=9, ended=timedelta(hours=2))),
        lambda c: c.pods.append(pod("api-3", "api", waiting="ContainerCreating")),
    ],
)
def test_what_looks_wrong_and_is_not(cluster: Cluster, harmless: Callable[[Cluster], object]) -> None:
    """A partition by intention, a pod that leaves, old restarts, a container that is being made."""
    harmless(cluster)
    assert wrong(judged(cluster)) == {}


def test_declared_digest_and_replicas(cluster: Cluster) -> None:
    """What the kubelet pulled is held against the digest; what the cluster wants, against the file."""
    image = f"registry.shop.test/api@{DIGEST}"
    thing = deployment()
    thing.spec.template.spec.containers[0].image = image
    cluster.put(thing)
    cluster.pods[:2] = [pod("api-1", "api", image=image)]
    assert wrong(judged(cluster, workloads={"api": {"images": [image]}})) == {}
    other = image.replace("a" * 64, "b" * 64)
    assert "is declared" in judged(cluster, workloads={"api": {"images": [other]}})["kubernetes-image"]
    assert "at least 5 declared" in judged(cluster, workloads={"api": {"replicas": 5}})["kubernetes-ready"]


def test_forbidden_pods_leave_the_rest_known(cluster: Cluster) -> None:
    """A fact that the token may not read is unknown by itself, with the rule that is missing."""
    cluster.forbidden.add("pods")
    found = wrong(judged(cluster))
    assert found.keys() == {"kubernetes-image", "kubernetes-steady"}
    assert all(verdict.startswith("ERROR") for verdict in found.values())


def test_forbidden_kind_is_unknown_for_itself(cluster: Cluster) -> None:
    """Not absent: nobody knows whether it is there."""
    cluster.forbidden.add("statefulsets")
    found = wrong(judged(cluster))
    assert "kubernetes-jobs" not in found
    assert found["kubernetes-exists"].startswith("ERROR Kubernetes at https://localhost")


def test_wrong_token(cluster: Cluster) -> None:
    """401 is an answer about the token, and none about the workloads."""
    found = judged(cluster, token="another")
    assert "refuses the token (401)" in found["kubernetes-token"]
    assert found["kubernetes-exists"].startswith("ERROR")


@pytest.mark.parametrize("code", [500, 503, 404])
def test_what_is_no_answer(cluster: Cluster, code: int) -> None:
    """A server in trouble, or another one at this address, says nothing of a workload."""
    cluster.errors[API] = code
    assert wrong(judged(cluster))["kubernetes-exists"].startswith("ERROR")


SECTION = """
[kubernetes]
api = "https://localhost:{port}"
token = "KUBERNETES_TOKEN"
ca_file = "{ca_file}"
namespace = "shop"

[kubernetes.workloads.api]
images = ["{image}"]

[kubernetes.jobs.backup]
"""


@pytest.mark.whole
def test_from_the_command_line(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Installed beside gonogo's wheel: recorded, replayed, NO-GO at a fault, and no token in any file."""
    installation: Installation = install(tmp_path_factory.mktemp("kubernetes"), "gonogo-kubernetes")
    installation.declare(SECTION.format(port=cluster.port, ca_file=cluster.ca_file, image=IMAGE))
    installation.environ = {"KUBERNETES_TOKEN": TOKEN}
    done = installation.gonogo("run", "--env", "staging")
    printed = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 0, printed
    assert set(installation.outcomes("kubernetes").values()) == {"pass"}
    again = installation.gonogo("replay", str(installation.latest))
    assert again.returncode == 0, again.stdout + again.stderr
    assert TOKEN not in printed + "".join(path.read_text() for path in installation.latest.iterdir())
    cluster.pods.append(pod("api-3", "api", waiting="CrashLoopBackOff", restarts=5, ended=timedelta(minutes=1)))
    crashing = installation.gonogo("run", "--env", "staging")
    assert crashing.returncode == 1
    assert "CrashLoopBackOff" in crashing.stdout
