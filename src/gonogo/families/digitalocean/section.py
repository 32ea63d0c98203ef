"""The section ``[digitalocean]`` of an environment file."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from gonogo.environment.section import Section
from gonogo.environment.types import BaseUrl, Duration, Port, SecretName, Size, Text

_A_DAY = timedelta(hours=24)


class Droplet(Section):
    """One machine, as it was ordered."""

    id: Annotated[int, Field(ge=1, description="The number at the end of its address in the control panel.")]
    cpus: Annotated[int, Field(ge=1)]
    memory: Size
    disk: Size
    image: Text = Field(
        description='The slug of what it was built from, as in "ubuntu-22-04-x64"; the name of an image of your own.'
    )
    serves_hosts: bool = Field(
        default=True, description="Whether the declared hosts lead to it: not to a worker, nor where a CDN is between."
    )


class DigitalOcean(Section):
    """The account that the machines are in."""

    api: BaseUrl = "https://api.digitalocean.com"
    token: SecretName = Field(
        description="A token that may read droplets, images, tags, firewalls, SSH keys, monitoring, volumes."
    )
    droplets: Annotated[Mapping[Text, Droplet], Field(min_length=1)]
    open_ports: tuple[Port, ...] = Field(default=(22, 80, 443), description="All that the cloud firewall may let in.")
    snapshot_age: Duration = Field(default=_A_DAY, description="How old the newest snapshot or backup may be.")
