"""gonogo-kubernetes on a real API server: what it keeps, spells and permits is its own (tests/lab/kube_apiserver.py)."""

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from gonogo_kubernetes import FAMILY
from gonogo_kubernetes.probe import PROBES

from tests.lab.kube_apiserver import NAMESPACE, NEEDED, WATCHER, ApiServer, api_server
from tests.lab.kubernetes_api import IMAGE, daemon_set, deployment, job, pod, stateful_set
from tests.lab.package_verdicts import environment_of, verdicts, wrong

pytestmark = [
    pytest.mark.whole,
    pytest.mark.skipif(
        any(shutil.which(needed) is None for needed in NEEDED),
        reason="no kube-apiserver was built: python -m tests.lab.kube_apiserver, which says what it needs",
    ),
]
DECLARED = {
    "workloads": {
        "api": {"images": [IMAGE], "replicas": 2},
        "db": {"kind": "StatefulSet"},
        "agent": {"kind": "DaemonSet"},
    },
    "jobs": {"migrate": {"kind": "Job"}},
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """One server for all tests."""
    with api_server(tmp_path_factory.mktemp("kubernetes")) as server:
        yield server


@pytest.fixture
def server(running: ApiServer) -> ApiServer:
    """Nothing is wrong in it."""
    for thing in (deployment(), stateful_set(), daemon_set()):
        running.put(thing)
    for each in (pod("api-1", "api"), pod("api-2", "api"), pod("db-0", "db"), pod("agent-1", "agent")):
        running.put(each)
    running.put(job())
    running.rule()
    return running


def judged(server: ApiServer, *, token: str = WATCHER, **section: Any) -> dict[str, str]:  # noqa: ANN401 - keys of the section
    """Every check's verdict."""
    api = {"api": f"https://localhost:{server.port}", "ca_file": server.ca_file}
    declared = {**api, "token": "KUBERNETES_TOKEN", "namespace": NAMESPACE, **DECLARED, **section}
    environment = environment_of(FAMILY, {"kubernetes": declared})
    return verdicts(FAMILY, PROBES, environment, {"KUBERNETES_TOKEN": token})


def test_sound_cluster_is_green(server: ApiServer) -> None:
    """With the role that the documentation names, and no right more."""
    assert wrong(judged(server)) == {}


FAULTS: list[tuple[Callable[[ApiServer], object], str, str]] = [
    (lambda s: s.remove("deployments", "api"), "exists", "there is no Deployment api in shop"),
    (lambda s: s.put(deployment(observed_generation=0)), "rolled-out", "generation 1, observed 0"),
    (lambda s: s.put(deployment(updated_replicas=1)), "rolled-out", "1 of 2 pods have the newest specification"),
    (lambda s: s.put(stateful_set(ready_replicas=2)), "ready", "shop/db: 2 of 3 pods are ready"),
    (lambda s: s.put(daemon_set(number_ready=1)), "ready", "shop/agent: 1 of 4 pods are ready"),
    (
        lambda s: s.put(pod("api-2", "api", image="registry.shop.test/api:1.2.2")),
        "image",
        "the pods api-2 run another",
    ),
    (
        lambda s: s.put(pod("api-2", "api", waiting="CrashLoopBackOff", restarts=7, ended=timedelta(minutes=2))),
        "steady",
        "shop/api-2, container api is stuck: CrashLoopBackOff (7 restarts)",
    ),
    (lambda s: s.put(job(condition="Failed", reason="BackoffLimitExceeded")), "jobs", "failed: BackoffLimitExceeded"),
    (
        lambda s: s.rule({"apiGroups": [""], "resources": ["pods"], "verbs": ["delete"]}),
        "token",
        "the token may delete pods in shop",
    ),
    (
        lambda s: s.rule({"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}),
        "token",
        "the token may get secrets in shop",
    ),
    (
        lambda s: s.rule({"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]}),
        "token",
        "the token may create pods/exec in shop",
    ),
]


@pytest.mark.parametrize(("fault", "check", "message"), FAULTS, ids=[f"{f[1]}-{n}" for n, f in enumerate(FAULTS)])
def test_faults_turn_their_checks_red(
    server: ApiServer, fault: Callable[[ApiServer], object], check: str, message: str
) -> None:
    """Each its own check, in words that name the object."""
    fault(server)
    red = {name: verdict for name, verdict in wrong(judged(server)).items() if verdict != "BLOCKED"}
    assert red.keys() == {f"kubernetes-{check}"}
    assert message in red[f"kubernetes-{check}"]


def test_kind_that_this_release_does_not_serve_is_unknown(server: ApiServer) -> None:
    """Kubernetes 1.20 has CronJobs in batch/v1beta1 only: that says nothing of a backup."""
    red = wrong(judged(server, jobs={"backup": {}}))
    assert red.keys() == {"kubernetes-jobs"}
    assert red["kubernetes-jobs"].startswith("ERROR")


def test_wrong_token(server: ApiServer) -> None:
    """401 is an answer about the token, and none about the workloads."""
    red = judged(server, token="another")
    assert "refuses the token (401)" in red["kubernetes-token"]
    assert red["kubernetes-exists"].startswith("ERROR")


def test_namespace_in_which_the_token_may_nothing(server: ApiServer) -> None:
    """403 is an answer about the token: whether the workload is there is unknown."""
    red = judged(server, namespace="default")
    assert red["kubernetes-exists"].startswith("ERROR")
    assert "does not let the token read apis/apps/v1/namespaces/default/" in red["kubernetes-exists"]
