"""The checks of mail by DNS."""

import re
from dataclasses import replace

import pytest

from gonogo.base.errors import Unobserved
from gonogo.evidence.dns import Answer
from gonogo.evidence.dns_zone import DnsSenderEvidence, MailServer
from tests.support.dns_literals import ABSENT, ANSWER, AT, ENVIRONMENT, NXDOMAIN, SERVFAIL, SILENT, ZONE, Judge


def _text(name: str, *records: str) -> Answer:
    return replace(ANSWER, name=name, rdtype="TXT", records=records)


KEY = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDPjS2/pAXsBVr3N10+vJjWtgtFvt48lb8J64z9KJ5gmhunK94WESNImmKey3tGkvXyywWHsj"
    "24QcySysxi/dHBE+qSUsVFAaf4WsmdraCnOYtkzxOas2/+EvPMHMluTfsTgeELNn03I4q2kLFbenyGI+q8r0JKQF4ONDkZ+yB1cQIDAQAB"
)
"""Of 1024 bits, as most keys in the DNS are."""
SHORT_KEY = (
    "MHwwDQYJKoZIhvcNAQEBBQADawAwaAJhAMdwUoDpzM7vgQYr2czFQwp6Q8yQz2StRWwM9s8oxwv6I84PWFMtuUK/taiTsxbH6t0VaLgphDUP4w"
    "xPMow5XNrXhPmDs3fA/o4TeqHwUbw/apm0p/Yhtlgtd6Dan+8k+QIDAQAB"
)
"""Of 768 bits."""
SERVER = MailServer(
    name="mx.workme.test",
    preference=10,
    a=replace(ANSWER, records=("192.0.2.25",)),
    aaaa=replace(ABSENT, rdtype="AAAA"),
)
ELSEWHERE = (
    _text("open.test", "v=spf1 +all"),
    _text("vague.test", "v=spf1 ip4:192.0.2.0/24 ?all"),
    _text("strict.test", "v=spf1 ip4:192.0.2.0/24 -all"),
    _text("loop.test", "v=spf1 include:loop.test -all"),
)
"""Records of other domains, which are known where a record includes them."""
MAIL = DnsSenderEvidence(
    scope=(ZONE,),
    taken_at=AT,
    domain=ZONE,
    mx=replace(ANSWER, name=ZONE, rdtype="MX", records=("10 mx.workme.test.",)),
    servers=(SERVER,),
    spf=_text(ZONE, "google-site-verification=1", "v=spf1 mx -all"),
    dmarc=_text(f"_dmarc.{ZONE}", "v=DMARC1; p=quarantine; rua=mailto:a@workme.test"),
    dkim=(_text(f"mail._domainkey.{ZONE}", f"v=DKIM1; k=rsa; p={KEY}"),),
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
        (replace(SERVER, a=NXDOMAIN, aaaa=NXDOMAIN), "does not exist: mail cannot be delivered to it"),
        (replace(SERVER, a=ABSENT), "has no address: mail cannot be delivered to it"),
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
        (("v=spf1 +all",), "+all of 'v=spf1 +all' (workme.test) lets everybody send"),
        (("v=spf1 mx all",), "all of 'v=spf1 mx all' (workme.test) lets everybody send"),
        (("v=spf1 a/0 -all",), "a/0 of 'v=spf1 a/0 -all' (workme.test) lets everybody send"),
        (("v=spf1 ip4:0.0.0.0/0 -all",), "lets everybody send"),
        (("v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all",), "which together are all addresses"),
        (("v=spf1 ip6:::/0 -all",), "which together are all addresses"),
        (("v=spf1 include:open.test -all",), "+all of 'v=spf1 +all' (open.test) lets everybody send"),
        (("v=spf1 mx ?all",), "does not say what to do with other senders"),
        (("v=spf1 mx",), "does not say what to do with other senders"),
        (("v=spf1 redirect=vague.test",), "does not say what to do with other senders"),
        (("v=spf1 mx -all include:vague.test",), "'include:vague.test' of .* is never read: -all decides before it"),
        (("v=spf1 redirect=vague.test -all",), "'redirect=vague.test' of .* is never read"),
        (("v=spf1 ip4=192.0.2.1 -all",), "is never read: write ip4:192.0.2.1"),
        (("v=spf1 include:vague.test,open.test -all",), "'include:vague.test,open.test' of .* is not valid SPF"),
        (("v=spf1 include:https://vague.test -all",), "is not valid SPF"),
        (("v=spf1 include:loop.test -all",), "SPF needs 101 queries"),
        (('"v=spf1 mx -all"',), "does not begin with 'v=spf1 '"),
        (("v=spf1; mx; -all",), "does not begin with 'v=spf1 '"),
    ],
)
def test_spf_that_protects_nobody(judge: Judge, records: tuple[str, ...], message: str) -> None:
    """What pyspf calls pass for a stranger, neutral, none or permerror, or by which our own mail fails."""
    found = judge("dns-spf", dns_mail=replace(MAIL, spf=_text(ZONE, *records), spf_elsewhere=ELSEWHERE))
    assert found is not None
    assert re.search(message.replace("(", r"\(").replace(")", r"\)").replace("+", r"\+"), found), found


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 include:vague.test -all",
        "v=spf1 redirect=strict.test",
        "v=spf1 exists:%{ir}.%{v}._spf.%{d2} ~all",
        "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 a:mail.test/28 mx//64 ?ptr -all exp=why.%{d}",
        "V=SPF1 -ALL",
        "v=spf1 -include:open.test -all",
    ],
)
def test_spf_that_says_who_may_not(judge: Judge, record: str) -> None:
    """What pyspf calls fail or softfail for a stranger."""
    assert judge("dns-spf", dns_mail=replace(MAIL, spf=_text(ZONE, record), spf_elsewhere=ELSEWHERE)) is None


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (f"v=DKIM1; k=rsa; p={KEY[:180]}", "its key cannot be read"),
        (f"v=DKIM1; k=rsa; p={KEY[:-3]}", "its key cannot be read"),
        (f"v=DKIM1; p=-----BEGIN PUBLIC KEY-----{KEY}", "signs in it that are none of base64"),
        (f"v=DKIM1; p={SHORT_KEY}", "its key has 768 bits, and receivers want 1024"),
        (f"v=DKIM1; t=y; p={KEY}", "the domain is testing"),
        (f"v=DKIM1; h=sha1; p={KEY}", "sha1 only"),
        (f"v=DKIM1; s=tlsrpt; p={KEY}", "it is for tlsrpt and not for mail"),
        (f"v=DKIM2; p={KEY}", "its version is DKIM2"),
        ("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwI=", "its key has 26 bytes"),
        (f"v=DKIM1; k=dsa; p={KEY}", "of the kind dsa"),
    ],
)
def test_key_of_mail_that_nobody_can_use(judge: Judge, key: str, message: str) -> None:
    """A record is there, and every signature by it is void."""
    mail = replace(MAIL, dkim=(_text(f"mail._domainkey.{ZONE}", key),))
    assert message in str(judge("dns-mail-sender", dns_sender=mail, environment=ENVIRONMENT))


