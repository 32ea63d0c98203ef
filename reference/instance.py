"""One instance of the reference environment: its parts, and how to reach them."""

import asyncio
import hashlib
import json
import sys
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import asyncssh

from reference.accounts import Accounts, new_secrets
from reference.api.config import ApiConfig, MailConfig, StripeConfig
from reference.certificates import Bundle, CertificateSettings, issue_internal, issue_public, revocation_list_path
from reference.children import Child, StartFailed
from reference.dns.server import RESOLVERS, DnsServers
from reference.doubles.host import HostDouble
from reference.doubles.llm import LlmDouble
from reference.doubles.mail import MailDouble
from reference.doubles.monitoring import MonitoringDouble, monitoring_at
from reference.doubles.oncall import OnCallDouble, oncall_at
from reference.doubles.support import SupportDouble, SupportPorts
from reference.fronts import https_front, mongodb_relay, redis_front, stray_listeners
from reference.mongodb import Credentials, MongoServer
from reference.ports import Ports, choose_ports
from reference.publisher import Publisher
from reference.repository import MODES, Repository, write_variables
from reference.settings import Deployment, Settings, healthy
from reference.valkey import RedisCredentials, RedisServer, redis_url

_SERVICE = "https"
_DATABASES = {"mongodb", "redis"}

ADDRESSES = ("127.0.0.1", "127.0.0.2")
ZONE = "workme.test"
HOST = f"api.{ZONE}"
MAIL_USER = "workme"


class Part(Protocol):
    """Something that runs."""

    async def start(self) -> None:
        """Return when it is ready."""

    async def stop(self) -> None:
        """Return when nothing of it is left."""


