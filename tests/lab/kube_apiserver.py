"""A real API server of Kubernetes, built from Debian's source package, on Debian's etcd: no kubelet, no controller.

What a kubelet and controllers would report, the tests write as statuses through the official client; the server itself
validates, keeps and spells all of it, and it alone decides who may what (RBAC).

``python -m tests.lab.kube_apiserver`` builds it once, on what ``apt-get install golang-go make rsync etcd-server`` installs;
it asks Debian's archive for the source by a list of its own, since few machines have a line of sources.
"""

import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client, utils

from reference.certificates import issue_internal
from tests.lab import servers
from tests.lab.table import serving
from tests.support.ports import free_port

BINARY = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gonogo-lab" / "kube-apiserver"
NEEDED = (str(BINARY), "etcd")
NAMESPACE = "shop"
_ADMINISTRATOR, WATCHER = "token-of-the-administrator", "token-of-gonogo"
_USERS = f'{_ADMINISTRATOR},admin,admin,"system:masters"\n{WATCHER},gonogo,gonogo\n'
_ROLE = Path(__file__).parents[2] / "packages" / "gonogo-kubernetes" / "README.md"
_ARCHIVE, _KEYRING = "http://deb.debian.org/debian", "/usr/share/keyrings/debian-archive-keyring.gpg"
_READY_SECONDS = 120


@dataclass(frozen=True, slots=True)
class ApiServer:
    """One running server with the namespace ``shop``, in which the user of ``WATCHER`` has the role of the README."""

    port: int
    ca_file: str
    administrator: client.ApiClient

    def put(self, thing: Any) -> None:  # noqa: ANN401 - a model of the official client
        """Make or replace an object with its status, as a controller or a kubelet would report it."""
        document = self.administrator.sanitize_for_serialization(thing)
        document["metadata"].pop("generation", None)
        plural, status = f"{document['kind'].lower()}s", document.pop("status")
        group = {"Pod": "api/v1", "Job": "apis/batch/v1"}.get(document["kind"], "apis/apps/v1")
        place, name = f"/{group}/namespaces/{NAMESPACE}/{plural}", document["metadata"]["name"]
        self.remove(plural, name, place)
        self._call("POST", place, document)
        self._call("PATCH", f"{place}/{name}/status", {"status": status})

    def remove(self, plural: str, name: str, place: str = "") -> None:
        """Remove an object at once, if it is there."""
        place = place or f"/apis/apps/v1/namespaces/{NAMESPACE}/{plural}"
        try:
            self._call("DELETE", f"{place}/{name}", {"gracePeriodSeconds": 0, "propagationPolicy": "Background"})
        except client.ApiException as error:
            if error.status != 404:
                raise

    def rule(self, *rules: Mapping[str, Any]) -> None:
        """Let the watcher do more."""
        place = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}/roles/gonogo"
        self._call("PATCH", place, {"rules": [*_role()["rules"], *rules]})

    def _call(self, method: str, path: str, body: object) -> None:
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        self.administrator.call_api(
            path,
            method,
            header_params={"Content-Type": kind, "Accept": "application/json"},
            body=body,
            response_type="object",
        )


def _role() -> dict[str, Any]:
    """The role that the README of the package tells people to make."""
    block = _ROLE.read_text().partition("```yaml\n")[2].partition("```")[0]
    role: dict[str, Any] = yaml.safe_load(block)
    return role


