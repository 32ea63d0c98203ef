"""Accounts of staging and of production at the providers: what each has there, and the doubles that know both."""

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from reference.doubles.atlas import AtlasSettings
from reference.doubles.digitalocean import DigitalOceanSettings
from reference.doubles.providers import ProvidersDouble
from reference.doubles.sentry import SentryDouble, SentryProject, dsn
from reference.doubles.sentry_objects import SentrySettings
from reference.doubles.stripe.account import StripeSettings
from reference.doubles.stripe.api import StripeAccount, StripeDouble
from reference.repository import MODES, Values, new_variables
from reference.settings import Deployment, Object, Settings, healthy, other

_OBJECTS: Sequence[Object] = ("droplet", "cluster", "project")


class Accounts:
    """Those of the deployment that is running, whose settings may be faulty, and those of the other one."""

    def __init__(self, deployment: Deployment, ports: Mapping[str, int]) -> None:
        self._deployment, self._other = deployment, other(deployment)
        self._own, self._others = healthy(deployment), healthy(self._other, serving=False)
        self._ports = ports

    def declared(self, settings: Settings, host_key: str) -> Mapping[str, Any]:
        """The deployment's objects, as an environment file declares them; of what is misdeclared, the other one's."""
        ports, own = self._ports, self._own
        chosen = {name: self._others if name in settings.misdeclared else own for name in _OBJECTS}
        size = {"cpus": own.ocean.cpus, "memory": f"{own.ocean.memory} MiB", "disk": f"{own.ocean.disk} GiB"}
        providers = f"http://127.0.0.1:{ports['providers']}"
        return {
            "digitalocean": {
                "api": providers,
                "droplets": {"workme-1": {"id": chosen["droplet"].ocean.droplet, **size}},
            },
            "servers": {"workme-1": {"port": ports["ssh"], "host_key": host_key, **size}},
            "atlas": {"api": providers, "cluster": chosen["cluster"].atlas.cluster},
            "sentry": {"api": f"http://127.0.0.1:{ports['sentry']}", "project": chosen["project"].sentry.slug},
        }

    def new_variables(self, mongo_url: str, redis_password: str) -> Values:
        """Variables of both: the running one's lead to what is running, the other's to what it has."""
        values = {name: new_variables(name, mode) for name, mode in MODES.items()}
        for name, settings in ((self._deployment, self._own), (self._other, self._others)):
            values[name]["SENTRY_DSN"] = dsn(self._ports["sentry"], secrets.token_hex(16), settings.sentry.project_id)
        values[self._deployment] |= {"MONGO_URL": mongo_url, "REDIS_PASSWORD": redis_password}
        return values

    def stripe(self, settings: StripeSettings, values: Values, here: str, *, address: str, trust: Path) -> StripeDouble:
        """Both accounts. ``here`` is the service's public address; the other's is nobody's."""
        known = ((self._deployment, settings, here), (self._other, self._others.stripe, f"https://{self._other}.test"))
        accounts = [
            StripeAccount(
                account,
                secret_key=values[name]["STRIPE_SECRET_KEY"],
                webhook_secret=values[name]["STRIPE_WEBHOOK_SECRET"],
                webhook_base_url=base,
                address=address,
                trust=trust,
            )
            for name, account, base in known
        ]
        return StripeDouble(*accounts, port=self._ports["stripe"])

    def sentry(self, settings: SentrySettings, values: Values, token: str) -> SentryDouble:
        """Both projects, in one organisation."""
        port = self._ports["sentry"]
        projects = [
            SentryProject(project, port=port, public_key=str(urlsplit(values[name]["SENTRY_DSN"]).username))
            for name, project in ((self._deployment, settings), (self._other, self._others.sentry))
        ]
        return SentryDouble(*projects, port=port, token=token)

    def machines(self, ocean: DigitalOceanSettings, atlas: AtlasSettings, known: Mapping[str, str]) -> ProvidersDouble:
        """Both droplets, and both clusters."""
        return ProvidersDouble(
            (ocean, atlas),
            (self._others.ocean, self._others.atlas),
            port=self._ports["providers"],
            token=known["DIGITALOCEAN_TOKEN"],
            client_id=known["ATLAS_CLIENT_ID"],
            client_secret=known["ATLAS_CLIENT_SECRET"],
        )


def new_secrets() -> Mapping[str, str]:
    """What the service and its monitoring must keep beside the variables, in the shapes that the real ones have."""
    plain = ("METRICS_TOKEN", "BETA_CODE", "ADMIN_PASSWORD", "MAIL_PASSWORD", "SUPPORT_PASSWORD")
    return {
        **{name: secrets.token_urlsafe(32) for name in plain},
        "SUPPORT_TOKEN": f"glpat-{secrets.token_urlsafe(20)}",
        "PAGERDUTY_TOKEN": f"pdus+_{secrets.token_urlsafe(32)}",
        "SENTRY_TOKEN": f"sntrys_{secrets.token_urlsafe(32)}",
        "DIGITALOCEAN_TOKEN": f"dop_v1_{secrets.token_hex(32)}",
        "ATLAS_CLIENT_ID": f"mdb_sa_id_{secrets.token_hex(12)}",
        "ATLAS_CLIENT_SECRET": f"mdb_sa_sk_{secrets.token_urlsafe(32)}",
    }
