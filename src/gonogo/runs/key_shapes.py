"""Secrets that have a shape: one that cannot be right is refused before it is sent to anybody."""

import re
from collections.abc import Iterator

from gonogo.base.errors import UsageError
from gonogo.base.secrets import Secrets
from gonogo.environment.load import EnvironmentFile
from gonogo.environment.model import Environment
from gonogo.families.sentry.section import Sentry
from gonogo.families.stripe.section import Stripe
from gonogo.families.variables.section import Variables

_DASHBOARD = {
    "test": "https://dashboard.stripe.com/test/apikeys",
    "live": "https://dashboard.stripe.com/apikeys",
}
_SHOWN = 3
_PUBLIC = re.compile(r"(?:sk|rk|pk)_(?:test|live)_|whsec_|https?://")


def check_keys(file: EnvironmentFile, secrets: Secrets) -> None:
    """Raise UsageError for every key that cannot be right: named, masked, with the page where the right one is.

    A live key where the environment says ``test`` is refused here, so that not a single request is made with it.
    """
    environment = file.environment
    problems = [
        *_modes(file.name, environment),
        *(_stripe(stripe, secrets) if (stripe := environment.section(Stripe)) else ()),
        *(_sentry(sentry, secrets) if (sentry := environment.section(Sentry)) else ()),
    ]
    if problems:
        raise UsageError(*(f"{file.path}: {problem}" for problem in problems))


def _modes(name: str, environment: Environment) -> Iterator[str]:
    """The environment's own file of variables holds keys of its own mode."""
    stripe, variables = environment.section(Stripe), environment.section(Variables)
    own = variables.files.get(name) if variables else None
    if stripe is not None and own is not None and own.mode != stripe.mode:
        yield (
            f"variables.files.{name}.mode is {own.mode}, and stripe.mode is {stripe.mode}: they are of one "
            f"environment; set both to the mode of {name}'s keys"
        )


def _stripe(section: Stripe, secrets: Secrets) -> Iterator[str]:
    """Problems with Stripe's keys, by their beginnings: a live key is refused in a test environment, and not used."""
    page = _DASHBOARD[section.mode]
    # Restricted keys (rk_) do as well, if they may read what is asked for.
    secret = (f"sk_{section.mode}_", f"rk_{section.mode}_")
    wanted = {
        "secret_key": (section.secret_key, secret, page),
        "publishable_key": (section.publishable_key, (f"pk_{section.mode}_",), page),
        **({"monitor_key": (section.monitor_key, secret, page)} if section.monitor_key else {}),
        "webhook_secret": (section.webhook_secret, ("whsec_",), "https://dashboard.stripe.com/webhooks"),
    }
    for key, (name, beginnings, where) in wanted.items():
        value = secrets[name]
        if section.mode == "test" and value.startswith(("sk_live_", "rk_live_", "pk_live_")):
            yield (
                f"stripe.{key}: {name} is a live key ({masked(value)}), and stripe.mode is test: nothing was asked "
                f"with it. Test keys are at {page}"
            )
        elif not value.startswith(beginnings):
            expected = " or ".join(f"{beginning}…" for beginning in beginnings)
            yield f"stripe.{key}: {name} is {masked(value)}; {expected} is expected, from {where}"


def _sentry(section: Sentry, secrets: Secrets) -> Iterator[str]:
    """The problem with a DSN that is none, before anything is sent to it."""
    value = secrets[section.dsn]
    if not value.startswith(("https://", "http://")) or "@" not in value:
        yield (
            f"sentry.dsn: {section.dsn} is {masked(value)}; https://<key>@<host>/<project> is expected, "
            "from Sentry → Settings → Projects → Client Keys (DSN)"
        )


def masked(value: str) -> str:
    """Show the part of a secret that tells which it is: up to its random part, or three characters."""
    public_part = _PUBLIC.match(value)
    return f"{public_part[0] if public_part else value[:_SHOWN]}… ({len(value)} characters)"