@contextmanager
def api_server(folder: Path) -> Iterator[ApiServer]:
    """One that is ready. Each has an etcd of its own."""
    authority, certificate = issue_internal(folder)
    del authority
    subprocess.run(
        ["openssl", "genrsa", "-out", "accounts.key", "2048"], cwd=folder, check=True, capture_output=True, timeout=60
    )
    (folder / "users.csv").write_text(_USERS)
    store, peers, port = free_port(), free_port(), free_port()
    (folder / "etcd").mkdir()
    own = [f"http://127.0.0.1:{number}" for number in (store, peers)]
    etcd = [
        *(servers.program("etcd"), "--data-dir", f"{folder}/etcd/data"),
        *("--listen-client-urls", own[0], "--advertise-client-urls", own[0], "--listen-peer-urls", own[1]),
        *("--initial-advertise-peer-urls", own[1], "--initial-cluster", f"default={own[1]}"),
    ]
    command = [
        *(str(BINARY), "--etcd-servers", own[0], "--bind-address", "127.0.0.1", "--secure-port", str(port)),
        *("--tls-cert-file", str(certificate.chain), "--tls-private-key-file", str(certificate.key)),
        *("--authorization-mode", "RBAC", "--token-auth-file", "users.csv", "--cert-dir", str(folder)),
        *("--service-account-issuer", "https://kubernetes.default.svc", "--service-cluster-ip-range", "10.0.0.0/24"),
        *("--service-account-signing-key-file", "accounts.key", "--service-account-key-file", "accounts.key"),
        *("--disable-admission-plugins", "ServiceAccount"),
    ]
    ca_file = str(folder / "internal-root.pem")
    with (
        servers.running(etcd, ports=[store], folder=folder / "etcd", start_seconds=_READY_SECONDS),
        servers.running(command, ports=[port], folder=folder, start_seconds=_READY_SECONDS),
        client.ApiClient(_configuration(port, ca_file), "Authorization", f"Bearer {_ADMINISTRATOR}") as administrator,
        serving("kubernetes"),
    ):
        _ready(administrator)
        utils.create_from_dict(administrator, _named("Namespace", NAMESPACE))
        utils.create_from_dict(administrator, _role())
        utils.create_from_dict(administrator, _binding())
        yield ApiServer(port, ca_file, administrator)


def _configuration(port: int, ca_file: str) -> client.Configuration:
    configuration = client.Configuration(host=f"https://localhost:{port}")
    configuration.ssl_ca_cert = ca_file
    return configuration


def _ready(administrator: client.ApiClient) -> None:
    """It listens before its own roles are made."""
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        with suppress(client.ApiException):
            administrator.call_api("/readyz", "GET", response_type="str")
            return
        time.sleep(0.2)
    raise AssertionError("the API server does not get ready")


def _named(kind: str, name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}


def _binding() -> dict[str, Any]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "gonogo", "namespace": NAMESPACE},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "gonogo"},
        "subjects": [{"kind": "User", "name": "gonogo", "apiGroup": "rbac.authorization.k8s.io"}],
    }


def build() -> None:
    """Build the server from Debian's source package, and keep it."""
    with tempfile.TemporaryDirectory(prefix="gonogo-kubernetes-") as name:
        folder = Path(name)
        _download(folder)
        source = folder / "source"
        source.mkdir()
        (archive,) = folder.glob("kubernetes_*.orig.tar.gz")
        subprocess.run(["tar", "-xzf", str(archive), "-C", str(source), "--strip-components=1"], check=True)
        (source / ".go" / "src" / "k8s.io").mkdir(parents=True)
        (source / ".go" / "src" / "k8s.io" / "kubernetes").symlink_to(source)
        environ = {"HOME": name, "GOPATH": f"{source}/.go", "GO111MODULE": "off", "GOPROXY": "off", "CGO_ENABLED": "0"}
        subprocess.run(
            ["make", "WHAT=cmd/kube-apiserver"], cwd=source, check=True, env={**os.environ, **environ}, timeout=7200
        )
        BINARY.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(next((source / "_output").rglob("bin/linux/*/kube-apiserver")), BINARY)


def _download(folder: Path) -> None:
    """Debian's source package, which apt checks by the archive's signature; the lists of the machine stay as they are."""
    lists = folder / "lists"
    (lists / "partial").mkdir(parents=True)
    codename = platform.freedesktop_os_release()["VERSION_CODENAME"]
    (folder / "sources.list").write_text(f"deb-src [signed-by={_KEYRING}] {_ARCHIVE} {codename} main\n")
    own = {"Dir::Etc::SourceList": folder / "sources.list", "Dir::Etc::SourceParts": "-", "Dir::State::Lists": lists}
    apt_get = ["apt-get", *(f"-o{option}={value}" for option, value in own.items())]
    subprocess.run([*apt_get, "update"], check=True)
    subprocess.run([*apt_get, "source", "--download-only", "kubernetes"], cwd=folder, check=True)


if __name__ == "__main__":
    build()
