"""Series of the service that may be gone from its metrics while it serves as before."""

from collections.abc import Mapping

SERIES: Mapping[str, tuple[bytes, str]] = {
    "payments": (b"workme_payments", "payments"),
    "requests": (b"workme_http_request", "requests"),
    "process": (b"process_", "the process, its memory and its processors,"),
    "commands": (b"workme_mongodb_command", "commands to MongoDB"),
    "registrations": (b"workme_registrations", "registrations"),
    "profiles": (b"workme_profiles", "completed profiles"),
    "bookings": (b"workme_bookings", "bookings"),
    "crashes": (b"workme_unhandled_errors", "errors that nobody foresaw"),
    "searches": (b"workme_searches", "searches"),
    "uploads": (b"workme_uploads", "documents"),
    "replies": (b"workme_assistant_replies", "the assistant"),
    "feedback": (b"workme_feedback", "feedback"),
}
"""What is gone under ``metrics-without-…``: how the names of the series begin, and what they are of."""


def lacking(name: bytes, body: bytes) -> bytes:
    """The metrics without these series, their lines of TYPE and HELP among them."""
    return b"\n".join(line for line in body.splitlines() if name not in line) + b"\n"
