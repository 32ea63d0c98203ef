"""Accounts at those who rent out machines and databases, and what was ordered there."""

from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, Field

from gonogo.environment.section import Section
from gonogo.environment.types import BaseUrl, Duration, Port, SecretName, Size, Text

_A_DAY = timedelta(hours=24)


def _network(value: str) -> str:
    try:
        return str(ip_network(value))
    except ValueError:
        message = "an address or a network is expected, as in '203.0.113.10' or '203.0.113.0/24'"
        raise ValueError(message) from None


Network = Annotated[str, AfterValidator(_network)]


class Droplet(Section):
    """One machine, as it was ordered."""

    id: Annotated[int, Field(ge=1, description="The number at the end of its address in the control panel.")]
    cpus: Annotated[int, Field(ge=1)]
    memory: Size
    disk: Size
    image: Text = Field(description='The slug of what it was built from, as in "ubuntu-22-04-x64".')


class DigitalOcean(Section):
    """The account that the machines are in."""

    api: BaseUrl = "https://api.digitalocean.com"
    token: SecretName = Field(description="A token that may read droplets, firewalls, SSH keys, monitoring, snapshots.")
    droplets: Annotated[Mapping[Text, Droplet], Field(min_length=1)]
    open_ports: tuple[Port, ...] = Field(default=(22, 80, 443), description="All that the cloud firewall may let in.")
    snapshot_age: Duration = Field(default=_A_DAY, description="How old the newest snapshot or backup may be.")


class Atlas(Section):
    """The project of the database at MongoDB Atlas."""

    api: BaseUrl = "https://cloud.mongodb.com"
    client_id: SecretName = Field(description="Of a service account with Project Read Only.")
    client_secret: SecretName
    project: Text
    cluster: Text
    size: Text = Field(description='The instance size of every node, as in "M10".')
    region: Text = Field(description='As Atlas names it, as in "SA_EAST_1".')
    access: Annotated[tuple[Network, ...], Field(min_length=1)] = Field(
        description="All that the IP access list may hold."
    )
    snapshot_age: Duration = Field(default=_A_DAY, description="How old the newest snapshot may be.")
    restore_age: Duration = Field(
        default=timedelta(days=30), description="How long ago a restore must have been tried, and have worked."
    )
