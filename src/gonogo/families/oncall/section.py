"""The section ``[oncall]`` of an environment file: the on-call system, and the time in which somebody must be on call."""

from datetime import UTC, datetime, timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from gonogo.environment.section import Section
from gonogo.environment.types import BaseUrl, Duration, SecretName, Text
from gonogo.evidence.oncall import Span
from gonogo.families.watch.section import Launch

_MOST_DAYS = timedelta(days=30)


class OnCall(Section):
    """Declares who must be on call, from shortly before users come until the first hours are over."""

    system: Literal["pagerduty", "opsgenie"]
    api: BaseUrl | None = Field(
        default=None, description="Address of its REST API, if it is not the one of the United States."
    )
    token: SecretName = Field(description="A read-only API key; with login = 'oauth', an access token.")
    login: Literal["key", "oauth"] = Field(
        default="key", description="PagerDuty: 'oauth' for the access token of an app with scopes."
    )
    policy: Text | None = Field(
        default=None, description="The escalation policy (Opsgenie: the escalation), by its name or its id."
    )
    schedule: Text | None = Field(
        default=None,
        description="The schedule of who is notified first, by its name or its id; the default is level 1 of policy.",
    )
    service: Text | None = Field(
        default=None,
        description="PagerDuty: the service that alerts go to. Opsgenie: the integration. By its name or its id.",
    )
    before: Duration = Field(
        default=timedelta(hours=2), description="How long before launch.at somebody must be on call."
    )
    after: Duration = Field(
        default=timedelta(hours=24), description="How long after launch.at; launch.watch if that is longer."
    )
    expected: tuple[Text, ...] = Field(
        default=(), description="Everybody who is on call in this time, as the system names them, and nobody else."
    )

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not (self.policy or self.schedule):
            raise ValueError(
                "neither policy nor schedule is declared; name the one by which somebody is told of alerts"
            )
        if self.system == "opsgenie" and self.login == "oauth":
            raise ValueError("login: Opsgenie has keys only; leave it out")
        if self.before + self.after > _MOST_DAYS:
            raise ValueError("before and after are more than 30 days together; ask about the launch and its first day")
        return self

    def window(self, launch: Launch | None, now: datetime) -> Span:
        """Return the time to ask about, in UTC: from ``before`` the launch, or now if that is later, until ``after`` it.

        Without a launch, and after one, the time begins now and lasts for ``after``.
        """
        after = max(self.after, launch.watch) if launch else self.after
        at = launch.at.astimezone(UTC) if launch and launch.at else None
        if at is None or at + after <= now:
            return now, now + after
        return max(now, at - self.before), at + after
