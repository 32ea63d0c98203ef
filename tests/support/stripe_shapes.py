"""Objects against the Stripe SDK's own annotations, which are generated from Stripe's specification."""

from collections.abc import Iterator
from inspect import get_annotations
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import stripe


def faults(kind: type[Any], value: dict[str, Any], place: str) -> Iterator[str]:
    """What the SDK's class does not declare of this object, lacks in it, or declares otherwise."""
    declared = fields(kind)
    for name in value.keys() - declared.keys():
        yield f"{place}.{name} is unknown"
    for name, hint in declared.items():
        if name in value:
            yield from misfits(hint, value[name], f"{place}.{name}")
        elif place == kind.__name__ and required(hint):
            yield f"{place}.{name} is missing"


def fields(kind: type[Any]) -> dict[str, Any]:
    """Names and types. The SDK's modules name each other's classes only for the type checker."""
    names = vars(stripe) | {name: getattr(stripe, name) for name in dir(stripe)}
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        if base.__module__.startswith(("stripe._", "stripe.v2.")) and base.__name__ not in INTERNALS:
            for name, hint in get_annotations(base).items():
                if name.islower() and not name.startswith("_"):
                    found[name] = resolved(base, name, hint, names)
    return found


INTERNALS = {"StripeObject", "APIResource", "UntypedStripeObject"}


def resolved(base: type[Any], name: str, hint: Any, names: dict[str, Any]) -> Any:  # noqa: ANN401 - a type
    """The type; the hint's text where a class in it is not there at run time."""
    try:
        return get_type_hints(base, names, vars(base))[name]
    except (NameError, TypeError, AttributeError):
        return hint


def required(hint: Any) -> bool:  # noqa: ANN401 - a type
    """Whether Stripe always sends it: what may be null is Optional in the SDK as well as what may be left out."""
    text = hint if isinstance(hint, str) else repr(hint)
    return "Optional" not in text and "None" not in text and "deleted" not in text


def misfits(hint: Any, value: Any, place: str) -> Iterator[str]:  # noqa: ANN401 - any type, any JSON
    """Whether a value is of a type, as far as the type is known at run time."""
    if value is None:
        if required(hint):
            yield f"{place} is null"
        return
    kinds = get_args(hint) if get_origin(hint) is Union else (hint,)
    known = [kind for kind in kinds if not isinstance(kind, str)]
    objects = [kind for kind in known if isinstance(kind, type) and issubclass(kind, stripe.StripeObject)]
    if isinstance(value, dict) and objects:
        for kind in objects[:1]:
            yield from faults(kind, value, place) if fields(kind) else ()
    elif isinstance(value, str | int | float) and known == list(kinds) and not any(fits(kind, value) for kind in kinds):
        yield f"{place} is {value!r}, {hint} is declared"


def fits(kind: Any, value: Any) -> bool:  # noqa: ANN401 - as above
    """Of one of a union's types."""
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if isinstance(value, bool):
        return kind is bool
    return isinstance(kind, type) and isinstance(value, kind)
