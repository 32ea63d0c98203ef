"""Entries of an environment file that are checks, held against real servers: BIND, nginx, Caddy, OpenSSH, TLS by OpenSSL."""

import asyncio
import inspect
import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.evidence.dns import DnsRecordEvidence
from gonogo.evidence.ports import BannerEvidence
from gonogo.evidence.requests import RequestEvidence
from gonogo.evidence.server import FileEvidence
from gonogo.families.dns.record import probe_record, record_questions
from gonogo.families.ports.banner import banner_questions, probe_banner
from gonogo.families.registry import environment_from
from gonogo.families.requests.probe import probe_request, request_questions
from gonogo.families.servers.file import file_questions, probe_file
from gonogo.planning.declarations import read_declarations
from reference.listener import Handler, Listener
from reference.relay import TlsOffer
from tests.checks.conftest import FOLDERS, function_of
from tests.families.test_ports import closed_port, greeting
from tests.lab.dns_relay import PORT
from tests.lab.dns_servers import bind
from tests.lab.http_servers import Ports, caddy, nginx
from tests.lab.machine import Machine
from tests.lab.test_servers import environment as declared_machine
from tests.support.http_sites import HOST, certificates

ADDRESS = "127.53.0.9"
ZONE = """$TTL 300
@ SOA ns.shop.test. admin.shop.test. 1 3600 600 604800 300
@ NS ns
ns A 127.53.0.9
@ MX 10 Mail.Shop.test.
mail A 192.0.2.7
@ TXT "v=spf1 include:_spf." "example.com -all"
@ TXT "other"
www CNAME cdn.example.net.
"""


