"""Judges evidence of a real server by the bundled checks, as the fixtures of literal evidence do."""

from typing import Any

from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from tests.checks.conftest import Judge


def verdict(judge: Judge, check: str, evidence: dict[str, Any], environment: Environment) -> str:
    """``PASS``, the message of the failed assertion, or ``ERROR`` with the reason."""
    try:
        return judge(check, **evidence, environment=environment) or "PASS"
    except Unobserved as error:
        return f"ERROR {error.reason}"
