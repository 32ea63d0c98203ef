"""The section ``[atlas]`` of an environment file."""

from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, Field

from gonogo.environment.section import Section
from gonogo.environment.types import BaseUrl, Duration, SecretName, Text

_A_DAY = timedelta(hours=24)


def _network(value: str) -> str:
    try:
        return str(ip_network(value))
    except ValueError:
        message = "an address or a network is expected, as in '203.0.113.10' or '203.0.113.0/24'"
        raise ValueError(message) from None


Network = Annotated[str, AfterValidator(_network)]


class Atlas(Section):
    """The project of the database at MongoDB Atlas."""

    api: BaseUrl = "https://cloud.mongodb.com"
    client_id: SecretName = Field(
        description="Client id of a service account with Project Read Only and Project Backup Manager."
    )
    client_secret: SecretName
    project: Text
    cluster: Text
    size: Text = Field(description='The instance size of every node, as in "M10".')
    region: Text = Field(description='As Atlas names it, as in "SA_EAST_1".')
    access: Annotated[tuple[Network, ...], Field(min_length=1)] = Field(
        description="All that the IP access list may hold."
    )
    users: Mapping[Text, tuple[Text, ...]] = Field(
        default_factory=dict,
        description="Database users that may do more than the service and its monitoring need: name to roles, as in "
        'migrations = ["dbAdmin@workme"].',
    )
    snapshot_age: Duration = Field(default=_A_DAY, description="How old the newest snapshot may be.")
    restore_age: Duration = Field(
        default=timedelta(days=30), description="How long ago a restore must have been tried, and have worked."
    )
