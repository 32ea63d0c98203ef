"""Keeps the logs of libraries off: they hold requests and replies as they are, keys and all."""

import logging
import os
import sys

_VARIABLES = (
    "ANTHROPIC_LOG",
    "HTTPX_LOG_LEVEL",
    "OPENAI_LOG",
    "SENTRY_DEBUG",
    "SENTRY_SPOTLIGHT",
    "STRIPE_LOG",
)
"""Each makes a library print, or send, what it does."""
_LOGGERS = (
    "anthropic",
    "asyncssh",
    "dns",
    "h2",
    "hpack",
    "httpcore",
    "httpx",
    "oauthlib",
    "openai",
    "pymongo",
    "redis",
    "requests",
    "requests_oauthlib",
    "sentry_sdk",
    "sentry_sdk.errors",
    "stripe",
    "urllib3",
)


def silence() -> None:
    """Take their variables away, from child processes as well, and switch their loggers off."""
    for variable in _VARIABLES:
        os.environ.pop(variable, None)
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    # Stripe's SDK reads its variable once, when it is imported.
    stripe = sys.modules.get("stripe._util")
    if stripe is not None:
        stripe.STRIPE_LOG = None  # type: ignore[attr-defined]
