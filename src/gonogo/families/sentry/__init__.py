"""Sentry."""

from gonogo.environment.composition import SectionSpec
from gonogo.evidence.accounts import DsnProjectEvidence
from gonogo.evidence.sentry import SentryEvidence, SentryIssuesEvidence
from gonogo.families.kind import EvidenceKind, Family
from gonogo.families.sentry.section import Sentry

FAMILY = Family(
    name="sentry",
    sections=(SectionSpec(key="sentry", model=Sentry),),
    kinds=(
        EvidenceKind(name="sentry", section="sentry", evidence=SentryEvidence),
        EvidenceKind(
            name="dsn_project",
            section="sentry",
            evidence=DsnProjectEvidence,
            no_target="name the file that this environment is started with: variables.own, or that file's sentry_project",
        ),
        EvidenceKind(name="sentry_issues", section="sentry", evidence=SentryIssuesEvidence, optional=True),
    ),
    probes=".probe:PROBES",
)
