"""gonogo-s3 on servers that nobody here wrote: each check green, and red at its fault."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from gonogo_s3 import FAMILY, probe
from gonogo_s3.probe import PROBES
from pydantic import ValidationError

from tests.lab.installation import Installation, install
from tests.lab.package_verdicts import environment_of, verdicts, wrong
from tests.lab.s3 import (
    BUCKET,
    FOREIGN,
    NO_STRANGERS,
    OWN,
    S3Server,
    allow,
    block,
    fronted,
    localbucket,
    moto,
    own_rights,
)
from tests.support.ports import free_port

SECTION = """
[s3]
endpoint = "{endpoint}"
path_style = true
key_id = "S3_KEY_ID"
secret_key = "S3_SECRET_KEY"
ca_file = "{ca_file}"
buckets.shop-receipts = {{}}
configuration = {{ key_id = "WATCHER_KEY_ID", secret_key = "WATCHER_SECRET_KEY" }}
"""


@pytest.fixture(scope="module")
def amazon() -> Iterator[S3Server]:
    """Nothing is wrong with it."""
    with moto() as server:
        yield server


@pytest.fixture(scope="module")
def open_house() -> Iterator[S3Server]:
    """It looks at no key, and strangers reach it."""
    with moto(who_may=False, strangers=True) as server:
        yield server


def secrets_of(server: S3Server) -> dict[str, str]:
    """The service's key and the watcher's."""
    (key_id, secret), (watcher, watchers) = (server.keys.get(name, ("any", "any")) for name in ("app", "watcher"))
    return {
        "S3_KEY_ID": key_id,
        "S3_SECRET_KEY": secret,
        "WATCHER_KEY_ID": watcher,
        "WATCHER_SECRET_KEY": watchers,
    }


def judged(
    server: S3Server, *, bucket: str = BUCKET, secrets: dict[str, str] | None = None, **section: object
) -> dict[str, str]:
    """Every check's verdict on this server."""
    declared = {
        "endpoint": server.endpoint,
        "path_style": True,
        "key_id": "S3_KEY_ID",
        "secret_key": "S3_SECRET_KEY",
        "ca_file": str(server.ca_file),
        "buckets": {bucket: {}},
        "configuration": {"key_id": "WATCHER_KEY_ID", "secret_key": "WATCHER_SECRET_KEY"},
        **section,
    }
    environment = environment_of(FAMILY, {"s3": declared, "limits": {"probe": "20 s"}})
    return verdicts(FAMILY, PROBES, environment, {**secrets_of(server), **(secrets or {})})


def keys_in(server: S3Server) -> list[str]:
    """All versions of all objects, and markers of those that were removed."""
    told = server.client().list_object_versions(Bucket=BUCKET)
    return [one["Key"] for kind in ("Versions", "DeleteMarkers") for one in told.get(kind, [])]


def test_healthy_bucket_is_green(amazon: S3Server) -> None:
    """With a key that may no more than it needs; and nothing of ours stays, no version and no marker either."""
    assert not wrong(judged(amazon))
    assert keys_in(amazon) == ["receipts/1.txt"]


