"""A real Postfix of Debian: one instance, and a submission port for each shape that a server may have."""

import pwd
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG, S_IXUSR
from tempfile import TemporaryDirectory

from tests.lab.authority import DAY, Issued, issue
from tests.lab.servers import program, running
from tests.support.ports import free_port

USER, PASSWORD, REALM = "app", "correct-horse-8", "shop.test"
SENDER, RECIPIENT = "orders@shop.test", "postmaster@example.org"
_SOUND = {
    "smtpd_tls_security_level": "encrypt",
    "smtpd_tls_auth_only": "yes",
    "smtpd_sasl_auth_enable": "yes",
    "smtpd_banner": "$myhostname ESMTP",
    "mynetworks": "",
    "smtpd_relay_restrictions": "permit_mynetworks,permit_sasl_authenticated,reject",
}
_INBOUND = {
    "smtpd_tls_security_level": "may",
    "smtpd_sasl_auth_enable": "no",
    "smtpd_relay_restrictions": "permit",
}
"""A server that strangers hand mail to."""
SHAPES: Mapping[str, Mapping[str, str]] = {
    "sound": {},
    "at once": {"smtpd_tls_wrappermode": "yes"},
    "no TLS": {"smtpd_tls_security_level": "none", "smtpd_tls_auth_only": "no"},
    "login in the clear": {"smtpd_tls_security_level": "may", "smtpd_tls_auth_only": "no"},
    "TLS by choice": {"smtpd_tls_security_level": "may"},
    "expired": {"smtpd_tls_chain_files": "{place}/expired.pem"},
    "other name": {"smtpd_tls_chain_files": "{place}/other.pem"},
    "ends soon": {"smtpd_tls_chain_files": "{place}/soon.pem"},
    "no login": {"smtpd_sasl_auth_enable": "no"},
    "open relay": {"mynetworks": "127.0.0.0/8"},
    "open for its own": {
        "smtpd_relay_restrictions": "permit_sasl_authenticated,check_sender_access,inline:{{orders@shop.test=OK}},reject"
    },
    "foreign sender": {
        "smtpd_sender_login_maps": "inline:{{orders@shop.test=somebody}}",
        "smtpd_sender_restrictions": "reject_sender_login_mismatch",
    },
    "greylisting": {"smtpd_recipient_restrictions": "check_recipient_access,static:{{450 4.7.1 try again later}}"},
    "unknown recipient": {"smtpd_recipient_restrictions": "check_recipient_access,static:{{550 5.1.2 no such domain}}"},
    "hangs up": {"smtpd_recipient_restrictions": "check_recipient_access,static:{{421 4.7.0 too busy}}"},
    "small": {"message_size_limit": "1000000"},
    "boundless": {"message_size_limit": "0"},
    "talkative": {"smtpd_banner": "$myhostname ESMTP $mail_name $mail_version"},
    "inbound": {
        **_INBOUND,
        "smtpd_recipient_restrictions": "check_recipient_access,inline:{{support@shop.test=OK}},"
        "check_recipient_access,static:{{550 5.1.1 User unknown}},reject",
    },
    "everybody": {**_INBOUND, "smtpd_recipient_restrictions": "check_recipient_access,static:OK,reject"},
    "another domain's": {**_INBOUND, "smtpd_recipient_restrictions": "reject_unauth_destination"},
    "inbound later": {
        **_INBOUND,
        "smtpd_recipient_restrictions": "check_recipient_access,static:{{450 4.7.1 try again later}},reject",
    },
    "blocks us": {
        **_INBOUND,
        "smtpd_recipient_restrictions": "check_client_access,static:{{554 5.7.1 a list of spammers has you}},reject",
    },
    "unwelcome": {"smtpd_client_restrictions": "reject", "smtpd_delay_reject": "no"},
}
"""Settings that differ from those of a sound server, by the shape that they make."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostfixServer:
    """The running instance."""

    place: Path
    ports: Mapping[str, int]
    """Shape to port."""

    @property
    def ca_file(self) -> Path:
        """Who issued its certificates."""
        return self.place / "root.pem"

    @property
    def queue(self) -> list[Path]:
        """Every message that it has taken, whole: until its end has come, cleanup(8) lets nobody execute its file."""
        folders = ("maildrop", "incoming", "active", "deferred", "hold")
        files = [path for folder in folders for path in (self.place / "queue" / folder).rglob("*")]
        return [path for path in files if _is_whole(path)]


def _is_whole(path: Path) -> bool:
    """A file may go between being listed and being looked at."""
    with suppress(FileNotFoundError):
        mode = path.stat().st_mode
        return S_ISREG(mode) and bool(mode & S_IXUSR)
    return False


@contextmanager
def postfix() -> Iterator[PostfixServer]:
    """Start it with every shape, and end it."""
    with ExitStack() as held:
        place = Path(held.enter_context(TemporaryDirectory(prefix="gonogo-postfix-")))
        place.chmod(0o755)  # its processes are the user postfix
        server = PostfixServer(place=place, ports={shape: free_port() for shape in SHAPES})
        _certificates(place)
        _accounts(place)
        _configure(server)
        command = [program("postfix"), "-c", str(place), "start-fg"]
        held.enter_context(running(command, ports=list(server.ports.values()), folder=place))
        held.callback(_stop, place)  # first of all: the master is a child of that command, and would outlive it
        yield server


def _stop(place: Path) -> None:
    subprocess.run([program("postfix"), "-c", str(place), "stop"], capture_output=True, check=True)


def _certificates(place: Path) -> None:
    root = issue("Lab Root", authority=True, key="ec")
    (place / "root.pem").write_bytes(root.pem)
    _chain(place, "sound", issue("localhost", root, names=("localhost",), key="ec"))
    _chain(place, "expired", issue("localhost", root, names=("localhost",), key="ec", age=90 * DAY, left=-DAY))
    _chain(place, "other", issue("mail.shop.test", root, names=("mail.shop.test",), key="ec"))
    _chain(place, "soon", issue("localhost", root, names=("localhost",), key="ec", age=88 * DAY, left=2 * DAY))


def _chain(place: Path, stem: str, leaf: Issued) -> None:
    """Key first, then the certificate: as smtpd_tls_chain_files wants it."""
    certificate, key = leaf.write(place, f"{stem}-part")
    (place / f"{stem}.pem").write_bytes(key.read_bytes() + certificate.read_bytes())


def _accounts(place: Path) -> None:
    database = place / "sasldb2"
    command = [program("saslpasswd2"), "-p", "-c", "-u", REALM, "-f", str(database), USER]
    subprocess.run(command, input=PASSWORD, text=True, check=True)
    shutil.chown(database, "postfix")
    (place / "sasl").mkdir()
    (place / "sasl" / "smtpd.conf").write_text(
        f"pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN\nsasldb_path: {database}\n"
    )


def _configure(server: PostfixServer) -> None:
    place = server.place
    for name in ("queue", "state"):
        (place / name).mkdir()
    shutil.chown(place / "state", "postfix")
    settings = {
        "compatibility_level": "3.6",
        "queue_directory": f"{place}/queue",
        "data_directory": f"{place}/state",
        "mail_owner": pwd.getpwnam("postfix").pw_name,
        "maillog_file": f"{place}/mail.log",
        "maillog_file_prefixes": str(place),
        "myhostname": "mail.shop.test",
        "mydestination": "",
        "inet_protocols": "ipv4",
        "alias_maps": "",
        "alias_database": "",
        "smtpd_peername_lookup": "no",
        "smtpd_tls_chain_files": f"{place}/sound.pem",
        "cyrus_sasl_config_path": f"{place}/sasl",
        "smtpd_sasl_local_domain": REALM,
        "smtpd_sasl_tls_security_options": "noanonymous",
        "smtpd_sasl_security_options": "noanonymous",
        "smtpd_client_connection_count_limit": "0",
        "smtpd_recipient_restrictions": "",
        "defer_transports": "smtp, relay, local",  # what was taken stays in the queue, to be seen there
    }
    (place / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
    (place / "master.cf").write_text(_SERVICES + "".join(map(_service, server.ports.items(), [place] * len(SHAPES))))


def _service(shape_at_port: tuple[str, int], place: Path) -> str:
    shape, port = shape_at_port
    changed = {name: value.format(place=place) for name, value in SHAPES[shape].items()}
    options = "".join(f"  -o {{ {name} = {value} }}\n" for name, value in {**_SOUND, **changed}.items())
    return f"127.0.0.1:{port} inet n - n - - smtpd\n{options}"


_SERVICES = """\
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - discard
relay unix - - n - - discard
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - discard
anvil unix - - n - 1 anvil
"""
"""None delivers anything."""
