"""The machines that the service runs on, as they are seen from inside of them."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from gonogo.environment.section import Section
from gonogo.environment.types import Duration, Port, SecretName, Size, Text


def _host_key(value: str) -> str:
    if not re.fullmatch(r"(ssh|ecdsa|sk)-[a-z0-9@.-]+ AAAA[A-Za-z0-9+/]+=*( .*)?", value.strip()):
        message = "a public key is expected, as ssh-keyscan prints it after the address: 'ssh-ed25519 AAAA…'"
        raise ValueError(message)
    return value.strip()


HostKey = Annotated[str, AfterValidator(_host_key)]
UnitName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:_.@-]+$", max_length=200)]
LogPath = Annotated[str, StringConstraints(pattern=r"^/.+$", max_length=500)]


class Server(Section):
    """One machine: how it is reached over SSH, and what it must be. Commands that only read are run on it."""

    address: Text = Field(description="Name or address at which SSH is reached.")
    port: Port = 22
    user: Text = Field(description="Who logs in. Anybody but root needs sudo without a password for what is asked.")
    key: SecretName = Field(description="The private key, as ssh-keygen writes it, without a passphrase.")
    host_key: HostKey = Field(description="The server's public key, as ssh-keyscan prints it: nobody else is asked.")
    os: Text | None = Field(default=None, description='Name and version, as in "Ubuntu 22.04".')
    cpus: Annotated[int, Field(ge=1)] | None = None
    memory: Size | None = Field(default=None, description="As it was ordered; the kernel keeps a little for itself.")
    disk: Size | None = Field(default=None, description="Size of the root file system, as it was ordered.")
    open_ports: tuple[Port, ...] = Field(default=(22, 80, 443), description="All that the firewall may let in.")
    jails: tuple[Text, ...] = Field(default=("sshd",), description="Jails of fail2ban that must be active.")
    jail_logs: Mapping[Text, LogPath] = Field(
        default_factory=dict, description="Jail to the log that it must read, where it reads a file."
    )
    units: tuple[UnitName, ...] = Field(default=(), description="Units of systemd that must be active.")
    containers: tuple[UnitName, ...] = Field(
        default=(), description="Containers of Docker that must be up, and not unhealthy."
    )
    processes: tuple[Text, ...] = Field(
        default=(), description="Processes of the service, as `ps -eo comm` names them: running, and not as root."
    )
    renewal: UnitName | None = Field(default=None, description="The timer that renews certificates, as certbot.timer.")
    logs: tuple[LogPath, ...] = Field(default=(), description="Files that are being written, and rotated.")
    log_silence: Duration = Field(
        default=timedelta(minutes=10), description="How long none of a log's lines may be written."
    )
