"""One request a visit: what there is to measure is the generator."""

import time

from gonogo.load.visitor import Visitor


class Hit(Visitor):
    """Asks once."""

    scenario = "hit"
    makes = ("GET /",)

    def visit(self) -> None:
        """And leaves."""
        self.ask("GET /", "/")


class Heavy(Visitor):
    """Asks once, and then does what no visitor should do in a generator: compute."""

    scenario = "heavy"
    makes = ("GET /",)

    def visit(self) -> None:
        """Keeps the processor to itself for a while, as a large reply that is parsed would."""
        self.ask("GET /", "/")
        until = time.monotonic() + self.data["computes"]
        while time.monotonic() < until:
            pass


class Broken(Visitor):
    """A scenario with a bug of its own."""

    scenario = "broken"
    makes = ("GET /",)

    def visit(self) -> None:
        """Raises what is nobody's reply."""
        self.ask("GET /", "/")
        raise KeyError(self.scenario)


class Paying(Hit):
    """Would move money."""

    scenario = "paying"
    pays = True
