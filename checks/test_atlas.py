"""The database at MongoDB Atlas: what was ordered, who gets in, what is kept, and who is told."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from gonogo.base.comparing import above, at_least, at_most, equal, nothing, shown, so, there
from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.atlas import AtlasEvidence, DatabaseUser, Region
from gonogo.evidence.atlas import at_least as is_as_large
from gonogo.evidence.atlas_roles import collections_written, is_of_another_database, may_write, too_much
from gonogo.evidence.networks import Network, covered, is_everybody, networks
from gonogo.families.atlas.section import Atlas
from gonogo.families.mongodb.section import MongoDb

_UNAVAILABLE = {"CREATING", "DELETING", "DELETED"}
"""In all other states a cluster has a primary and takes connections (Atlas Admin API)."""
_MAJORITY = 3
_BY_THEMSELVES = {"hourly", "daily"}
_BY_HAND = "onDemand"
_A_DAY_LATE = timedelta(hours=26)
"""After so long the daily snapshot of the day after is complete as well."""
_TESTED_BY = {"automated", "pointInTime"}
_CLOCKS_DIFFER_BY, _EXPIRES_SOON = timedelta(minutes=5), timedelta(hours=1)


@pytest.mark.check("atlas-cluster")
def test_cluster_is_the_one_that_was_ordered(atlas: AtlasEvidence, environment: Environment) -> None:
    """A smaller size fails under load, another region is far from the service, and one node is not a replica set.

    Fix: Atlas → Clusters → Edit configuration, or Resume; or correct [atlas] in the environment file.
    """
    declared = _section(environment)
    where = f"project {declared.project}"
    missing = where if "GROUP" in atlas.problem else f"cluster {atlas.cluster} in {where}"
    assert so(atlas.found, "cluster", "found", "not found"), f"Atlas has no {missing}"
    assert so(atlas.paused is not True, "cluster now", "not paused", "paused"), (
        f"{atlas.cluster} is paused: it accepts no connections"
    )
    assert there(atlas.state or None, "state of the cluster"), f"Atlas does not say in which state {atlas.cluster} is"
    assert shown(atlas.state not in _UNAVAILABLE, "state", atlas.state, "one that takes connections"), (
        f"{atlas.cluster} is {atlas.state}: in this state it accepts no connections"
    )
    sizes = sorted({region.size for region in atlas.regions})
    small = [size for size in sizes if not is_as_large(size, declared.size)]
    assert at_least(len(sizes), 1, "sizes of nodes"), f"{atlas.cluster} has no nodes"
    assert shown(not small, "size of the nodes", sizes, f"{declared.size} or larger"), (
        f"{atlas.cluster} has nodes of {', '.join(sizes)}, not {declared.size}"
    )
    _must_have_a_majority(atlas)
    _must_be_in(declared.region, atlas)


@pytest.mark.check("atlas-settled")
def test_cluster_is_as_it_was_ordered(atlas: AtlasEvidence, environment: Environment) -> None:
    """A cluster that is being changed or repaired elects a new primary now and then; one larger than ordered costs more.

    Fix: wait until its state is IDLE; the activity feed shows what it is doing. If it was enlarged, correct atlas.size.
    """
    size = _section(environment).size
    assert equal(atlas.state, "IDLE", "state"), f"{atlas.cluster} is {atlas.state}"
    larger = sorted({region.size for region in atlas.regions if region.size != size and not region.scales_to})
    assert nothing(larger, f"nodes of another size than {size}"), (
        f"{atlas.cluster} has nodes of {', '.join(larger)}; {size} was ordered"
    )


@pytest.mark.check("atlas-connection")
def test_service_connects_to_this_cluster(atlas: AtlasEvidence) -> None:
    """The other checks prove nothing if the service stores its data in another cluster than the declared one.

    Fix: copy the connection string again from Clusters → Connect, or correct atlas.cluster.
    """
    if not atlas.service_hosts:
        raise Unobserved("the service's connection string names no host", hint="declare mongodb.url")
    if not atlas.hosts:
        raise Unobserved(f"Atlas does not name the hosts of {atlas.cluster}")
    foreign = sorted(set(atlas.service_hosts) - set(atlas.hosts))
    assert nothing(foreign, "hosts of another cluster", of=len(atlas.service_hosts)), (
        f"the service connects to {', '.join(foreign)}; the hosts of {atlas.cluster} are {', '.join(atlas.hosts)}"
    )


@pytest.mark.check("atlas-users")
def test_database_users_may_do_what_they_need_only(atlas: AtlasEvidence, environment: Environment) -> None:
    """A service that may do everything loses everything with one leaked password.

    Fix: Database Access → Edit: readWrite on the service's own database for the service's user, read or clusterMonitor
    for others; restrict a user of another cluster to it. Declare users that need more in atlas.users. People
    administer the cluster through Atlas itself.
    """
    atlas.require("users")
    section, declared = environment.section(MongoDb), _section(environment).users
    database = section.database if section else None
    assert at_least(len(atlas.users), 1, "database users"), f"{atlas.cluster}: there is no database user"
    permitted = {user.name: frozenset(declared.get(user.name, ())) for user in atlas.users}
    wrong = [fault for user in atlas.users for fault in too_much(user, database, permitted[user.name])]
    assert nothing(wrong, "rights beyond what is needed", of=len(atlas.users)), f"{atlas.cluster}: {', '.join(wrong)}"
    _one_writer(atlas, database, {name for name, roles in permitted.items() if roles})
    _resolved(atlas, permitted)


@pytest.mark.check("atlas-users-elsewhere")
def test_database_users_are_of_this_service(atlas: AtlasEvidence, environment: Environment) -> None:
    """Users of other databases that may log in to this cluster share its connections and its disk.

    Fix: Database Access → Edit → Restrict access to specific clusters; or declare them in atlas.users.
    """
    atlas.require("users")
    section, declared = environment.section(MongoDb), _section(environment).users
    if section is None:
        return
    database = section.database
    foreign = [
        f"{user.name} is {role}"
        for user in atlas.users
        for role in user.roles
        if is_of_another_database(role, database) and role not in declared.get(user.name, ())
    ]
    assert nothing(foreign, "users of other databases", of=len(atlas.users)), f"{atlas.cluster}: {', '.join(foreign)}"


@pytest.mark.check("atlas-access-list")
def test_only_the_servers_reach_the_database(atlas: AtlasEvidence, environment: Environment) -> None:
    """Somebody adds 0.0.0.0/0 for a minute as a test, and it stays; temporary access ends before the launch.

    Fix: Network Access: delete the entry that is named here, or make it permanent; declare in atlas.access what has to
    be there.
    """
    atlas.require("access")
    listed, others = networks(entry.network for entry in atlas.access)
    assert so(not is_everybody(listed), "whole internet may connect", "no", "yes"), (
        f"{atlas.cluster}: the whole internet may connect ({', '.join(entry.network for entry in atlas.access)})"
    )
    declared, _ = networks(_section(environment).access)
    foreign = [*_shown(network for network in listed if not covered(network, declared)), *sorted(others)]
    assert nothing(foreign, "networks that are not declared", of=len(atlas.access)), (
        f"{atlas.cluster}: these may connect and are not declared: {', '.join(foreign)}"
    )
    missing = _shown(network for network in declared if not covered(network, listed))
    assert nothing(missing, "declared networks that may not connect"), (
        f"{atlas.cluster}: these are declared and may not connect: {', '.join(missing)}"
    )
    lasting, _ = networks(entry.network for entry in atlas.access if entry.ends_at is None)
    ending = [
        f"{entry.network} ends {_clock(entry.ends_at)}"
        for entry in atlas.access
        if entry.ends_at is not None and not all(covered(network, lasting) for network in networks([entry.network])[0])
    ]
    assert nothing(ending, "access that ends"), f"{atlas.cluster}: access is temporary: {', '.join(ending)}"


@pytest.mark.check("atlas-backup")
def test_backups_are_made(atlas: AtlasEvidence, environment: Environment) -> None:
    """A restore can only return to the newest complete snapshot, and only a schedule that works makes the next one.

    Fix: Clusters → Backup: switch it on, with a daily policy; take one on demand before the release is deployed. If the
    schedule's own snapshots fail, the activity feed says why.
    """
    assert so(atlas.backup_enabled, "backup", "on", "off"), f"{atlas.cluster}: backup is off"
    atlas.require("schedule")
    scheduled = _BY_THEMSELVES.intersection(atlas.schedule)
    assert shown(scheduled, "snapshots by themselves", atlas.schedule, "hourly or daily"), (
        f"{atlas.cluster}: no snapshot is scheduled every hour or every day; the schedule has "
        f"{', '.join(atlas.schedule) or 'nothing'}"
    )
    atlas.require("snapshots")
    complete = [
        snapshot
        for snapshot in atlas.snapshots
        if snapshot.status == "completed" and (snapshot.expires_at is None or snapshot.expires_at > atlas.taken_at)
    ]
    allowed = _section(environment).snapshot_age
    _young(f"{atlas.cluster}: the newest complete snapshot", [one.at for one in complete], atlas, allowed)
    if not any(snapshot.kind != _BY_HAND for snapshot in atlas.snapshots):
        raise Unobserved(
            f"{atlas.cluster}: the schedule has made no snapshot yet; all that there is was taken by hand",
            hint="wait for the first one",
        )
    by_itself = [snapshot.at for snapshot in complete if snapshot.kind != _BY_HAND]
    _young(
        f"{atlas.cluster}: the newest complete snapshot of the schedule", by_itself, atlas, max(allowed, _A_DAY_LATE)
    )


@pytest.mark.check("atlas-backup-kept")
def test_newest_backup_is_kept(atlas: AtlasEvidence) -> None:
    """A snapshot that is deleted within the hour cannot be restored in the second hour.

    Fix: Clusters → Backup → Backup Policy: keep snapshots for days; take one on demand that is kept.
    """
    atlas.require("snapshots")
    complete = [snapshot for snapshot in atlas.snapshots if snapshot.status == "completed"]
    ends = [snapshot.expires_at for snapshot in complete if snapshot.expires_at is not None]
    if len(ends) < len(complete) or not ends:
        return
    assert above(max(ends) - atlas.taken_at, _EXPIRES_SOON, "newest snapshot is kept for"), (
        f"{atlas.cluster}: the last of its snapshots is deleted at {_clock(max(ends))}"
    )


@pytest.mark.check("atlas-point-in-time")
def test_any_moment_can_be_restored(atlas: AtlasEvidence) -> None:
    """Without continuous backup, all that was written since the newest snapshot is lost.

    Fix: Clusters → Backup → Backup Policy: switch continuous cloud backup on.
    """
    assert shown(atlas.point_in_time is not False, "continuous backup", atlas.point_in_time, "not off"), (
        f"{atlas.cluster}: continuous backup (point in time) is off"
    )


@pytest.mark.check("atlas-termination")
def test_cluster_is_protected_from_termination(atlas: AtlasEvidence) -> None:
    """One wrong click, or one wrong plan of a tool, deletes the cluster with all its data.

    Fix: Clusters → Edit configuration → Additional settings: switch termination protection on.
    """
    assert shown(atlas.termination_protected is not False, "protection", atlas.termination_protected, "not off"), (
        f"{atlas.cluster}: termination protection is off"
    )


@pytest.mark.check("atlas-restore")
def test_a_restore_was_tried(atlas: AtlasEvidence, environment: Environment) -> None:
    """A backup that nobody has restored may not work. Downloading it restores nothing.

    Fix: Clusters → Backup → Restore, into another cluster; look at the data there.
    """
    atlas.require("restores")
    worked = [restore for restore in atlas.restores if restore.worked]
    tried = [restore.at for restore in worked if restore.delivery in _TESTED_BY]
    others = sorted({restore.delivery for restore in worked})
    assert shown(tried or not others, "ways of restoring", others, "into a cluster"), (
        f"{atlas.cluster}: nothing was restored into a cluster, only {', '.join(others)}"
    )
    _young(f"{atlas.cluster}: the last restore that worked", tried, atlas, _section(environment).restore_age)


def _section(environment: Environment) -> Atlas:
    return environment.require(Atlas)


def _must_be_in(region: str, atlas: AtlasEvidence) -> None:
    """Fail unless the primary of every shard is, by priority, in the region."""
    preferred = sorted({_preferred(regions).name for regions in atlas.shards})
    if "" in preferred:
        raise Unobserved(f"Atlas does not say in which region {atlas.cluster} is")
    assert equal(preferred, [region], "region of the primary"), (
        f"{atlas.cluster} is in {', '.join(preferred) or 'no region'}, not {region}"
    )


def _must_have_a_majority(atlas: AtlasEvidence) -> None:
    for regions in atlas.shards:
        if all(region.shared for region in regions):
            continue
        counts = [region.nodes for region in regions if region.nodes is not None]
        if len(counts) < len(regions):
            raise Unobserved(f"Atlas does not say how many electable nodes {atlas.cluster} has")
        assert at_least(sum(counts), _MAJORITY, "electable nodes"), (
            f"{atlas.cluster} has {sum(counts)} electable {'node' if sum(counts) == 1 else 'nodes'}; a majority that "
            f"survives the loss of one needs {_MAJORITY}"
        )


def _one_writer(atlas: AtlasEvidence, database: str | None, declared: set[str]) -> None:
    """Fail unless the service's user may write, for as long as it is needed, and nobody else who is not declared."""
    partly = [user for user in atlas.users if collections_written(user, database) and not may_write(user, database)]
    writers = [user for user in atlas.users if may_write(user, database) or (user in partly and user.name in declared)]
    unclear = [user.name for user in atlas.users if user.unresolved]
    service = [user for user in atlas.users if user.is_service]
    place = database or "any database"
    assert so(service or not atlas.service_user, "service's user", "may log in, or not known", "may not log in"), (
        f"{atlas.cluster}: the service's user {atlas.service_user} may not log in to this cluster"
    )
    _not_only_some_collections([user for user in service or partly if user not in writers], writers, database, atlas)
    if not unclear:
        assert at_least(len(writers), 1, "users who may write"), f"{atlas.cluster}: nobody may read and write {place}"
        may = not service or any(user.is_service for user in writers)
        assert so(may, "service's user, if it is known", "may read and write", "may not"), (
            f"{atlas.cluster}: the service's user {service[0].name} may not read and write {place}"
        )
    others = [
        user.name
        for user in atlas.users
        if user in (*writers, *partly) and not user.is_service and user.name not in declared
    ]
    if not service and len(others) > 1:
        raise Unobserved(
            f"{atlas.cluster}: it is not known which of {', '.join(others)} is the service's user",
            hint="the service's connection string names none of them; declare the others in atlas.users",
        )
    assert not service or nothing(others, "other users who may write"), (
        f"{atlas.cluster}: beside the service's user, {', '.join(others)} may write {place}"
    )
    ending = [user for user in service or writers if user.ends_at is not None]
    assert nothing([user.name for user in ending], "temporary users"), (
        f"{atlas.cluster}: the user {ending[0].name} is temporary, and ends {ending[0].ends_at:%Y-%m-%d %H:%M} UTC"
    )


