"""The probes that ask about a zone, its hosts, its names, and its mail."""

from collections.abc import Mapping

from gonogo.families.dns.host import probe_dns_host
from gonogo.families.dns.mail import probe_dns_mail, probe_dns_sender
from gonogo.families.dns.name import probe_dns_name
from gonogo.families.dns.question import (
    host_questions,
    mail_questions,
    name_questions,
    sender_questions,
    zone_questions,
)
from gonogo.families.dns.record import probe_record, record_questions
from gonogo.families.dns.zone import probe_dns_zone
from gonogo.families.kind import Probe

PROBES: Mapping[str, Probe] = {
    "dns_zone": Probe(questions=zone_questions, ask=probe_dns_zone),
    "dns_host": Probe(questions=host_questions, ask=probe_dns_host),
    "dns_name": Probe(questions=name_questions, ask=probe_dns_name),
    "dns_mail": Probe(questions=mail_questions, ask=probe_dns_mail),
    "dns_record": Probe(questions=record_questions, ask=probe_record),
    "dns_sender": Probe(questions=sender_questions, ask=probe_dns_sender),
}
