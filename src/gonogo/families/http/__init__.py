"""HTTP."""

from gonogo.environment.composition import SectionSpec
from gonogo.evidence.http import (
    HealthEvidence,
    MetricsEvidence,
    OpenApiEvidence,
    PagesEvidence,
    PlainHttpEvidence,
    ServiceEvidence,
)
from gonogo.families.http.section import Http
from gonogo.families.kind import EvidenceKind, Family

FAMILY = Family(
    name="http",
    sections=(
        SectionSpec(
            key="http",
            model=Http,
            parts=("health", "deep_health", "metrics", "series", "moving", "openapi", "origins", "release"),
        ),
    ),
    kinds=(
        # The foundation of every gate. Only a service that is declared to have no host at all has none.
        # (What is asked of it then is on the page, as everything that is declared absent.)
        EvidenceKind(
            name="service",
            section="service",
            nothing_without="hosts",
            evidence=ServiceEvidence,
            no_target="declare the name and the addresses of the service under [hosts]",
        ),
        EvidenceKind(name="plain_http", section="hosts", evidence=PlainHttpEvidence),
        EvidenceKind(name="health", section="http", evidence=HealthEvidence, part="health"),
        EvidenceKind(name="pages", section="http", evidence=PagesEvidence),
        EvidenceKind(name="metrics", section="http", evidence=MetricsEvidence, part="metrics"),
        EvidenceKind(name="openapi", section="http", evidence=OpenApiEvidence, part="openapi"),
    ),
    probes=".probe:PROBES",
)
