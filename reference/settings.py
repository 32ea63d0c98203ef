"""Everything that can be set about the reference environment. The defaults are healthy.

It serves as staging or as production. Each of the two has a droplet, a cluster, a Stripe account and a Sentry project of
its own, and the doubles know both: what is read of one never answers for the other.
"""

from dataclasses import dataclass, field
from typing import Literal

from reference.certificates import CertificateSettings
from reference.dns.zone import DnsSettings
from reference.doubles.atlas import AtlasSettings
from reference.doubles.digitalocean import DigitalOceanSettings
from reference.doubles.host import HostSettings
from reference.doubles.llm import LlmSettings
from reference.doubles.mail import MailSettings
from reference.doubles.monitoring import MonitoringSettings
from reference.doubles.oncall import OnCallSettings
from reference.doubles.sentry_objects import SentrySettings
from reference.doubles.stripe.account import StripeSettings
from reference.doubles.support import SupportSettings
from reference.mongodb import MongoSettings
from reference.valkey import RedisSettings

Deployment = Literal["staging", "production"]
Object = Literal["droplet", "cluster", "project"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontSettings:
    """What stands in front of the API's https: its own server, or a relay that does one thing wrong."""

    fault: str | None = None
    """``silent``, ``refused``, or a key of ``fronts._OFFERS``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One field per part: a part is restarted only when its own settings change."""

    dns: DnsSettings = field(default_factory=DnsSettings)
    certificates: CertificateSettings = field(default_factory=CertificateSettings)
    front: FrontSettings = field(default_factory=FrontSettings)
    api: frozenset[str] = frozenset()
    """Faults of the API's replies."""
    api_starts: int = 0
    """One more starts the API's process anew."""
    mongodb: MongoSettings = field(default_factory=MongoSettings)
    redis: RedisSettings = field(default_factory=RedisSettings)
    stripe: StripeSettings = field(default_factory=StripeSettings)
    sentry: SentrySettings = field(default_factory=SentrySettings)
    llm: LlmSettings = field(default_factory=LlmSettings)
    mail: MailSettings = field(default_factory=MailSettings)
    support: SupportSettings = field(default_factory=SupportSettings)
    host: HostSettings = field(default_factory=HostSettings)
    ocean: DigitalOceanSettings = field(default_factory=DigitalOceanSettings)
    atlas: AtlasSettings = field(default_factory=AtlasSettings)
    monitoring: MonitoringSettings = field(default_factory=MonitoringSettings)
    oncall: OnCallSettings = field(default_factory=OnCallSettings)
    open_ports: frozenset[str] = frozenset()
    """Families whose port is open that must not be."""
    variables: frozenset[str] = frozenset()
    """Faults of the repository, and of the files of variables in it."""
    misdeclared: frozenset[Object] = frozenset()
    """Objects of the other deployment that the environment file declares in the place of its own."""


def healthy(deployment: Deployment, *, serving: bool = True) -> Settings:
    """What the deployment has. ``serving``: whether the running service is its; if not, the objects alone are there."""
    address, cluster = "127.0.0.1" if serving else _ELSEWHERE[deployment], f"workme-{deployment}"
    host = "localhost" if serving else f"{cluster}.workme.test"
    if deployment == "staging":
        return Settings(
            ocean=DigitalOceanSettings(
                droplet=402188307, name="workme-staging", cpus=1, memory=2048, disk=50, address=address
            ),
            atlas=AtlasSettings(cluster=cluster, number=4, host=host),
            sentry=SentrySettings(slug="workme-api-staging", project_id=4500),
            stripe=StripeSettings(account="acct_1WorkMeStaging"),
            host=HostSettings(cpus=1, memory=1.92, disk=48.27),
        )
    return Settings(
        ocean=DigitalOceanSettings(name="workme-production", address=address),
        atlas=AtlasSettings(cluster=cluster, host=host),
        stripe=StripeSettings(livemode=True),
    )


def other(deployment: Deployment) -> Deployment:
    """The one that it is not."""
    return "production" if deployment == "staging" else "staging"


_ELSEWHERE = {"staging": "203.0.113.20", "production": "203.0.113.10"}
"""Addresses of machines that nobody runs (RFC 5737)."""
