"""What the environment file declares about the objects of a cluster."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from gonogo.environment.section import Section
from gonogo.environment.types import Duration, FilePath, SecretName, ServerUrl, Text

ObjectName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", max_length=253)]
"""RFC 1123, as Kubernetes wants the names of objects."""


class Workload(Section):
    """A workload that keeps pods running; its entry has its name."""

    kind: Literal["Deployment", "StatefulSet", "DaemonSet"] = "Deployment"
    namespace: ObjectName | None = None
    images: tuple[Text, ...] = Field(
        default=(), description="Images that its containers must run, as they stand in the manifest."
    )
    replicas: int | None = Field(
        default=None, ge=1, description="The smallest number of pods that must be wanted and ready."
    )


class ScheduledJob(Section):
    """A job that does its work and ends; its entry has its name."""

    kind: Literal["Job", "CronJob"] = "CronJob"
    namespace: ObjectName | None = None
    max_age: Duration | None = Field(
        default=timedelta(hours=25), description="The longest time since a CronJob last succeeded."
    )


class Kubernetes(Section):
    """The API server of a cluster, as a service account that may look."""

    api: ServerUrl
    token: SecretName
    ca_file: FilePath | None = None
    namespace: ObjectName = "default"
    workloads: Mapping[ObjectName, Workload] = Field(
        default_factory=dict, description="The workloads that the service consists of."
    )
    jobs: Mapping[ObjectName, ScheduledJob] = Field(default_factory=dict)
