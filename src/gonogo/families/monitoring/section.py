"""The section ``[monitoring]`` of an environment file: the Prometheus, the Alertmanager and the Grafana that a team has."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from gonogo.environment.entry_check import EntryName
from gonogo.environment.section import Section
from gonogo.environment.types import SecretName, ServerUrl, Text, TrustFile

MetricName = Annotated[str, Field(pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*$")]


class MonitoringServer(Section):
    """Where its HTTP API is, and how one logs in, if one must."""

    api: ServerUrl = Field(description="Its address, with the path before /api where there is one.")
    token: SecretName | None = Field(default=None, description="A bearer token.")
    user: Text | None = Field(default=None, description="With password: basic authentication.")
    password: SecretName | None = None
    ca_file: TrustFile | None = Field(default=None, description="Its roots; the public ones if missing.")

    @model_validator(mode="after")
    def _logs_in_one_way(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password belong together")
        if self.token and self.user:
            raise ValueError("token and user are two ways to log in; keep one of them")
        return self


class Dashboard(Section):
    """One that people look at during the launch."""

    uid: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,40}$", description="As in its address: /d/UID/…")]
    variables: Mapping[Text, Text] = Field(
        default_factory=dict,
        description="Values of its variables; those of monitoring.labels, or that it was saved with, if missing.",
    )
    may_be_empty: tuple[Text, ...] = Field(
        default=(), description="Titles of panels that show nothing while all is well, as one of errors only."
    )


class Monitoring(Section):
    """What is asked before users come, and which of its alerts are about this environment."""

    prometheus: MonitoringServer | None = None
    alertmanager: MonitoringServer | None = None
    grafana: MonitoringServer | None = None
    dashboards: Mapping[EntryName, Dashboard] = Field(
        default_factory=dict, description="Those of that Grafana, by name."
    )
    always_firing: tuple[Text, ...] = Field(
        default=(),
        description="Alerts that fire all the time, so that their silence is noticed (dead man's switches), as Watchdog.",
    )
    may_fire: tuple[Text, ...] = Field(
        default=(), description="Alerts that say nothing of the launch, as InfoInhibitor."
    )
    labels: Mapping[Text, Text] = Field(
        default_factory=dict,
        description="Where others are monitored as well: an alert with another value of one of these is not ours.",
    )
    instances: tuple[Text, ...] = Field(
        default=(),
        description="Labels `instance` of the service's targets; missing: the target whose URL is that of http.metrics.",
    )
    payments: MetricName | None = Field(
        default=None, description="The series of payments; an alerting rule of Prometheus must go by it."
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not (self.prometheus or self.alertmanager or self.grafana):
            raise ValueError("none of prometheus, alertmanager and grafana is declared; there is nobody to ask")
        if bool(self.grafana) != bool(self.dashboards):
            raise ValueError(
                "grafana and dashboards belong together: where it is, and which of its dashboards are meant"
            )
        if self.prometheus is None and (self.instances or self.payments):
            raise ValueError("instances and payments are asked of a Prometheus; declare monitoring.prometheus")
        if self.alertmanager and not self.always_firing:
            raise ValueError(
                "an Alertmanager that nobody sends to is quiet as well; name in monitoring.always_firing an alert that fires "
                "all the time, as the rule Watchdog with the expression vector(1)"
            )
        if self.payments and not self.alertmanager:
            raise ValueError(
                "payments: that an alert arrives is shown by one that always fires; declare monitoring.alertmanager"
            )
        if both := sorted({*self.always_firing} & {*self.may_fire}):
            raise ValueError(f"always_firing and may_fire both name {', '.join(both)}; keep one of them")
        return self

    def ours(self, labels: Mapping[str, str]) -> bool:
        """Whether an alert with these labels is about this environment; one that does not say so may be."""
        return all(labels.get(name, value) == value for name, value in self.labels.items())

    def surely_ours(self, labels: Mapping[str, str]) -> bool:
        """Whether it says so by each of these labels."""
        return all(labels.get(name) == value for name, value in self.labels.items())
