"""The database at MongoDB Atlas: what was ordered, who gets in, what is kept, and who is told."""

from datetime import datetime, timedelta

import pytest

from gonogo.base.durations import format_duration
from gonogo.environment.model import Environment
from gonogo.evidence.providers import AtlasEvidence
from gonogo.families.atlas.section import Atlas

_TOO_MUCH = {"atlasAdmin", "root", "readWriteAnyDatabase", "dbAdminAnyDatabase", "userAdminAnyDatabase"}
_WORLD = {"0.0.0.0/0", "::/0"}


@pytest.mark.check("atlas-cluster")
def test_cluster_is_the_one_that_was_ordered(atlas: AtlasEvidence, environment: Environment) -> None:
    """Another size fails under load; another region is an ocean away from the service.

    Fix: Atlas → Clusters → Edit configuration; or correct [atlas] in the environment file. A state other than IDLE ends
    by itself, or has a message in the activity feed.
    """
    declared = _section(environment)
    assert atlas.found, f"Atlas has no cluster {atlas.cluster} in project {declared.project}"
    assert atlas.state == "IDLE", f"{atlas.cluster} is {atlas.state or 'in no state'}, not IDLE"
    assert atlas.sizes == (declared.size,), f"{atlas.cluster} has nodes of {_list(atlas.sizes)}, not {declared.size}"
    assert atlas.regions == (declared.region,), f"{atlas.cluster} is in {_list(atlas.regions)}, not {declared.region}"


@pytest.mark.check("atlas-users")
def test_database_users_may_do_what_they_need_only(atlas: AtlasEvidence) -> None:
    """A service that may do everything loses everything with one leaked password.

    Fix: Database Access → Edit: readWrite on the service's own database. People administrate through Atlas itself.
    """
    assert atlas.users, f"{atlas.cluster}: there is no database user"
    wrong = [
        f"{user.name} is {role}" for user in atlas.users for role in user.roles if role.partition("@")[0] in _TOO_MUCH
    ]
    assert not wrong, f"{atlas.cluster}: {', '.join(wrong)}"


@pytest.mark.check("atlas-access-list")
def test_only_the_servers_reach_the_database(atlas: AtlasEvidence, environment: Environment) -> None:
    """0.0.0.0/0 is added for a minute, to see whether it helps, and stays.

    Fix: Network Access: delete the entry that is named here; declare in atlas.access what has to be there.
    """
    declared = set(_section(environment).access)
    world = sorted(_WORLD.intersection(atlas.access))
    assert not world, f"{atlas.cluster}: the whole internet may connect ({', '.join(world)})"
    foreign = sorted(set(atlas.access) - declared)
    assert not foreign, f"{atlas.cluster}: who may connect and is not declared: {', '.join(foreign)}"
    missing = sorted(declared - set(atlas.access))
    assert not missing, f"{atlas.cluster}: who is declared and may not connect: {', '.join(missing)}"


@pytest.mark.check("atlas-backup")
def test_backups_are_made(atlas: AtlasEvidence, environment: Environment) -> None:
    """The newest complete snapshot is the most that can be saved.

    Fix: Clusters → Backup: switch it on, with a daily policy; take one on demand before the release is deployed.
    """
    assert atlas.backup_enabled, f"{atlas.cluster}: backup is off"
    _young(
        f"{atlas.cluster}: the newest complete snapshot",
        atlas.newest_snapshot,
        atlas,
        _section(environment).snapshot_age,
    )


@pytest.mark.check("atlas-restore")
def test_a_restore_was_tried(atlas: AtlasEvidence, environment: Environment) -> None:
    """A backup that nobody ever restored is a hope.

    Fix: Clusters → Backup → Restore, into another cluster; look at the data there.
    """
    _young(
        f"{atlas.cluster}: the last restore that worked", atlas.newest_restore, atlas, _section(environment).restore_age
    )


@pytest.mark.check("atlas-alerts")
def test_somebody_is_told_of_the_database(atlas: AtlasEvidence) -> None:
    """Atlas sees it first when a node is lost, or connections run out.

    Fix: Project → Alerts → Add: at least one that is on, with a recipient.
    """
    telling = [alert for alert in atlas.alerts if alert.enabled and alert.recipients]
    assert telling, f"{atlas.cluster}: no alert that is on reaches anybody"


def _section(environment: Environment) -> Atlas:
    return environment.require(Atlas)


def _young(what: str, at: datetime | None, atlas: AtlasEvidence, allowed: timedelta) -> None:
    assert at is not None, f"{what}: there is none"
    age = atlas.taken_at - at
    assert age <= allowed, f"{what} is {format_duration(age)} old, {format_duration(allowed)} are allowed"


def _list(words: tuple[str, ...]) -> str:
    return ", ".join(words) or "nothing"
