"""Names of well-known kinds of page, as evidence of HTTP tells them."""

CHALLENGE, LOGIN, MAINTENANCE, DEFAULT_PAGE = "challenge", "login form", "maintenance page", "default page"
NO_ANSWERS = frozenset({CHALLENGE, LOGIN, MAINTENANCE})
"""Pages that stand before the service: they say nothing of what is behind them."""
ENVIRONMENT, GIT, DUMP = "environment variables", "git metadata", "database dump"
PASSWORD_URL, STACK_TRACE, PRIVATE_KEY = "a URL with a password", "a stack trace", "a private key"
PHP, STATUS, ACTUATOR = "PHP information", "server status", "actuator data"
DEBUG, LISTING = "debug page", "directory listing"
PRIVATE = frozenset(
    {ENVIRONMENT, GIT, DUMP, PASSWORD_URL, STACK_TRACE, PRIVATE_KEY, PHP, STATUS, ACTUATOR, DEBUG, LISTING}
)
"""What nobody outside may read, wherever it stands."""
