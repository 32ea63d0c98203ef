"""The variables that the service is started with: judged by facts about them, never by their values."""

import pytest

from gonogo.base.comparing import at_least, at_most, equal, nothing, shown, so
from gonogo.base.errors import Unobserved
from gonogo.evidence.variables import SameAccount, Variable, VariableDifferenceEvidence, VariableFileEvidence
from gonogo.policy.catalogue import Policy

_DATABASES = {
    "mongodb": ("mongodb:// nor mongodb+srv://", ""),
    "postgresql": ("postgresql:// nor postgres://", "; only sslmode=verify-full compares its name"),
    "mysql": ("mysql:// nor mariadb://", "; ssl-mode=VERIFY_IDENTITY compares its name"),
}
"""How URLs of each kind begin, and what makes them verify whom they talk to."""


@pytest.mark.check("variables-file")
def test_file_is_complete_in_itself(variable_file: VariableFileEvidence) -> None:
    """If a variable is there twice, the service takes the last value, and people read the first.

    Fix: put the file in the folder where the service is started; one NAME=value per line, every name once.
    """
    name = variable_file.file
    assert so(variable_file.exists, "file", "there", "missing"), f"{name} does not exist"
    assert so(not variable_file.problem, "file now", "readable", "not readable"), (
        f"{name} cannot be read: {variable_file.problem}"
    )
    lines = ", ".join(map(str, variable_file.malformed_lines))
    assert nothing(variable_file.malformed_lines, "lines that are not NAME=value"), (
        f"{name}: line {lines} is not NAME=value, as {variable_file.reader} reads it"
    )
    assert nothing(variable_file.quoted, "values with quotes in them"), (
        f"{name}: the quotes around {', '.join(variable_file.quoted)} are part of the value, as {variable_file.reader} "
        "reads it"
    )
    undefined = "; ".join(
        f"{variable.partition(': ')[0]} refers to ${{{variable.partition(': ')[2]}}}"
        for variable in variable_file.undefined
    )
    assert nothing(variable_file.undefined, "references to what is not defined"), (
        f"{name}: {undefined}, which the file does not define before, so {variable_file.reader} drops it"
    )
    assert nothing(variable_file.duplicates, "names more than once"), (
        f"{name}: more than once: {', '.join(variable_file.duplicates)}"
    )


@pytest.mark.check("variables-file-private")
def test_file_is_private(variable_file: VariableFileEvidence) -> None:
    """If everybody may read the file, so may every account of the server and every compromised program.

    Fix: chmod 600 the file, or 640 for the group that the service runs as.
    """
    file_words = f"{variable_file.file} of {variable_file.owner} has the permissions {variable_file.permissions}"
    assert shown(not variable_file.world_readable, "permissions", variable_file.permissions, "0600 or 0640"), (
        f"{file_words}: everybody may read or write it; 0600 or 0640 is expected"
    )
    assert shown(not variable_file.group_writable, "permissions", variable_file.permissions, "0600 or 0640"), (
        f"{file_words}: its group may write it; 0600 or 0640 is expected"
    )


@pytest.mark.check("variables-file-untracked")
def test_file_was_never_committed(variable_file: VariableFileEvidence) -> None:
    """Every clone has every version of every file: removing the file later does not help.

    Fix: git rm --cached the file, add it to .gitignore, and change every secret in it; rewriting history is not enough.
    """
    name = variable_file.file
    if variable_file.repository_problem:
        raise Unobserved(f"git could not read {name}: {variable_file.repository_problem}")
    assert nothing(variable_file.tracked, "files that git tracks"), f"git tracks {', '.join(variable_file.tracked)}"
    commits = variable_file.commits
    assert at_most(commits, 0, "commits with such a file"), (
        f"{name} is in the history: {commits} commit{'s' if commits > 1 else ''} touched a file of this name"
    )
    if variable_file.history_problem:
        raise Unobserved(variable_file.history_problem, hint="git fetch --unshallow, and run it again")


