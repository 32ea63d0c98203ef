"""Connections that families, journeys and load share: HTTP, JSON APIs, SSH, MongoDB, Redis, Stripe, Sentry."""
