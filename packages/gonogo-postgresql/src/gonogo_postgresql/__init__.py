"""PostgreSQL for gonogo."""

from gonogo.environment.composition import SectionSpec
from gonogo.families.kind import EvidenceKind, Family
from gonogo_postgresql.evidence import (
    PostgresqlEvidence,
    PostgresqlMigrationsEvidence,
    PostgresqlStatusEvidence,
    ReplicaEvidence,
)
from gonogo_postgresql.section import Postgresql

FAMILY = Family(
    name="postgresql",
    sections=(SectionSpec(key="postgresql", model=Postgresql),),
    kinds=(
        EvidenceKind(name="postgresql", section="postgresql", evidence=PostgresqlEvidence),
        EvidenceKind(name="postgresql_status", section="postgresql", evidence=PostgresqlStatusEvidence),
        EvidenceKind(
            name="postgresql_migrations", section="postgresql", evidence=PostgresqlMigrationsEvidence, optional=True
        ),
        EvidenceKind(name="postgresql_replica", section="postgresql", evidence=ReplicaEvidence, optional=True),
    ),
    probes=".probe:PROBES",
    checks="checks",
)
