"""The shop of docs/examples: GO as it is, and NO-GO with each of its faults, by the check that is about it."""

import subprocess
from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from botocore.config import Config
from dotenv import dotenv_values

from gonogo.base.wakefulness import BUSY
from tests.lab.installation import Installation
from tests.lab.shop import attested, copied, red, up

RELEASE = ("--release", "2026.11")
LEFT_BEHIND = "gonogo/gonogo-20261101t120000z-0a1b2c"
RED_BY_FAULT: Mapping[str, set[str]] = {
    "another-name": {"tls-hostname"},
    "any-password": {"buying-login", "security-operators-refused", "security-logins-limited"},
    "bucket-public": {"s3-grants", "s3-block"},
    "bucket-without-keys": {"s3-private", "s3-secret", "s3-least-rights"},
    "database-without-password": {"postgresql-password"},
    "fails-under-load": {"load-errors"},
    "guest-back": {"rabbitmq-default-user"},
    "migration-missing": {"postgresql-migrations"},
    "order-not-stored": {"buying-order-stored", "privacy-orders"},
    "orders-of-others": {"privacy-orders"},
    "orders-without-session": {"document-tokens", "security-closed"},
    "price-off-by-a-cent": {"buying-price"},
    "queue-not-durable": {"rabbitmq-copies"},
    "receipts-not-written": {"buying-receipt-stored"},
    "session-of-nobody": {"privacy-sessions", "security-caller", "document-tokens", "document-covered"},
    "title-missing": {"document-replies"},
    "worker-stopped": {"rabbitmq-consumers", "buying-queue-drains"},
}
"""The checks that fail, and none but these; what needs them is BLOCKED."""
_LEAVES: Mapping[str, str] = {"load-": "load-errors", "document-refuses": "security-caller"}
"""What stays undecided, to the check by whose failure it does."""
_TRIES = 4


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Copied from the wheel, and attested."""
    installation = copied(tmp_path_factory.mktemp("shop"))
    attested(installation)
    return installation


def bucket_of(installation: Installation) -> Any:  # noqa: ANN401 - made by botocore when it runs
    """The bucket as the shop itself uses it."""
    variables = dotenv_values(installation.project / ".env.staging")
    return boto3.client(
        "s3",
        endpoint_url=variables["SHOP_BUCKET_ENDPOINT"],
        region_name="us-east-1",
        aws_access_key_id=variables["SHOP_BUCKET_KEY_ID"],
        aws_secret_access_key=variables["SHOP_BUCKET_SECRET_KEY"],
        verify=str(installation.project / "root.pem"),
        config=Config(s3={"addressing_style": "path"}),
    )


def judged(installation: Installation) -> "subprocess.CompletedProcess[str]":
    """A run; another one where this machine was too busy to tell."""
    for _ in range(_TRIES):
        done = installation.gonogo("run", "--env", "staging", *RELEASE)
        if BUSY not in " ".join(done.stdout.split()):
            break
    return done


def failed(installation: Installation) -> set[str]:
    """What failed in the newest run, and that nothing else was wrong: but what needs it, which is BLOCKED.

    A load stops at the first budget that is missed, so the others of it are undecided. Where any token is somebody's, no
    request of a user is known to be good, so that none would say what a bad one is refused for.
    """
    outcomes = red(installation)
    undecided = {check for check, outcome in outcomes.items() if outcome == "error"}
    unknown = {
        check for check in undecided if not any(check.startswith(of) for of, by in _LEAVES.items() if by in outcomes)
    }
    assert not unknown, outcomes
    return {check for check, outcome in outcomes.items() if outcome in {"fail", "warn"}}


@pytest.mark.whole
def test_shop_is_go_and_leaves_nothing(shop: Installation) -> None:
    """With journeys and load; every line of the list is verified, attested or supported; no secret is in a report."""
    with up(shop, load=True):
        done = judged(shop)
        printed = done.stdout + done.stderr
        bucket = bucket_of(shop)
        bucket.put_object(Bucket="lantern-receipts", Key=LEFT_BEHIND, Body=b"of a run that was killed")
        clean = shop.gonogo("clean", "--env", "staging")
        left = bucket.list_objects_v2(Bucket="lantern-receipts", Prefix="gonogo/").get("Contents")
    assert done.returncode == 0, printed
    assert not red(shop)
    assert not left
    assert "checklist 30 = 26 verified + 2 attested + 2 supported" in printed
    assert clean.returncode == 0, clean.stdout + clean.stderr
    secrets = filter(None, dotenv_values(shop.project / ".env.staging").values())
    kept = printed + "".join(path.read_text() for path in shop.latest.iterdir() if path.is_file())
    passwords = [secret for secret in secrets if "/" not in secret and "-" not in secret]
    assert passwords
    assert not [secret for secret in passwords if secret in kept]


@pytest.mark.whole
def test_faults_of_one_start_are_found_together(shop: Installation) -> None:
    """One in the broker, and one in the product."""
    faults = ("guest-back", "price-off-by-a-cent")
    with up(shop, *faults):
        done = judged(shop)
    assert done.returncode == 1, done.stdout + done.stderr
    assert failed(shop) == set.union(*(RED_BY_FAULT[fault] for fault in faults))


@pytest.mark.whole
@pytest.mark.parametrize("fault", sorted(RED_BY_FAULT))
def test_fault_is_found(shop: Installation, fault: str) -> None:
    """Each by itself."""
    with up(shop, fault, load=fault == "fails-under-load"):
        done = judged(shop)
    assert done.returncode == 1, done.stdout + done.stderr
    assert failed(shop) == RED_BY_FAULT[fault]


@pytest.mark.whole
def test_every_fault_is_tried(shop: Installation) -> None:
    """What the command offers, and no other."""
    command = [str(shop.python), "-m", "shop", "faults"]
    listed = subprocess.run(command, cwd=shop.project, capture_output=True, text=True, check=True).stdout
    assert {line.split()[0] for line in listed.splitlines()} == set(RED_BY_FAULT)
