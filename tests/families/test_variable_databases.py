"""Which database a URL leads to, whoever logs in: spellings of one place, and places that only look alike."""

import asyncio
from itertools import product
from pathlib import Path

import pytest

from gonogo.evidence.variables import Shared
from gonogo.families.variables.databases import database_of, is_one_host, may_be_one
from gonogo.families.variables.probe import VariableDifferenceQuestion, probe_variable_difference

ONE_PLACE = {
    "mongodb": (
        "mongodb://app:a-1@db.example.com/work",
        "mongodb://other:b%40c@DB.example.com:27017/work?tls=true",
        "mongodb://x:y@elsewhere.example.com:1,db.example.com./work",
    ),
    "srv": ("mongodb+srv://a:b@c0.example.net/work", "mongodb+srv://c:d@c0.example.net/work?retryWrites=true"),
    "atlas": (
        "mongodb+srv://a:b@prod.ab1cd.mongodb.net/work",
        "mongodb+srv://c:d@prod-pri.ab1cd.mongodb.net/Work",
        "mongodb+srv://c:d@prod-pl-0.ab1cd.mongodb.net/work",
        "mongodb://c:d@prod-shard-00-00.ab1cd.mongodb.net:27017,prod-shard-00-01.ab1cd.mongodb.net:27017/work?tls=true",
    ),
    "atlas of staging": ("mongodb+srv://a:b@staging.ab1cd.mongodb.net/work",),
    "unnamed": ("mongodb://db.example.com", "mongodb://a:b@db.example.com/test", "mongodb://db.example.com?tls=true"),
    "sql": ("postgresql://a:b@[2606:2800:220:1::1]:5432/work", "postgres+asyncpg://c@[2606:2800:220:1::1]/work"),
    "mysql": ("mysql://a:b@db.example.com:3306/work", "mariadb+pymysql://c:d@db.example.com/work"),
}
NONE = ("", "redis://db.example.com/0", "postgresql://db.example.com/", "postgresql://[::1", "db.example.com/work")


def test_spellings_of_one_place_meet_and_no_others() -> None:
    """Another user, port as usual, capitals, options and further members are the same database; another kind is not."""
    urls = [(place, url) for place, several in ONE_PLACE.items() for url in several]
    for (place, url), (other_place, other) in product(urls, urls):
        assert bool(database_of(url) & database_of(other)) == (place == other_place), (url, other)


@pytest.mark.parametrize(
    ("first", "other", "maybe"),
    [
        ("mongodb+srv://c0.example.net/work", "mongodb://m1.example.net,m2.example.net/work", True),
        ("mongodb://ac-x1-shard-00-00.ab1cd.mongodb.net/work", "mongodb+srv://prod.ab1cd.mongodb.net/work", True),
        ("mongodb+srv://prod.ab1cd.mongodb.net/work", "mongodb://staging-shard-00-00.ab1cd.mongodb.net/work", False),
        ("mongodb+srv://prod.ab1cd.mongodb.net/work", "mongodb+srv://staging.ab1cd.mongodb.net/work", False),
        ("mongodb+srv://c0.example.net/work", "mongodb://m1.example.net/other", False),
        ("mongodb+srv://c0.example.net/work", "", False),
    ],
)
def test_hosts_and_a_record_of_one_domain_may_be_one(first: str, other: str, *, maybe: bool) -> None:
    """Whether the record names these hosts is not asked; members of Atlas' older clusters name theirs."""
    assert may_be_one(database_of(first), database_of(other)) is maybe
    assert not database_of(first) & database_of(other)


@pytest.mark.parametrize("url", NONE)
def test_no_url_of_a_database_leads_nowhere(url: str) -> None:
    """Nothing is compared with nothing."""
    assert database_of(url) == frozenset()


@pytest.mark.parametrize("host", ["localhost", "mongo", "10.0.0.5", "127.0.0.1", "::1", "db.internal", "a.localhost"])
def test_host_that_each_network_has_is_not_one(host: str) -> None:
    """Two compose files have a service mongo each."""
    assert not is_one_host(host)
    assert is_one_host("db.example.com")


def test_two_files_of_one_database(tmp_path: Path) -> None:
    """One that is known to be one, and one of which nobody can say; nothing of a URL is kept."""
    for name, user in (("a", "one"), ("b", "two")):
        lines = f"MONGO_URL=mongodb://{user}:never-shown-{name}@db.example.com/work\n"
        record = "+srv://c" if name == "a" else "://m1"
        other = f"OTHER=mongodb://{user}:never-shown@mongo/work\nTHIRD=mongodb{record}.example.net/work\n"
        (tmp_path / name).write_text(lines + other)
    asked = VariableDifferenceQuestion(
        files={name: (str(tmp_path / name), "dotenv") for name in "ab"},
        names=(),
        databases=("MONGO_URL", "OTHER", "THIRD"),
    )
    seen = asyncio.run(probe_variable_difference(asked))
    assert seen.databases == (Shared(name="MONGO_URL", files=("a", "b")),)
    assert seen.untold == ("OTHER", "THIRD")
    assert "never-shown" not in repr(seen)


def test_one_secret_under_two_names(tmp_path: Path) -> None:
    """Whoever pastes the other environment's key into another variable shares it all the same."""
    (tmp_path / "a").write_text("SECRET_KEY=never-shown-1\nREDIS_PASSWORD=never-shown-2\n")
    (tmp_path / "b").write_text("SECRET_KEY=never-shown-3\nREDIS_PASSWORD=never-shown-1\n")
    asked = VariableDifferenceQuestion(
        files={name: (str(tmp_path / name), "dotenv") for name in "ab"}, names=("SECRET_KEY", "REDIS_PASSWORD")
    )
    seen = asyncio.run(probe_variable_difference(asked))
    assert seen.shared == (Shared(name="SECRET_KEY of the one, as REDIS_PASSWORD of the other,", files=("a", "b")),)
    assert "never-shown" not in repr(seen)