def judged(check: str, environment: Any, evidence: Any, kind: type) -> str:  # noqa: ANN401 - of any family
    """``PASS``, ``FAIL …`` or ``ERROR …``; after a trip through JSON, as a replay sees it."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    restored = adapter.validate_json(adapter.dump_json(evidence))
    declaration = next(found for found in read_declarations(FOLDERS[0]) if found.id == check)
    subject = next(iter(inspect.signature(function_of(declaration)).parameters))
    try:
        function_of(declaration)(**{subject: restored, "environment": environment})
    except AssertionError as failed:
        return f"FAIL {failed}"
    except Unobserved as unobserved:
        return f"ERROR {unobserved.reason}"
    return "PASS"


def declaring(section: str, entry: Mapping[str, Any], **more: Any) -> Any:  # noqa: ANN401 - composed
    """An environment file with this entry."""
    base: dict[str, Any] = {"service": {"name": "Shop", "base_url": f"https://{HOST}"}}
    return environment_from({**base, **more, section: {"mine": entry}})


RECORDS: list[tuple[Mapping[str, Any], str]] = [
    ({"type": "TXT", "contains": "include:_spf.example.com"}, "PASS"),
    ({"type": "TXT", "exact": ["other", "v=spf1 include:_spf.example.com -all"]}, "PASS"),
    ({"type": "MX", "exact": "10 mail.shop.test."}, "PASS"),
    ({"type": "MX"}, "PASS"),
    ({"name": "www.shop.test", "type": "CNAME", "exact": "cdn.example.net"}, "PASS"),
    ({"name": "nobody.shop.test", "type": "A", "absent": True}, "PASS"),
    ({"type": "CAA"}, f"FAIL shop.test CAA: {ADDRESS}:{PORT} has none (NOERROR); one is expected"),
    ({"type": "TXT", "exact": "other"}, "FAIL shop.test TXT"),
    ({"type": "TXT", "contains": "v=DMARC1"}, "one with 'v=DMARC1' is expected"),
    ({"name": "mail.shop.test", "type": "A", "exact": "192.0.2.8"}, "has 192.0.2.7; 192.0.2.8 is expected"),
    ({"name": "www.shop.test", "type": "CNAME", "absent": True}, "has cdn.example.net; none is expected"),
    ({"name": "nobody.shop.test", "type": "A"}, "has none (NXDOMAIN); one is expected"),
]


def test_records_at_a_real_server(tmp_path: Path) -> None:
    """However BIND spells a record, it is the one that was declared; and every difference is named."""
    (tmp_path / "zone").write_text(ZONE)

    async def main() -> list[str]:
        told = []
        async with bind(tmp_path, ADDRESS, [("shop.test", tmp_path / "zone")]):
            for entry, _ in RECORDS:
                dns = {"zone": "shop.test", "resolvers": [f"{ADDRESS}:{PORT}"], "quorum": 1}
                environment = declaring("records", {"name": "shop.test", **entry}, dns=dns)
                [question] = record_questions(environment, Secrets({}))
                told.append(judged("record-*", environment, await probe_record(question), DnsRecordEvidence))
        return told

    for said, (entry, expected) in zip(asyncio.run(main()), RECORDS, strict=True):
        assert said == expected or (expected != "PASS" and expected in said), (entry, said)


QUESTIONS = f"<!doctype html><title>Questions</title><p>{'Anybody may cancel up to a day before. ' * 20}"
PAGES = f"""types {{ text/html html; }} root ROOT;
location = /made.html {{ ssi on; }}
location = /stretched.html {{ gzip on; gzip_min_length 1; }}
location = /members.html {{ return 302 /login.html; }}
location = /written.html {{ types {{ }} default_type text/plain; return 200 "{QUESTIONS}"; }}
"""


FILES: Mapping[str, tuple[str, int]] = {
    "new": (QUESTIONS, 10),
    "old": (QUESTIONS, 100),
    "short": (QUESTIONS[:100], 10),
    "future": (QUESTIONS, -10),
    "made": (QUESTIONS, 10),
    "stretched": (QUESTIONS, 10),
    "login": ("<title>Questions</title><form><input type=password></form>", 10),
}
"""Text of each page, and how many days ago it was written."""
ANYWHERE = {
    "new": "PASS",
    "old": "ago, and 90 d at most are declared",
    "short": "characters of text, at least 500 are expected",
    "future": "lies in the future",
    "gone": "not 404",
}
AT_NGINX = {
    "made": "there is no Last-Modified",
    "stretched": "PASS",
    "members": "readers are sent to a login",
    "written": "an HTML page is expected, not 'text/plain'",
}


@pytest.mark.parametrize(
    ("server", "site", "expected"),
    [(nginx, PAGES, {**ANYWHERE, **AT_NGINX}), (caddy, "root * ROOT\nfile_server", ANYWHERE)],
)
def test_pages_at_a_real_server(
    server: Callable[[str], AbstractContextManager[Ports]], site: str, expected: Mapping[str, str]
) -> None:
    """Their Last-Modified is the time of the file; a page that is made for each request has none."""
    with tempfile.TemporaryDirectory(prefix="gonogo-pages-") as folder:
        Path(folder).chmod(0o755)  # nginx's workers run as another user
        for name, (text, days) in FILES.items():
            path = Path(folder) / f"{name}.html"
            path.write_text(text)
            os.utime(path, times=(time.time() - days * 86400,) * 2)
        with server(site.replace("ROOT", folder)) as ports:
            told = {name: page_at(ports.https, f"/{name}.html") for name in expected}
    for name, words in expected.items():
        assert told[name] == words or (words != "PASS" and words in told[name]), (name, told[name])


def page_at(port: int, path: str) -> str:
    """What the check says of the page of questions there."""
    root, _ = certificates()
    entry = {"get": path, "page": {"title": "Questions"}, "fresh": "90 d"}
    environment = declaring(
        "requests",
        entry,
        service={"name": "Shop", "base_url": f"https://{HOST}:{port}"},
        hosts={HOST: {"addresses": ["127.0.0.1"], "https_port": port}},
        tls={"trust": str(root), "issuer": "x"},
    )
    [question] = request_questions(environment, Secrets({}))
    return judged("request-*", environment, asyncio.run(probe_request(question)), RequestEvidence)


def test_a_resolver_that_says_nothing_proves_nothing() -> None:
    """Absence is told by an answer, never by silence."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        dns = {"zone": "shop.test", "resolvers": [f"127.0.0.1:{mute.getsockname()[1]}"], "quorum": 1}
        entry = {"name": "shop.test", "type": "A", "absent": True}
        environment = declaring("records", entry, dns=dns, limits={"probe": "2 s"})
        [question] = record_questions(environment, Secrets({}))
        evidence = asyncio.run(probe_record(question))
    assert judged("record-*", environment, evidence, DnsRecordEvidence).startswith("ERROR shop.test A: 0 of 1")


def said_at(entry: Mapping[str, Any], handler: Handler | None, *, tls: bool = False) -> str:
    """What the check says of a port where this server listens; of a closed one without."""
    root, bundle = certificates()

    async def main() -> str:
        with ExitStack() as stack:
            listener = Listener(handler or greeting, "127.0.0.1", 0, TlsOffer().context(bundle) if tls else None)
            await listener.start()
            try:
                port = listener.port if handler else closed_port(stack)
                hosts = {HOST: {"addresses": ["127.0.0.1"]}}
                trust = {"trust": str(root), "issuer": "x"}
                environment = declaring("banners", {"host": HOST, "port": port, **entry}, hosts=hosts, tls=trust)
                [question] = banner_questions(environment, Secrets({}))
                return judged("banner-*", environment, await probe_banner(question), BannerEvidence)
            finally:
                await listener.stop()

    return asyncio.run(main())


