"""Evidence about the team's own monitoring: what Prometheus and Alertmanager say of themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gonogo.evidence.alert_routes import AlertRoute
from gonogo.evidence.base import PartialEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringAlert:
    """An alert as one of both tells it."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    """All but its name."""
    state: str
    """Prometheus: ``pending``, ``firing``. Alertmanager: ``active``, ``suppressed``, ``unprocessed``."""
    since: datetime | None = None
    summary: str = ""
    silences: tuple[str, ...] = ()
    """Who told the Alertmanager to be silent about it, until when, and why."""
    inhibited: bool = False
    """Whether it is held back because another one fires."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """An alerting rule of Prometheus."""

    name: str
    query: str
    labels: Mapping[str, str] = field(default_factory=dict)
    health: str
    """``ok``, ``err``, or ``unknown`` before its first evaluation."""
    last_error: str = ""
    last_evaluation: datetime | None = None
    """None: it was never evaluated."""
    interval: timedelta | None = None
    """Time between two evaluations, as its group says; None where it does not."""
    hold: timedelta | None = None
    """How long its condition must last before it fires (``for``); None where this Prometheus does not tell it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapeTarget:
    """What Prometheus scrapes, where it is one of the service's addresses, or a declared instance."""

    url: str
    instance: str
    """Its label ``instance``."""
    job: str
    health: str
    """``up``, ``down``, or ``unknown`` before the first scrape."""
    last_error: str = ""
    last_scrape: datetime | None = None
    """None: it was never scraped."""
    interval: timedelta | None = None
    """Time between two scrapes; None where this Prometheus does not tell it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrometheusEvidence(PartialEvidence):
    """What a Prometheus says of its rules, its alerts, its targets and its Alertmanagers."""

    clock: datetime
    """Its own time (the header Date of an answer): what its times are held against."""
    rules: tuple[AlertRule, ...] = ()
    alerts: tuple[MonitoringAlert, ...] = ()
    targets: tuple[ScrapeTarget, ...] = ()
    """Those that may be the service."""
    other_targets: int = 0
    """How many it scrapes beside them."""
    alertmanagers: int = 0
    """How many it sends its alerts to."""
    payments: int = 0
    """How many series of ``monitoring.payments`` it has now."""
    payment_labels: tuple[str, ...] = ()
    """Names of the labels that these series have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardPanel:
    """A panel that asks something, and what it was answered about the last while."""

    title: str
    newest: datetime | None = None
    """The newest point that is a number; None: there is none, and the panel says "No data"."""
    error: str = ""
    """What the data source said in place of an answer."""
    unasked: str = ""
    """Why nobody could ask what the panel asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardEvidence(PartialEvidence):
    """A dashboard of Grafana."""

    uid: str
    clock: datetime
    """Grafana's own time (the header Date of an answer)."""
    found: bool
    title: str = ""
    database: str = ""
    """``ok``, as /api/health says of Grafana's own database."""
    panels: tuple[DashboardPanel, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertmanagerEvidence(PartialEvidence):
    """The alerts that an Alertmanager has, those among them that it keeps to itself."""

    alerts: tuple[MonitoringAlert, ...] = ()
    route: AlertRoute | None = None
    """The root of its routes."""
    notifying: tuple[str, ...] = ()
    """Its receivers that notify anybody: each has an integration."""
