"""The purpose of a load: it decides its duration, its rate, and which of its checks are planned."""

from typing import Literal

Profile = Literal["smoke", "gate", "soak", "stress"]
PROFILES: tuple[Profile, ...] = ("smoke", "gate", "soak", "stress")
