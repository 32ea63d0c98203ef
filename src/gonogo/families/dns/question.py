"""A question about a name: the name, from where it is looked at, and what the environment declares of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.environment.types import is_address
from gonogo.evidence.base import Scope
from gonogo.families.dns.query import Vantage
from gonogo.families.dns.section import Dns

_PATIENCE_FRACTION = 0.1
"""Share of a probe's time for one query: four steps, each with several attempts, must fit."""
_HTTPS = 443


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsQuestion:
    """A zone, a name, or a domain of mail."""

    name: str
    vantage: Vantage
    declared: frozenset[str] = frozenset()
    """The addresses of this host, or of all hosts where the name is none of them: they are asked in other ways."""
    is_host: bool = False
    """Whether the name is one of a declared host."""
    in_zone: tuple[str, ...] = ()
    """For a zone: the declared names in it, whose signatures count."""
    https_port: int = _HTTPS
    trust: str = "public"
    selectors: tuple[str, ...] = ()
    """For mail: the names under ``_domainkey`` that hold keys."""

    @property
    def scope(self) -> Scope:
        """Just the name."""
        return (self.name,)

    @property
    def host(self) -> str:
        """All DNS questions go to the same few servers."""
        return "dns"


def zone_questions(environment: Environment, secrets: Secrets) -> Sequence[DnsQuestion]:
    """The declared zone."""
    del secrets
    declared = environment.section(Dns)
    if declared is None:
        return []
    zone = declared.zone
    names = dict.fromkeys((*_names(environment), *declared.names))
    inside = tuple(name for name in names if f".{name}".endswith(f".{zone}"))
    return [DnsQuestion(name=zone, vantage=_vantage(declared, environment), in_zone=inside)]


def _names(environment: Environment) -> list[str]:
    """The hosts that have a name: an address is in no zone."""
    return [host for host in environment.hosts if not is_address(host)]


def host_questions(environment: Environment, secrets: Secrets) -> Sequence[DnsQuestion]:
    """Every declared host."""
    del secrets
    return _questions(environment, _names(environment))


def name_questions(environment: Environment, secrets: Secrets) -> Sequence[DnsQuestion]:
    """Every declared host, and the further names that must lead somewhere."""
    del secrets
    declared = environment.section(Dns)
    return _questions(environment, [*_names(environment), *(declared.names if declared else ())])


def mail_questions(environment: Environment, secrets: Secrets) -> Sequence[DnsQuestion]:
    """The zone, whose mail must arrive if it has an MX, and every domain that the service sends from."""
    del secrets
    declared = environment.section(Dns)
    return _domains(environment, [declared.zone] if declared else [])


def sender_questions(environment: Environment, secrets: Secrets) -> Sequence[DnsQuestion]:
    """Every domain that the service is declared to send mail from."""
    del secrets
    return _domains(environment, [])


def _domains(environment: Environment, further: Sequence[str]) -> Sequence[DnsQuestion]:
    """Questions about domains that mail is sent from; selectors of DKIM go with those that are declared to send."""
    declared = environment.section(Dns)
    if declared is None:
        return []
    vantage = _vantage(declared, environment)
    return [
        DnsQuestion(name=name, vantage=vantage, selectors=declared.dkim_selectors if name in declared.mail_from else ())
        for name in dict.fromkeys((*further, *declared.mail_from))
    ]


def _questions(environment: Environment, names: Iterable[str]) -> Sequence[DnsQuestion]:
    """One question for each name, with the addresses that it should have: its own, or any of the environment's."""
    section = environment.section(Dns)
    if section is None:
        return []
    vantage = _vantage(section, environment)
    hosts = environment.hosts
    everywhere = frozenset(address for host in hosts.values() for address in host.addresses)
    ports = {name: host.https_port for name, host in hosts.items()}
    return [
        DnsQuestion(
            name=name,
            vantage=vantage,
            declared=frozenset(hosts[name].addresses) if name in hosts else everywhere,
            is_host=name in hosts,
            https_port=ports.get(name, next(iter(ports.values()), _HTTPS)),
            trust=environment.tls.trust if environment.tls else "public",
        )
        for name in dict.fromkeys(names)
    ]


def vantage_of(environment: Environment) -> Vantage | None:
    """The place from which DNS is looked at; None if the environment declares no [dns]."""
    declared = environment.section(Dns)
    return None if declared is None else _vantage(declared, environment)


def _vantage(declared: Dns, environment: Environment) -> Vantage:
    return Vantage(
        resolvers=declared.resolvers, port=declared.port, patience=environment.limits.probe * _PATIENCE_FRACTION
    )
