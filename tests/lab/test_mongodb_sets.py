"""Replica sets as they are in the field: members that may not become primary, that stay behind on purpose, that build."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import WriteConcern
from pymongo.collection import Collection
from pymongo.errors import WTimeoutError

from tests.checks.conftest import Judge
from tests.lab.mongo_server import DATABASE, PASSWORD, Client, administrator, replica_set, until, with_users
from tests.lab.test_mongodb import ENOUGH, Lab, agrees, by_password, verdicts

pytestmark = [
    pytest.mark.whole,
    # The driver drops a connection in mid-handshake when it is closed, and leaves the socket to the garbage collector.
    pytest.mark.filterwarnings("ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"),
]
NO_VOICE = {"priority": 0, "votes": 0}
DELAYED = {"priority": 0, "hidden": True, "secondaryDelaySecs": 3600}


def at_once(client: Client) -> Collection[dict[str, Any]]:
    """A collection whose writes wait for no other member."""
    return client[DATABASE].get_collection("things", write_concern=WriteConcern(1))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Three members."""
    with replica_set(3) as (ports, files):
        yield ports, files, with_users(ports, files, stepping=tmp_path_factory.mktemp("client"))


@contextmanager
def configured(lab: Lab, *others: dict[str, Any]) -> Iterator[Client]:
    """The second and the third member with these settings, and as they were afterwards."""
    with administrator(lab[0][0], lab[1], f"admin:{PASSWORD}@") as client:

        def set_members(*settings: dict[str, Any]) -> None:
            config = client.admin.command("replSetGetConfig")["config"]
            usual = {"priority": 1, "votes": 1, "hidden": False, "secondaryDelaySecs": 0}
            for member, changed in zip(config["members"][1:], settings, strict=True):
                member.update({**usual, **changed})
            config["version"] += 1
            client.admin.command("replSetReconfig", config, force=True)
            until(client, lambda: all(member["state"] in {1, 2} for member in states(client)))

        set_members(*others)
        try:
            yield client
        finally:
            set_members({}, {})


def states(client: Client) -> list[dict[str, Any]]:
    """What the set says of each member."""
    members: list[dict[str, Any]] = client.admin.command("replSetGetStatus")["members"]
    return members


@pytest.mark.parametrize(
    ("others", "least", "expected"),
    [
        (({}, {}), 3, ""),
        ((NO_VOICE, NO_VOICE), 2, "has 1 member that may become primary; 2 are expected"),
        (({}, NO_VOICE), 2, ""),
        (({}, NO_VOICE), 3, "has 2 members that may become primary; 3 are expected"),
        (({}, DELAYED), 2, ""),
        ((NO_VOICE, {**DELAYED, "votes": 0}), 2, "has 1 member that may become primary"),
        (({}, {"priority": 0, "hidden": True}), 2, ""),
    ],
)
def test_members_that_may_become_primary(
    judge: Judge, lab: Lab, others: tuple[dict[str, Any], ...], least: int, expected: str
) -> None:
    """Data that nobody may take over is a backup; what stays behind on purpose does not lag."""
    with configured(lab, *others) as client:
        at_once(client).insert_one({"late": True})
        declared = {**ENOUGH, "members": least}
        found = verdicts(judge, lab, by_password(lab, "app"), by_password(lab, "monitor"), **declared)
    assert agrees(expected, found.pop("mongo-members", ""))
    assert found == {}


def test_majority_that_waits_for_a_delayed_member(judge: Judge, lab: Lab) -> None:
    """Its vote counts, and it will take the write in an hour."""
    with configured(lab, NO_VOICE, DELAYED) as client:
        at_once(client).insert_one({"late": True})
        found = verdicts(judge, lab, by_password(lab, "app"), by_password(lab, "monitor"), **ENOUGH)
    assert "could not be written by majority: waiting for replication timed out" in found.pop("mongo-majority-write")
    assert found == {}


WRITES = [
    (None, "", ""),
    (None, "&w=1", "w=1, by the service's own URL; 2 members are a majority"),
    (None, "&w=2", ""),
    (None, "&journal=true", "w=1, by the service's own URL"),
    (None, "&wTimeoutMS=5000", "w=1, by the service's own URL"),
    (None, "&w=racks", "ERROR it is not known whether w=racks, by the service's own URL"),
    ({"w": 1}, "", "w=1, by setDefaultRWConcern; 2 members are a majority"),
    ({"w": 3}, "&journal=true", "w=1, by the service's own URL"),
    ({"w": 1}, "&w=majority", ""),
    ({"w": "majority"}, "&w=1", "w=1, by the service's own URL"),
    ({"w": 2}, "", ""),
]