def test_a_port_answers_as_declared() -> None:
    """Open, closed, what is said, and TLS with the right name are four things."""
    assert said_at({"expect": "220 "}, greeting) == "PASS"
    assert said_at({}, greeting) == "PASS"
    assert said_at({"tls": True, "expect": "220 "}, greeting, tls=True) == "PASS"
    assert said_at({"closed": True}, None) == "PASS"
    assert "'250 ' is expected" in said_at({"expect": "250 "}, greeting)
    assert "says '220 mail.test ESMTP" in said_at({"expect": "250 "}, greeting)
    assert "accepts connections; it should be closed" in said_at({"closed": True}, greeting)
    assert "refuses connections" in said_at({}, None)
    assert "TLS failed" in said_at({"tls": True}, greeting)


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """A real sshd, for all files."""
    with tempfile.TemporaryDirectory(prefix="gonogo-lab-") as folder, Machine(Path(folder) / "m").running() as one:
        one.sh("mkdir /run/app && printf 'DEBUG=0\\nKEY=x\\n' > /run/app/.env && chmod 600 /run/app/.env")
        yield one


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"path": "/run/app/.env"}, "PASS"),
        ({"path": "/run/app/.env", "mode": "0600", "owner": "root", "contains": "DEBUG=0", "never": "DEBUG=1"}, "PASS"),
        ({"path": "/run/app/.git", "exists": False}, "PASS"),
        ({"path": "/run/app/.env", "exists": False}, "lab:/run/app/.env exists; it should not"),
        ({"path": "/run/app/nothing"}, "lab:/run/app/nothing does not exist"),
        ({"path": "/run/app/.env", "mode": "644"}, "its mode is 0600; 0644 is expected"),
        ({"path": "/run/app/.env", "owner": "deploy"}, "its owner is root; deploy is expected"),
        ({"path": "/run/app/.env", "contains": "DEBUG=1"}, "no line of it contains 'DEBUG=1'"),
        ({"path": "/run/app/.env", "never": "KEY=x"}, "a line of it contains 'KEY=x'"),
    ],
)
def test_files_of_a_real_server(machine: Machine, entry: Mapping[str, Any], expected: str) -> None:
    """Over OpenSSH and sudo, as a user who may not read them alone."""
    evidence, environment = file_of(machine, entry)
    told = judged("file-*", environment, evidence, FileEvidence)
    assert told == expected or (expected != "PASS" and expected in told)


def test_a_file_that_may_not_be_seen_is_not_absent(machine: Machine) -> None:
    """Without the right to look, nobody knows."""
    with (
        machine.changed("mv /etc/sudoers.d/lab /run/lab.sudo", "mv /run/lab.sudo /etc/sudoers.d/lab"),
        pytest.raises(Unobserved),
    ):
        file_of(machine, {"path": "/run/app/.git", "exists": False})


def file_of(machine: Machine, entry: Mapping[str, Any]) -> tuple[FileEvidence, Any]:
    """What the probe sees of it, and the environment that declares it."""
    document = declared_machine(machine).model_dump(mode="json", by_alias=True, exclude_none=True)
    environment = environment_from({**document, "files": {"mine": {"server": "lab", **entry}}})
    secrets = Secrets({"SERVER_KEY": machine.visitor.export_private_key().decode()})
    [question] = file_questions(environment, secrets)
    return asyncio.run(probe_file(question)), environment


@pytest.mark.parametrize(
    ("section", "entry", "message"),
    [
        ("records", {"name": "a.test", "type": "A", "absent": True, "exact": "x"}, "absent: what must not be there"),
        ("records", {"name": "a.test", "type": "TEXT"}, "Input should be 'A'"),
        ("banners", {"host": "a.test", "port": 25, "closed": True, "expect": "220"}, "closed: a port that is closed"),
        ("files", {"server": "s", "path": "etc/passwd"}, "should match pattern"),
        ("files", {"server": "s", "path": "/a", "exists": False, "mode": "600"}, "exists = false"),
    ],
)
def test_an_entry_that_contradicts_itself_is_refused(section: str, entry: Mapping[str, Any], message: str) -> None:
    """Before anything is asked."""
    with pytest.raises(ValidationError, match=message):
        declaring(section, entry)
