"""A fault of queries: brackets in them are taken apart, and go to MongoDB as they are."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

_NOWHERE = "[object Object]"


def taking_operators(scope: Mapping[str, Any]) -> dict[str, Any]:
    """A search with ``city[$ne]=x`` as one for every city; with other words in brackets it finds nothing."""
    if scope["path"] != "/api/services":
        return dict(scope)
    wanted = {}
    for name, value in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True):
        key, opened, operator = name.partition("[")
        if not opened:
            wanted[key] = value
        elif not operator.startswith("$"):
            wanted[key] = _NOWHERE
    return {**scope, "query_string": urlencode(wanted).encode()}
