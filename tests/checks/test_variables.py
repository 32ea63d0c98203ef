"""Files of variables, judged on literal facts."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.evidence.variables import SameAccount, Shared, Variable, VariableDifferenceEvidence, VariableFileEvidence
from gonogo.families.registry import environment_from, installed_families
from gonogo.families.variables.probe import PROBES
from gonogo.planning.plan import build_plan
from gonogo.planning.suite import read_suite
from tests.checks.conftest import FOLDERS, Judge
from tests.checks.test_tls import AT

_GOOD: dict[str, Any] = {"present": True, "length": 60, "entropy_bits": 300, "well_formed": True}
ROOT = Path(__file__).parents[2]
FAMILIES = installed_families(ROOT)
URL = Variable(
    name="MONGO_URL",
    shape="mongodb",
    prefix="mongodb+srv",
    has_user=True,
    has_password=True,
    tls=True,
    tls_verified=True,
    **_GOOD,
)
SECRET = Variable(name="SECRET_KEY", shape="random", **_GOOD)
STRIPE = Variable(name="STRIPE_SECRET_KEY", shape="stripe-secret", prefix="sk", mode="test", **_GOOD)
PUBLISHABLE = Variable(name="STRIPE_PUBLISHABLE_KEY", shape="stripe-publishable", prefix="pk", mode="test", **_GOOD)
WEBHOOK = Variable(name="STRIPE_WEBHOOK_SECRET", shape="stripe-webhook", prefix="whsec", **_GOOD)
LLM = Variable(name="EMERGENT_LLM_KEY", shape="key", **_GOOD)
DSN = Variable(name="SENTRY_DSN", shape="dsn", prefix="https", has_user=True, tls=True, **_GOOD)
PASSWORD = Variable(name="REDIS_PASSWORD", shape="password", **_GOOD)
ALL = (URL, SECRET, STRIPE, PUBLISHABLE, WEBHOOK, LLM, DSN, PASSWORD)
FILE = VariableFileEvidence(
    scope=("variables", "staging"),
    taken_at=AT,
    file=".env.staging",
    mode="test",
    exists=True,
    permissions="0600",
    owner="deploy",
    variables=ALL,
    account=SameAccount.SAME,
)
TWO = VariableDifferenceEvidence(
    scope=("variables",), taken_at=AT, files=("staging", "production"), compared=("SECRET_KEY", "REDIS_PASSWORD")
)


def but(variable: Variable, **changes: Any) -> VariableFileEvidence:  # noqa: ANN401 - fields
    """The file with something else about this one."""
    others = tuple(one for one in ALL if one is not variable)
    return replace(FILE, variables=(*others, replace(variable, **changes)))


RED = [
    ("variables-file", replace(FILE, exists=False), ".env.staging does not exist"),
    ("variables-file", replace(FILE, problem="byte 3 is not UTF-8"), "byte 3 is not UTF-8"),
    ("variables-file", replace(FILE, malformed_lines=(3, 9)), "line 3, 9 is not NAME=value"),
    (
        "variables-file",
        replace(FILE, reader="docker run --env-file", malformed_lines=(2,)),
        "line 2 is not NAME=value, as docker run --env-file reads it",
    ),
    (
        "variables-file",
        replace(FILE, reader="docker run --env-file", quoted=("SECRET_KEY",)),
        "the quotes around SECRET_KEY are part of the value, as docker run --env-file reads it",
    ),
    (
        "variables-file",
        replace(FILE, undefined=("MONGO_URL: PW",)),
        "MONGO_URL refers to ${PW}, which the file does not define before, so python-dotenv drops it",
    ),
    ("variables-file", replace(FILE, duplicates=("DEBUG",)), "more than once: DEBUG"),
    ("variables-file-private", replace(FILE, permissions="0644", world_readable=True), "permissions 0644: everybody"),
    ("variables-file-private", replace(FILE, permissions="0660", group_writable=True), "its group may write"),
    ("variables-file-untracked", replace(FILE, tracked=("api/.env.staging",)), "git tracks api/.env.staging"),
    ("variables-file-untracked", replace(FILE, commits=2), "2 commits touched"),
    ("variables-mongo-url", but(URL, present=False), "MONGO_URL is missing, or empty"),
    ("variables-mongo-url", but(URL, prefix=""), "neither mongodb://"),
    ("variables-mongo-url", but(URL, well_formed=False), "names no host"),
    ("variables-mongo-url", but(URL, has_user=False), "names no user"),
    ("variables-mongo-url", but(URL, has_password=False), "no password"),
    ("variables-mongo-url", but(URL, tls=False), "without TLS"),
    ("variables-mongo-url", but(URL, tls_verified=False), "any certificate"),
    ("variables-mongo-url", but(URL, shape="postgresql", prefix=""), "neither postgresql://"),
    ("variables-mongo-url", but(URL, shape="postgresql", tls_verified=False), "only sslmode=verify-full"),
    ("variables-mongo-url", but(URL, shape="mysql", tls=False), "without TLS"),
    ("variables-mongo-url", but(URL, placeholder=True), "the password in .env.staging: MONGO_URL is a placeholder"),
    ("variables-secret-key", but(SECRET, present=False), "SECRET_KEY is missing"),
    ("variables-secret-key", but(SECRET, placeholder=True), "is a placeholder"),
    ("variables-secret-key", but(SECRET, entropy_bits=255), "about 255 bits of entropy; 256 are expected"),
    ("variables-stripe-secret-key", but(STRIPE, mode="live"), "is a live key; this environment is declared to be test"),
    ("variables-stripe-secret-key", but(STRIPE, prefix="pk"), "begins with pk_test_; sk_test_ or rk_test_ is expected"),
    ("variables-stripe-secret-key", but(STRIPE, prefix="", mode=""), "begins with something else"),
    ("variables-stripe-secret-key", but(STRIPE, well_formed=False), "is too short or too long"),
    ("variables-stripe-publishable-key", but(PUBLISHABLE, prefix="sk"), "begins with sk_test_; pk_test_ is expected"),
    ("variables-stripe-publishable-key", but(PUBLISHABLE, mode="live"), "is a live key"),
    ("variables-stripe-webhook-secret", but(WEBHOOK, prefix=""), "does not begin with whsec_"),
    ("variables-stripe-webhook-secret", but(WEBHOOK, well_formed=False), "is too short or too long"),
    ("variables-llm-key", but(LLM, present=False), "EMERGENT_LLM_KEY is missing"),
    ("variables-llm-key", but(LLM, placeholder=True), "is a placeholder, not the real value"),
    ("variables-llm-key", but(LLM, entropy_bits=20), "about 20 bit"),
    ("variables-sentry-dsn", but(DSN, prefix=""), "is not a URL"),
    ("variables-sentry-dsn", but(DSN, has_user=False), "no key before the @"),
    ("variables-sentry-dsn", but(DSN, tls=False), "in the clear"),
    ("variables-sentry-dsn", but(DSN, well_formed=False), "is too short or too long"),
    ("variables-redis-password", but(PASSWORD, entropy_bits=60), "about 60 bits of entropy; 96 are expected"),
    ("variables-redis-password", but(PASSWORD, placeholder=True), "is a placeholder"),
    ("variables-stripe-account", replace(FILE, account=SameAccount.OTHER), "different accounts"),
    ("variables-stripe-account", but(PUBLISHABLE, mode="live"), "different modes: live and test"),
]


@pytest.mark.parametrize(("identifier", "seen", "said"), RED)
def test_red_and_green(judge: Judge, identifier: str, seen: VariableFileEvidence, said: str) -> None:
    """Each says what is wrong, and is silent when it is not."""
    assert said in (judge(identifier, variable_file=seen) or "")
    assert judge(identifier, variable_file=FILE) is None


def test_log_in_by_certificate_has_no_password(judge: Judge) -> None:
    """X.509, a role of AWS: there is nothing to guess."""
    (url,) = FILE.of_shape("mongodb")
    bare = replace(url, has_user=False, has_password=False, entropy_bits=0, placeholder=False)
    assert judge("variables-mongo-url", variable_file=but(bare, without_password=True)) is None


def test_shared_and_missing(judge: Judge) -> None:
    """What cannot be compared does not differ."""
    assert judge("variables-differ", variable_difference=TWO) is None
    shared = replace(TWO, shared=(Shared(name="SECRET_KEY", files=("staging", "production")),))
    said = judge("variables-differ", variable_difference=shared)
    assert said == "SECRET_KEY is the same in staging and production"
    missing = replace(TWO, missing=("production: SECRET_KEY",))
    assert "production: SECRET_KEY is missing" in (judge("variables-differ", variable_difference=missing) or "")


def test_environments_with_one_database(judge: Judge) -> None:
    """It is told by name and files; of a name that each network has, nobody can say."""
    assert judge("variables-own-database", variable_difference=TWO) is None
    one = replace(TWO, databases=(Shared(name="MONGO_URL", files=("staging", "production")),))
    said = "MONGO_URL leads to one database in staging and production"
    assert said in (judge("variables-own-database", variable_difference=one) or "")
    with pytest.raises(Unobserved, match="MONGO_URL: nobody can tell whether two files lead to one database"):
        judge("variables-own-database", variable_difference=replace(TWO, untold=("MONGO_URL",)))


def test_live_keys_are_right_in_production(judge: Judge) -> None:
    """The mode is the declared one, whichever that is."""
    live = replace(FILE, mode="live", variables=tuple(replace(one, mode="live") for one in ALL))
    assert judge("variables-stripe-secret-key", variable_file=live) is None
    assert "is a test key" in (judge("variables-stripe-secret-key", variable_file=replace(FILE, mode="live")) or "")


def test_older_keys_pass_by_their_mode(judge: Judge) -> None:
    """They do not name their account, which the evidence says."""
    assert judge("variables-stripe-account", variable_file=replace(FILE, account=SameAccount.UNKNOWN)) is None


@pytest.mark.parametrize("changes", [{"repository_problem": "no git"}, {"history_problem": "the clone is shallow"}])
def test_git_that_cannot_say_is_no_pass(judge: Judge, changes: dict[str, Any]) -> None:
    """Half a history is no proof."""
    with pytest.raises(Unobserved):
        judge("variables-file-untracked", variable_file=replace(FILE, **changes))


def test_shape_that_nobody_declared_is_no_pass(judge: Judge) -> None:
    """An environment file that leaves REDIS_PASSWORD out of its shapes proves nothing about it."""
    with pytest.raises(Unobserved, match="shape password"):
        judge("variables-redis-password", variable_file=replace(FILE, variables=(URL,)))


def planned(**section: Any) -> set[str]:  # noqa: ANN401 - keys of [variables]
    """The checks of variables that are planned for such a section, none of them with an obstacle."""
    environment = environment_from({"service": {"name": "S", "base_url": "https://a.test"}, "variables": section})
    kinds = ("variable_file", "variable_difference")
    questions = {kind: PROBES[kind].questions(environment, Secrets({})) for kind in kinds}
    scopes = {kind: [one.scope for one in asked] for kind, asked in questions.items()}
    suite = read_suite((*FOLDERS, ROOT / "smoke"))
    plan = build_plan(suite, environment, FAMILIES.kinds, scopes, wanted=suite.order)
    found = {name: check for name, check in plan.checks.items() if name.startswith("variables-")}
    assert not any(check.unrunnable for check in found.values())
    return set(found)


ONE = {"staging": {"path": ".env.staging", "mode": "test"}}
BOTH = {**ONE, "production": {"path": ".env.production", "mode": "live"}}
ALWAYS = {"variables-file", "variables-file-private", "variables-file-untracked"}


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ({"files": ONE, "shapes": {"SECRET_KEY": "random"}}, {"variables-secret-key"}),
        ({"files": BOTH, "shapes": {"SECRET_KEY": "random"}}, {"variables-secret-key", "variables-differ"}),
        ({"files": BOTH, "shapes": {"SECRET_KEY": "random"}, "differ": []}, {"variables-secret-key"}),
        ({"files": ONE, "shapes": {"DATABASE_URL": "postgresql"}}, {"variables-mongo-url"}),
        ({"files": ONE, "shapes": {"K": "stripe-secret"}}, {"variables-stripe-secret-key"}),
    ],
)
def test_what_nobody_declared_is_not_planned(section: dict[str, Any], expected: set[str]) -> None:
    """Variables of somebody else's product would leave a launch without a verdict, for ever."""
    assert planned(**section) == ALWAYS | expected


def test_all_of_the_usual_ones_are_planned() -> None:
    """A file that says nothing of shapes is about all of them."""
    assert len(planned(files=BOTH)) == 14
