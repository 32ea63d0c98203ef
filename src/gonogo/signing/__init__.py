"""Signatures over a run, and what they prove."""
