"""What the environment file declares about RabbitMQ."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from gonogo.environment.section import Section
from gonogo.environment.types import SecretName, TrustFile

QueueName = Annotated[str, Field(min_length=1, max_length=255)]


class Queue(Section):
    """What one queue must be like while the service runs."""

    consumers: int = Field(default=1, ge=0, description="The smallest number of consumers.")
    max_backlog: int = Field(
        default=1000, ge=0, description="The greatest number of messages that wait for a consumer."
    )


class Rabbitmq(Section):
    """The broker as the service's own user, and its cluster as a user who may watch it."""

    url: SecretName
    ca_file: TrustFile | None = None
    queues: Mapping[QueueName, Queue] = Field(default_factory=dict, description="The queues that the service needs.")
    management: SecretName | None = Field(
        default=None, description="Name of a secret: URL of the management API, with a user of the tag monitoring."
    )
    nodes: int = Field(default=1, ge=1, description="The number of nodes that must run.")