@pytest.mark.check("variables-mongo-url")
def test_mongo_url(variable_file: VariableFileEvidence, policy: Policy) -> None:
    """Without TLS the password is sent in the clear; without a user anybody can pose as the service.

    Fix: mongodb+srv://user:password@host/database, or mongodb://…?tls=true; postgresql://…?sslmode=verify-full;
    mysql://…?ssl-mode=VERIFY_IDENTITY. Copy it from the provider's console.
    """
    for url in _filled(variable_file, *_DATABASES):
        where = f"{variable_file.file}: {url.name}"
        schemes, verified = _DATABASES[url.shape]
        assert so(url.prefix, "scheme", "right", "wrong"), f"{where} begins with neither {schemes}"
        assert so(url.well_formed, "URL", "well formed", "not well formed"), (
            f"{where} names no host, or has a character before it that must be escaped (@ as %40)"
        )
        if not url.without_password:
            assert so(url.has_user, "user", "there", "missing"), f"{where} names no user"
            assert so(url.has_password, "password", "there", "missing"), f"{where} has a user, but no password"
        assert so(url.tls, "TLS", "on", "off"), f"{where} connects without TLS"
        assert so(url.tls_verified, "certificate", "verified", "not verified"), (
            f"{where} accepts any certificate as the server's{verified}"
        )
        if url.has_password or not url.without_password:
            _hard_to_guess(url, f"the password in {where}", policy)


@pytest.mark.check("variables-secret-key")
def test_secret_key(variable_file: VariableFileEvidence, policy: Policy) -> None:
    """Somebody who guesses the key can sign tokens for every user, also for the administrator.

    Fix: python -c "import secrets; print(secrets.token_urlsafe(48))", one for each environment.
    """
    for key in _filled(variable_file, "random"):
        _hard_to_guess(key, f"{variable_file.file}: {key.name}", policy)


@pytest.mark.check("variables-stripe-secret-key")
def test_stripe_secret_key(variable_file: VariableFileEvidence) -> None:
    """With a live key, staging takes real money from testers; with a test key, production takes no money.

    Fix: https://dashboard.stripe.com/apikeys; test keys begin with sk_test_, live keys with sk_live_.
    """
    for key in _filled(variable_file, "stripe-secret"):
        _is_stripe_key(key, variable_file, ("sk", "rk"))


@pytest.mark.check("variables-stripe-publishable-key")
def test_stripe_publishable_key(variable_file: VariableFileEvidence) -> None:
    """With the key of the other mode every card is declined; a secret key in its place is shown to every visitor.

    Fix: https://dashboard.stripe.com/apikeys; test keys begin with pk_test_, live keys with pk_live_.
    """
    for key in _filled(variable_file, "stripe-publishable"):
        _is_stripe_key(key, variable_file, ("pk",))


@pytest.mark.check("variables-stripe-webhook-secret")
def test_stripe_webhook_secret(variable_file: VariableFileEvidence) -> None:
    """With another secret every event is refused, and no PIX payment ever counts as paid.

    Fix: https://dashboard.stripe.com/webhooks → the endpoint → Signing secret; it begins with whsec_.
    """
    for key in _filled(variable_file, "stripe-webhook"):
        where = f"{variable_file.file}: {key.name}"
        assert so(key.prefix, "begins with whsec_", "yes", "no"), f"{where} does not begin with whsec_"
        _is_real(key, where)


@pytest.mark.check("variables-llm-key")
def test_llm_key(variable_file: VariableFileEvidence, policy: Policy) -> None:
    """Without this key the assistant answers nobody.

    Fix: copy the key from the provider's console, whole and without blanks.
    """
    for key in _filled(variable_file, "key"):
        where = f"{variable_file.file}: {key.name}"
        _is_real(key, where)
        _hard_to_guess(key, where, policy)


@pytest.mark.check("variables-sentry-dsn")
def test_sentry_dsn(variable_file: VariableFileEvidence) -> None:
    """With an invalid DSN the SDK stays silent: errors happen, and nobody is notified.

    Fix: Sentry → Settings → Projects → Client Keys (DSN): https://<key>@<host>/<project>.
    """
    for dsn in _filled(variable_file, "dsn"):
        where = f"{variable_file.file}: {dsn.name}"
        assert so(dsn.prefix, "DSN", "an address", "no address"), (
            f"{where} is not a URL; https://<key>@<host>/<project> is expected"
        )
        assert so(dsn.has_user, "key in the DSN", "there", "missing"), f"{where} has no key before the @"
        assert so(dsn.tls, "TLS", "on", "off"), (
            f"{where} begins with http://: errors, with everything in them, are sent in the clear"
        )
        _is_real(dsn, where)


@pytest.mark.check("variables-redis-password")
def test_redis_password(variable_file: VariableFileEvidence, policy: Policy) -> None:
    """Redis answers a million guesses a second, so a word is not enough as a password.

    Fix: openssl rand -base64 32, one for each environment; set it on the server first.
    """
    for password in _filled(variable_file, "password"):
        _hard_to_guess(password, f"{variable_file.file}: {password.name}", policy)


