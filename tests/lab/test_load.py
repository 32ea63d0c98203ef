"""The load's verdict beside the truth of a server that knows how it behaves."""

import pytest

from tests.lab.load_shapes import SHAPES, Shape, ruled

_QUICK = [shape for shape in SHAPES if shape.quick]
_LONG = [shape for shape in SHAPES if not shape.quick]


_CROWDED = 0.03
"""A server that is made to be fast, and was slow this often, had no processor: its own log says so."""


def right(shape: Shape) -> None:
    """Nothing wrong is ever said, and what is certain is said however busy the machine is."""
    said = ruled(shape)
    if shape.truth == "go" and said.slow > _CROWDED:
        pytest.skip(f"the server itself was slow: {said.slow:.1%} of its replies")
    assert said.words == shape.truth or (shape.near and said.words.startswith("undecided"))


@pytest.mark.parametrize("shape", _QUICK, ids=lambda shape: shape.name)
def test_what_is_said_is_true(shape: Shape) -> None:
    """A launch is opened, or put off, by it."""
    right(shape)


@pytest.mark.whole
@pytest.mark.parametrize("shape", _LONG, ids=lambda shape: shape.name)
def test_what_is_said_of_all_shapes_is_true(shape: Shape) -> None:
    """As above."""
    right(shape)