def test_write_concern_that_holds(judge: Judge, lab: Lab) -> None:
    """The URL's own goes first, then what somebody set for the cluster, then what follows from the members."""
    with administrator(lab[0][0], lab[1], f"admin:{PASSWORD}@") as client:
        for default, options, expected in sorted(WRITES, key=lambda case: case[0] is not None):
            if default is not None:
                client.admin.command("setDefaultRWConcern", defaultWriteConcern=default)
            found = verdicts(judge, lab, by_password(lab, "app", options), by_password(lab, "monitor"), **ENOUGH)
            assert agrees(expected, found.pop("mongo-write-concern", "")), (default, options)
            assert found == {}, (default, options)
        # Once set it cannot be taken back, and the other tests know of none.
        client.admin.command("setDefaultRWConcern", defaultWriteConcern={"w": "majority"})


def test_option_of_writes_without_w_asks_no_default(lab: Lab) -> None:
    """The rule that the row above rests on, at the server itself: nobody waits for the members that are stuck."""
    with ExitStack() as stack:
        primary, *others = (stack.enter_context(administrator(port, lab[1], f"admin:{PASSWORD}@")) for port in lab[0])
        for other in others:
            other.admin.command("fsync", lock=True)
            stack.callback(other.admin.command, "fsyncUnlock")
        things = primary[DATABASE]["things"]
        with pytest.raises(WTimeoutError):
            things.with_options(write_concern=WriteConcern("majority", wtimeout=500)).insert_one({})
        assert things.with_options(write_concern=WriteConcern(j=True, wtimeout=500)).insert_one({}).acknowledged


def _caught_up(primary: dict[str, Any], secondary: dict[str, Any], arbiter: dict[str, Any]) -> bool:
    healthy = [member["state"] for member in (primary, secondary, arbiter)] == [1, 2, 7]
    return healthy and primary["optime"] == secondary["optime"]


def test_arbiter_takes_the_majority_out_of_the_default(judge: Judge, tmp_path: Path) -> None:
    """Two members with data and an arbiter: MongoDB itself asks for one member only."""
    with replica_set(3, arbiter=True) as (ports, files):
        lab = ports, files, with_users(ports, files, stepping=tmp_path)
        with administrator(ports[0], files, f"admin:{PASSWORD}@") as client:
            # The users too were written with w=1: whoever asks the second member at once may find none of them there.
            until(client, lambda: _caught_up(*states(client)))
        found = verdicts(judge, lab, by_password(lab, "app"), by_password(lab, "monitor"), **ENOUGH)
    assert "w=1, by MongoDB's own default for these members" in found.pop("mongo-write-concern")
    assert found == {}


def test_reads_that_only_a_primary_may_answer(judge: Judge, lab: Lab) -> None:
    """Some of the runs would ask a secondary, and take its refusal for missing rights."""
    url = by_password(lab, "app", "&readConcernLevel=linearizable&readPreference=primary")
    for _ in range(4):
        assert verdicts(judge, lab, url, by_password(lab, "monitor"), **ENOUGH) == {}


def test_index_that_waits_for_a_member(judge: Judge, lab: Lab) -> None:
    """It is listed as all others are, and no query uses it."""
    ports, files, _ = lab
    wanted = {"collection": "queue", "keys": ["slow"], "unique": True}

    def indexes() -> str:
        declared = {**ENOUGH, "indexes": [wanted]}
        found = verdicts(judge, lab, by_password(lab, "app"), by_password(lab, "monitor"), **declared)
        return found.get("mongo-indexes", "")

    with (
        administrator(ports[0], files, f"admin:{PASSWORD}@") as client,
        administrator(ports[2], files, f"admin:{PASSWORD}@") as stuck,
    ):
        client[DATABASE]["queue"].insert_many([{"slow": number} for number in range(100)])
        stuck.admin.command("fsync", lock=True)
        building = threading.Thread(
            target=client[DATABASE]["queue"].create_index, args=("slow",), kwargs={"unique": True}
        )
        building.start()
        try:
            listed = client[DATABASE]["queue"].index_information
            until(client, lambda: "slow_1" in listed())
            assert "queue.slow is still being built" in indexes()
        finally:
            stuck.admin.command("fsyncUnlock")
            building.join()
    assert indexes() == ""


def test_server_without_a_set(judge: Judge, tmp_path: Path) -> None:
    """It takes every write, and nobody has what it loses."""
    with replica_set(1, alone=True) as (ports, files):
        lab = ports, files, with_users(ports, files, stepping=tmp_path)
        url, monitor = (by_password(lab, user).replace("replicaSet=rs0&", "") for user in ("app", "monitor"))
        found = verdicts(judge, lab, url, monitor, **ENOUGH)
    assert "is not a member of a replica set: its data has no copy" in found["mongo-primary"]
    assert "not running with --replSet" in found["mongo-status-readable"]
