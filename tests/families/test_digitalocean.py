"""What is read of DigitalOcean's answers, as its specification gives them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.evidence.providers import AlertPolicy, CloudFirewall, InboundRule, PendingChange, Volume
from reference.doubles.digitalocean import DROPLET, SCOPES, VOLUME, DigitalOceanObjects, DigitalOceanSettings
from tests.support.provider_doubles import DROPLET_PATH, Answer, asked, digitalocean, droplet_of

Json = dict[str, Any]
POLICIES = "/v2/monitoring/alerts"


def droplet(**changes: Any) -> Answer:  # noqa: ANN401 - JSON
    """The droplet, but for this."""
    found = DigitalOceanObjects(DigitalOceanSettings()).droplet()
    return Answer(document={"droplet": {**(found or {}), **changes}})


def seen(*, settings: DigitalOceanSettings | None = None, **replaced: Any) -> Any:  # noqa: ANN401 - evidence
    """The evidence, with some lists replaced by their key."""
    paths = {
        "droplet": DROPLET_PATH,
        "firewalls": f"{DROPLET_PATH}/firewalls",
        "snapshots": f"{DROPLET_PATH}/snapshots",
        "backups": f"{DROPLET_PATH}/backups",
        "policies": POLICIES,
        "metrics": "/v2/monitoring/metrics/droplet/memory_available",
        "reserved_ips": "/v2/reserved_ips",
        "load_balancers": "/v2/load_balancers",
    }
    answers = {
        paths[key]: value if isinstance(value, Answer) else Answer(document={key: value})
        for key, value in replaced.items()
    }
    return asked(droplet_of, digitalocean(settings, answers))


def test_the_machine_itself() -> None:
    """Every fact from where the specification has it."""
    networks = {
        "v4": [
            {"ip_address": "10.0.0.2", "type": "private"},
            {"ip_address": "203.0.113.10", "type": "public"},
        ],
        "v6": [{"ip_address": "2001:db8::10", "type": "public"}],
    }
    reserved = [{"ip": "203.0.113.20", "droplet": {"id": DROPLET}}, {"ip": "203.0.113.21", "droplet": None}]
    balancers = [{"ip": "203.0.113.30", "droplet_ids": [DROPLET]}, {"ip": "203.0.113.31", "droplet_ids": [7]}]
    found = seen(droplet=droplet(networks=networks), reserved_ips=reserved, load_balancers=balancers)
    assert (found.status, found.cpus, found.memory, found.disk) == ("active", 2, 4 * 2**30, 80 * 2**30)
    assert (found.locked, found.account_keys, found.tagged) == (False, 2, True)
    assert (found.image.slug, found.image.kind) == ("ubuntu-22-04-x64", "base")
    assert found.addresses == ("203.0.113.10", "2001:db8::10")
    assert (found.reserved_addresses, found.balancer_addresses) == (("203.0.113.20",), ("203.0.113.30",))


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ([{"metric": {"host_id": str(DROPLET)}, "values": [[1435781430, "1"]]}], True),
        ([{"metric": {"host_id": str(DROPLET)}, "values": []}], False),
        ([], False),
    ],
)
def test_agent_that_measures(result: list[Json], *, expected: bool) -> None:
    """Policies on memory and disk exist, and never fire, where nobody measures."""
    metrics = {"status": "success", "data": {"resultType": "matrix", "result": result}}
    assert seen(metrics=Answer(document=metrics)).measured is expected


@pytest.mark.parametrize(
    "document", [{"status": "error", "data": None}, {"data": {"result": []}}, {"status": "success"}]
)
def test_metrics_that_are_none_are_not_known(document: Json) -> None:
    """An answer of another shape is no absence."""
    found = seen(metrics=Answer(document=document))
    assert found.measured is None
    assert [missing.fact for missing in found.unread] == ["measured"]


@pytest.mark.parametrize(
    ("alerts", "expected"),
    [
        ({"email": ["ops@a.test"], "slack": []}, 1),
        ({"email": [], "slack": [{"channel": "#ops", "url": "https://hooks.slack.test/x"}]}, 1),
        ({"email": [""], "slack": [{"channel": "", "url": ""}, {}]}, 0),
        ({"email": None, "slack": None}, 0),
    ],
)
def test_recipients_of_a_policy(alerts: Json, expected: int) -> None:
    """A row of the form that was left empty would be somebody who is told."""
    policy = {**DigitalOceanObjects(DigitalOceanSettings())._policies()[0], "alerts": alerts}  # noqa: SLF001 - its double
    assert [found.recipients for found in seen(policies=[policy]).alerts] == [expected]


def test_balancer_that_goes_by_a_tag() -> None:
    """It need not name the droplets that it leads to."""
    balancers = [
        {"ip": "203.0.113.30", "tag": "workme"},
        {"ip": "203.0.113.31", "tag": "other"},
        {"ip": "203.0.113.32"},
    ]
    assert seen(load_balancers=balancers).balancer_addresses == ("203.0.113.30",)


def test_firewalls_with_what_has_not_reached_the_droplet() -> None:
    """A rule that was never applied would count as one that holds."""
    rules: list[Json] = [
        {"protocol": "tcp", "ports": "22", "sources": {"addresses": ["0.0.0.0/0"]}},
        {"protocol": "udp", "ports": "0", "sources": {"tags": ["x"]}},
        {"protocol": "icmp"},
    ]
    pending = [
        {"droplet_id": DROPLET, "removing": True, "status": "waiting"},
        {"droplet_id": 7, "removing": False, "status": "failed"},
    ]
    firewalls = [
        {"name": "web", "status": "waiting", "pending_changes": pending, "inbound_rules": rules},
        {"name": "bare", "status": "succeeded", "pending_changes": None, "inbound_rules": None},
    ]
    assert seen(firewalls=firewalls).firewalls == (
        CloudFirewall(
            name="web",
            status="waiting",
            pending=(PendingChange(removing=True, status="waiting"),),
            pending_elsewhere=True,
            inbound=(
                InboundRule(protocol="tcp", ports="22", sources=("0.0.0.0/0",)),
                InboundRule(protocol="udp", ports="all", sources=()),
                InboundRule(protocol="icmp", ports="all", sources=()),
            ),
        ),
        CloudFirewall(name="bare", status="succeeded"),
    )


def policy(**about: Any) -> Json:  # noqa: ANN401 - JSON
    """An alert policy."""
    plain = {"type": "v1/insights/droplet/cpu", "entities": [], "tags": [], "enabled": True}
    told = {"email": ["a@b"], "slack": [{"channel": "ops"}]}
    return {**plain, "compare": "GreaterThan", "value": 90, "alerts": told, **about}


def test_alert_policies_about_the_droplet() -> None:
    """A policy about another droplet would count; so would one whose direction and threshold nobody read."""
    policies = [
        policy(entities=[str(DROPLET)]),
        policy(tags=["workme", "db"], type="v1/insights/droplet/load_1", enabled=False, compare="LessThan"),
        policy(type="v1/insights/droplet/disk_utilization_percent", alerts=None, value="90"),
        policy(entities=["1"], type="v1/insights/droplet/other"),
    ]
    assert seen(policies=policies).alerts == (
        AlertPolicy(kind="cpu", enabled=True, compare="GreaterThan", threshold=90, recipients=2),
        AlertPolicy(kind="load_1", enabled=False, compare="LessThan", threshold=90, recipients=2),
        AlertPolicy(kind="disk_utilization_percent", enabled=True, compare="GreaterThan", threshold=None, recipients=0),
    )


def test_copies_and_volumes() -> None:
    """A snapshot of the droplet does not hold its volumes, and one of 0 GB holds nothing; times without a zone are UTC."""
    found = seen(
        settings=DigitalOceanSettings(volume=True),
        snapshots=[
            {"created_at": "2026-01-02T03:04:05Z", "size_gigabytes": 2.34},
            {"created_at": "2026-01-04T00:00:00Z", "size_gigabytes": 0},
            {"created_at": "yesterday"},
            {"created_at": 7},
        ],
        backups=[{"created_at": "2026-01-03T00:00:00"}],
    )
    assert found.copies == (datetime(2026, 1, 3, tzinfo=UTC), datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert found.volumes == (Volume(id=VOLUME, newest_snapshot=None),)


@pytest.mark.parametrize(
    ("changes", "fact", "scope"),
    [
        ({"image": None}, "image", "image:read"),
        ({"tags": None}, "alerts_by_tag", "tag:read"),
        ({"volume_ids": None}, "volumes", "block_storage:read"),
        ({"networks": None}, "addresses", ""),
    ],
)
def test_what_the_token_is_not_shown_is_not_absent(changes: Json, fact: str, scope: str) -> None:
    """A field that is null for want of a scope would be told as "built from no image", or "nobody is told"."""
    (unread,) = seen(droplet=droplet(**changes)).unread
    assert unread.fact == fact
    assert scope in unread.hint


def test_volumes_need_a_scope_of_their_own() -> None:
    """Without it nobody knows whether a volume has a copy."""
    refused = {f"/v2/volumes/{VOLUME}/snapshots": Answer(status=403, document={"id": "Forbidden"})}
    found = asked(droplet_of, digitalocean(DigitalOceanSettings(volume=True), refused))
    (unread,) = found.unread
    assert (unread.fact, found.volumes) == ("volumes", ())
    assert "block_storage_snapshot:read" in unread.hint


def test_tags_matter_only_where_policies_go_by_them() -> None:
    """A narrow token is enough where policies name the droplet."""
    by_number = [policy(entities=[str(DROPLET)])]
    assert seen(droplet=droplet(tags=None), policies=by_number).unread == ()


def test_a_droplet_that_is_gone_is_evidence() -> None:
    """DigitalOcean's own word for it is an answer; a droplet of another number is none."""
    assert not seen(
        settings=DigitalOceanSettings(exists=False), droplet=Answer(status=404, document={"id": "not_found"})
    ).found
    with pytest.raises(Unobserved, match=f"gave no droplet {DROPLET}"):
        seen(droplet=droplet(id=7))
    with pytest.raises(Unobserved, match=f"gave no droplet {DROPLET}"):
        seen(droplet=Answer(document={"droplet": {}}))


def test_scopes_of_the_hint_are_those_that_are_asked_for() -> None:
    """Who makes a token by our words would be refused."""
    with pytest.raises(Unobserved) as unobserved:
        seen(droplet=Answer(status=401))
    named = unobserved.value.hint
    missing = [scope for scope in SCOPES if scope.partition(":")[0] not in named]
    assert sorted(missing) == ["load_balancer:read", "reserved_ip:read"], "needed for some accounts only"
