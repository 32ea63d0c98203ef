"""How a declared server is reached."""

from gonogo.base.secrets import Secrets
from gonogo.clients.ssh import SshServer
from gonogo.families.servers.section import Server


def ssh_of(server: Server, secrets: Secrets) -> SshServer:
    """Address, user and keys of a declared server."""
    return SshServer(
        address=server.address,
        port=server.port,
        user=server.user,
        host_key=server.host_key,
        key=secrets[server.key],
        key_name=server.key,
    )
