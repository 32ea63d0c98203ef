"""moto, as S3: a bucket with all that it should have, a key for the shop, and one that may look."""

import json
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3

from stage.place import BUCKET, Place
from stage.processes import listens, running

_ARN = f"arn:aws:s3:::{BUCKET}"
_OWN = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"]
_LOOKS = [
    "s3:ListBucket",  # what moto wants where Amazon wants the fourth and the fifth of these
    "s3:GetBucketAcl",
    "s3:GetBucketPolicyStatus",
    "s3:GetBucketVersioning",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetEncryptionConfiguration",
]


@dataclass(frozen=True, slots=True)
class Keys:
    """Key ids and secrets: the shop's, and of whoever looks at the bucket."""

    shop: tuple[str, str] = field(repr=False)
    watcher: tuple[str, str] = field(repr=False)


@contextmanager
def s3(place: Place) -> Iterator[Keys]:
    """Start it without TLS, which the front adds; end it."""
    port = place.inner[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with running(command, place.folder / "s3.log", lambda: listens(port)):
        _furnish(_client("s3", port), public="bucket-public" in place.faults)
        iam = _client("iam", port)
        shop = _user(iam, "shop", (["s3:ListBucket"], _ARN), (_OWN, f"{_ARN}/*"))
        watcher = _user(iam, "watcher", (_LOOKS, _ARN))
        if "bucket-without-keys" not in place.faults:
            where = f"http://127.0.0.1:{port}/moto-api/reset-auth"  # from now on it looks at keys
            headers = {"Content-Type": "application/octet-stream"}
            urllib.request.urlopen(urllib.request.Request(where, data=b"0", headers=headers)).close()
        yield Keys(shop, watcher)


def _client(service: str, port: int) -> Any:  # noqa: ANN401 - made by botocore when it runs
    login = {"aws_access_key_id": "any", "aws_secret_access_key": "any", "region_name": "us-east-1"}
    return boto3.client(service, endpoint_url=f"http://127.0.0.1:{port}", **login)


def _furnish(client: Any, *, public: bool) -> None:  # noqa: ANN401 - as above
    client.create_bucket(Bucket=BUCKET)
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    client.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]})
    client.put_object(Bucket=BUCKET, Key="readme.txt", Body=b"Receipts of Lantern Books\n")
    if public:
        client.put_bucket_acl(Bucket=BUCKET, ACL="public-read")
        return
    switches = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    client.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=dict.fromkeys(switches, True))


def _user(iam: Any, name: str, *rights: tuple[list[str], str]) -> tuple[str, str]:  # noqa: ANN401 - as above
    iam.create_user(UserName=name)
    statements = [{"Effect": "Allow", "Action": actions, "Resource": resource} for actions, resource in rights]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName=name, PolicyName="rights", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]
