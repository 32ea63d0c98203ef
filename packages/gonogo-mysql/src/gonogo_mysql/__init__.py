"""MySQL and MariaDB for gonogo."""

from gonogo.environment.composition import SectionSpec
from gonogo.families.kind import EvidenceKind, Family
from gonogo_mysql.evidence import MysqlEvidence, MysqlReplicaEvidence
from gonogo_mysql.section import Mysql

FAMILY = Family(
    name="mysql",
    sections=(SectionSpec(key="mysql", model=Mysql),),
    kinds=(
        EvidenceKind(name="mysql", section="mysql", evidence=MysqlEvidence),
        EvidenceKind(name="mysql_replica", section="mysql", evidence=MysqlReplicaEvidence, optional=True),
    ),
    probes=".probe:PROBES",
    checks="checks",
)
