"""The exceptions of gonogo, each with a message for whoever must act on it.

::

    GonogoError
    ├── UsageError    what we were given is wrong: a file, a key, an option → exit 2
    ├── Unobserved    we could not ask the target → the check's outcome is ERROR
    └── IntegrityError  what is on disk is not what was recorded → exit 4

Anything else that escapes is a bug in gonogo, and is named as one (exit 5).
"""

from collections.abc import Sequence


class GonogoError(Exception):
    """Every error that gonogo raises on purpose."""


class UsageError(GonogoError):
    """Bad input: all the problems found, each naming where it is, what was found, and the cure."""

    def __init__(self, *problems: str) -> None:
        self.problems: Sequence[str] = problems
        super().__init__("\n".join(problems))


class Unobserved(GonogoError):
    """Our own inability to ask: no route, a time-out, a missing tool.

    A target that refuses is evidence, never this. ``hint`` says what the reader may do about it.
    """

    def __init__(self, reason: str, *, hint: str = "") -> None:
        self.reason = reason
        self.hint = hint
        super().__init__(reason)


class Failed(AssertionError):
    """A check's own failure, with more than its message to say.

    ``fix`` is the cure that fits what was observed, in place of the one in the docstring. What fails without ``blocks``
    is no obstacle yet: checks that need this one are judged nevertheless.
    """

    def __init__(self, message: str, *, fix: str = "", blocks: bool = True) -> None:
        self.fix = fix
        self.blocks = blocks
        super().__init__(message)


class IntegrityError(GonogoError):
    """A run's files contradict each other, or what they should reproduce."""


WITHOUT_ASSERTIONS = (
    "Python was started with -O (PYTHONOPTIMIZE), which removes assertions: no check could fail; "
    "unset PYTHONOPTIMIZE, and start it without -O"
)
"""Why nothing is judged by an optimised Python."""
