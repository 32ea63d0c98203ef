"""A key that cannot be right is refused before the first request, and never shown."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from gonogo.base.errors import UsageError
from gonogo.base.secrets import Secrets
from gonogo.environment.load import EnvironmentFile
from gonogo.families.registry import environment_from, read_environment
from gonogo.families.stripe.section import Stripe
from gonogo.runs.key_shapes import check_keys, masked

ROOT = Path(__file__).parents[2]
STAGING = {
    "STRIPE_SECRET_KEY": "sk_test_abcdefghijklmnop",
    "STRIPE_PUBLISHABLE_KEY": "pk_test_abcdefghijklmnop",
    "STRIPE_WEBHOOK_SECRET": "whsec_abcdefghijklmnop",
    "SENTRY_DSN": "https://abcdef0123456789@o1.ingest.sentry.io/42",
}
LIVE = {name: value.replace("_test_", "_live_") for name, value in STAGING.items()}


def complaint(name: str, **changed: str) -> str:
    """What is said about the keys of an environment, with some of them changed."""
    with pytest.raises(UsageError) as refused:
        check_keys(environment(name), Secrets({**STAGING, **changed}))
    return str(refused.value)


def environment(name: str) -> EnvironmentFile:
    """One of the project's own files."""
    return read_environment(name, project=ROOT)


def test_right_keys_pass() -> None:
    """Test keys where the mode is test; a restricted key is a key."""
    check_keys(environment("staging"), Secrets(STAGING))
    check_keys(environment("staging"), Secrets({**STAGING, "STRIPE_SECRET_KEY": "rk_test_abcdefghijklmnop"}))


@pytest.mark.parametrize("name", ["STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY"])
def test_live_key_in_test_mode_is_refused(name: str) -> None:
    """The worst mix-up there is: synthetic payments with real money."""
    key = f"{'sk' if 'SECRET' in name else 'pk'}_live_{'9876543210'}"
    said = complaint("staging", **{name: key})
    assert f"{name} is a live key" in said
    assert "nothing was asked with it" in said
    assert "https://dashboard.stripe.com/test/apikeys" in said
    assert "environments/staging.toml" in said
    assert "9876543210" not in said


@pytest.mark.parametrize(
    ("name", "value", "page"),
    [
        ("STRIPE_SECRET_KEY", "pk_test_abcdefghijklmnop", "https://dashboard.stripe.com/test/apikeys"),
        ("STRIPE_WEBHOOK_SECRET", "sk_test_abcdefghijklmnop", "https://dashboard.stripe.com/webhooks"),
        ("SENTRY_DSN", "abcdef0123456789", "Client Keys (DSN)"),
    ],
)
def test_wrong_shape_is_named_masked_and_cured(name: str, value: str, page: str) -> None:
    """Keys are copied by hand, from the wrong box."""
    said = complaint("staging", **{name: value})
    assert name in said
    assert page in said
    assert value not in said
    assert "klmnop" not in said


def test_test_keys_in_production_are_refused() -> None:
    """They would take no money at all."""
    assert complaint("production").count("sk_live_…") == 1


def test_two_modes_of_one_environment_contradict_each_other() -> None:
    """The line "live keys" would be ticked by test keys."""
    file = environment("production")
    document = deepcopy(dict(file.document))
    document["variables"]["files"]["production"]["mode"] = "test"
    changed = replace(file, environment=environment_from(document))
    with pytest.raises(UsageError) as refused:
        check_keys(changed, Secrets(LIVE))
    message = str(refused.value)
    assert "variables.files.production.mode is test, and stripe.mode is live" in message
    check_keys(file, Secrets(LIVE))


def test_monitoring_key_is_looked_at_as_well() -> None:
    """It reads the live account as the secret key does."""
    file = environment("staging")
    section = file.environment.require(Stripe)
    watched = section.model_copy(update={"monitor_key": "STRIPE_MONITOR_KEY"})
    changed = replace(file, environment=file.environment.model_copy(update={"stripe": watched}))
    check_keys(changed, Secrets({**STAGING, "STRIPE_MONITOR_KEY": "rk_test_abcdefghijklmnop"}))
    with pytest.raises(UsageError, match=r"monitor_key: STRIPE_MONITOR_KEY is a live key"):
        check_keys(changed, Secrets({**STAGING, "STRIPE_MONITOR_KEY": "rk_live_abcdefghijklmnop"}))


def test_all_wrong_keys_come_at_once() -> None:
    """Not one per run."""
    assert len(complaint("staging", **dict.fromkeys(STAGING, "wrong-value-0")).splitlines()) == len(STAGING)


def test_mask_tells_which_and_no_more() -> None:
    """What stands before the random part is public."""
    assert masked("sk_live_abcdefgh") == "sk_live_… (16 characters)"
    assert masked("hunter2hunter2") == "hun… (14 characters)"
