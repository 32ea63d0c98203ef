"""S3 and what speaks its protocol, for gonogo."""

from gonogo.environment.composition import SectionSpec
from gonogo.environment.types import Effect
from gonogo.families.kind import EvidenceKind, Family
from gonogo_s3.evidence import S3BucketEvidence, S3ConfigurationEvidence, S3WriteEvidence
from gonogo_s3.section import S3

FAMILY = Family(
    name="s3",
    sections=(SectionSpec(key="s3", model=S3, parts=("buckets", "configuration")),),
    kinds=(
        EvidenceKind(name="s3_bucket", section="s3", part="buckets", evidence=S3BucketEvidence),
        EvidenceKind(name="s3_configuration", section="s3", part="configuration", evidence=S3ConfigurationEvidence),
        EvidenceKind(name="s3_write", section="s3", part="buckets", evidence=S3WriteEvidence, effect=Effect.WRITE),
    ),
    probes=".probe:PROBES",
    checks="checks",
)
