"""Every probe there is, written out. No discovery, no magic."""

from collections.abc import Mapping

from gonogo.clients.mongodb import mongo_questions, mongo_status_questions
from gonogo.clients.redis import redis_questions, redis_status_questions
from gonogo.environment.types import Effect
from gonogo.evidence.attested_url import AttestedUrlEvidence
from gonogo.evidence.base import RoundTripEvidence
from gonogo.evidence.dns import DnsHostEvidence, DnsNameEvidence
from gonogo.evidence.dns_zone import DnsMailEvidence, DnsSenderEvidence, DnsZoneEvidence
from gonogo.evidence.http import (
    HealthEvidence,
    MetricsEvidence,
    OpenApiEvidence,
    PagesEvidence,
    PlainHttpEvidence,
)
from gonogo.evidence.journey import StepEvidence
from gonogo.evidence.load import LoadEvidence
from gonogo.evidence.mongodb import MongoEvidence, MongoStatusEvidence, MongoWriteEvidence
from gonogo.evidence.ports import PortsEvidence
from gonogo.evidence.providers import AtlasEvidence, DropletEvidence
from gonogo.evidence.redis import RedisEvidence, RedisStatusEvidence, RedisWriteEvidence
from gonogo.evidence.repository import RepositoryEvidence
from gonogo.evidence.sentry import SentryEvidence
from gonogo.evidence.server import ServerEvidence
from gonogo.evidence.stripe import StripeEvidence
from gonogo.evidence.tls import TlsEvidence
from gonogo.evidence.variables import VariableDifferenceEvidence, VariableFileEvidence
from gonogo.families.atlas.probe import atlas_questions, probe_atlas
from gonogo.families.attested_url.probe import probe_attested_url
from gonogo.families.digitalocean.probe import droplet_questions, probe_droplet
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
from gonogo.families.dns.zone import probe_dns_zone
from gonogo.families.http.probe import (
    health_questions,
    http_questions,
    metrics_questions,
    openapi_questions,
    plain_http_questions,
    probe_health,
    probe_metrics,
    probe_openapi,
    probe_pages,
    probe_plain_http,
)
from gonogo.families.kind import ProbeKind, never_asked, no_questions
from gonogo.families.mongodb.probe import probe_mongo
from gonogo.families.mongodb.status import probe_mongo_latency, probe_mongo_status, probe_mongo_write
from gonogo.families.ports.probe import ports_questions, probe_ports
from gonogo.families.redis.probe import probe_redis
from gonogo.families.redis.status import probe_redis_latency, probe_redis_status, probe_redis_write
from gonogo.families.repository.probe import probe_repository, repository_questions
from gonogo.families.sentry.probe import probe_sentry, sentry_questions
from gonogo.families.servers.probe import probe_server, server_questions
from gonogo.families.stripe.probe import probe_stripe, stripe_questions
from gonogo.families.tls.probe import probe_tls, tls_questions
from gonogo.families.variables.probe import (
    probe_variable_difference,
    probe_variable_file,
    variable_difference_questions,
    variable_file_questions,
)

