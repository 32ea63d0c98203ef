"""What a provider's web API may answer, and what is made of it: pages, patience, refusals, other programs."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.clients.retrying import asked_to_wait
from tests.support.provider_doubles import (
    CLUSTER_PATH,
    DROPLET_PATH,
    ORGANIZATION_PATH,
    PROJECT_PATH,
    SENTRY_PATH,
    Answer,
    Probe,
    Replies,
    asked,
    atlas,
    cluster_of,
    digitalocean,
    droplet_of,
    project_of,
    sentry,
)

POLICIES = "/v2/monitoring/alerts"
POLICY = {"type": "v1/insights/droplet/cpu", "enabled": True, "entities": [], "tags": []}
HEALTHY: Mapping[str, tuple[Probe, Replies]] = {
    "DigitalOcean": (droplet_of, digitalocean()),
    "Atlas": (cluster_of, atlas()),
    "Sentry": (project_of, sentry()),
}
Query = Mapping[str, list[str]]


def missing(evidence: Any) -> list[str]:  # noqa: ANN401 - evidence of any kind
    """Facts that could not be read."""
    return [unread.fact for unread in evidence.unread]


def policies(pages: Mapping[str, Answer]) -> Replies:
    """DigitalOcean with a list of policies in these pages, by their number."""
    others = digitalocean()
    return lambda path, query: pages[query["page"][0]] if path == POLICIES else others(path, query)


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_account_has_no_gap(name: str) -> None:
    """A fact that is never read would be an ERROR for ever."""
    probe, replies = HEALTHY[name]
    assert missing(asked(probe, replies)) == []


@pytest.mark.parametrize("name", HEALTHY)
def test_slow_answers_are_waited_for_together(name: str) -> None:
    """Seven answers of 0.4 s each, one after another, would take more than the probe has."""
    probe, replies = HEALTHY[name]

    def slowly(path: str, query: Query) -> Answer:
        found = replies(path, query)
        return Answer(document=found.document, status=found.status, seconds=0.4)

    assert missing(asked(probe, slowly, patience="2.5 s")) == []


def test_one_answer_that_does_not_come_is_one_fact() -> None:
    """A list that hangs would take with it all that was read before."""
    slow = Answer(document={"policies": []}, seconds=30)
    evidence = asked(droplet_of, digitalocean(replaced={POLICIES: slow}), patience="1 s")
    assert missing(evidence) == ["alerts"]
    assert "no complete answer" in evidence.unread[0].reason
    assert evidence.firewalls


def test_the_next_page_is_where_the_api_says() -> None:
    """Whoever stops at a short page misses the policies on the second."""
    first = {"policies": [POLICY] * 50, "links": {"pages": {"next": "https://elsewhere.example/x?page=2&per_page=50"}}}
    second = {"policies": [{**POLICY, "type": "v1/insights/droplet/load_1"}] * 13, "links": {}, "meta": {"total": 63}}
    evidence = asked(droplet_of, policies({"1": Answer(document=first), "2": Answer(document=second)}))
    assert (len(evidence.alerts), evidence.alerts[-1].kind) == (63, "load_1")


def test_a_list_that_is_cut_short_is_not_read() -> None:
    """Fifty of sixty-three policies, and no way to the rest: what is missing would count as absent."""
    page = Answer(document={"policies": [POLICY] * 50, "links": {}, "meta": {"total": 63}})
    evidence = asked(droplet_of, policies({"1": page}))
    assert "gave 50 of the 63 items" in evidence.unread[0].reason


def test_a_list_without_an_end_is_cut_off() -> None:
    """A service that always has one more page would be asked for ever."""
    page = Answer(document={"policies": [POLICY], "links": {"pages": {"next": "https://x/?page=1"}}})
    evidence = asked(droplet_of, policies({"1": page}))
    assert "more than 50 pages" in evidence.unread[0].reason


def test_pages_of_atlas_follow_its_links() -> None:
    """The entry that lets everybody in may stand on the second page."""
    healthy, path = atlas(), f"{PROJECT_PATH}/accessList"

    def reply(asked_path: str, query: Query) -> Answer:
        if asked_path != path:
            return healthy(asked_path, query)
        if query["pageNum"] == ["1"]:
            link = {"rel": "next", "href": "https://cloud.mongodb.com/x?itemsPerPage=1&pageNum=2"}
            return Answer(document={"results": [{"cidrBlock": "192.0.2.7/32"}], "links": [link], "totalCount": 2})
        return Answer(document={"results": [{"cidrBlock": "0.0.0.0/0"}], "links": [{"rel": "self"}], "totalCount": 2})

    assert [entry.network for entry in asked(cluster_of, reply).access] == ["192.0.2.7/32", "0.0.0.0/0"]


def test_pages_of_sentry_follow_the_cursor() -> None:
    """An alert that reaches somebody may be the hundred and first."""
    healthy, path = sentry(), f"{ORGANIZATION_PATH}/workflows/"
    link = '<https://sentry.io/{0}>; rel="previous"; results="false"; cursor="0:0:1", '
    link += '<https://sentry.io/{0}>; rel="next"; results="{1}"; cursor="0:100:0"'
    far = "x" * 400

    def reply(asked_path: str, query: Query) -> Answer:
        found = healthy(asked_path, query)
        if asked_path != path:
            return found
        assert query["project"] == ["workme-api"]
        more = "false" if query.get("cursor") == ["0:100:0"] else "true"
        return Answer(document=found.document, headers={"Link": link.format(far, more)})

    assert len(asked(project_of, reply).alerts) == 2


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_who_asks_for_patience_is_asked_again(status: int) -> None:
    """A rate limit of one second would hide a healthy account."""
    healthy, asked_before = digitalocean(), set[str]()

    def reply(path: str, query: Query) -> Answer:
        if path == POLICIES and path not in asked_before:
            asked_before.add(path)
            return Answer(status=status, headers={"Retry-After": "0"})
        return healthy(path, query)

    assert missing(asked(droplet_of, reply)) == []


def test_who_asks_for_too_much_patience_is_not_waited_for() -> None:
    """A minute's pause does not fit into a probe of ten seconds, and the rest of the account is judged."""
    busy = Answer(status=429, headers={"Retry-After": "60"})
    evidence = asked(droplet_of, digitalocean(replaced={POLICIES: busy}))
    assert missing(evidence) == ["alerts"]
    assert "answered 429, and asks to be left alone for 1 min" in evidence.unread[0].reason