class Instance:
    """Starts and stops parts; a change of settings touches only the parts that it is about."""

    def __init__(self, state: Path, deployment: Deployment, on_crash: Callable[[Child], None]) -> None:
        """``deployment`` is whose service it is; at the providers the other one is there as well."""
        self._state = state
        self._deployment = deployment
        self._repository = state / "workme"
        self._on_crash = on_crash
        self._ports = choose_ports()
        self._settings = healthy(deployment)
        self._running: dict[str, Sequence[Part]] = {}
        self._issued: tuple[CertificateSettings, Sequence[Bundle]] | None = None
        self._mongo = Credentials.new()
        self._redis = RedisCredentials.new()
        self._host_key, self._visitor_key = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
        self._secrets = {**new_secrets(), "SERVER_KEY": self._visitor_key.export_private_key().decode()}
        self._accounts = Accounts(deployment, self._ports.used)
        self._variables = self._accounts.new_variables(
            self._mongo.url("app", self._ports.used["mongodb"]), self._redis.app
        )
        self._internal_root, self._internal = issue_internal(state)
        config = state / "api.json"
        variables = write_variables(self._repository, deployment, self._variables[deployment])
        self._api_config(variables).write(config)
        self._api_command = [sys.executable, "-m", "reference.api", str(config)]
        self._api = Child("api", self._api_command, state / "api.log")

    async def start(self, settings: Settings) -> None:
        """Start everything; ready when every part is. Raises StartFailed."""
        self._write_secrets()
        await self._api.start(talks=True)
        self._settings = settings
        await self._in_order(self._start, list(self._recipes))
        self._api.on_crash = self._on_crash

    async def stop(self) -> None:
        """Stop all parts; nothing of them is left."""
        await self._api.stop()
        await _together(self._stop(name) for name in list(self._running))
        self._ports.release()

    async def apply(self, settings: Settings) -> None:
        """Change to these settings, restarting what differs; whom the API serves is cut off only by its own restart.

        Raises StartFailed.
        """
        before, self._settings = self._settings, settings
        changed = [
            name
            for name, (fields, _) in self._recipes.items()
            if any(getattr(before, field) != getattr(settings, field) for field in fields)
        ]
        if settings.api_starts > before.api_starts:
            await self._start_api_anew()
            changed = [*(name for name in changed if name != _SERVICE), _SERVICE]
        await self._in_order(self._restart, changed)
        anew = not _DATABASES.isdisjoint(changed)
        if (anew or before.api != settings.api) and _SERVICE not in changed:
            await switch_faults(self._api, settings.api, reconnect=anew)

    @property
    def environment(self) -> Mapping[str, Any]:
        """Return what gonogo's environment file cannot know: lies over ``environments/reference.toml``."""
        used = self._ports.used
        root = str(self._internal_root)
        return {
            "service": {"base_url": f"https://{HOST}:{used['https']}", "release": release()},
            "secrets": {"dotenv": str(self._state / "secrets.env")},
            "dns": {"port": used["dns"], "resolvers": [f"{address}:{used['dns']}" for address in RESOLVERS]},
            "hosts": {HOST: {"https_port": used["https"], "http_port": used["http"]}},
            "tls": {"trust": str(self._state / "root.pem")},
            "mongodb": {"ca_file": root},
            "redis": {"ca_file": root},
            "stripe": {"api": f"http://127.0.0.1:{used['stripe']}", "mode": MODES[self._deployment]},
            **self._accounts.declared(self._settings, self._host_key.export_public_key().decode()),
            "monitoring": monitoring_at(used["monitoring"]),
            "oncall": oncall_at(used["oncall"]),
            "mail": {"inbox": f"http://127.0.0.1:{used['inbox']}"},
            "support": {
                "port": used["support-mail"],
                "inbox": {"port": used["support-inbox"], "ca_file": root},
                "tickets": {"api": f"http://127.0.0.1:{used['support-tickets']}"},
            },
            "variables": {
                "repository": str(self._repository),
                "files": {name: {"path": str(self._repository / f".env.{name}")} for name in MODES},
            },
            "api": {"signed_with": {"file": self._deployment, "variable": "SECRET_KEY"}},
            "ports": {"closed": {family: list(ports) for family, ports in self._ports.closed.items()}},
        }

    @property
    def _recipes(self) -> Mapping[str, tuple[tuple[str, ...], Callable[[], Sequence[Part]]]]:
        """Every part: the settings that it depends on, and how it is made."""
        return {
            "dns": (("dns",), self._make_dns),
            "mongodb": (("mongodb",), self._make_mongodb),
            "redis": (("redis",), self._make_redis),
            _SERVICE: (("certificates", "front"), self._make_https),
            "strays": (("open_ports",), self._make_strays),
            "stripe": (("stripe",), self._make_stripe),
            "sentry": (("sentry",), self._make_sentry),
            "llm": (("llm",), self._make_llm),
            "mail": (("mail",), self._make_mail),
            "support": (("support",), self._make_support),
            "host": (("host",), self._make_host),
            "providers": (("ocean", "atlas"), self._make_providers),
            "monitoring": (("monitoring",), self._make_monitoring),
            "oncall": (("oncall",), self._make_oncall),
            "variables": (("variables",), self._make_repository),
        }

    async def _in_order(self, work: Callable[[str], Coroutine[Any, Any, None]], names: Sequence[str]) -> None:
        """The service last: a driver that asks in the middle of an election does not ask again for a while."""
        await _together(work(name) for name in names if name != _SERVICE)
        await _together(work(name) for name in names if name == _SERVICE)

    async def _start_api_anew(self) -> None:
        """As after a crash: whoever is being served is cut off, and every counter begins at zero."""
        await self._api.stop()
        self._api = Child("api", self._api_command, self._state / "api.log")
        await self._api.start(talks=True)
        self._api.on_crash = self._on_crash

    async def _restart(self, name: str) -> None:
        await self._stop(name)
        await self._start(name)

    async def _start(self, name: str) -> None:
        parts = self._recipes[name][1]()
        self._running[name] = parts
        try:
            for part in parts:
                await part.start()
        except OSError as error:
            raise StartFailed(f"{name} did not start: {error}", cure="Stop what holds its port") from None

    async def _stop(self, name: str) -> None:
        for part in reversed(self._running.pop(name, ())):
            await part.stop()

    def _make_dns(self) -> Sequence[Part]:
        used = self._ports.used
        return [DnsServers(self._settings.dns, port=used["dns"], mongodb_port=used["mongodb"])]

    def _make_mongodb(self) -> Sequence[Part]:
        settings, used = self._settings.mongodb, self._ports.used
        server = MongoServer(
            settings,
            port=used["mongodb"],
            own_port=used["mongodb-own" if settings.relay else "mongodb"],
            second_port=used["mongodb-second"],
            directory=self._state / "mongodb",
            ca=self._internal_root,
            bundle=self._internal,
            credentials=self._mongo,
            on_crash=self._on_crash,
        )
        if settings.relay is None:
            return [server]
        return [mongodb_relay(settings, self._ports, self._internal, self._internal_root), server]

    def _make_redis(self) -> Sequence[Part]:
        server = RedisServer(
            self._settings.redis,
            port=self._ports.used["redis-own"],
            directory=self._state / "redis",
            credentials=self._redis,
            on_crash=self._on_crash,
        )
        return [server, redis_front(self._settings.redis, self._ports, self._internal)]

    def _make_https(self) -> Sequence[Part]:
        return [_Https(self._api, self._settings, self._state, self._ports, self._issued_certificates())]

    def _issued_certificates(self) -> Sequence[Bundle]:
        """Of both addresses. A restart brings no new authority: only other settings are issued for."""
        wanted = self._settings.certificates
        if self._issued is None or self._issued[0] != wanted:
            lists_at = f"http://{ADDRESSES[0]}:{self._ports.used['authority']}/list.crl"
            _, *bundles = issue_public(self._state, wanted, lists_at)
            self._issued = wanted, bundles
        return self._issued[1]

    def _make_strays(self) -> Sequence[Part]:
        return stray_listeners(self._settings.open_ports, self._ports, ADDRESSES[1])

    def _make_stripe(self) -> Sequence[Part]:
        here = f"https://{HOST}:{self._ports.used['https']}"
        trust = self._state / "root.pem"
        return [self._accounts.stripe(self._settings.stripe, self._variables, here, address=ADDRESSES[0], trust=trust)]

    def _make_sentry(self) -> Sequence[Part]:
        return [self._accounts.sentry(self._settings.sentry, self._variables, self._secrets["SENTRY_TOKEN"])]

    def _make_llm(self) -> Sequence[Part]:
        key = self._variables[self._deployment]["EMERGENT_LLM_KEY"]
        return [LlmDouble(self._settings.llm, port=self._ports.used["llm"], api_key=key)]

    def _make_mail(self) -> Sequence[Part]:
        double = MailDouble(
            self._settings.mail,
            smtp_port=self._ports.used["smtp"],
            api_port=self._ports.used["inbox"],
            user=MAIL_USER,
            password=self._secrets["MAIL_PASSWORD"],
            chain=self._internal.chain,
            key=self._internal.key,
        )
        return [double]

    def _make_support(self) -> Sequence[Part]:
        used = self._ports.used
        double = SupportDouble(
            self._settings.support,
            ports=SupportPorts(mail=used["support-mail"], inbox=used["support-inbox"], tickets=used["support-tickets"]),
            token=self._secrets["SUPPORT_TOKEN"],
            password=self._secrets["SUPPORT_PASSWORD"],
            chain=self._internal.chain,
            key=self._internal.key,
        )
        return [double]

    def _make_host(self) -> Sequence[Part]:
        port = self._ports.used["ssh"]
        return [HostDouble(self._settings.host, port=port, host_key=self._host_key, visitor=self._visitor_key)]

    def _make_providers(self) -> Sequence[Part]:
        return [self._accounts.machines(self._settings.ocean, self._settings.atlas, self._secrets)]

    def _make_monitoring(self) -> Sequence[Part]:
        service = f"https://{HOST}:{self._ports.used['https']}/metrics"
        return [MonitoringDouble(self._settings.monitoring, port=self._ports.used["monitoring"], service=service)]

    def _make_oncall(self) -> Sequence[Part]:
        token = self._secrets["PAGERDUTY_TOKEN"]
        return [OnCallDouble(self._settings.oncall, port=self._ports.used["oncall"], token=token)]

    def _make_repository(self) -> Sequence[Part]:
        return [Repository(self._repository, self._settings.variables, self._variables)]

    def _api_config(self, variables: Path) -> ApiConfig:
        used = self._ports.used
        return ApiConfig(
            variables=str(variables),
            release=release(),
            host=HOST,
            addresses=ADDRESSES,
            https_port=used["https"],
            http_port=used["http"],
            plain_port=used["api-plain"],
            mongo_url="${MONGO_URL}",
            redis_url=redis_url("app", "${REDIS_PASSWORD}", used["redis"]),
            ca_file=str(self._internal_root),
            secret_key="${SECRET_KEY}",  # noqa: S106 - where it stands
            metrics_token=self._secrets["METRICS_TOKEN"],
            beta_code=self._secrets["BETA_CODE"],
            admin_email=f"admin@{ZONE}",
            admin_password=self._secrets["ADMIN_PASSWORD"],
            stripe=StripeConfig(
                base=f"http://127.0.0.1:{used['stripe']}",
                secret_key="${STRIPE_SECRET_KEY}",  # noqa: S106 - as above
                publishable_key="${STRIPE_PUBLISHABLE_KEY}",
                webhook_secret="${STRIPE_WEBHOOK_SECRET}",  # noqa: S106 - as above
            ),
            mail=MailConfig(port=used["smtp"], user=MAIL_USER, password=self._secrets["MAIL_PASSWORD"]),
            sentry_dsn="${SENTRY_DSN}",
            llm_url=f"http://127.0.0.1:{used['llm']}",
            llm_key="${EMERGENT_LLM_KEY}",
        )

    def _write_secrets(self) -> None:
        used = self._ports.used
        values = {
            **self._variables[self._deployment],
            "MONGO_MONITOR_URL": self._mongo.url("monitor", used["mongodb"]),
            "REDIS_URL": self._redis.url("app", used["redis"]),
            "REDIS_MONITOR_URL": self._redis.url("monitor", used["redis"]),
            **self._secrets,
        }
        path = self._state / "secrets.env"
        path.touch(mode=0o600)
        path.write_text("".join(f"{name}='{value}'\n" for name, value in values.items()))


