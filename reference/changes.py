"""What a fault is made of: settings in, settings with one thing wrong out."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from reference.settings import Object, Settings

Change = Callable[[Settings], Settings]


def part(name: str, **changes: Any) -> Change:  # noqa: ANN401 - fields of that part's settings
    """Other values for some settings of one part."""
    return lambda settings: replace(settings, **{name: replace(getattr(settings, name), **changes)})


def misdeclared(name: Object) -> Change:
    """The environment file declares this object of the other deployment in the place of its own."""
    return lambda settings: replace(settings, misdeclared=settings.misdeclared | {name})
