"""What values of files of variables lead to, judged on literals."""

from dataclasses import replace
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.evidence.accounts import DsnProjectEvidence, KeyAccountEvidence, UrlClusterEvidence
from tests.checks.conftest import Judge
from tests.checks.test_tls import AT

SCOPE = ("variables", "staging")
DSN = DsnProjectEvidence(
    scope=SCOPE,
    taken_at=AT,
    file=".env.staging",
    name="SENTRY_DSN",
    project="o/api-staging",
    found=True,
    number="4500",
    present=True,
    dsn_number="4500",
    key_known=True,
    key_active=True,
)
URL = UrlClusterEvidence(
    scope=SCOPE,
    taken_at=AT,
    file=".env.staging",
    name="MONGO_URL",
    cluster="staging",
    found=True,
    hosts=("s0.test", "s1.test"),
    present=True,
    url_hosts=("s0.test",),
)
KEY = KeyAccountEvidence(
    scope=SCOPE,
    taken_at=AT,
    file=".env.staging",
    name="STRIPE_SECRET_KEY",
    wanted="acct_1Staging",
    present=True,
    account="acct_1Staging",
)
KEY_RED: list[tuple[dict[str, Any], str]] = [
    ({"present": False, "account": ""}, ".env.staging: STRIPE_SECRET_KEY is missing, or empty"),
    ({"refused": True, "account": ""}, "Stripe does not accept .env.staging: STRIPE_SECRET_KEY"),
    ({"account": "acct_1Live"}, "STRIPE_SECRET_KEY belongs to account acct_1Live; acct_1Staging is declared"),
]
DSN_RED: list[tuple[dict[str, Any], str]] = [
    ({"present": False}, ".env.staging: SENTRY_DSN is missing, or empty"),
    ({"found": False}, "Sentry has no project o/api-staging"),
    ({"dsn_number": "4501", "key_known": False}, "names project 4501; o/api-staging has number 4500"),
    ({"dsn_number": ""}, "names project without a number"),
    ({"key_known": False}, "has none of the client keys of o/api-staging"),
    ({"key_active": False}, "the client key in .env.staging: SENTRY_DSN is disabled"),
]
URL_RED: list[tuple[dict[str, Any], str]] = [
    ({"present": False}, ".env.staging: MONGO_URL is missing, or empty"),
    ({"found": False}, "Atlas has no cluster staging"),
    ({"url_hosts": ()}, "names no host"),
    ({"url_hosts": ("s0.test", "p0.test")}, "leads to p0.test; the hosts of staging are s0.test, s1.test"),
]


def test_values_of_their_own_environment(judge: Judge) -> None:
    """What leads to its own project and cluster is as it should be."""
    assert judge("accounts-sentry-project", dsn_project=DSN) is None
    assert judge("accounts-mongo-cluster", url_cluster=URL) is None
    assert judge("accounts-stripe-account", key_account=KEY) is None


@pytest.mark.parametrize(("changes", "words"), KEY_RED)
def test_key_of_another_account(judge: Judge, changes: dict[str, Any], words: str) -> None:
    """Each way in which a key is not of its account has its own words."""
    assert words in str(judge("accounts-stripe-account", key_account=replace(KEY, **changes)))


def test_account_that_stripe_does_not_name(judge: Judge) -> None:
    """An answer without an id is nothing seen."""
    with pytest.raises(Unobserved, match=r"to which account \.env\.staging: STRIPE_SECRET_KEY belongs"):
        judge("accounts-stripe-account", key_account=replace(KEY, account=""))


@pytest.mark.parametrize(("changes", "words"), DSN_RED)
def test_dsn_of_another_project(judge: Judge, changes: dict[str, Any], words: str) -> None:
    """Each way in which a DSN is not of its project has its own words."""
    assert words in str(judge("accounts-sentry-project", dsn_project=replace(DSN, **changes)))


@pytest.mark.parametrize(("changes", "words"), URL_RED)
def test_url_of_another_cluster(judge: Judge, changes: dict[str, Any], words: str) -> None:
    """Each way in which a URL does not lead to its cluster has its own words."""
    assert words in str(judge("accounts-mongo-cluster", url_cluster=replace(URL, **changes)))


def test_cluster_that_is_reached_by_no_known_name(judge: Judge) -> None:
    """Nothing to compare with is nothing seen."""
    with pytest.raises(Unobserved, match="does not name the hosts of staging"):
        judge("accounts-mongo-cluster", url_cluster=replace(URL, hosts=()))