@pytest.mark.whole
def test_from_the_command_line(amazon: S3Server, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Installed beside gonogo's wheel: recorded, replayed, no secret in any file, nothing of this machine's own."""
    installation: Installation = install(tmp_path_factory.mktemp("s3"), "gonogo-s3")
    installation.declare(SECTION.format(endpoint=amazon.endpoint, ca_file=amazon.ca_file))
    installation.environ = {
        **secrets_of(amazon),
        "AWS_PROFILE": "nobodys",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
        "HTTPS_PROXY": "http://127.0.0.1:1",
    }
    done = installation.gonogo("run", "--env", "staging")
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    assert set(installation.outcomes("s3").values()) == {"pass"}
    assert len(installation.outcomes("s3")) == 10
    again = installation.gonogo("replay", str(installation.latest))
    assert again.returncode == 0, again.stdout + again.stderr
    kept = printed + "".join(path.read_text() for path in installation.latest.iterdir())
    assert not [name for name, (_, secret) in amazon.keys.items() if secret in kept]


def test_server_that_looks_at_no_key(open_house: S3Server) -> None:
    """Everybody is let in; how the bucket is configured is right all the same."""
    found = judged(open_house)
    assert wrong(found).keys() == {"s3-secret", "s3-private", "s3-least-rights"}
    assert "was listed with a made-up secret key" in found["s3-secret"]
    assert "anybody can list it" in found["s3-private"]
    assert "s3:ListAllMyBuckets" in found["s3-least-rights"]


def test_object_that_anybody_reads(open_house: S3Server, tmp_path: Path) -> None:
    """Where listing is refused, and one object is not."""
    open_house.client().put_object_acl(Bucket=BUCKET, Key="receipts/1.txt", ACL="public-read")
    passed = f"proxy_pass http://127.0.0.1:{open_house.plain};"
    with fronted(tmp_path, open_house.plain, f"location = /{BUCKET} {{ {NO_STRANGERS} {passed} }}") as front:
        found = judged(front)
    assert found["s3-private"] == f"bucket {BUCKET}: anybody can read an object, without a key"


def test_server_that_is_not_configurable() -> None:
    """Another implementation: what it does not know is an ERROR for each such fact alone, and no pass."""
    with localbucket() as server:
        found = judged(server)
        plain = judged(server, endpoint=f"http://127.0.0.1:{server.plain}", ca_file=None)
    configuration = {"s3-grants", "s3-block", "s3-encrypted", "s3-versioned"}
    assert wrong(found).keys() == configuration | {"s3-secret", "s3-private", "s3-least-rights"}
    assert all("does not implement" in found[check] for check in configuration)
    assert all(found[check].startswith("ERROR ") for check in configuration)
    assert found["s3-round-trip"] == "PASS"
    assert "http://, which is not encrypted" in plain["s3-tls"]


@pytest.mark.parametrize("group", ["AllUsers", "AuthenticatedUsers"])
def test_grants_to_strangers(amazon: S3Server, group: str) -> None:
    """They count unless the bucket ignores them."""
    s3 = amazon.client()
    block(amazon, IgnorePublicAcls=False, BlockPublicAcls=False)
    s3.put_bucket_acl(Bucket=BUCKET, GrantRead=f'uri="http://acs.amazonaws.com/groups/global/{group}"')
    try:
        found = judged(amazon)
        block(amazon)
        ignored = judged(amazon)
    finally:
        s3.put_bucket_acl(Bucket=BUCKET, ACL="private")
        block(amazon)
    assert wrong(found).keys() == {"s3-grants", "s3-block"}
    assert f"grants READ to {group}" in found["s3-grants"]
    assert found["s3-block"] == f"bucket {BUCKET}: BlockPublicAcls, IgnorePublicAcls is off"
    assert not wrong(ignored)


def test_policy_for_everybody(amazon: S3Server) -> None:
    """By the server's own word; and a bucket without any block."""
    s3 = amazon.client()
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    s3.delete_public_access_block(Bucket=BUCKET)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [everybody]}))
    try:
        found = judged(amazon)
    finally:
        s3.delete_bucket_policy(Bucket=BUCKET)
        block(amazon)
    assert wrong(found).keys() == {"s3-grants", "s3-block"}
    assert "its policy makes it public" in found["s3-grants"]
    assert "public access is not blocked" in found["s3-block"]


def test_neither_encrypted_nor_versioned(amazon: S3Server) -> None:
    """Unless nobody asks for it."""
    s3 = amazon.client()
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    s3.delete_bucket_encryption(Bucket=BUCKET)
    try:
        found = judged(amazon)
        unasked = judged(amazon, buckets={BUCKET: {"encrypted": False, "versioned": False}})
    finally:
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]})
    assert wrong(found).keys() == {"s3-encrypted", "s3-versioned"}
    assert "versioning is suspended" in found["s3-versioned"]
    assert not wrong(unasked)


def test_port_without_tls_is_found(amazon: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's own endpoint is in order, and S3 answers in the clear beside it."""
    monkeypatch.setattr(probe, "_USUAL_PLAIN_PORT", amazon.plain)
    found = judged(amazon)
    assert wrong(found).keys() == {"s3-tls"}
    assert f"http://localhost:{amazon.plain}" in found["s3-tls"]


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        (("s3:GetObject", "s3:DeleteObject", "s3:DeleteObjectVersion"), "could not be written"),
        (("s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"), "could not be read back"),
        (("s3:PutObject", "s3:GetObject"), "could not be removed"),
    ],
)
def test_key_without_a_right(amazon: S3Server, actions: tuple[str, ...], message: str) -> None:
    """What was written is removed, as far as the key may, when reading fails as well."""
    bucket = f"arn:aws:s3:::{BUCKET}"
    amazon.user("app", allow(("s3:ListBucket",), bucket), allow(actions, f"{bucket}/*"))
    try:
        found = judged(amazon)
        left = [key for key in keys_in(amazon) if key != "receipts/1.txt"]
    finally:
        amazon.user("app", *own_rights())
        for one in amazon.client().list_object_versions(Bucket=BUCKET).get("Versions", []):
            if one["Key"].startswith("gonogo/"):
                amazon.client().delete_object(Bucket=BUCKET, Key=one["Key"], VersionId=one["VersionId"])
    may_read = "s3:GetObject" in actions
    assert wrong(found).keys() == {"s3-round-trip"} | (set() if may_read else {"s3-tls"})
    assert may_read or found["s3-tls"].startswith("ERROR ")  # what is refused over TLS says nothing of the rest
    assert message in found["s3-round-trip"]
    assert "the key may not do that (AccessDenied)" in found["s3-round-trip"]
    assert bool(left) == ("removed" in message)


def test_key_that_sees_all_buckets(amazon: S3Server) -> None:
    """Rights on everything."""
    amazon.user("app", *own_rights(), allow(("s3:ListAllMyBuckets", "s3:ListBuckets"), "*"))
    try:
        found = judged(amazon)
    finally:
        amazon.user("app", *own_rights())
    assert wrong(found).keys() == {"s3-least-rights"}


