"""What the environment file declares about closed ports."""

from collections.abc import Mapping
from typing import Literal

from gonogo.environment.section import Section
from gonogo.environment.types import Port


class Ports(Section):
    """What must not be reachable, and from where we look."""

    vantage: Literal["outside", "loopback"] = "outside"
    closed: Mapping[str, tuple[Port, ...]]
