"""The checks of mail by DNS."""

from dataclasses import replace

import pytest

from gonogo.base.errors import Unobserved
from gonogo.evidence.dns import Answer
from gonogo.evidence.dns_zone import DnsSenderEvidence, MailServer
from tests.support.dns_literals import ABSENT, ANSWER, AT, ENVIRONMENT, NXDOMAIN, SERVFAIL, SILENT, ZONE, Judge


def _text(name: str, *records: str) -> Answer:
    return replace(ANSWER, name=name, rdtype="TXT", records=records)


SERVER = MailServer(
    name="mx.workme.test",
    preference=10,
    a=replace(ANSWER, records=("192.0.2.25",)),
    aaaa=replace(ABSENT, rdtype="AAAA"),
)
MAIL = DnsSenderEvidence(
    scope=(ZONE,),
    taken_at=AT,
    domain=ZONE,
    mx=replace(ANSWER, name=ZONE, rdtype="MX", records=("10 mx.workme.test.",)),
    servers=(SERVER,),
    spf=_text(ZONE, "google-site-verification=1", "v=spf1 mx -all"),
    dmarc=_text(f"_dmarc.{ZONE}", "v=DMARC1; p=quarantine; rua=mailto:a@workme.test"),
    dkim=(_text(f"mail._domainkey.{ZONE}", "v=DKIM1; k=rsa; p=MIIB"),),
)


def test_mail_that_is_right(judge: Judge) -> None:
    """A domain whose mail works would stop the launch."""
    none = replace(MAIL, servers=(replace(SERVER, name="", preference=0, a=ABSENT),))
    for mail in (MAIL, none, replace(MAIL, mx=replace(ABSENT, rdtype="MX"), servers=())):
        assert judge("dns-mail-route", dns_mail=mail, environment=ENVIRONMENT) is None
        assert judge("dns-spf", dns_mail=mail) is None
        assert judge("dns-mail-sender", dns_sender=mail, environment=ENVIRONMENT) is None
    assert judge("dns-spf", dns_mail=replace(MAIL, spf=_text(ZONE))) is None


@pytest.mark.parametrize(
    ("server", "message"),
    [
        (replace(SERVER, a=NXDOMAIN, aaaa=NXDOMAIN), "does not exist, mail has nowhere to go"),
        (replace(SERVER, a=ABSENT), "has no address, mail has nowhere to go"),
        (replace(SERVER, a=replace(SERVER.a, aliases=("api.workme.test",))), "is an alias of api.workme.test"),
        (replace(SERVER, a=replace(SERVER.a, records=("10.0.0.25",))), "leads to 10.0.0.25, which is not a public"),
    ],
    ids=["gone", "no address", "alias", "private"],
)
def test_mail_that_goes_nowhere(judge: Judge, server: MailServer, message: str) -> None:
    """Users who write to support hear nothing."""
    for check, argument in (("dns-mail-route", "dns_mail"), ("dns-mail-sender", "dns_sender")):
        found = judge(check, environment=ENVIRONMENT, **{argument: replace(MAIL, servers=(server,))})
        assert found is not None
        assert f"MX 10 mx.workme.test {message}" in found


@pytest.mark.parametrize(
    ("records", "message"),
    [
        (("v=spf1 mx -all", "v=spf1 -all"), "workme.test has 2 SPF records, which is an error"),
        (("v=spf1 +all",), "'v=spf1 +all' lets everybody send"),
        (("v=spf1 mx all",), "'v=spf1 mx all' lets everybody send"),
    ],
)
def test_spf_that_protects_nobody(judge: Judge, records: tuple[str, ...], message: str) -> None:
    """Two records are none."""
    found = judge("dns-spf", dns_mail=replace(MAIL, spf=_text(ZONE, *records)))
    assert found is not None
    assert message in found


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"spf": _text(ZONE, "other")}, "0 SPF records at workme.test, one is expected"),
        ({"dmarc": replace(NXDOMAIN, name=f"_dmarc.{ZONE}")}, "0 DMARC records at _dmarc.workme.test"),
        ({"dmarc": _text(f"_dmarc.{ZONE}", "v=DMARC1; rua=mailto:a@b.test")}, "has no policy"),
        ({"dkim": (_text(f"mail._domainkey.{ZONE}", "v=DKIM1; p="),)}, "no DKIM key at mail._domainkey.workme.test"),
    ],
    ids=["no SPF", "no DMARC", "DMARC without a policy", "a key that was withdrawn"],
)
def test_a_sender_that_nobody_vouches_for(judge: Judge, changed: dict[str, Answer], message: str) -> None:
    """Every mail of the service is spam."""
    mail = replace(MAIL, **changed)  # type: ignore[arg-type]  # checked by the dataclass
    found = judge("dns-mail-sender", dns_sender=mail, environment=ENVIRONMENT)
    assert found is not None
    assert message in found


@pytest.mark.parametrize("answer", [SILENT, SERVFAIL])
def test_mail_that_nobody_could_ask_about(judge: Judge, answer: Answer) -> None:
    """No answer would be no record, or a good one."""
    with pytest.raises(Unobserved, match="resolvers do not answer"):
        judge("dns-mail-route", dns_mail=replace(MAIL, mx=answer, servers=()), environment=ENVIRONMENT)
    with pytest.raises(Unobserved, match="resolvers do not answer"):
        judge("dns-spf", dns_mail=replace(MAIL, spf=answer))


def test_keys_that_are_not_declared(judge: Judge) -> None:
    """Without its name no key can be looked up: that is neither good nor bad."""
    with pytest.raises(Unobserved, match="does not say which keys") as found:
        judge("dns-mail-sender", dns_sender=replace(MAIL, dkim=()), environment=ENVIRONMENT)
    assert "dkim_selectors" in found.value.hint
