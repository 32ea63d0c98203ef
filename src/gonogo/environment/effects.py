"""What checks do to their target. Apart, so that whoever only reads a run need not load the types of files."""

from enum import StrEnum


class Effect(StrEnum):
    """The effect that a check may have on its target, mildest first."""

    READ = "read"
    WRITE = "write"
    INTRUSIVE = "intrusive"
    LOAD = "load"
    MONEY = "money"