_KINDS: tuple[ProbeKind, ...] = (
    ProbeKind(name="dns_zone", section="dns", evidence=DnsZoneEvidence, questions=zone_questions, ask=probe_dns_zone),
    ProbeKind(name="dns_host", section="dns", evidence=DnsHostEvidence, questions=host_questions, ask=probe_dns_host),
    ProbeKind(name="dns_name", section="dns", evidence=DnsNameEvidence, questions=name_questions, ask=probe_dns_name),
    ProbeKind(name="dns_mail", section="dns", evidence=DnsMailEvidence, questions=mail_questions, ask=probe_dns_mail),
    ProbeKind(
        name="dns_sender",
        section="dns",
        evidence=DnsSenderEvidence,
        questions=sender_questions,
        ask=probe_dns_sender,
        optional=True,
    ),
    ProbeKind(name="tls", section="hosts", evidence=TlsEvidence, questions=tls_questions, ask=probe_tls),
    ProbeKind(
        name="plain_http",
        section="hosts",
        evidence=PlainHttpEvidence,
        questions=plain_http_questions,
        ask=probe_plain_http,
    ),
    ProbeKind(
        name="health",
        section="http",
        part="health",
        evidence=HealthEvidence,
        questions=health_questions,
        ask=probe_health,
    ),
    ProbeKind(name="pages", section="http", evidence=PagesEvidence, questions=http_questions, ask=probe_pages),
    ProbeKind(
        name="metrics",
        section="http",
        part="metrics",
        evidence=MetricsEvidence,
        questions=metrics_questions,
        ask=probe_metrics,
    ),
    ProbeKind(
        name="openapi",
        section="http",
        part="openapi",
        evidence=OpenApiEvidence,
        questions=openapi_questions,
        ask=probe_openapi,
    ),
    ProbeKind(name="ports", section="ports", evidence=PortsEvidence, questions=ports_questions, ask=probe_ports),
    ProbeKind(name="mongo", section="mongodb", evidence=MongoEvidence, questions=mongo_questions, ask=probe_mongo),
    ProbeKind(
        name="mongo_latency",
        section="mongodb",
        evidence=RoundTripEvidence,
        questions=mongo_questions,
        ask=probe_mongo_latency,
        alone=True,
    ),
    ProbeKind(
        name="mongo_status",
        section="mongodb",
        evidence=MongoStatusEvidence,
        questions=mongo_status_questions,
        ask=probe_mongo_status,
    ),
    ProbeKind(
        name="mongo_write",
        section="mongodb",
        evidence=MongoWriteEvidence,
        questions=mongo_questions,
        ask=probe_mongo_write,
        effect=Effect.WRITE,
    ),
    ProbeKind(name="redis", section="redis", evidence=RedisEvidence, questions=redis_questions, ask=probe_redis),
    ProbeKind(
        name="redis_latency",
        section="redis",
        evidence=RoundTripEvidence,
        questions=redis_questions,
        ask=probe_redis_latency,
        alone=True,
    ),
    ProbeKind(
        name="redis_status",
        section="redis",
        evidence=RedisStatusEvidence,
        questions=redis_status_questions,
        ask=probe_redis_status,
    ),
    ProbeKind(
        name="redis_write",
        section="redis",
        evidence=RedisWriteEvidence,
        questions=redis_questions,
        ask=probe_redis_write,
        effect=Effect.WRITE,
    ),
    ProbeKind(name="server", section="servers", evidence=ServerEvidence, questions=server_questions, ask=probe_server),
    ProbeKind(
        name="droplet",
        section="digitalocean",
        evidence=DropletEvidence,
        questions=droplet_questions,
        ask=probe_droplet,
    ),
    ProbeKind(name="atlas", section="atlas", evidence=AtlasEvidence, questions=atlas_questions, ask=probe_atlas),
    ProbeKind(
        name="stripe",
        section="stripe",
        evidence=StripeEvidence,
        questions=stripe_questions,
        ask=probe_stripe,
    ),
    ProbeKind(
        name="sentry",
        section="sentry",
        evidence=SentryEvidence,
        questions=sentry_questions,
        ask=probe_sentry,
    ),
    # Its questions come from attestations, not from the environment file.
    ProbeKind(
        name="attested_url",
        section="service",
        evidence=AttestedUrlEvidence,
        questions=no_questions,
        ask=probe_attested_url,
        optional=True,
    ),
    ProbeKind(
        name="variable_file",
        section="variables",
        evidence=VariableFileEvidence,
        questions=variable_file_questions,
        ask=probe_variable_file,
    ),
    ProbeKind(
        name="variable_difference",
        section="variables",
        evidence=VariableDifferenceEvidence,
        questions=variable_difference_questions,
        ask=probe_variable_difference,
        no_target="declare the files of two environments under [variables.files], and run gonogo where both are",
    ),
    ProbeKind(
        name="repository",
        section="variables",
        evidence=RepositoryEvidence,
        questions=repository_questions,
        ask=probe_repository,
    ),
    # Journeys have a runner of their own; they stand here so that what they recorded can be read again.
    ProbeKind(
        name="walk",
        section="smoke",
        evidence=StepEvidence,
        questions=no_questions,
        ask=never_asked,
        effect=Effect.WRITE,
    ),
    # So has the load.
    ProbeKind(
        name="load",
        section="load",
        evidence=LoadEvidence,
        questions=no_questions,
        ask=never_asked,
        effect=Effect.LOAD,
    ),
)

KINDS: Mapping[str, ProbeKind] = {kind.name: kind for kind in _KINDS}
