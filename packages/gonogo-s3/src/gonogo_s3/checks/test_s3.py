"""Buckets as the service needs them on launch day."""

import pytest
from gonogo_s3.evidence import S3BucketEvidence, S3ConfigurationEvidence, S3WriteEvidence
from gonogo_s3.section import S3

from gonogo.base.comparing import equal, nothing, shown, so, there
from gonogo.environment.model import Environment


@pytest.mark.check("s3-reachable")
def test_service_finds_its_bucket(s3_bucket: S3BucketEvidence) -> None:
    """What cannot be stored is lost, or keeps users waiting.

    Fix: look at name and region of the bucket, at the key and its secret, and whether its policy allows s3:ListBucket.
    """
    assert so(s3_bucket.reachable, "reachable", "yes", "no"), (
        f"bucket {s3_bucket.bucket} at {s3_bucket.server}: {s3_bucket.problem}"
    )


@pytest.mark.check("s3-tls")
def test_nobody_reads_along(s3_bucket: S3BucketEvidence) -> None:
    """Data that is not encrypted can be read on its way.

    Fix: https in the service's endpoint; a bucket policy that denies "aws:SecureTransport": "false" (Amazon), else close
    the port without TLS.
    """
    assert so(s3_bucket.encrypted_transport, "encrypted transport", "yes", "no"), (
        f"{s3_bucket.server}: the endpoint says http://, which is not encrypted"
    )
    s3_bucket.require("plain")
    assert nothing(s3_bucket.plain, "addresses without TLS"), (
        f"bucket {s3_bucket.bucket}: S3 answers without TLS as well, at {', '.join(s3_bucket.plain)}"
    )


@pytest.mark.check("s3-secret")
def test_wrong_secret_is_refused(s3_bucket: S3BucketEvidence) -> None:
    """A server that accepts every secret protects nothing.

    Fix: switch authentication on; servers made for tests leave it off.
    """
    s3_bucket.require("made_up_secret")
    assert equal(s3_bucket.made_up_secret, "refused", "made up secret"), (
        f"bucket {s3_bucket.bucket} at {s3_bucket.server} was listed with a made-up secret key"
    )


@pytest.mark.check("s3-private")
def test_strangers_stay_outside(s3_bucket: S3BucketEvidence) -> None:
    """Attackers guess the names of buckets, and read those that are public.

    Fix: switch on "block public access"; remove the policy's "Principal": "*" and the grants to AllUsers.
    """
    s3_bucket.require("anonymous_list", "anonymous_read")
    assert shown(s3_bucket.anonymous_list != "accepted", "anonymous list", s3_bucket.anonymous_list, "not accepted"), (
        f"bucket {s3_bucket.bucket}: anybody can list it, without a key"
    )
    assert shown(s3_bucket.anonymous_read != "accepted", "anonymous read", s3_bucket.anonymous_read, "not accepted"), (
        f"bucket {s3_bucket.bucket}: anybody can read an object, without a key"
    )


@pytest.mark.check("s3-least-rights")
def test_service_sees_its_own_buckets_only(s3_bucket: S3BucketEvidence) -> None:
    """Whoever breaks into the service gets all rights of its key.

    Fix: give the key s3:ListBucket, s3:GetObject, s3:PutObject and s3:DeleteObject on its own bucket, and nothing on "*".
    """
    s3_bucket.require("all_buckets")
    assert equal(s3_bucket.all_buckets, "refused", "all buckets"), (
        f"the service's key may list all buckets at {s3_bucket.server} (s3:ListAllMyBuckets)"
    )


@pytest.mark.check("s3-round-trip")
def test_object_is_kept(s3_write: S3WriteEvidence) -> None:
    """If a bucket can be listed but not written to, the first user notices it.

    Fix: look at the key's s3:PutObject, s3:GetObject and s3:DeleteObject below the prefix, and at the bucket's quota.
    """
    where = f"bucket {s3_write.bucket}"
    assert so(s3_write.written, "written", "yes", "no"), f"{where}: an object could not be written: {s3_write.problem}"
    assert so(s3_write.read_back, "read back", "yes", "no"), (
        f"{where}: the written object could not be read back: {s3_write.problem}"
    )
    assert so(s3_write.removed, "removed", "yes", "no"), (
        f"{where}: the written object could not be removed: {s3_write.problem}"
    )


@pytest.mark.check("s3-grants")
def test_bucket_is_nobody_elses(s3_configuration: S3ConfigurationEvidence) -> None:
    """A bucket that is public while empty is public with all data that it gets later.

    Fix: aws s3api put-bucket-acl --acl private; delete the policy's statement with "Principal": "*".
    """
    bucket = s3_configuration
    bucket.require("grants", "policy_is_public", "block")
    ignored = bucket.block is not None and bucket.block.ignore_public_acls
    assert nothing(() if ignored else bucket.grants, "grants to everybody"), (
        f"bucket {bucket.bucket}: its access control list grants {', '.join(bucket.grants)}"
    )
    restricted = bucket.block is not None and bucket.block.restrict_public_buckets
    assert so(restricted or not bucket.policy_is_public, "policy", "not public", "public"), (
        f"bucket {bucket.bucket}: its policy makes it public"
    )


@pytest.mark.check("s3-block")
def test_bucket_cannot_become_public(s3_configuration: S3ConfigurationEvidence) -> None:
    """Without a block of public access, one wrong line in a policy makes a bucket public.

    Fix: aws s3api put-public-access-block with all four switches on.
    """
    bucket = s3_configuration
    bucket.require("block")
    assert there(bucket.block, "block of public access"), f"bucket {bucket.bucket}: public access is not blocked"
    switches = {
        "BlockPublicAcls": bucket.block.block_public_acls,
        "IgnorePublicAcls": bucket.block.ignore_public_acls,
        "BlockPublicPolicy": bucket.block.block_public_policy,
        "RestrictPublicBuckets": bucket.block.restrict_public_buckets,
    }
    off = [name for name, on in switches.items() if not on]
    assert nothing(off, "switches that are off", of=len(switches)), f"bucket {bucket.bucket}: {', '.join(off)} is off"


@pytest.mark.check("s3-encrypted")
def test_disks_hold_nothing_in_the_clear(s3_configuration: S3ConfigurationEvidence, environment: Environment) -> None:
    """Disks are replaced, and somebody takes the old ones away with their data.

    Fix: aws s3api put-bucket-encryption with AES256 or aws:kms.
    """
    bucket, declared = s3_configuration, environment.require(S3).buckets[s3_configuration.bucket]
    if declared.encrypted:
        bucket.require("encryption")
        assert there(bucket.encryption or None, "encryption by default"), (
            f"bucket {bucket.bucket}: nothing is encrypted unless the writer asks for it"
        )


@pytest.mark.check("s3-versioned")
def test_mistakes_can_be_undone(s3_configuration: S3ConfigurationEvidence, environment: Environment) -> None:
    """What a bug overwrites is lost if there is no earlier version.

    Fix: aws s3api put-bucket-versioning --versioning-configuration Status=Enabled; or versioned = false, if that is intended.
    """
    bucket, declared = s3_configuration, environment.require(S3).buckets[s3_configuration.bucket]
    if declared.versioned:
        bucket.require("versioning")
        state = bucket.versioning.lower() or "off"
        assert equal(state, "enabled", "versioning"), f"bucket {bucket.bucket}: versioning is {state}"