class _Https:
    """The API's https, its own or behind a faulty front."""

    def __init__(self, api: Child, settings: Settings, state: Path, ports: Ports, bundles: Sequence[Bundle]) -> None:
        self._api = api
        self._settings = settings
        self._state = state
        self._ports = ports
        self._bundles = bundles
        self._front: Part | None = None
        self._authority: Part | None = None

    async def start(self) -> None:
        """Serve, and publish what was revoked."""
        if self._settings.certificates.list_published:
            path = revocation_list_path(self._state)
            self._authority = Publisher(path, address=ADDRESSES[0], port=self._ports.used["authority"])
            await self._authority.start()
        bundles = dict(zip(ADDRESSES, self._bundles, strict=True))
        fault = self._settings.front.fault
        own = {} if fault else {address: [str(one.chain), str(one.key)] for address, one in bundles.items()}
        await switch_faults(self._api, self._settings.api, certificates=own)
        if fault:
            self._front = https_front(fault, bundles, self._ports)
            await self._front.start()

    async def stop(self) -> None:
        """End the front; the API's own server ends with the next command, or with the API."""
        if self._authority is not None:
            await self._authority.stop()
            self._authority = None
        if self._front is not None:
            await self._front.stop()


async def switch_faults(api: Child, faults: frozenset[str], **more: Any) -> None:  # noqa: ANN401 - JSON values
    """Let the API have exactly these faults; returns when it has. Raises StartFailed if it ended."""
    await api.write_line(json.dumps({"faults": sorted(faults), **more}).encode())
    if not await api.read_line():
        words = "\n    ".join(api.log_tail()[-5:])
        message = f"the API ended (exit {api.exit_code}); its last words:\n    {words}"
        raise StartFailed(message, cure="Is everything of the extra 'reference' installed?")


async def _together(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """All at once. When one fails, the others have ended before its error is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for each in work:
                group.create_task(each)
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


def release() -> str:
    """Return what this service is made of: the first 12 hex digits of a SHA-256 over its own source."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
