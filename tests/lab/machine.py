"""A machine of its own on this one: namespaces with a copy of /etc, a real sshd, sudo, ufw, fail2ban and logrotate.

sshd serves one connection after another as inetd would start it: the socket is one of this machine's loopback, and
everything else that it sees is of the namespaces.
"""

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

from tests.lab.table import serving

USER = "gonogo-lab"
LOG = "/var/log/workme/api.log"
_SECONDS = 30.0
_SSHD = "/usr/sbin/sshd"
_CONFIG = """\
HostKey /etc/ssh/lab_host_key
AuthorizedKeysFile /etc/ssh/lab_authorized_keys
StrictModes no
UsePAM no
PidFile none
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
Include /etc/ssh/lab.d/*.conf
"""
_SET_UP = f"""
set -e
mount --bind "$LAB/etc" /etc
mount --bind "$LAB/log" /var/log
mount --bind "$LAB/run" /run
mkdir -p /run/sshd /run/fail2ban /run/lock /etc/ssh/lab.d /etc/sudoers.d /var/log/workme
ip link set lo up
useradd --create-home --home-dir /run/home --shell /bin/bash {USER}
usermod --password '*' {USER}
useradd --no-create-home --home-dir / --shell /bin/bash deploy
usermod --password '*' deploy
echo '{USER} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/lab
rm -f /etc/ssh/sshd_config.d/*
echo started > {LOG}
printf '%s {{\\n  daily\\n  rotate 14\\n  missingok\\n}}\\n' {LOG} > /etc/logrotate.d/workme
chmod 644 /etc/logrotate.d/workme
"""


@dataclass
class Machine:
    """Running while its context is open."""

    folder: Path
    host_key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    visitor: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    port: int = 0
    _holder: "subprocess.Popen[bytes] | None" = None
    _children: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    def sh(self, script: str) -> str:
        """Run as root inside of it; what it prints."""
        done = subprocess.run(
            [*self.enter, "sh", "-c", script],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            env={**os.environ, "LAB": str(self.folder), "LC_ALL": "C", "DOCKER_HOST": ""},
        )
        assert done.returncode == 0, f"{script}: {done.stdout}{done.stderr}"
        return done.stdout

    @property
    def enter(self) -> list[str]:
        """The beginning of a command that runs as root inside of it."""
        assert self._holder is not None
        return ["nsenter", "-t", str(self._holder.pid), "-m", "-n"]

    @contextmanager
    def changed(self, script: str, back: str) -> Iterator[None]:
        """With this done to it, and undone in any case."""
        try:
            self.sh(script)
            yield
        finally:
            self.sh(back)

    @contextmanager
    def inside(self, namespace: str, *command: str) -> Iterator[None]:
        """While this runs in a network namespace that was made within it."""
        with subprocess.Popen(
            [*self.enter, "ip", "netns", "exec", namespace, *command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                yield
            finally:
                process.terminate()

    def _serve(self, listener: socket.socket) -> None:
        """Until the listener is closed."""
        assert self._holder is not None
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                child = subprocess.Popen(
                    ["nsenter", "-t", str(self._holder.pid), "-m", "-n", _SSHD, "-i", "-f", "/etc/ssh/sshd_config"],
                    stdin=connection.fileno(),
                    stdout=connection.fileno(),
                    stderr=subprocess.DEVNULL,
                )
                self._children.append(child)

    @contextmanager
    def running(self) -> Iterator["Machine"]:
        """Set it up, and take it away again."""
        for name in ("etc", "log", "run"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        subprocess.run(["cp", "-a", "/etc/.", str(self.folder / "etc")], check=True)
        ssh = self.folder / "etc" / "ssh"
        ssh.mkdir(parents=True, exist_ok=True)
        (ssh / "sshd_config").write_text(_CONFIG)
        self.host_key.write_private_key(ssh / "lab_host_key")
        (ssh / "lab_host_key").chmod(0o600)
        (ssh / "lab_authorized_keys").write_bytes(self.visitor.export_public_key())
        command = ["unshare", "--mount", "--net", "--propagation", "private", "sleep", "infinity"]
        with subprocess.Popen(command) as self._holder, socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
            threading.Thread(target=self._serve, args=(listener,), daemon=True).start()
            try:
                self._wait_for_namespaces()
                self.sh(_SET_UP)
                with serving(_SSHD):
                    yield self
            finally:
                listener.shutdown(socket.SHUT_RDWR)  # closing alone leaves the thread in accept, for the next listener
                self._end()

    def _wait_for_namespaces(self) -> None:
        assert self._holder is not None
        deadline = time.monotonic() + _SECONDS
        while Path(f"/proc/{self._holder.pid}/ns/net").readlink() == Path("/proc/self/ns/net").readlink():
            assert time.monotonic() < deadline, "unshare made no namespaces"
            time.sleep(0.01)

    def _end(self) -> None:
        """Whoever still runs in its namespaces ends with it."""
        assert self._holder is not None
        ours = Path(f"/proc/{self._holder.pid}/ns/mnt").readlink()
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if (process / "ns" / "mnt").readlink() == ours:
                    os.kill(int(process.name), signal.SIGKILL)
            except OSError:
                continue
        for child in self._children:
            child.wait(_SECONDS)
        shutil.rmtree(self.folder, ignore_errors=True)
