"""The section ``[load]`` of an environment file."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gonogo.environment.section import Section
from gonogo.environment.types import Duration, Share, Size, Text


class Budget(Section):
    """A latency limit, and the percentile of replies that must stay below it."""

    latency: Duration = timedelta(milliseconds=500)
    percentile: Annotated[float, Field(ge=50, lt=100)] = 95


class TrafficClass(Budget):
    """Endpoints that are judged together."""

    endpoints: Annotated[tuple[Text, ...], Field(min_length=1)] = Field(
        description='Names of requests as the scenarios give them, as in "POST /api/bookings".'
    )


class FailureLimit(Section):
    """How often something that matters to the business may fail."""

    endpoints: Annotated[tuple[Text, ...], Field(min_length=1)]
    below: Share


class LoadMetrics(Section):
    """The service's own series that are sampled while it is under load."""

    memory: Text = "process_resident_memory_bytes"
    cpu: Text = "process_cpu_seconds_total"
    connections: Text = "process_open_fds"
    queue: Text | None = None
    requests: Text = Field(description="A counter of the requests answered.")


class LoadDurations(Section):
    """How long the traffic is measured, after the warm-up."""

    smoke: Duration = timedelta(seconds=5)
    gate: Duration = timedelta(seconds=30)
    soak: Duration = timedelta(minutes=30)
    stress: Duration = timedelta(seconds=60)


class Load(Section):
    """The traffic that the launch expects, and what the service must make of it."""

    visits_per_second: Annotated[float, Field(gt=0, le=10_000)]
    visits: Annotated[Mapping[Text, Annotated[float, Field(gt=0)]], Field(min_length=1)] = Field(
        description="Scenario to its part of the visits, as in browse = 70."
    )
    model: Literal["open", "closed"] = Field(
        default="open", description="open: visits come at their rate, however slow the service is; closed: users wait."
    )
    users: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=50, description="Number of virtual users of the closed model."
    )
    think: Duration = Field(default=timedelta(milliseconds=500), description="A visitor's mean pause between requests.")
    warm_up: Duration = timedelta(seconds=5)
    duration: LoadDurations = LoadDurations()
    stress_factor: Annotated[float, Field(gt=1, le=100)] = 3
    confidence: Annotated[float, Field(ge=0.8, lt=1)] = 0.95
    errors_below: Share = 0.05
    classes: Annotated[Mapping[Text, TrafficClass], Field(min_length=1)]
    endpoints: Mapping[Text, Budget] = Field(
        default_factory=dict, description="Endpoints with a budget of their own, beside that of their class."
    )
    failures: Mapping[Text, FailureLimit] = Field(
        default_factory=dict, description="Name to what may seldom fail, as in [load.failures.checkout]."
    )
    metrics: LoadMetrics | None = None
    memory_limit: Size | None = None
    leak_bytes_per_request: Annotated[float, Field(gt=0)] = 4096

    @model_validator(mode="after")
    def _every_endpoint_has_one_class(self) -> Self:
        owners: dict[str, str] = {}
        for name, group in self.classes.items():
            for endpoint in group.endpoints:
                if endpoint in owners:
                    message = f"{endpoint!r} is in the classes {owners[endpoint]} and {name}; it can be in one only"
                    raise ValueError(message)
                owners[endpoint] = name
        named = [*self.endpoints, *(endpoint for limit in self.failures.values() for endpoint in limit.endpoints)]
        for endpoint in named:
            if endpoint not in owners:
                message = f"{endpoint!r} is in no class; classes have {', '.join(sorted(owners))}"
                raise ValueError(message)
        return self
