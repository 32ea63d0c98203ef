"""Stripe's request bodies: forms whose keys nest, as in ``payment_method_options[pix][expires_after_seconds]=600``."""

from typing import Any
from urllib.parse import parse_qsl

Form = dict[str, Any]


def parse_form(text: str) -> Form:
    """Nested dictionaries; ``a[]=x`` and ``a[0]=x`` become lists. All values are texts."""
    root: Form = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        head, *rest = key.replace("]", "").split("[")
        place, name = root, head
        for part in rest:
            place, name = place.setdefault(name, {}), part or str(len(place.get(name, {})))
        place[name] = value
    return {key: _lists(value) for key, value in root.items()}


def _lists(value: Any) -> Any:  # noqa: ANN401 - a text, or what nests
    if not isinstance(value, dict):
        return value
    if value and all(key.isdecimal() for key in value):
        return [_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _lists(item) for key, item in value.items()}
