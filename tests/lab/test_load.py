"""The load's verdict beside the truth of a server that knows how it behaves."""

import pytest

from tests.lab.load_shapes import SHAPES, Shape, ruled

_QUICK = [shape for shape in SHAPES if shape.quick]
_LONG = [shape for shape in SHAPES if not shape.quick]


def right(shape: Shape) -> None:
    """Nothing wrong is ever said, and what is certain is said however busy the machine is."""
    assert ruled(shape) == shape.truth


@pytest.mark.parametrize("shape", _QUICK, ids=lambda shape: shape.name)
def test_what_is_said_is_true(shape: Shape) -> None:
    """A launch is opened, or put off, by it."""
    right(shape)


@pytest.mark.whole
@pytest.mark.parametrize("shape", _LONG, ids=lambda shape: shape.name)
def test_what_is_said_of_all_shapes_is_true(shape: Shape) -> None:
    """As above."""
    right(shape)
