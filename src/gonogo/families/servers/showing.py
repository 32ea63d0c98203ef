"""What a machine shows of itself: what is not there is a fact, and what was not shown is none."""

import re

from gonogo.base.errors import Unobserved
from gonogo.evidence.server import ServerEvidence


def must_be_shown(server: ServerEvidence, subject: str) -> None:
    """Raise Unobserved if this subject was not shown: nobody knows then whether it is there."""
    if any(unseen.what == subject for unseen in server.unseen):
        raise not_shown(server, subject)


def not_shown(server: ServerEvidence, subject: str) -> Unobserved:
    """The error for a subject, or several in a few words, that the machine did not show."""
    reason = next(
        (unseen.said for unseen in server.unseen if re.search(rf"\b{unseen.what}\b", subject)),
        "it printed nothing that can be read",
    )
    return Unobserved(
        f"{server.address} does not show {subject}: {reason}",
        hint=f"log in as servers.{server.scope[1]}.user, and try; what needs root is asked through sudo -n",
    )
