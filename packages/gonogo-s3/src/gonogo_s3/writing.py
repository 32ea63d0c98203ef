"""One synthetic object: written, read back, and removed."""

import secrets as entropy
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from gonogo.base.marks import PREFIX
from gonogo_s3.client import Refused, S3Question, asked
from gonogo_s3.evidence import S3WriteEvidence


@dataclass(slots=True)
class _Attempt:
    """How far writing came; it is filled in step by step, since any step may be the last."""

    written: bool = False
    read_back: bool = False
    removed: bool = False
    problem: str = ""


async def probe_write(question: S3Question) -> S3WriteEvidence:
    """Write, read and remove one object below the declared prefix; its name is a mark, which a clean-up finds."""
    taken_at = datetime.now(UTC)
    key = f"{question.prefix}{PREFIX}{taken_at:%Y%m%dt%H%M%Sz}-{entropy.token_hex(3)}"
    attempt = _Attempt()
    try:
        await asked(question, lambda client: _round_trip(client, question.bucket, key, attempt))
    except Refused as error:
        attempt.problem = str(error)
    return S3WriteEvidence(
        scope=question.scope,
        taken_at=taken_at,
        server=question.server,
        bucket=question.bucket,
        written=attempt.written,
        read_back=attempt.read_back,
        removed=attempt.removed,
        problem=attempt.problem,
    )


def _round_trip(client: Any, bucket: str, key: str, attempt: _Attempt) -> None:  # noqa: ANN401 - botocore's client
    """All of it in the one thread, which ends even when nobody waits for it: nothing is left behind."""
    content, version = entropy.token_hex(16).encode(), ""
    try:
        put = client.put_object(Bucket=bucket, Key=key, Body=content, ContentType="text/plain")
    except BotoCoreError:  # no answer: it may have been written all the same
        with suppress(BotoCoreError, ClientError):
            remove(client, bucket, key)
        raise
    attempt.written, version = True, str(put.get("VersionId") or "")
    try:
        attempt.read_back = client.get_object(Bucket=bucket, Key=key)["Body"].read() == content
        attempt.problem = "" if attempt.read_back else "what was read is not what was written"
    finally:
        remove(client, bucket, key, version)
        attempt.removed = _is_gone(client, bucket, key)
    attempt.problem = attempt.problem or ("" if attempt.removed else "it is still there")


def remove(client: Any, bucket: str, key: str, version: str = "") -> None:  # noqa: ANN401 - as above
    """Remove this version; where the key may not, hide it behind a marker, as the service itself removes things."""
    if version:
        try:
            client.delete_object(Bucket=bucket, Key=key, VersionId=version)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "AccessDenied":
                raise
        else:
            return
    client.delete_object(Bucket=bucket, Key=key)


def _is_gone(client: Any, bucket: str, key: str) -> bool:  # noqa: ANN401 - as above
    listed = client.list_objects_v2(Bucket=bucket, Prefix=key).get("Contents") or []
    return all(entry.get("Key") != key for entry in listed)
