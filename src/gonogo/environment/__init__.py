"""Environments: what is verified, and what is expected of it."""
