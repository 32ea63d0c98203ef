"""Asks Stripe of which account the secret key in a file of variables is. One question, and it changes nothing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import stripe

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.clients.stripe import StripeApi, unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.accounts import KeyAccountEvidence
from gonogo.evidence.base import Scope
from gonogo.families.stripe.objects import named
from gonogo.families.stripe.section import Stripe
from gonogo.families.variables.targets import LeadingValue, leading_values

_SHARE = 0.9
"""Of the probe's time, for the one request."""
_LONGEST = 300
_KEY = re.compile(r"(sk|rk)_(test|live)_[A-Za-z0-9]+")
"""What else somebody wrote there is not sent to Stripe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyQuestion:
    """One secret key, and the account that it must be of."""

    api: str
    variable: LeadingValue
    patience_seconds: float

    @property
    def scope(self) -> Scope:
        """The file's."""
        return self.variable.scope

    @property
    def host(self) -> str:
        """All questions to Stripe are bounded together."""
        return "stripe"


def key_questions(environment: Environment, secrets: Secrets) -> Sequence[KeyQuestion]:
    """One for each file that says of which account its keys are."""
    del secrets
    section = environment.section(Stripe)
    if section is None:
        return []
    patience = environment.limits.probe.total_seconds() * _SHARE
    return [
        KeyQuestion(api=section.api, variable=variable, patience_seconds=patience)
        for variable in leading_values(environment, "stripe-secret", lambda file: file.stripe_account, None)
    ]


async def probe_key(question: KeyQuestion) -> KeyAccountEvidence:
    """``GET /v1/account`` with the key. Raises Unobserved if Stripe cannot be asked, or the key may not read it."""
    variable = question.variable
    evidence = KeyAccountEvidence(
        scope=question.scope,
        taken_at=datetime.now(UTC),
        file=variable.file,
        name=variable.name,
        wanted=variable.target,
        present=bool(variable.value),
    )
    if not variable.value:
        return evidence
    if not _KEY.fullmatch(variable.value):
        raise Unobserved(f"{variable.file}: {variable.name} is no secret key of Stripe, and was not sent there")
    api = StripeApi(variable.value, question.api, patience_seconds=question.patience_seconds)
    try:
        async with api.connected() as client:
            return replace(evidence, account=await api.on(client.v1, _account))
    except stripe.AuthenticationError:
        return replace(evidence, refused=True)  # in Stripe's own words is a part of the key
    except stripe.StripeError as error:
        raise unobserved(error, api.address) from None


async def _account(v1: Any) -> str:  # noqa: ANN401 - the SDK's
    document = (await v1.accounts.retrieve_current_async()).to_dict()
    return str(named(document, "account").get("id", ""))[:_LONGEST]