def test_watcher_without_rights(amazon: S3Server) -> None:
    """What it may not read is an ERROR that names the right; nothing else is doubted."""
    amazon_watcher = {"WATCHER_KEY_ID": amazon.keys["app"][0], "WATCHER_SECRET_KEY": amazon.keys["app"][1]}
    found = judged(amazon, secrets=amazon_watcher)
    assert (
        {"s3-grants", "s3-versioned"}
        <= wrong(found).keys()
        <= {"s3-grants", "s3-block", "s3-encrypted", "s3-versioned"}
    )
    assert found["s3-grants"].startswith("ERROR ")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"secrets": {"S3_KEY_ID": "AKIANOBODY0000000000"}}, "knows no such key id"),
        ({"secrets": {"S3_SECRET_KEY": "made-up"}}, "the secret key does not belong to the key id"),
        ({"bucket": FOREIGN}, "the key may not do that (AccessDenied)"),
        ({"ca_file": None}, "TLS fails"),
        ({"endpoint": f"https://localhost:{free_port()}"}, "the port refuses connections"),
    ],
)
def test_bucket_that_is_not_reached_says_why(amazon: S3Server, change: dict[str, object], message: str) -> None:
    """In words; everything else about it is blocked."""
    found = judged(amazon, **change)  # type: ignore[arg-type]
    assert message in found["s3-reachable"]
    assert {found[check] for check in ("s3-tls", "s3-private", "s3-round-trip")} == {"BLOCKED"}
    assert "made-up" not in found["s3-reachable"]


def test_bucket_that_is_not_there(open_house: S3Server) -> None:
    """As a server says that looks at no key."""
    assert "there is no such bucket" in judged(open_house, bucket="no-such-bucket")["s3-reachable"]


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (301, "PermanentRedirect", "the bucket is in another region"),
        (400, "AuthorizationHeaderMalformed", "the declared region is not the bucket's"),
        (403, "RequestTimeTooSkewed", "ERROR the server's clock and this machine's"),
        (405, "MethodNotAllowed", "ERROR localhost:{port} does not implement ListObjectsV2"),
        (500, "InternalError", "ERROR localhost:{port} failed at ListObjectsV2 with 500"),
        (501, "NotImplemented", "ERROR localhost:{port} does not implement ListObjectsV2"),
        (503, "SlowDown", "ERROR localhost:{port} is too busy"),
        (200, "", "ERROR the answer to ListObjectsV2 has no ListBucketResult"),
        (502, "", "ERROR localhost:{port} failed at ListObjectsV2 with 502"),
    ],
)
def test_answers_are_told_apart(amazon: S3Server, status: int, code: str, message: str) -> None:
    """Errors in the form of Amazon's "Error responses", which the servers of this laboratory do not give."""
    body = f"<Error><Code>{code}</Code><Message>m</Message></Error>" if code else "<html><p>Welcome</p></html>"
    with answering(status, body) as port:
        found = judged(amazon, endpoint=f"http://localhost:{port}", ca_file=None)
    assert message.format(port=port) in found["s3-reachable"]
    assert found["s3-private"] == "BLOCKED"


def test_server_that_lists_the_bucket_whatever_is_asked(amazon: S3Server) -> None:
    """As s3rver does for a part of a bucket that it does not know: neither a pass nor a failure of that part."""
    body = f'<?xml version="1.0"?><ListBucketResult><Name>{BUCKET}</Name></ListBucketResult>'
    with answering(200, body) as port:
        found = judged(amazon, endpoint=f"http://localhost:{port}", ca_file=None)
    assert found["s3-reachable"] == "PASS"
    for check in ("s3-grants", "s3-block", "s3-encrypted", "s3-versioned", "s3-least-rights"):
        assert found[check].startswith("ERROR "), found[check]
    assert "no VersioningConfiguration" in found["s3-versioned"]
    assert "could not be read back" in found["s3-round-trip"]


@contextmanager
def answering(status: int, body: str) -> Iterator[int]:
    """The port of a server that gives one answer to everything."""

    class Same(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body.encode())

        do_PUT = do_HEAD = do_DELETE = do_GET  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Same) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ({"buckets": {"Not_A_Bucket": {}}}, "buckets"),
        ({"buckets": {BUCKET: {"prefix": "/"}}}, "prefix"),
        ({"region": "eu central"}, "region"),
        ({"endpoint": "http://s3.example.com"}, "endpoint"),
    ],
)
def test_section_that_is_wrong(section: dict[str, object], key: str) -> None:
    """Refused before anything is asked."""
    with pytest.raises(ValidationError, match=key):
        environment_of(FAMILY, {"s3": {"key_id": "S3_KEY_ID", "secret_key": "S3_SECRET_KEY", **section}})


def test_rights_of_the_readme_are_those_that_are_tried() -> None:
    """What the healthy key has is what people are told to give."""
    told = Path("packages/gonogo-s3/README.md").read_text()
    assert all(f"`{right}`" in told for right in ("s3:ListBucket", *OWN))