def test_retry_after_is_seconds_or_a_date() -> None:
    """RFC 9110, 10.2.3; the date is held against the API's own clock."""
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    until = {"date": format_datetime(now, usegmt=True), "retry-after": format_datetime(now + timedelta(seconds=7))}
    assert asked_to_wait({"retry-after": "3"}) == timedelta(seconds=3)
    assert asked_to_wait(until) == timedelta(seconds=7)
    assert asked_to_wait({**until, "date": until["retry-after"]}) == timedelta()
    assert asked_to_wait({"retry-after": "9" * 5000}) == timedelta(days=7)
    assert asked_to_wait({"retry-after": "soon"}) == asked_to_wait({}) < timedelta(seconds=1)


REFUSALS = [
    (droplet_of, digitalocean, f"{DROPLET_PATH}/firewalls", "firewalls", "firewall:read"),
    (droplet_of, digitalocean, POLICIES, "alerts", "monitoring:read"),
    (droplet_of, digitalocean, "/v2/account/keys", "account_keys", "ssh_key:read"),
    (droplet_of, digitalocean, f"{DROPLET_PATH}/snapshots", "copies", "droplet:read"),
    (droplet_of, digitalocean, "/v2/reserved_ips", "reserved_addresses", "reserved_ip:read"),
    (cluster_of, atlas, f"{CLUSTER_PATH}/backup/restoreJobs", "restores", "Project Backup Manager"),
    (cluster_of, atlas, f"{PROJECT_PATH}/databaseUsers", "users", "Project Read Only"),
    (cluster_of, atlas, f"{PROJECT_PATH}/customDBRoles/roles", "custom_roles", "Project Read Only"),
    (cluster_of, atlas, f"{CLUSTER_PATH}/backup/schedule", "schedule", "Project Read Only"),
    (project_of, sentry, f"{ORGANIZATION_PATH}/workflows/", "alerts", "alerts:read"),
    (project_of, sentry, f"{SENTRY_PATH}/keys/", "key_known", "project:read"),
]


@pytest.mark.parametrize(("probe", "account", "path", "fact", "right"), REFUSALS)
def test_one_list_that_is_refused_is_one_fact(probe: Probe, account: Any, path: str, fact: str, right: str) -> None:  # noqa: ANN401 - one of three
    """A token that lacks one scope would take the whole family with it, and nobody would know which scope."""
    evidence = asked(probe, account(replaced={path: Answer(status=403, document={"id": "Forbidden"})}))
    assert missing(evidence) == [fact]
    assert right in evidence.unread[0].hint


@pytest.mark.parametrize(("probe", "account", "path", "fact", "_right"), REFUSALS)
@pytest.mark.parametrize("document", [{"detail": "maintenance"}, {}, [1], None, b"<!doctype html>"])
def test_an_answer_of_another_shape_is_no_empty_list(
    probe: Probe,
    account: Any,  # noqa: ANN401 - one of three
    path: str,
    fact: str,
    _right: str,
    document: Any,  # noqa: ANN401 - whatever JSON holds
) -> None:
    """Maintenance would be told as "nobody is told", or as "no key of the project"."""
    evidence = asked(probe, account(replaced={path: Answer(document=document)}))
    assert missing(evidence) == [fact]


@pytest.mark.parametrize("name", HEALTHY)
def test_a_token_that_is_refused_is_our_inability(name: str) -> None:
    """The token is ours: the product never sends with it."""
    probe, _ = HEALTHY[name]
    with pytest.raises(Unobserved, match=r"refuses the token \(401\)") as unobserved:
        asked(probe, lambda _path, _query: Answer(status=401))
    assert "never-shown" not in unobserved.value.reason + unobserved.value.hint


@pytest.mark.parametrize("name", HEALTHY)
def test_a_404_of_another_program_proves_nothing(name: str) -> None:
    """Another program at the address would be told as a project, a droplet or a cluster that is gone."""
    probe, _ = HEALTHY[name]
    html = Answer(status=404, document=b"<!doctype html><title>Not Found</title>")
    login = Answer(document={"access_token": "session"})
    with pytest.raises(Unobserved, match="not in the words of"):
        asked(probe, lambda path, _query: login if path == "/api/oauth/token" else html)
