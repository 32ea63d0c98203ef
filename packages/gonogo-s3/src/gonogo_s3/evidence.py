"""What buckets were seen to be."""

from dataclasses import dataclass
from typing import Literal

from gonogo.evidence.base import Evidence, PartialEvidence

Attempt = Literal["accepted", "refused", "not tried"]


@dataclass(frozen=True, slots=True, kw_only=True)
class S3BucketEvidence(PartialEvidence):
    """One bucket, asked with the service's own key, and as people who should not get in."""

    server: str
    """Host and port."""
    bucket: str
    reachable: bool
    problem: str = ""
    """Why the bucket could not be listed, when the server said so."""
    encrypted_transport: bool = False
    """Whether the service's endpoint is https; then certificate and host name were verified."""
    plain: tuple[str, ...] = ()
    """Addresses without TLS at which S3 answers a signed request."""
    made_up_secret: Attempt = "not tried"
    """What came of the service's key id with a made-up secret."""
    anonymous_list: Attempt = "not tried"
    """What came of listing the bucket without a key."""
    anonymous_read: Attempt = "not tried"
    """What came of reading an object that is there without a key; not tried in an empty bucket."""
    all_buckets: Attempt = "not tried"
    """What came of listing all buckets with the service's key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicAccessBlock:
    """The four switches by which a bucket cannot become public, whatever its grants and policy say."""

    block_public_acls: bool
    ignore_public_acls: bool
    block_public_policy: bool
    restrict_public_buckets: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class S3ConfigurationEvidence(PartialEvidence):
    """How one bucket is configured, as the key of ``[s3.configuration]`` is told."""

    server: str
    bucket: str
    grants: tuple[str, ...] = ()
    """Rights that the bucket's list of access gives to groups of strangers, as in ``READ to AllUsers``."""
    policy_is_public: bool = False
    """What the server itself says of the bucket's policy; false where there is none."""
    block: PublicAccessBlock | None = None
    """None: the bucket has none."""
    encryption: str = ""
    """The algorithm by which the server encrypts unasked; empty: it does not."""
    versioning: str = ""
    """``Enabled`` or ``Suspended``; empty: it was never switched on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class S3WriteEvidence(Evidence):
    """One synthetic object, written, read back, and removed."""

    server: str
    bucket: str
    written: bool = False
    read_back: bool = False
    removed: bool = False
    problem: str = ""
    """What the server said of the step that it refused."""
