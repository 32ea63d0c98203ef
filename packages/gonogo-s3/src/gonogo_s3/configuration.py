"""How a bucket is configured, as a key is told that may read it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from gonogo.base.errors import Unobserved
from gonogo.families.reading import Reading
from gonogo_s3.client import Refused, S3Question, asked
from gonogo_s3.evidence import PublicAccessBlock, S3ConfigurationEvidence

Fact = TypeVar("Fact")
_STRANGERS = ("/AllUsers", "/AuthenticatedUsers")
"""Groups of Amazon's: everybody, and everybody who has any account there."""
_ABSENT = frozenset(
    {
        "NoSuchBucketPolicy",
        "NoSuchPublicAccessBlockConfiguration",
        "ServerSideEncryptionConfigurationNotFoundError",
    }
)
"""By these the server says that something is not configured."""


async def probe_configuration(question: S3Question) -> S3ConfigurationEvidence:
    """Grants, policy, block, encryption and versioning of one bucket, each by itself."""
    reading, setting = Reading(), partial(_setting, question)
    return S3ConfigurationEvidence(
        scope=question.scope,
        taken_at=datetime.now(UTC),
        server=question.server,
        bucket=question.bucket,
        grants=await reading.fact("grants", setting("get_bucket_acl", "s3:GetBucketAcl", _grants, ()), ()),
        policy_is_public=await reading.fact(
            "policy_is_public",
            setting("get_bucket_policy_status", "s3:GetBucketPolicyStatus", _policy_is_public, otherwise=False),
            otherwise=False,
        ),
        block=await reading.fact(
            "block", setting("get_public_access_block", "s3:GetBucketPublicAccessBlock", _block, None), None
        ),
        encryption=await reading.fact(
            "encryption", setting("get_bucket_encryption", "s3:GetEncryptionConfiguration", _encryption, ""), ""
        ),
        versioning=await reading.fact(
            "versioning", setting("get_bucket_versioning", "s3:GetBucketVersioning", _versioning, ""), ""
        ),
        unread=reading.unread,
    )


async def _setting(
    question: S3Question, verb: str, right: str, read: Callable[[Mapping[str, Any]], Fact], otherwise: Fact
) -> Fact:
    """The fact in the server's answer; ``otherwise`` where it says that nothing is configured. Raises Unobserved."""
    try:
        answer = await asked(question, lambda client: getattr(client, verb)(Bucket=question.bucket))
    except Refused as error:
        if error.code in _ABSENT:
            return otherwise
        raise Unobserved(
            f"bucket {question.bucket}: {verb} was refused: {error}",
            hint=f"give the key of [s3.configuration] the right {right}",
        ) from None
    return read(answer)


def _grants(answer: Mapping[str, Any]) -> tuple[str, ...]:
    grants = []
    for grant in answer.get("Grants") or []:
        group = str(grant.get("Grantee", {}).get("URI", ""))
        if group.endswith(_STRANGERS):
            grants.append(f"{grant.get('Permission')} to {group.rpartition('/')[2]}")
    return tuple(sorted(grants))


def _policy_is_public(answer: Mapping[str, Any]) -> bool:
    return _flag(answer.get("PolicyStatus") or {}, "IsPublic")


def _block(answer: Mapping[str, Any]) -> PublicAccessBlock:
    switches = answer.get("PublicAccessBlockConfiguration") or {}
    return PublicAccessBlock(
        block_public_acls=_flag(switches, "BlockPublicAcls", otherwise=False),
        ignore_public_acls=_flag(switches, "IgnorePublicAcls", otherwise=False),
        block_public_policy=_flag(switches, "BlockPublicPolicy", otherwise=False),
        restrict_public_buckets=_flag(switches, "RestrictPublicBuckets", otherwise=False),
    )


def _flag(answer: Mapping[str, Any], name: str, *, otherwise: bool | None = None) -> bool:
    value = answer.get(name, otherwise)
    if not isinstance(value, bool):
        raise Unobserved(f"the server's answer has no {name}")
    return value


def _encryption(answer: Mapping[str, Any]) -> str:
    rules = (answer.get("ServerSideEncryptionConfiguration") or {}).get("Rules") or []
    defaults = [rule.get("ApplyServerSideEncryptionByDefault") or {} for rule in rules]
    return ", ".join(sorted({str(default.get("SSEAlgorithm") or "") for default in defaults} - {""}))


def _versioning(answer: Mapping[str, Any]) -> str:
    return str(answer.get("Status") or "")
