"""A process that asks a few targets as a run does, and prints what it recorded: something to be starved by tests."""

import json
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from gonogo.clients.redis import RedisQuestion
from gonogo.collecting.collector import Collector, Job
from gonogo.environment.model import Limits
from gonogo.families.dns.probe import PROBES as DNS
from gonogo.families.dns.query import Vantage
from gonogo.families.dns.question import DnsQuestion
from gonogo.families.ports.probe import PROBES as PORTS
from gonogo.families.ports.probe import PortsQuestion
from gonogo.families.redis.probe import PROBES as REDIS
from gonogo.families.registry import installed_families
from gonogo.families.tls.probe import PROBES as TLS
from gonogo.families.tls.probe import TlsQuestion
from gonogo.record.recording import StoredRecord, store

FAMILIES = installed_families(Path())
PROBES = {**TLS, **PORTS, **DNS, **REDIS}
STORED = TypeAdapter(tuple[StoredRecord, ...])
LIMITS = Limits(run=timedelta(seconds=60), probe=timedelta(seconds=20))


def jobs(silent: int, mute: int, swallowing: int, redis: int) -> Sequence[Job]:
    """Of a port that accepts and says nothing, a mute port of UDP, one that swallows, and a healthy Redis."""
    host, address = "a.test", "127.0.0.1"
    vantage = Vantage(resolvers=(f"{address}:{mute}",), port=mute, patience=timedelta(seconds=1))
    questions: dict[str, Any] = {
        "tls": TlsQuestion(host=host, address=address, port=silent, trust="public"),
        "ports": PortsQuestion(host=host, address=address, control_port=silent, closed=(("redis", swallowing),)),
        "dns_name": DnsQuestion(name=host, vantage=vantage),
        "redis_latency": RedisQuestion(
            url=f"redis://{address}:{redis}/0", ca_file=None, key_prefix="k:", patience=timedelta(seconds=5)
        ),
    }
    return [
        Job(kind=FAMILIES.kinds[name], ask=PROBES[name].ask, question=question) for name, question in questions.items()
    ]


def main(ports: Sequence[int]) -> None:
    """Say ``asking`` first."""
    asked = jobs(*ports)
    with Collector(LIMITS) as collector:
        collector.start(asked)
        print("asking", flush=True)
        records = [collector.wait(job.key) for job in asked]
    print(json.dumps(STORED.dump_python(store(records), mode="json")), flush=True)


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]])
