"""Files of variables of two environments, asked of providers that hold two of everything."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from gonogo.base.errors import Unobserved, UsageError
from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.families.atlas.url import probe_url, url_questions
from gonogo.families.registry import environment_from, read_environment
from gonogo.families.sentry.dsn import dsn_questions, probe_dsn
from gonogo.families.stripe.account_of_key import key_questions, probe_key
from gonogo.families.variables.section import Variables
from reference.accounts import Accounts, new_secrets
from reference.instance import Part
from reference.repository import write_variables
from reference.settings import healthy
from tests.support.ports import closed_port

FILES: Mapping[str, Mapping[str, str]] = {
    "staging": {
        "sentry_project": "workme-api-staging",
        "atlas_cluster": "workme-staging",
        "stripe_account": "acct_1WorkMeStaging",
    },
    "production": {
        "sentry_project": "workme-api",
        "atlas_cluster": "workme-production",
        "stripe_account": "acct_1WorkMeReference",
    },
}


def declared(folder: Path, ports: Mapping[str, int], files: Mapping[str, Any]) -> Environment:
    """An environment with these files, and with the doubles for its providers."""
    login = {"client_id": "ATLAS_CLIENT_ID", "client_secret": "ATLAS_CLIENT_SECRET"}
    atlas = {"project": "65b1f0c2a4d3e5f60718293a", "cluster": "workme-staging", "size": "M10", "region": "SA_EAST_1"}
    sentry = {"dsn": "SENTRY_DSN", "token": "SENTRY_TOKEN", "organization": "workme", "project": "workme-api-staging"}
    keys = {"secret_key": "STRIPE_SECRET_KEY", "publishable_key": "STRIPE_PUBLISHABLE_KEY"}
    stripe = {**keys, "mode": "test", "webhook_secret": "STRIPE_WEBHOOK_SECRET", "webhook": "/hook", "events": ["a.b"]}
    return environment_from(
        {
            "service": {"name": "S", "base_url": "https://a.test"},
            "atlas": {"api": f"http://127.0.0.1:{ports['providers']}", "access": ["127.0.0.1"], **login, **atlas},
            "sentry": {"api": f"http://127.0.0.1:{ports['sentry']}", **sentry},
            "stripe": {"api": f"http://127.0.0.1:{ports['stripe']}", **stripe},
            "variables": {
                "files": {
                    name: {"path": str(folder / f".env.{name}"), "mode": "test", **keys} for name, keys in files.items()
                }
            },
        }
    )


def asked(
    folder: Path, crossed: str = "", files: Mapping[str, Any] = FILES, changed: Mapping[str, str] | None = None
) -> dict[tuple[str, str], Any]:
    """Evidence by kind and environment; ``crossed`` is a variable that staging has of production, in its own mode."""

    async def main() -> dict[tuple[str, str], Any]:
        ports = {"sentry": closed_port(), "providers": closed_port(), "stripe": closed_port()}
        accounts, known = Accounts("staging", ports), new_secrets()
        values = accounts.new_variables("mongodb://app:never-shown-1@localhost:27017/workme", "never-shown-2")
        settings = healthy("staging")
        doubles: list[Part] = [
            accounts.sentry(settings.sentry, values, known["SENTRY_TOKEN"]),
            accounts.machines(settings.ocean, settings.atlas, known),
            accounts.stripe(settings.stripe, values, "https://a.test", address="127.0.0.1", trust=folder / "none.pem"),
        ]
        taken = {crossed: values["production"][crossed].replace("_live_", "_test_")} if crossed else {}
        written = {**values["staging"], **taken, **(changed or {})}
        for name, variables in {**values, "staging": written}.items():
            write_variables(folder, name, variables)
        environment, secrets = declared(folder, ports, files), Secrets({**known, "SENTRY_DSN": "never-shown-3"})
        for double in doubles:
            await double.start()
        try:
            dsns = [await probe_dsn(question) for question in dsn_questions(environment, secrets)]
            urls = [await probe_url(question) for question in url_questions(environment, secrets)]
            keys = [await probe_key(question) for question in key_questions(environment, secrets)]
        finally:
            for double in doubles:
                await double.stop()
        for evidence in (*dsns, *urls, *keys):
            adapter: TypeAdapter[Any] = TypeAdapter(type(evidence))
            recorded = adapter.dump_json(evidence)
            assert adapter.validate_json(recorded) == evidence, "a replay must see the same"
            assert b"never-shown" not in recorded
        kinds = (("dsn", dsns), ("url", urls), ("key", keys))
        return {(kind, each.scope[1]): each for kind, records in kinds for each in records}

    return asyncio.run(main())


def test_each_file_is_held_against_its_own_objects(tmp_path: Path) -> None:
    """Both environments' values lead to what is theirs; the two have nothing in common."""
    seen = asked(tmp_path)
    staging, production = seen["dsn", "staging"], seen["dsn", "production"]
    assert (staging.number, staging.dsn_number, staging.key_known, staging.key_active) == ("4500", "4500", True, True)
    assert (production.number, production.dsn_number, production.key_known) == ("4501", "4501", True)
    urls = {name: (seen["url", name].url_hosts, seen["url", name].hosts) for name in FILES}
    assert urls["staging"] == (("localhost",), ("localhost",))
    assert urls["production"] == (("workme-production.workme.test",),) * 2


