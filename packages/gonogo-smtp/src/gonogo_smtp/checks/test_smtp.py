"""The submission server as the service needs it on launch day."""

import re
from datetime import timedelta

import pytest
from gonogo_smtp.evidence import SmtpEvidence
from gonogo_smtp.section import Smtp

from gonogo.base.comparing import at_least, equal, shown, so
from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.policy.catalogue import Policy

_VERSION = re.compile(r"(?:(?<=[\s/(])|^)v?\d+\.\d+[\w.-]*")


@pytest.mark.check("smtp-reachable")
def test_server_greets(smtp: SmtpEvidence) -> None:
    """Without its mail server the service confirms no registration and resets no password.

    Fix: start the server, and open its submission port (587 or 465) for the service's network.
    """
    assert so(smtp.reachable, "reachable", "yes", "no"), f"{smtp.server}: {smtp.problem}"


@pytest.mark.check("smtp-tls")
def test_nobody_reads_along(smtp: SmtpEvidence) -> None:
    """Data that is not encrypted can be read on its way, the password first.

    Fix: give the server a certificate, and switch on STARTTLS for 587, or TLS from the first byte for 465.
    """
    smtp.require("encrypted")
    assert so(smtp.encrypted, "encrypted", "yes", "no"), f"{smtp.server}: {smtp.tls_problem}"


@pytest.mark.check("smtp-certificate")
def test_certificate_is_trusted(smtp: SmtpEvidence) -> None:
    """A client that verifies sends nothing; one that does not gives its password to whoever answers.

    Fix: serve the full chain of a certificate for the name in the service's URL, and reload the mail server.
    """
    assert shown(not smtp.certificate_problem, "certificate", smtp.certificate_problem or "trusted", "trusted"), (
        f"{smtp.server}: its certificate is not trusted: {smtp.certificate_problem}"
    )


@pytest.mark.check("smtp-expiry")
def test_certificate_outlives_the_launch(smtp: SmtpEvidence, policy: Policy) -> None:
    """Mail servers are forgotten when a renewed certificate is deployed.

    Fix: renew it, and let the renewal's hook reload the mail server too.
    """
    smtp.require("certificate")
    leaf, at = smtp.certificate, smtp.taken_at
    if leaf is None:
        raise Unobserved(f"{smtp.server}: sent no certificate that can be read")
    least = max(
        policy.duration("floor"),
        min(leaf.lifetime * policy.number("min_remaining_fraction"), policy.duration("ceiling")),
    )
    assert at_least(at - leaf.not_before, timedelta(0), "valid since"), (
        f"{smtp.server}: the certificate is not valid before {leaf.not_before:%Y-%m-%d %H:%M} UTC"
    )
    assert at_least(leaf.remaining(at), least, "left of the life"), (
        f"{smtp.server}: the certificate expires on {leaf.not_after:%Y-%m-%d %H:%M} UTC; "
        f"at least {format_duration(least)} must remain"
    )


@pytest.mark.check("smtp-no-plain-login")
def test_no_login_before_tls(smtp: SmtpEvidence) -> None:
    """A client that is told it may log in before TLS sends its password in the clear.

    Fix: smtpd_tls_auth_only = yes (Postfix), auth_advertise_hosts = ${if eq{$tls_cipher}{}{}{*}} (Exim).
    """
    smtp.require("plain_login")
    assert shown(smtp.plain_login != "accepted", "plain login", smtp.plain_login, "not accepted"), (
        f"{smtp.server}: accepts logins before TLS begins"
    )


@pytest.mark.check("smtp-login")
def test_service_can_log_in(smtp: SmtpEvidence) -> None:
    """If a password was changed on one side only, the first user who waits for mail finds out.

    Fix: read the server's log; set the user and password of the service's URL again.
    """
    smtp.require("login")
    assert equal(smtp.login, "accepted", "login"), f"{smtp.server}: {smtp.user} cannot log in: {smtp.login_answer}"


@pytest.mark.check("smtp-password")
def test_wrong_password_is_refused(smtp: SmtpEvidence) -> None:
    """A server that accepts every password sends anybody's mail in your name.

    Fix: look at what verifies passwords: smtpd_sasl_type and its service (Postfix), the authenticator's condition (Exim).
    """
    smtp.require("wrong_password")
    assert equal(smtp.wrong_password, "refused", "wrong password"), (
        f"{smtp.server}: a login as {smtp.user} with a made-up password was accepted"
    )


@pytest.mark.check("smtp-sender")
def test_service_may_use_its_address(smtp: SmtpEvidence, environment: Environment) -> None:
    """A provider that does not know the sender refuses every message, and only the log shows it.

    Fix: verify the domain or the address with the provider, or let this user send from it (smtpd_sender_login_maps).
    """
    smtp.require("sender")
    address = environment.require(Smtp).sender
    assert equal(smtp.sender, "accepted", "sender"), (
        f"{smtp.server}: {smtp.user} may not send from {address}: {smtp.sender_answer}"
    )


@pytest.mark.check("smtp-relay")
def test_strangers_send_nothing(smtp: SmtpEvidence) -> None:
    """An open relay is found within hours; then the service's own mail is refused everywhere.

    Fix: relay for logged-in users only (smtpd_relay_restrictions, mynetworks in Postfix; relay_from_hosts in Exim). If
    this machine's network may send without a login by intention, run gonogo from outside of it.
    """
    smtp.require("relayed")
    for attempt in smtp.relayed:
        assert so(not attempt.accepted, "mail without a login", "refused", "taken"), (
            f"{smtp.server}: accepts mail from {attempt.sender} to {attempt.recipient} without a login: {attempt.answer}"
        )


@pytest.mark.check("smtp-size")
def test_largest_message_fits(smtp: SmtpEvidence, environment: Environment) -> None:
    """An invoice with its attachments bounces, and nobody notices.

    Fix: message_size_limit (Postfix), message_size_limit (Exim), or a smaller message_size if the service sends less.
    """
    smtp.require("size")
    largest, limit = environment.require(Smtp).message_size or 0, smtp.size_limit
    assert equal(smtp.size, "accepted", "size"), (
        f"{smtp.server}: does not accept a message of {largest:,} bytes: {smtp.size_answer}"
    )
    assert not limit or at_least(limit, largest, "largest message that it accepts", "B"), (
        f"{smtp.server}: accepts messages of at most {limit:,} bytes, {largest:,} declared"
    )


@pytest.mark.check("smtp-banner")
def test_greeting_tells_no_version(smtp: SmtpEvidence) -> None:
    """A version in the greeting tells attackers which vulnerabilities to try.

    Fix: smtpd_banner = $myhostname ESMTP (Postfix), smtp_banner = $smtp_active_hostname ESMTP (Exim).
    """
    words = smtp.banner.partition(" ")[2]
    version = _VERSION.search(words)
    assert shown(version is None, "greeting", smtp.banner, "without a version"), (
        f"{smtp.server}: its greeting shows the version {version[0] if version else ''}: {smtp.banner!r}"
    )