def _not_only_some_collections(
    users: list[DatabaseUser], writers: list[DatabaseUser], database: str | None, atlas: AtlasEvidence
) -> None:
    """Whether a few collections are enough for the service, only its owner knows. Raises Unobserved."""
    limited = {user.name: written for user in users if (written := collections_written(user, database))}
    if limited and (not writers or any(user.is_service for user in users)):
        name, written = next(iter(limited.items()))
        raise Unobserved(
            f"{atlas.cluster}: {name} may write only {', '.join(written)}; it is not known whether the service needs more",
            hint=f"declare its roles in atlas.users, as readWrite@{written[0]}, if that is all that it needs",
        )


def _resolved(atlas: AtlasEvidence, permitted: dict[str, frozenset[str]]) -> None:
    unclear = [
        f"{user.name} is {role}" for user in atlas.users for role in user.unresolved if role not in permitted[user.name]
    ]
    if not unclear:
        return
    atlas.require("custom_roles")
    raise Unobserved(
        f"{atlas.cluster}: it is not known what these roles permit: {', '.join(unclear)}",
        hint="Atlas lists no role of that name under Database Access → Custom Roles; declare it in atlas.users",
    )


def _preferred(regions: list[Region]) -> Region:
    return max(regions, key=lambda region: region.priority or 0)


def _shown(several: Iterator[Network]) -> list[str]:
    return sorted(str(network) for network in several)


def _young(subject: str, times: list[datetime], atlas: AtlasEvidence, allowed: timedelta) -> None:
    newest = max(times, default=None)
    assert there(newest, subject.partition(": ")[2]), f"{subject}: there is none"
    age = atlas.taken_at - newest
    if age < -_CLOCKS_DIFFER_BY:
        raise Unobserved(
            f"{subject} is dated {_clock(newest)}, which is in the future", hint="check the clock of this machine"
        )
    assert at_most(age, allowed, f"age of {subject.partition(': ')[2]}"), (
        f"{subject} is {format_duration(age)} old; at most {format_duration(allowed)} is allowed"
    )


def _clock(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
