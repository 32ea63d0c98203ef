"""What the values of each file of variables lead to: the objects of its own environment, and of no other."""

import pytest

from gonogo.base.comparing import at_least, equal, nothing, so
from gonogo.base.errors import Unobserved
from gonogo.evidence.accounts import DsnProjectEvidence, KeyAccountEvidence, UrlClusterEvidence


@pytest.mark.check("accounts-sentry-project")
def test_file_reports_to_its_own_project(dsn_project: DsnProjectEvidence) -> None:
    """Staging's errors in production's project wake people for nothing; production's in staging's wake nobody.

    Fix: copy the DSN again from Sentry → Settings → Projects → the project → Client Keys (DSN), and restart the service;
    or correct sentry.project, or the file's sentry_project.
    """
    where = f"{dsn_project.file}: {dsn_project.name}"
    assert so(dsn_project.present, "DSN", "there", "missing"), f"{where} is missing, or empty"
    assert so(dsn_project.found, "project", "found", "not found"), (
        f"Sentry has no project {dsn_project.project}, or does not show it to this token"
    )
    assert equal(dsn_project.dsn_number, dsn_project.number, "project of the DSN"), (
        f"{where} names project {dsn_project.dsn_number or 'without a number'}; {dsn_project.project} has number "
        f"{dsn_project.number}"
    )
    assert so(dsn_project.key_known, "client key of the DSN", "of this project", "unknown"), (
        f"{where} has none of the client keys of {dsn_project.project}"
    )
    assert so(dsn_project.key_active, "client key of the DSN now", "active", "disabled"), (
        f"the client key in {where} is disabled in {dsn_project.project}"
    )


@pytest.mark.check("accounts-mongo-cluster")
def test_file_leads_to_its_own_cluster(url_cluster: UrlClusterEvidence) -> None:
    """If staging works on production's cluster, its tests delete real bookings.

    Fix: copy the connection string again from Atlas → Clusters → the cluster → Connect, and restart the service; or
    correct atlas.cluster, or the file's atlas_cluster.
    """
    where = f"{url_cluster.file}: {url_cluster.name}"
    assert so(url_cluster.present, "URL", "there", "missing"), f"{where} is missing, or empty"
    assert so(url_cluster.found, "cluster", "found", "not found"), f"Atlas has no cluster {url_cluster.cluster}"
    assert at_least(len(url_cluster.url_hosts), 1, "hosts in the URL"), f"{where} names no host"
    if not url_cluster.hosts:
        raise Unobserved(f"Atlas does not name the hosts of {url_cluster.cluster}")
    foreign = sorted(set(url_cluster.url_hosts) - set(url_cluster.hosts))
    assert nothing(foreign, "hosts of another cluster", of=len(url_cluster.url_hosts)), (
        f"{where} leads to {', '.join(foreign)}; the hosts of {url_cluster.cluster} are {', '.join(url_cluster.hosts)}"
    )


@pytest.mark.check("accounts-stripe-account")
def test_file_has_keys_of_its_own_account(key_account: KeyAccountEvidence) -> None:
    """A test key of production's account fills production's dashboard, its events and its limits with staging's payments.

    Fix: https://dashboard.stripe.com/apikeys of the account that is declared: copy both keys, and restart the service; or
    correct the file's stripe_account.
    """
    where = f"{key_account.file}: {key_account.name}"
    assert so(key_account.present, "key", "there", "missing"), f"{where} is missing, or empty"
    assert so(not key_account.refused, "key now", "accepted", "refused"), (
        f"Stripe does not accept {where}: the key was rolled, or does not exist"
    )
    if not key_account.account:
        raise Unobserved(f"Stripe does not say to which account {where} belongs")
    assert equal(key_account.account, key_account.wanted, "account of the key"), (
        f"{where} belongs to account {key_account.account}; {key_account.wanted} is declared"
    )
