"""The team's own monitoring: Prometheus, Alertmanager and Grafana."""

from gonogo.environment.composition import SectionSpec
from gonogo.evidence.monitoring import AlertmanagerEvidence, DashboardEvidence, PrometheusEvidence
from gonogo.families.kind import EvidenceKind, Family
from gonogo.families.monitoring.section import Monitoring

FAMILY = Family(
    name="monitoring",
    sections=(SectionSpec(key="monitoring", model=Monitoring),),
    kinds=(
        EvidenceKind(name="prometheus", section="monitoring", evidence=PrometheusEvidence, optional=True),
        EvidenceKind(name="alertmanager", section="monitoring", evidence=AlertmanagerEvidence, optional=True),
        EvidenceKind(name="dashboard", section="monitoring", evidence=DashboardEvidence, optional=True),
    ),
    probes=".probe:PROBES",
)
