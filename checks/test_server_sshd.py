"""How one logs in to the machines that the service runs on."""

from collections.abc import Mapping

import pytest

from gonogo.base.comparing import equal, nothing, one_of, shown
from gonogo.evidence.server import ServerEvidence
from gonogo.families.servers.showing import must_be_shown, not_shown

FAMILY = "server"

_KEYS_ONLY = {"publickey"}
_ROOT_BY_KEY = ("no", "prohibit-password", "without-password", "forced-commands-only")


@pytest.mark.check("server-login-methods")
def test_keys_are_the_only_way_in(server: ServerEvidence) -> None:
    """Attackers guess passwords around the clock at every server that accepts them.

    Fix: in sshd_config: PasswordAuthentication no, KbdInteractiveAuthentication no; then systemctl reload ssh.
    """
    for login in server.logins:
        others = sorted(set(login.methods) - _KEYS_ONLY)
        assert nothing(others, "ways to log in beside keys"), (
            f"{server.address}: {login.user} may try to log in by {', '.join(others)}"
        )
        assert shown(login.methods, "ways to log in", login.methods, "publickey"), (
            f"{server.address}: offers {login.user} no way to log in at all"
        )


@pytest.mark.check("server-sshd")
def test_sshd_is_configured_for_keys(server: ServerEvidence) -> None:
    """The configuration applies to every account and connection, also to those that the login test does not try.

    Fix: in sshd_config: PasswordAuthentication no, KbdInteractiveAuthentication no, PermitRootLogin
    prohibit-password; `sshd -T` shows the settings in effect; then systemctl reload ssh.
    """
    if server.sshd is None:
        raise not_shown(server, "sshd")
    _asks_for_no_password(server.sshd, server.address)
    _lets_root_in_by_key_only(server.sshd, server.address)
    for exception in server.sshd_exceptions:
        connection = f" ({exception.connection})" if exception.connection else ""
        blocks = "; ".join(f"Match {block}" for block in exception.blocks) or "a Match block"
        where = f"{server.address}: for {exception.user}{connection}, by {blocks}"
        if exception.user != "root" or exception.settings.get("permitrootlogin") != "no":
            _asks_for_no_password(exception.settings, where)
        if exception.user == "root":
            _lets_root_in_by_key_only(exception.settings, where)
    must_be_shown(server, "sshd")


def _asks_for_no_password(settings: Mapping[str, str], where: str) -> None:
    methods = settings.get("authenticationmethods", "any").split()
    if methods and all("publickey" in method.split(",") for method in methods):
        return  # a password may be asked for beside the key, and never instead of it
    # Before OpenSSH 8.7 keyboard-interactive had the other name.
    interactive = settings.get("kbdinteractiveauthentication", settings.get("challengeresponseauthentication", ""))
    for keyword, value in (
        ("passwordauthentication", settings.get("passwordauthentication", "")),
        ("kbdinteractiveauthentication", interactive),
        ("permitemptypasswords", settings.get("permitemptypasswords", "")),
    ):
        assert equal(value, "no", keyword), f"{where}: sshd has {keyword} {value or 'at its default'}"
    for keyword in ("hostbasedauthentication", "gssapiauthentication"):
        assert equal(settings.get(keyword, "no"), "no", keyword), (
            f"{where}: sshd has {keyword} yes, which permits logins without a key"
        )


def _lets_root_in_by_key_only(settings: Mapping[str, str], where: str) -> None:
    root = settings.get("permitrootlogin", "")
    assert one_of(root, _ROOT_BY_KEY, "permitrootlogin"), (
        f"{where}: sshd has permitrootlogin {root or 'at its default'}"
    )
