"""Real S3 servers on loopback ports, which nobody here wrote: moto behind nginx with TLS, and localbucket."""

import json
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3

from reference.certificates import issue_internal
from tests.lab.servers import program, running
from tests.support.ports import free_port

NO_STRANGERS = 'if ($http_authorization = "") { return 403; }'
BUCKET, FOREIGN = "shop-receipts", "somebody-elses"
_STARTS_WITHIN_SECONDS = 60
OWN = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion")
READS = (
    "s3:ListBucket",  # what moto asks for encryption and the block of public access; Amazon asks what stands below
    "s3:GetBucketAcl",
    "s3:GetBucketPolicyStatus",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetEncryptionConfiguration",
    "s3:GetBucketVersioning",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Server:
    """One running server."""

    plain: int
    https: int
    ca_file: Path
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Key id and secret by user."""

    @property
    def endpoint(self) -> str:
        """Of the front with TLS."""
        return f"https://localhost:{self.https}"

    def client(self, service: str = "s3") -> Any:  # noqa: ANN401 - made by botocore when it runs
        """The administrator's."""
        key_id, secret = self.keys.get("boss", ("any", "any"))
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.plain}",
            region_name="us-east-1",
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
        )

    def user(self, name: str, *statements: Mapping[str, object]) -> None:
        """Make a user with a key and these rights, or give it others."""
        iam = self.client("iam")
        if name not in self.keys:
            iam.create_user(UserName=name)
            key = iam.create_access_key(UserName=name)["AccessKey"]
            self.keys[name] = key["AccessKeyId"], key["SecretAccessKey"]
        document = {"Version": "2012-10-17", "Statement": statements}
        iam.put_user_policy(UserName=name, PolicyName="rights", PolicyDocument=json.dumps(document))


def allow(actions: tuple[str, ...], resource: str) -> dict[str, object]:
    """A statement of a policy."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def own_rights() -> tuple[dict[str, object], ...]:
    """What the service's key needs, and no more."""
    bucket = f"arn:aws:s3:::{BUCKET}"
    return allow(("s3:ListBucket",), bucket), allow(OWN, f"{bucket}/*")


@contextmanager
def moto(*, who_may: bool = True, strangers: bool = False) -> Iterator[S3Server]:
    """Amazon's S3 as moto has it, with one bucket that nothing is wrong with.

    ``who_may``: keys and rights are looked at. moto fails with 500 where an unsigned request meets that, so nginx
    refuses these, but for ``strangers``.
    """
    with TemporaryDirectory(prefix="gonogo-s3-") as folder, ExitStack() as held:
        place = Path(folder)
        plain = free_port()
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(plain)]
        held.enter_context(running(command, ports=[plain], folder=place, start_seconds=_STARTS_WITHIN_SECONDS))
        server = held.enter_context(fronted(place, plain, "" if strangers else NO_STRANGERS))
        _furnish(server)
        server.user("boss", allow(("*",), "*"))
        server.user("app", *own_rights())
        server.user("watcher", allow(READS, f"arn:aws:s3:::{BUCKET}"))
        if who_may:
            _look_at_keys(plain)
        yield server


def _look_at_keys(plain: int) -> None:
    """From now on; it has a request of its own for that."""
    where = f"http://127.0.0.1:{plain}/moto-api/reset-auth"
    request = urllib.request.Request(where, data=b"0", headers={"Content-Type": "application/octet-stream"})
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 - as above


def _furnish(server: S3Server) -> None:
    s3 = server.client()
    for bucket in (BUCKET, FOREIGN):
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]})
    block(server)
    s3.put_object(Bucket=BUCKET, Key="receipts/1.txt", Body=b"paid")


def block(server: S3Server, **switches: bool) -> None:
    """Block public access, but for these switches."""
    every = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    server.client().put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration={**every, **switches})


@contextmanager
def localbucket() -> Iterator[S3Server]:
    """A server for development: no keys, no configuration, and it says so by NotImplemented."""
    with TemporaryDirectory(prefix="gonogo-s3-") as folder, ExitStack() as held:
        place = Path(folder)
        plain = free_port()
        (place / "data" / BUCKET).mkdir(parents=True)
        (place / "data" / BUCKET / "1.txt").write_text("paid")
        command = [sys.executable, "-m", "localbucket", "--port", str(plain), str(place / "data")]
        held.enter_context(running(command, ports=[plain], folder=place))
        yield held.enter_context(fronted(place, plain))


@contextmanager
def fronted(place: Path, behind: int, refusal: str = "") -> Iterator[S3Server]:
    """Nginx with TLS before a server; ``refusal`` is in its own words."""
    root, certificate = issue_internal(place)
    https, folder = free_port(), place / "nginx"
    folder.mkdir()
    temporary = "".join(f"{kind}_temp_path {folder}/{kind}; " for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;\n"
        "events { worker_connections 64; }\n"
        f"http {{ access_log off; client_body_temp_path {folder}/body; {temporary}\n"
        f"server {{ listen 127.0.0.1:{https} ssl; server_name localhost;\n"
        f"ssl_certificate {certificate.chain}; ssl_certificate_key {certificate.key};\n"
        f"proxy_set_header Host $http_host;\n"
        f"{refusal}\nlocation / {{ proxy_pass http://127.0.0.1:{behind}; }} }} }}\n"
    )
    command = [program("nginx"), "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    with running(command, ports=[https], folder=folder):
        yield S3Server(plain=behind, https=https, ca_file=root)
