"""A real Dovecot of Debian: one mailbox over IMAP with TLS."""

import pwd
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.lab.authority import issue
from tests.lab.servers import program, running
from tests.support.ports import free_port

USER, PASSWORD = "support@shop.test", "correct-horse-9"
_OWNER = "mail"
"""A user of Debian: Dovecot delivers to nobody who is root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DovecotServer:
    """The running server."""

    place: Path
    port: int

    @property
    def ca_file(self) -> str:
        """Who issued its certificate."""
        return str(self.place / "root.pem")

    def clear(self) -> None:
        """Empty every folder."""
        home = self.place / "mail"
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        shutil.chown(home, _OWNER, pwd.getpwnam(_OWNER).pw_gid)


@contextmanager
def dovecot() -> Iterator[DovecotServer]:
    """Start it, and end it."""
    with ExitStack() as held:
        place = Path(held.enter_context(TemporaryDirectory(prefix="gonogo-dovecot-")))
        place.chmod(0o755)  # its processes are users of their own
        server = DovecotServer(place=place, port=free_port())
        root = issue("Lab Root", authority=True, key="ec")
        (place / "root.pem").write_bytes(root.pem)
        chain, key = issue("localhost", root, names=("localhost",), key="ec").write(place, "sound")
        (place / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        (place / "dovecot.conf").write_text(_configuration(place, server.port, chain, key))
        command = [program("dovecot"), "-F", "-c", str(place / "dovecot.conf")]
        held.enter_context(running(command, ports=[server.port], folder=place))
        yield server


def _configuration(place: Path, port: int, chain: Path, key: Path) -> str:
    owner = pwd.getpwnam(_OWNER)
    return f"""\
base_dir = {place}/run
state_dir = {place}/state
log_path = {place}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{chain}
ssl_key = <{key}
first_valid_uid = {owner.pw_uid}
mail_location = maildir:{place}/mail
service imap-login {{
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
passdb {{
  driver = passwd-file
  args = {place}/users
}}
userdb {{
  driver = static
  args = uid={owner.pw_uid} gid={owner.pw_gid} home={place}
}}
namespace inbox {{
  inbox = yes
  mailbox Sent {{
    auto = create
  }}
}}
"""
