"""WorkMe's own limits on failures, each a line of its checklist."""

import pytest

from gonogo.environment.model import Environment
from gonogo.evidence.load import LoadEvidence
from gonogo.families.load.section import Load
from gonogo.load.judging import complete, named_limit, raise_for


@pytest.mark.check("load-payments")
def test_payments_succeed(load: LoadEvidence, environment: Environment) -> None:
    """A payment that fails is a customer who does not come back.

    Fix: compare the failures with Stripe's log of the same minutes: rate limits, time-outs, idempotency keys.
    """
    _below(load, environment, "payments")


@pytest.mark.check("load-registrations")
def test_registrations_succeed(load: LoadEvidence, environment: Environment) -> None:
    """The first thing that an invited tester does.

    Fix: look at what hashing a password costs, at the unique index, and at the mail relay.
    """
    _below(load, environment, "registrations")


@pytest.mark.check("load-uploads")
def test_uploads_succeed(load: LoadEvidence, environment: Environment) -> None:
    """A professional whose documents do not arrive cannot work.

    Fix: look at body limits and time-outs of everything between the app and the service.
    """
    _below(load, environment, "uploads")


def _below(load: LoadEvidence, environment: Environment, name: str) -> None:
    complete(load)
    raise_for([named_limit(load, environment.require(Load), name)], load)
