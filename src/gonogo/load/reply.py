"""The reply of a service to a visitor, and the errors of a scenario that cannot read it."""

import json
from typing import Any

_SHOWN = 120
"""Characters of a body in a message."""
UNREADABLE = (LookupError, TypeError, ValueError, AttributeError, AssertionError)
"""What a scenario raises when it reads a body that is not what it expects."""


class LoadReply:
    """A reply that remembers whether its body was looked at: until then only its status is known to be right."""

    __slots__ = ("_body", "looked_at", "status")

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self._body = body
        self.looked_at = False

    @property
    def body(self) -> bytes:
        """The body's bytes as they came."""
        self.looked_at = True
        return self._body

    @property
    def size(self) -> int:
        """Bytes of the body."""
        return len(self._body)

    @property
    def beginning(self) -> str:
        """The first characters of the body, for messages."""
        text = self._body[: 4 * _SHOWN].decode(errors="replace")
        return " ".join(text.split())[:_SHOWN]

    def json(self) -> Any:  # noqa: ANN401 - JSON
        """The body as JSON. Raises ValueError if it is none."""
        return json.loads(self.body)