@pytest.mark.parametrize(
    "key",
    [
        f"p={KEY}",
        f"v=DKIM1; t=s; n=a note; h=sha1:sha256; s=*; p={KEY[:60]} {KEY[60:]};",
        "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    ],
)
def test_key_of_mail_in_every_spelling(judge: Judge, key: str) -> None:
    """Tags that a record need not have, and those that change nothing."""
    mail = replace(MAIL, dkim=(_text(f"mail._domainkey.{ZONE}", key),))
    assert judge("dns-mail-sender", dns_sender=mail, environment=ENVIRONMENT) is None


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"spf": _text(ZONE, "other")}, "0 SPF records at workme.test; one is expected"),
        ({"dmarc": replace(NXDOMAIN, name=f"_dmarc.{ZONE}")}, "0 DMARC records at _dmarc.workme.test"),
        ({"dmarc": _text(f"_dmarc.{ZONE}", "v=DMARC1; rua=mailto:a@b.test")}, "has no policy"),
        ({"dkim": (_text(f"mail._domainkey.{ZONE}", "v=DKIM1; p="),)}, "mail._domainkey.workme.test .*withdraws it"),
    ],
    ids=["no SPF", "no DMARC", "DMARC without a policy", "a key that was withdrawn"],
)
def test_a_sender_that_nobody_vouches_for(judge: Judge, changed: dict[str, Answer], message: str) -> None:
    """Every mail of the service is spam."""
    mail = replace(MAIL, **changed)  # type: ignore[arg-type]  # checked by the dataclass
    found = judge("dns-mail-sender", dns_sender=mail, environment=ENVIRONMENT)
    assert found is not None
    assert re.search(message, found), found


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
