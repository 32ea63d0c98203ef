"""Turns questions into records, live or recorded."""
