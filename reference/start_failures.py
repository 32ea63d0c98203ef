"""What a server wrote before it ended, and what follows from that for the reader."""

import json
import re
from collections.abc import Sequence

from reference.children import Child, StartFailed
from reference.programs import Kind

TRY_AGAIN = "If that names no cause, the machine was too slow for its time limits: try again when it is idle"
_SHOWN_LINES = 5
_SEVERE = {"F", "E"}
"""Severities of mongod's log: fatal, error."""
_PORT_TAKEN = re.compile(r"address already in use", re.IGNORECASE)
_MISSING_LIBRARY = re.compile(r"error while loading shared libraries: ([^:]+):")


def not_started(child: Child, kind: Kind) -> StartFailed:
    """The failure of a server that ended, or that never answered, in its own words."""
    words = child.log_tail()
    text = "\n".join(words)
    library = _MISSING_LIBRARY.search(text)
    if library:
        return StartFailed(
            f"{child.name} needs {library[1]}, which this machine lacks",
            cure=f"Install the package that brings {library[1]} (libcurl.so.4 is Debian's libcurl4), "
            f"or name another server with {kind.variable}",
        )
    ended = "did not answer in time" if child.exit_code is None else f"ended at once (exit {child.exit_code})"
    shown = "\n    ".join(_telling(words)) or "(it wrote nothing)"
    return StartFailed(f"{child.name} {ended}; its last words:\n    {shown}", cure=_cure(text, kind))


def not_set_up(child: Child, error: str) -> StartFailed:
    """The failure of a server that started and then refused, or broke off, its configuration."""
    shown = "\n    ".join(_errors(child.log_tail())) or "(it logged no error)"
    return StartFailed(f"{child.name} could not be set up: {error}; what it logged:\n    {shown}", cure=TRY_AGAIN)


def _cure(text: str, kind: Kind) -> str:
    """The fix that the server's words call for; no guess where they call for none."""
    if _PORT_TAKEN.search(text):
        return "Another program took its port in the meantime: try again"
    return f"If that does not say what to do: {kind.variable} names another server"


def _telling(words: Sequence[str]) -> list[str]:
    """The lines that tell why: mongod's errors where it logged any, else the last lines as they are."""
    return (_errors(words) or list(words))[-_SHOWN_LINES:]


def _errors(words: Sequence[str]) -> list[str]:
    return [line for line in map(_error_of_mongod, words) if line][-_SHOWN_LINES:]


def _error_of_mongod(line: str) -> str:
    try:
        entry = json.loads(line)
    except ValueError:
        return ""
    if not isinstance(entry, dict) or entry.get("s") not in _SEVERE:
        return ""
    attributes = entry.get("attr")
    details = ", ".join(f"{key}: {value}" for key, value in attributes.items()) if isinstance(attributes, dict) else ""
    return f"{entry.get('msg', '')}{f' ({details})' if details else ''}"
