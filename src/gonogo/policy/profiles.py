"""What a load is for: it decides how long it takes, how much it is, and which of its checks are planned."""

from typing import Literal

Profile = Literal["smoke", "gate", "soak", "stress"]
PROFILES: tuple[Profile, ...] = ("smoke", "gate", "soak", "stress")
