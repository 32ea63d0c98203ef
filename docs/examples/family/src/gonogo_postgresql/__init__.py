"""PostgreSQL for gonogo."""

from gonogo.environment.composition import SectionSpec
from gonogo.families.kind import EvidenceKind, Family
from gonogo_postgresql.evidence import PostgresqlEvidence, ReplicaEvidence
from gonogo_postgresql.section import Postgresql

FAMILY = Family(
    name="postgresql",
    sections=(SectionSpec(key="postgresql", model=Postgresql),),
    kinds=(
        EvidenceKind(name="postgresql", section="postgresql", evidence=PostgresqlEvidence),
        EvidenceKind(name="replica", section="postgresql", evidence=ReplicaEvidence, optional=True),
    ),
    probes=".probe:PROBES",
    checks="checks",
)
