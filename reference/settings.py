"""Everything that can be set about the reference environment. The defaults are the healthy one."""

from dataclasses import dataclass, field

from reference.certificates import CertificateSettings
from reference.dns.zone import DnsSettings
from reference.doubles.atlas import AtlasSettings
from reference.doubles.digitalocean import DigitalOceanSettings
from reference.doubles.host import HostSettings
from reference.doubles.llm import LlmSettings
from reference.doubles.mail import MailSettings
from reference.doubles.monitoring import MonitoringSettings
from reference.doubles.sentry_objects import SentrySettings
from reference.doubles.stripe.account import StripeSettings
from reference.mongodb import MongoSettings
from reference.valkey import RedisSettings


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
    host: HostSettings = field(default_factory=HostSettings)
    ocean: DigitalOceanSettings = field(default_factory=DigitalOceanSettings)
    atlas: AtlasSettings = field(default_factory=AtlasSettings)
    monitoring: MonitoringSettings = field(default_factory=MonitoringSettings)
    open_ports: frozenset[str] = frozenset()
    """Families whose port is open that must not be."""
    variables: frozenset[str] = frozenset()
    """Faults of the repository, and of the files of variables in it."""
