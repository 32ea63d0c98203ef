"""RabbitMQ for gonogo."""

from gonogo.environment.composition import SectionSpec
from gonogo.families.kind import EvidenceKind, Family
from gonogo_rabbitmq.evidence import RabbitmqClusterEvidence, RabbitmqEvidence, RabbitmqQueueEvidence
from gonogo_rabbitmq.section import Rabbitmq

FAMILY = Family(
    name="rabbitmq",
    sections=(SectionSpec(key="rabbitmq", model=Rabbitmq, parts=("queues", "management")),),
    kinds=(
        EvidenceKind(name="rabbitmq", section="rabbitmq", evidence=RabbitmqEvidence),
        EvidenceKind(name="rabbitmq_queue", section="rabbitmq", part="queues", evidence=RabbitmqQueueEvidence),
        EvidenceKind(
            name="rabbitmq_cluster",
            section="rabbitmq",
            part="management",
            evidence=RabbitmqClusterEvidence,
        ),
    ),
    probes=".probe:PROBES",
    checks="checks",
)
