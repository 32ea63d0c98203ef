"""Kubernetes for gonogo."""

from gonogo.environment.composition import SectionSpec
from gonogo.families.kind import EvidenceKind, Family
from gonogo_kubernetes.evidence import JobEvidence, TokenEvidence, WorkloadEvidence
from gonogo_kubernetes.section import Kubernetes

FAMILY = Family(
    name="kubernetes",
    sections=(SectionSpec(key="kubernetes", model=Kubernetes, parts=("workloads",)),),
    kinds=(
        EvidenceKind(name="kubernetes_token", section="kubernetes", evidence=TokenEvidence),
        EvidenceKind(name="kubernetes_workload", section="kubernetes", part="workloads", evidence=WorkloadEvidence),
        EvidenceKind(name="kubernetes_job", section="kubernetes", evidence=JobEvidence, optional=True),
    ),
    probes=".probe:PROBES",
    checks="checks",
)
