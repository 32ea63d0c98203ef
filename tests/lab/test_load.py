"""The load's verdict beside the truth of a server that knows how it behaves."""

import pytest

from tests.lab.load_shapes import SHAPES, Shape, ruled

_QUICK = [shape for shape in SHAPES if shape.quick]
_LONG = [shape for shape in SHAPES if not shape.quick]
_TRIES = 3
"""On a machine where others take the processor just now."""


def right(shape: Shape) -> None:
    """Nothing wrong is ever decided, and what is certain is decided however busy the machine is."""
    crowded = ""
    for _ in range(_TRIES):
        ruling = ruled(shape)
        if ruling.words == shape.truth or (shape.near and ruling.words.startswith("undecided")):
            return
        crowded = ruling.crowded(shape.truth)
        assert crowded, ruling.words
    pytest.skip(crowded)


@pytest.mark.parametrize("shape", _QUICK, ids=lambda shape: shape.name)
def test_what_is_decided_is_true(shape: Shape) -> None:
    """A launch is opened, or put off, by it."""
    right(shape)


@pytest.mark.whole
@pytest.mark.parametrize("shape", _LONG, ids=lambda shape: shape.name)
def test_what_is_decided_of_all_shapes_is_true(shape: Shape) -> None:
    """As above."""
    right(shape)