def test_value_of_the_other_environment(tmp_path: Path) -> None:
    """Staging's file with production's values: its own project does not know the key, its own cluster not the host."""
    dsn = asked(tmp_path, "SENTRY_DSN")["dsn", "staging"]
    assert (dsn.project, dsn.number, dsn.dsn_number, dsn.key_known) == (
        "workme/workme-api-staging",
        "4500",
        "4501",
        False,
    )
    url = asked(tmp_path, "MONGO_URL")["url", "staging"]
    assert (url.cluster, url.hosts, url.url_hosts) == (
        "workme-staging",
        ("localhost",),
        ("workme-production.workme.test",),
    )


def test_key_is_held_against_the_account_that_stripe_gives_for_it(tmp_path: Path) -> None:
    """Each of its own; a test key of production's account is told by nothing but Stripe's word."""
    seen = asked(tmp_path)
    assert {name: (seen["key", name].wanted, seen["key", name].account) for name in FILES} == {
        "staging": ("acct_1WorkMeStaging",) * 2,
        "production": ("acct_1WorkMeReference",) * 2,
    }
    crossed = asked(tmp_path, "STRIPE_SECRET_KEY")["key", "staging"]
    assert (crossed.wanted, crossed.account) == ("acct_1WorkMeStaging", "acct_1WorkMeReference")


def test_key_that_stripe_does_not_know_and_what_is_none(tmp_path: Path) -> None:
    """A key of nobody is refused; a password that somebody pasted there is not sent to Stripe."""
    unknown = asked(tmp_path, changed={"STRIPE_SECRET_KEY": "sk_test_51NobodyNobodyNobody0000000000"})
    assert unknown["key", "staging"].refused
    assert not asked(tmp_path, changed={"STRIPE_SECRET_KEY": ""})["key", "staging"].present
    with pytest.raises(
        Unobserved, match=r"\.env\.staging: STRIPE_SECRET_KEY is no secret key of Stripe, and was not sent"
    ):
        asked(tmp_path, changed={"STRIPE_SECRET_KEY": "mongodb://app:never-shown@a.test"})


def test_objects_that_are_not_there(tmp_path: Path) -> None:
    """A project or a cluster that the provider does not have is told of, and nothing else fails."""
    seen = asked(tmp_path, files={"staging": {"sentry_project": "gone", "atlas_cluster": "gone"}})
    assert (seen["dsn", "staging"].found, seen["url", "staging"].found) == (False, False)


def test_a_file_whose_objects_nobody_declares_is_not_asked_about(tmp_path: Path) -> None:
    """Whose project and cluster are not known cannot be held against them."""
    assert asked(tmp_path, files={"staging": {}}) == {}


def own(project: Path, name: str, told: str = "") -> str | None:
    """Which file is the environment's own, where the environment of this name declares staging's."""
    path = project / f"environments/{name}.toml"
    path.parent.mkdir(exist_ok=True)
    files = '[variables.files.staging]\npath = ".env.staging"\nmode = "test"\n'
    path.write_text(f'[service]\nname = "S"\nbase_url = "https://a.test"\n[variables]\n{told}\n{files}')
    section = read_environment(name, project=project).environment.section(Variables)
    assert section is not None
    return section.own


def test_the_file_that_is_named_like_the_environment_is_its_own(tmp_path: Path) -> None:
    """A team that declares .env.staging in staging.toml need not say it again; for another name it must."""
    assert own(tmp_path, "staging") == "staging"
    assert own(tmp_path, "live") is None
    assert own(tmp_path, "live", 'own = "staging"') == "staging"
    with pytest.raises(UsageError, match="own = 'production' is none of the files: staging"):
        own(tmp_path, "staging", 'own = "production"')
