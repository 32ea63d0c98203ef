"""The section ``[ports]`` of an environment file."""

from collections.abc import Mapping
from typing import Literal

from gonogo.environment.section import Section
from gonogo.environment.types import Port


class Ports(Section):
    """Ports that must not be reachable, and from where gonogo looks."""

    vantage: Literal["outside", "loopback"] = "outside"
    closed: Mapping[str, tuple[Port, ...]]