@pytest.mark.check("variables-stripe-account")
def test_stripe_keys_are_of_one_account(variable_file: VariableFileEvidence) -> None:
    """With keys of two accounts, cards are collected for one account and charged by another: every payment fails.

    Keys of the older form do not name their account; of those only the mode can be compared, and the evidence says so.

    Fix: copy both keys from the same page: https://dashboard.stripe.com/apikeys.
    """
    name = variable_file.file
    assert shown(variable_file.account is not SameAccount.OTHER, "account", variable_file.account, "not another"), (
        f"{name}: the two Stripe keys belong to different accounts"
    )
    keys = [*variable_file.of_shape("stripe-secret"), *variable_file.of_shape("stripe-publishable")]
    modes = sorted({key.mode or "no" for key in keys})
    assert equal(len(modes), 1, "modes of the two keys"), (
        f"{name}: the two Stripe keys have different modes: {' and '.join(modes)}"
    )


@pytest.mark.check("variables-differ")
def test_environments_share_no_secret(variable_difference: VariableDifferenceEvidence) -> None:
    """Many people can read staging's file, and could then sign tokens for production.

    Fix: make new ones for production: python -c "import secrets; print(secrets.token_urlsafe(48))".
    """
    shared = [
        f"{variable.name} is the same in {' and '.join(variable.files)}" for variable in variable_difference.shared
    ]
    assert nothing(shared, "secrets that files share"), "; ".join(shared)
    missing = ", ".join(variable_difference.missing)
    assert nothing(variable_difference.missing, "files that are missing"), f"nothing to compare: {missing} is missing"


@pytest.mark.check("variables-own-database")
def test_environments_share_no_database(variable_difference: VariableDifferenceEvidence) -> None:
    """If staging works on production's database, its tests delete real bookings, whichever user it logs in as.

    Fix: give each environment its own database, and the user of one no rights in the other.
    """
    shared = [f"{one.name} leads to one database in {' and '.join(one.files)}" for one in variable_difference.databases]
    assert nothing(shared, "databases that files share"), "; ".join(shared)
    if untold := ", ".join(variable_difference.untold):
        raise Unobserved(
            f"{untold}: nobody can tell whether two files lead to one database: they give one name that is another host in "
            "each network, or hosts and a record (mongodb+srv) of one domain",
            hint="write both URLs in the same way; or name it in variables.same once you know that these are two databases",
        )


def _filled(evidence: VariableFileEvidence, *shapes: str) -> tuple[Variable, ...]:
    """The variables of these shapes, which must all be there."""
    variables = tuple(variable for shape in shapes for variable in evidence.of_shape(shape))
    if not variables:
        hint = f'give the variable that holds it the shape "{shapes[0]}" under [variables.shapes]'
        raise Unobserved(f"no variable is declared with the shape {shapes[0]}", hint=hint)
    missing = [variable.name for variable in variables if not variable.present]
    assert nothing(missing, "variables that are missing", of=len(variables)), (
        f"{evidence.file}: {', '.join(missing)} is missing, or empty"
    )
    return variables


def _hard_to_guess(variable: Variable, where: str, policy: Policy) -> None:
    least = policy.number("min_entropy_bits")
    assert so(not variable.placeholder, "value", "of its own", "a placeholder"), (
        f"{where} is a placeholder, a word, or a repetition"
    )
    assert at_least(variable.entropy_bits, least, "entropy", "bit"), (
        f"{where} has about {variable.entropy_bits} bits of entropy; {least:g} are expected"
    )


def _is_real(variable: Variable, where: str) -> None:
    assert so(not variable.placeholder, "value", "of its own", "a placeholder"), (
        f"{where} is a placeholder, not the real value"
    )
    assert so(variable.well_formed, "value by its form", "whole", "not whole"), (
        f"{where}, of {variable.length} characters, is too short or too long"
    )


def _is_stripe_key(key: Variable, evidence: VariableFileEvidence, prefixes: tuple[str, ...]) -> None:
    where = f"{evidence.file}: {key.name}"
    begins = f"{key.prefix}_{key.mode}_" if key.prefix else "something else"
    expected = " or ".join(f"{prefix}_{evidence.mode}_" for prefix in prefixes)
    assert shown(key.prefix in prefixes, "begins with", begins, expected), (
        f"{where} begins with {begins}; {expected} is expected"
    )
    assert equal(key.mode, evidence.mode, "mode"), (
        f"{where} is a {key.mode} key; this environment is declared to be {evidence.mode}"
    )
    _is_real(key, where)
