"""Stripe, as far as this service uses it: money that is none, and events that really arrive."""
