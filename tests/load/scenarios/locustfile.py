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


class Reads(Visitor):
    """Uses what the reply says, as most scenarios do."""

    scenario = "reads"
    makes = ("GET /",)

    def visit(self) -> None:
        """In the reply is what a later request would need."""
        if not self.ask("GET /", "/").json()["ok"]:
            raise AssertionError("not ok")


class Judges(Visitor):
    """Says what a right reply is."""

    scenario = "judges"
    makes = ("GET /",)

    def visit(self) -> None:
        """By a function of the reply."""
        self.ask("GET /", "/", right=lambda reply: b"error" not in reply.body)


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
