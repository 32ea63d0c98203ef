"""What stands between clients and servers: Redis' TLS, and the faults that live on the wire."""

import ssl
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from reference.certificates import Bundle
from reference.mongodb import MongoSettings
from reference.ports import Ports
from reference.relay import Backend, Listen, Relay, TlsOffer
from reference.valkey import INSIDE, RedisSettings

_SLOW_SECONDS = 0.2
_SLOW_REDIS_SECONDS = 0.1
"""Delay of a reply: each of the many questions to Redis takes that much longer, and all must fit into the time of a probe."""
_OLD_WIRE_VERSION = 13
"""MongoDB 5.0."""
_ALPN = ("h2", "http/1.1")
_OFFERS: Mapping[str, TlsOffer] = {
    "legacy": TlsOffer(minimum=ssl.TLSVersion.TLSv1, ciphers="ALL:!aNULL:!kRSA:@SECLEVEL=0", protocols=_ALPN),
    "anonymous": TlsOffer(ciphers="ALL:aNULL:@SECLEVEL=0", protocols=_ALPN),
    "static-rsa": TlsOffer(ciphers="ECDHE+AESGCM:AES128-GCM-SHA256:AES256-SHA:@SECLEVEL=0", protocols=_ALPN),
    "old-suites": TlsOffer(
        maximum=ssl.TLSVersion.TLSv1_2, ciphers="ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", protocols=_ALPN
    ),
    "client-certificate": TlsOffer(demands_certificate=True, protocols=_ALPN),
    "old-second": TlsOffer(protocols=_ALPN),
    "weak": TlsOffer(ciphers="ECDHE+AESGCM:@SECLEVEL=0", protocols=_ALPN),
}


def https_front(fault: str, bundles: Mapping[str, Bundle], ports: Ports) -> Relay:
    """A relay in place of the API's own https, which does one thing wrong."""
    port = ports.used["https"]
    if fault == "refused":
        return Relay([], None)
    if fault == "silent":
        return Relay([Listen(address=address, port=port) for address in bundles], None)
    offer = _OFFERS[fault]
    listens = [Listen(address=address, port=port, tls=offer.context(bundle)) for address, bundle in bundles.items()]
    if fault == "old-second" and listens[-1].tls is not None:
        listens[-1].tls.maximum_version = ssl.TLSVersion.TLSv1_2
    return Relay(listens, Backend(port=ports.used["api-plain"]))


def mongodb_relay(settings: MongoSettings, ports: Ports, bundle: Bundle, root: Path) -> Relay:
    """Between clients and mongod: a delay, or replies that tell an old wire version."""
    public, own = ports.used["mongodb"], ports.used["mongodb-own"]
    if settings.relay == "slow":
        listen = Listen(address="127.0.0.1", port=public)
        return Relay([listen], Backend(port=own), reply_delay_seconds=_SLOW_SECONDS)
    client = ssl.create_default_context(cafile=str(root))
    listen = Listen(address="127.0.0.1", port=public, tls=TlsOffer().context(bundle))
    return Relay([listen], Backend(port=own, tls=client), patch=_with_old_wire_version)


def redis_front(settings: RedisSettings, ports: Ports, bundle: Bundle) -> Relay:
    """TLS in front of the server, which has none inside."""
    tls = TlsOffer().context(bundle) if settings.tls else None
    listens = [Listen(address="127.0.0.1", port=ports.used["redis"], tls=tls)] if settings.running else []
    delay = _SLOW_REDIS_SECONDS if settings.slow else 0.0
    patch = _as_old_redis if settings.old else bytes
    backend = Backend(port=ports.used["redis-own"], address=INSIDE)
    return Relay(listens, backend, reply_delay_seconds=delay, patch=patch)


def stray_listeners(families: Iterable[str], ports: Ports, address: str) -> Sequence[Relay]:
    """Databases that can be reached where nobody should reach them."""

    def backend(family: str) -> Backend:
        return Backend(port=ports.used[f"{family}-own"], address=INSIDE if family == "redis" else "127.0.0.1")

    return [
        Relay([Listen(address=address, port=ports.closed[family][0])], backend(family)) for family in sorted(families)
    ]


def _as_old_redis(reply: bytes) -> bytes:
    """INFO of a Valkey as Redis 7.0 has it, as long as before; its reply fits into one chunk."""
    of_valkey = {b"valkey_version:": b"former_version:", b"server_name:valkey": b"server_alias:redis"}
    for own, instead in {**of_valkey, b"redis_version:7.2.4": b"redis_version:7.0.4"}.items():
        reply = reply.replace(own, instead)
    return reply


def _with_old_wire_version(reply: bytes) -> bytes:
    """Patch the int32 of that name in a BSON document; replies to hello fit into one chunk."""
    key = b"\x10maxWireVersion\0"
    start = reply.find(key)
    if start < 0:
        return reply
    value = start + len(key)
    return reply[:value] + _OLD_WIRE_VERSION.to_bytes(4, "little") + reply[value + 4 :]
