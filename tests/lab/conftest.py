"""Verdicts over real servers: the fixtures of checks that are judged on literal evidence serve here as well."""

from tests.checks.conftest import catalogue, declarations, judge

__all__ = ["catalogue", "declarations", "judge"]
