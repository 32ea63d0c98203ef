"""The named faults: each makes the environment do one thing wrong, as it really happens at launches."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from reference.changes import Change, part
from reference.faults_files import VARIABLES
from reference.faults_operations import OPERATIONS
from reference.faults_outside import OUTSIDE
from reference.faults_watched import WATCHED
from reference.settings import Deployment, FrontSettings, Settings, healthy


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong."""

    name: str
    area: str
    breaks: str
    """What it makes the environment do, in one sentence."""
    change: Change


class UnknownFault(ValueError):
    """No such fault. The message suggests one."""


def faulty(names: Iterable[str], deployment: Deployment = "staging") -> Settings:
    """The settings with these faults, all at once. Raises UnknownFault."""
    settings = healthy(deployment)
    for name in names:
        if name not in FAULTS:
            nearest = difflib.get_close_matches(name, FAULTS, n=1)
            meant = f"; did you mean {nearest[0]}?" if nearest else ""
            message = f"no fault {name!r}{meant}"
            raise UnknownFault(message)
        settings = FAULTS[name].change(settings)
    return settings


def _api(name: str) -> Change:
    return lambda settings: replace(settings, api=settings.api | {name})


def _variables(name: str) -> Change:
    return lambda settings: replace(settings, variables=settings.variables | {name})


def _front(fault: str, key: str = "ec") -> Change:
    return lambda settings: replace(
        settings, front=FrontSettings(fault=fault), certificates=replace(settings.certificates, key=key)
    )


def _open(family: str) -> Change:
    return lambda settings: replace(settings, open_ports=settings.open_ports | {family})


_DAYS = timedelta(days=1)
_DNS: Mapping[str, tuple[str, Change]] = {
    "dns-not-delegated": ("the domain's registration ran out: no resolver knows it", part("dns", delegated=False)),
    "dns-wrong-address": (
        "the second authoritative server gives another address for api.workme.test",
        part("dns", addresses_at_second_server=("127.0.0.1", "127.0.0.3")),
    ),
    "dns-stale-resolver": ("two of three resolvers still give last year's address", part("dns", stale_resolvers=2)),
    "dns-dangling-cname": ("www.workme.test points to a name that is gone", part("dns", www="CNAME old-landing")),
    "dns-caa-forbids": ("CAA permits only another certificate authority", part("dns", caa="other-ca.test")),
    "dns-caa-missing": ("no CAA record: any authority may issue", part("dns", caa=None)),
    "dns-lame-server": ("the second name server refuses the zone", part("dns", second_server_is_lame=True)),
    "dns-no-tcp": ("the second name server does not answer over TCP", part("dns", second_server_refuses_tcp=True)),
    "dns-single-server": ("the zone has one name server only", part("dns", name_servers=("ns1",))),
    "dns-bogus-dnssec": ("the DS at the parent belongs to a key that is gone", part("dns", ds_matches=False)),
    "dns-long-ttl": ("records live for a day: turning back takes a day", part("dns", ttl=86400)),
    "dns-long-negative-ttl": ("a name that did not exist is remembered for a day", part("dns", negative_ttl=86400)),
    "dns-serials-differ": ("the second server has an older zone", part("dns", serial_at_second_server=2026010101)),
    "dns-wildcard": ("every name resolves to production", part("dns", wildcard=True)),
    "dns-parent-elsewhere": (
        "the parent delegates to a third server as well, which is gone",
        part("dns", glue={"ns1": "127.0.0.1", "ns2": "127.0.0.2", "ns3": "127.0.0.9"}),
    ),
    "dns-old-glue": (
        "the parent gives last year's address of the second server",
        part("dns", glue={"ns1": "127.0.0.1", "ns2": "127.0.0.9"}),
    ),
    "dns-no-glue": (
        "the parent delegates to servers in the zone without their addresses",
        part("dns", glue={"ns1": "", "ns2": ""}),
    ),
    "dns-server-alias": (
        "the second name server is an alias",
        part("dns", name_servers=("ns1", "nsalias"), glue={"ns1": "127.0.0.1", "nsalias": "127.0.0.2"}),
    ),
    "dns-apex-alias": ("the zone's own name is an alias", part("dns", apex_alias=True)),
    "dns-open-transfer": ("both name servers give the whole zone to strangers", part("dns", transfers=True)),
    "dns-short-expire": ("secondaries drop the zone after one missed refresh", part("dns", timers="3600 900 60")),
    "dns-soa-origin": ("the SOA names 127.0.0.1 as the zone's origin", part("dns", origin_server="127.0.0.1.")),
    "dns-signatures-over": (
        "the second server has signatures that ended yesterday",
        part("dns", signatures_left_at_second_server=-_DAYS),
    ),
    "dns-signatures-end": (
        "the signer stopped: the signatures end in 20 hours",
        part("dns", signatures_left=_DAYS * 20 / 24),
    ),
    "dns-aaaa-denied": ("api.workme.test does not exist when it is asked for AAAA", part("dns", aaaa_denied=True)),
    "dns-https-dropped": ("queries of type HTTPS get no answer", part("dns", https_dropped=True)),
    "dns-name-elsewhere": ("www.workme.test leads to a machine that is gone", part("dns", www="A 127.0.0.9")),
    "dns-mail-nowhere": ("the zone's MX is a name that does not exist", part("dns", mail_server="old-mail")),
    "dns-mail-denied": ("the zone's MX says that it takes no mail", part("dns", mail_server=".")),
    "dns-two-spf": ("there are two SPF records", part("dns", spf=("v=spf1 mx -all", "v=spf1 -all"))),
    "dns-no-dmarc": ("there is no DMARC record", part("dns", dmarc=None)),
}
_TLS: Mapping[str, tuple[str, Change]] = {
    "tls-unknown-ca": ("an authority that nobody trusts issued", part("certificates", from_unknown_authority=True)),
    "tls-missing-intermediate": ("the intermediate is not sent", part("certificates", with_intermediate=False)),
    "tls-lenient-root": ("the root's basicConstraints are not critical", part("certificates", lenient_root=True)),
    "tls-wrong-name": ("the certificate is for another name", part("certificates", names=("staging.workme.test",))),
    "tls-expired": ("the certificate expired yesterday", part("certificates", not_after=-1 * _DAYS)),
    "tls-expires-tomorrow": ("20 hours of the certificate are left", part("certificates", not_after=_DAYS * 20 / 24)),
    "tls-expires-soon": (
        "a quarter of the certificate's life is left",
        part("certificates", not_before=-60 * _DAYS, not_after=20 * _DAYS),
    ),
    "tls-legacy-versions": ("TLS 1.0 and 1.1 are accepted", _front("legacy")),
    "tls-weak-key": ("the certificate's key is RSA of 1024 bits", _front("weak", key="weak")),
    "tls-anonymous-cipher": ("a handshake without any certificate is accepted", _front("anonymous")),
    "tls-static-rsa": ("keys are exchanged without forward secrecy", _front("static-rsa", key="rsa")),
    "tls-other-certificate-on-second-address": (
        "the second address serves the certificate of another authority",
        part("certificates", second_address_differs=True),
    ),
    "tls-wrong-issuer": ("another authority than the declared one issued", part("certificates", issuer="Other CA")),
    "tls-revoked": ("the authority revoked the certificate", part("certificates", revoked=True)),
    "tls-list-unreadable": (
        "the authority's list of revoked certificates cannot be read",
        part("certificates", list_published=False),
    ),
    "tls-long-lived": (
        "the certificate lives for 900 days",
        part("certificates", not_before=-10 * _DAYS, not_after=890 * _DAYS),
    ),
    "tls-old-suites": ("only a cipher suite is offered that no client has any more", _front("old-suites")),
    "tls-client-certificate": ("clients need a certificate of their own", _front("client-certificate")),
    "tls-second-address-without-1.3": ("the second address speaks TLS 1.2 only", _front("old-second")),
    "tls-second-address-not-renewed": (
        "the second address still has the certificate of 75 days ago",
        part("certificates", second_address_is_old=True),
    ),
    "tls-silent": ("port 443 accepts and never says a word", _front("silent")),
    "tls-refused": ("nothing listens on port 443", _front("refused")),
}
_HTTP: Mapping[str, str] = {
    "http-plain-serves": "the API answers 200 without TLS",
    "http-plain-to-www": "port 80 redirects to a name that is not declared",
    "hsts-missing": "no Strict-Transport-Security",
    "hsts-short": "Strict-Transport-Security for five minutes",
    "backend-broken": "one of three backends answers 500 to everything",
    "front-broken": "the front page answers 500",
    "front-slow": "the front page takes 5 s",
    "front-not-ours": "the front page is that of a fresh nginx",
    "cookie-of-session-open": "the cookie of a session has no Secure, HttpOnly and SameSite",
    "cookie-goes-anywhere": "a cookie has no Secure and SameSite",
    "origins-all": "pages of any origin may read replies, with the cookies of the user",
    "health-degraded": "deep health says that Redis is degraded",
    "metrics-typed-twice": "a series has two lines of TYPE",
    "openapi-for-localhost": "the OpenAPI document sends partners to localhost",
    "health-down": "the health endpoint answers 500",
    "health-dependency-down": "deep health says that Redis is down",
    "health-slow": "health takes 0.8 s",
    "health-leaks-secret": "deep health shows the database URL with its password",
    "release-old": "an older release is served than the one under review",
    "nosniff-missing": "no X-Content-Type-Options",
    "framing-allowed": "pages may be framed by anybody",
    "referrer-leaks": "full URLs are sent to other sites as referrer",
    "cacheable-replies": "API replies may be kept by shared caches",
    "version-banner": "the Server header tells the exact versions",
    "dotenv-served": "/.env is served",
    "git-served": "/.git/HEAD is served",
    "metrics-malformed": "a line of the metrics does not parse",
    "metrics-series-missing": "the login series is not exported",
    "metrics-frozen": "the metrics never change",
    "metrics-public": "the metrics are readable without the token",
    "openapi-broken": "the OpenAPI document is cut off",
    "clock-wrong-on-one-address": "the clock behind the second address is ten minutes slow",
}
_MONGODB: Mapping[str, tuple[str, Change]] = {
    "mongo-down": ("mongod is not running", part("mongodb", running=False)),
    "mongo-plaintext": ("connections without TLS are accepted", part("mongodb", tls_mode="preferTLS")),
    "mongo-no-auth": ("nobody needs to log in", part("mongodb", authorization=False)),
    "mongo-no-primary": ("the replica set has no primary", part("mongodb", stepped_down=True)),
    "mongo-member-down": ("one member of the replica set is down", part("mongodb", dead_member=True)),
    "mongo-secondary-lags": ("a secondary lags more than ten seconds", part("mongodb", lagging_secondary=True)),
    "mongo-hasty-writes": ("a write counts as kept when one of two has it", part("mongodb", hasty_writes=True)),
    "mongo-app-read-only": ("the service's user may not write", part("mongodb", app_roles=(("read", "workme"),))),
    "mongo-old-wire-version": ("the server speaks the protocol of MongoDB 5.0", part("mongodb", relay="old")),
    "mongo-admin-user": ("the service's user is root", part("mongodb", app_roles=(("root", "admin"),))),
    "mongo-index-missing": ("users has no index on email", part("mongodb", email_index="none")),
    "mongo-index-not-unique": ("the index on users.email is not unique", part("mongodb", email_index="plain")),
    "mongo-slow": ("every reply takes 200 ms longer", part("mongodb", relay="slow")),
    "mongo-monitor-blind": ("the monitoring user may not look", part("mongodb", monitor_roles=())),
    "mongo-connections-exhausted": ("nearly all connections are taken", part("mongodb", exhausted=True)),
}
_APP_ALL = "~wm:* &wm:* +@all"
_APP_FOREIGN = "~* &* +@all -@admin -@dangerous"
_APP_READER = "~wm:* &wm:* +@read +@connection +@transaction"
_REDIS: Mapping[str, tuple[str, Change]] = {
    "redis-down": ("the server is not running", part("redis", running=False)),
    "redis-plaintext": ("its port speaks plain text", part("redis", tls=False)),
    "redis-plain-beside": ("its port without TLS is open too", part("redis", plain_beside=True)),
    "redis-no-password": ("nobody needs to log in", part("redis", default_user="on nopass ~* &* +@all")),
    "redis-acl-open": ("the service's user may run every command", part("redis", app_rules=_APP_ALL)),
    "redis-foreign-keys": ("the service's user may touch every key", part("redis", app_rules=_APP_FOREIGN)),
    "redis-read-only-user": ("the service's user may not write", part("redis", app_rules=_APP_READER)),
    "redis-wrong-policy": ("it refuses writes when it is full", part("redis", policy="noeviction")),
    "redis-no-limit": ("its memory is not limited", part("redis", maxmemory="0")),
    "redis-not-persistent": ("a restart loses everything", part("redis", append_only=False)),
    "redis-evicting": ("keys are evicted all the time", part("redis", evicting=True)),
    "redis-monitor-blind": ("the monitoring user may not look", part("redis", monitor_rules="resetkeys +ping")),
    "redis-old": ("the server is a Redis 7.0, which nobody repairs any more", part("redis", old=True)),
    "redis-slow": ("every reply takes 100 ms longer", part("redis", slow=True)),
}
_SERVICE: Mapping[str, Mapping[str, str]] = {
    "attested": {"emergency-page-missing": "the page for emergencies, which an attestation points to, is gone"},
    "requests": {
        "help-page-missing": "the page that welcomes beta testers is gone",
        "help-page-behind-login": "the guide for beta testers is for those only who can log in",
        "help-page-of-last-year": "the questions and answers are those of last year",
        "help-page-empty": "the page about features says that it comes soon",
        "privacy-page-short": "the privacy policy is a title, and no text",
    },
    "client": {
        "beta-code-inactive": "the beta code that testers were sent is not the active one",
        "beta-code-ignored": "anybody registers, with any code",
        "email-twice": "an address can be registered twice",
        "token-refused": "a valid token is refused at the profile",
        "profile-not-saved": "the profile is answered, and not stored",
        "search-unfiltered": "searches show every city",
        "login-any-password": "any password is accepted",
        "search-stale": "what was just offered is not found until the cache expires",
        "cache-never-expires": "cached searches have no lifetime",
        "cache-unused": "searches are never cached",
        "assistant-key-wrong": "the key of the language model is wrong",
        "mail-not-sent": "the service sends no mail",
        "feedback-lost": "feedback is accepted, and never shown",
    },
    "security": {
        "cors-any-origin": "pages of any origin may read replies",
        "cors-by-beginning": "origins are compared by their beginning only",
        "cors-null": "pages without an origin may read replies",
        "cors-own-unknown": "the product's own page may not read replies",
        "cors-cached": "replies do not say that they depend on the origin",
        "token-unsigned": "tokens that say that they have no signature are believed",
        "token-unverified": "signatures of tokens are not verified",
        "token-key-guessable": "tokens are signed with the key of a tutorial",
        "signs-with-another-key": "tokens are signed with another key than the one of the environment's file",
        "token-eternal": "tokens are good for ten years",
        "login-unlimited": "passwords may be guessed for ever",
        "login-limited-by-address": "who says to come from elsewhere may guess on",
        "login-takes-operators": "a login asks MongoDB with whatever it is sent",
        "login-unlimited-body": "a login may be as long as 64 MiB",
        "upload-any-size": "documents may be as large as 64 MiB",
        "upload-limited-by-length": "documents are as large as they like, if they do not say so beforehand",
        "errors-traced": "a login that cannot be read is answered with a stack trace",
        "bookings-for-strangers": "strangers are shown a list of bookings",
    },
    "rates": {"search-unlimited": "one user may search the database without end"},
    "document": {
        "openapi-outdated": "the OpenAPI document is of last year",
        "payment-config-broken": "GET /api/payment/config, which is documented, answers 500",
        "payment-config-gone": "GET /api/payment/config, which is documented, is not there",
        "search-takes-operators": "what stands in brackets of a search's query is an operator of MongoDB",
        "offers-take-anything": "offers may cost less than nothing, and need no title",
    },
    "professional": {
        "role-ignored": "everybody is a client",
        "upload-by-anybody": "strangers may upload",
        "upload-broken": "uploads end in an error 500",
        "upload-any-type": "programs are taken as documents",
        "document-cut-off": "of every document the first 64 KiB are kept",
    },
    "booking": {
        "booking-broken": "bookings end in an error 500",
        "booking-never-completes": "the last step is answered, and not stored",
        "booking-twice": "a double click books twice",
        "booking-hidden": "professionals do not see their bookings",
        "booking-any-order": "a booking can be completed before it was accepted",
    },
    "payment": {
        "receipt-not-sent": "payments are not confirmed by mail",
        "payment-in-dollars": "cards are charged in dollars: the number is right, and the currency is not",
        "payment-failed-is-paid": "a declined card counts as paid",
        "payment-never-settles": "no payment ever succeeds in the service's book",
        "payment-never-fails": "an expired PIX code waits for ever",
        "refund-not-sent": "refunds are noted, and never made at Stripe",
    },
    "webhook": {
        "webhook-lost": "events are answered with 200, and ignored",
        "webhook-unsigned": "events are taken without a signature",
        "webhook-any-age": "the age of an event does not matter",
        "webhook-hasty": "events older than a minute are refused",
        "webhook-old-scheme": "v0 signatures are taken for v1",
        "webhook-first-signature-only": "only the first signature is looked at",
        "webhook-secret-wrong": "the secret of another endpoint is configured",
        "webhook-crashes": "a signed list, or an event without an id, is an error 500",
        "webhook-swallows": "malformed bodies are answered with 200",
        "webhook-picky": "events of unknown types are refused",
        "webhook-handles-twice": "an event is handled as often as it comes",
        "webhook-ignores-order": "a success that comes late undoes a refund",
        "webhook-unlimited-body": "a body of any size is read and verified",
        "webhook-answers-get": "the webhook answers GET with 200",
        "webhook-rewrites": "signatures are compared with JSON that was read and written again",
        "webhook-refuses-charset": "events whose content type names a charset are refused",
        "webhook-any-amount": "an event about any amount, in any currency, pays",
        "webhook-any-mode": "an event of test mode pays in live mode, and the reverse",
        "webhook-by-metadata": "payments are found by an event's metadata, whatever its intent",
        "webhook-part-is-all": "a refund of a part counts as a refund of all",
        "webhook-counts-every-event": "a second event about one change counts again",
        "webhook-late-failure": "a failure that comes late undoes a success",
        "webhook-forgets-early-refund": "a refund that comes before its success is forgotten",
        "webhook-refuses-strangers": "events about other programs' payments are refused",
        "webhook-refuses-connected": "events of connected accounts are refused",
        "webhook-first-kind-only": "thin events are refused",
        "webhook-breaks-on-disputes": "a dispute ends in an error 500",
        "webhook-slow": "an event is answered after 6 s",
        "webhook-asks-stripe": "events are acted on as far as Stripe says the same when asked: good practice, no fault",
        "webhook-answers-first": "events are answered, and handled 0.3 s later: good practice, no fault",
    },
    "privacy": {
        "beta-unlimited": "the beta takes a hundred thousand users",
        "admin-open-to-all": "every user sees the beta's dashboard",
        "document-leaks": "documents are shown to whoever knows their id",
        "booking-leaks": "bookings are shown to whoever knows their id",
        "payment-leaks": "payments are shown to whoever knows their id",
    },
    "errors": {
        "sentry-silent": "the service has no DSN, and reports nothing",
    },
    "load": {
        "load-slow-tail": "under load every fourth booking takes 0.7 s longer",
        "load-stalls": "under load everything stands still for 2 s, every 10 s",
        "load-errors": "under load 6 % of searches end in an error 500",
        "load-errors-often": "under load a fifth of searches end in an error 500",
        "load-collapses": "under load it collapses: from then on every request is answered with 503",
        "load-payments-fail": "under load 11 % of card payments are declined",
        "load-payments-fail-often": "under load a third of card payments are declined",
        "load-registrations-fail": "under load three of five registrations are refused",
        "load-uploads-fail": "under load three of four documents are refused",
        "load-slow-start": "the first 3 s of load are slow",
        "load-queues-up": "requests are answered one by one, the newest first, 25 a second at most",
        "load-leak": "under load every request leaves 128 KiB in memory",
        "load-memory-hoarded": "under load the service takes half a gigabyte",
        "load-memory-noisy": "memory goes up and down under load: no fault, and never to be called a leak",
        "load-sessions-brief": "who logged in has to log in again after ten seconds: strict, and no fault",
    },
    "cleanup": {
        "erasure-incomplete": "bookings stay behind when a user is removed",
    },
}
"""Faults by the journey that walks into them."""
_PORTS: Mapping[str, tuple[str, Change]] = {
    "port-mongodb-open": ("MongoDB's port is reachable at the second address", _open("mongodb")),
    "port-redis-open": ("Redis' port is reachable at the second address", _open("redis")),
}
FAULTS: Mapping[str, Fault] = {
    name: Fault(name=name, area=area, breaks=breaks, change=change)
    for area, faults in (
        ("dns", _DNS),
        ("tls", _TLS),
        ("http", {name: (breaks, _api(name)) for name, breaks in _HTTP.items()}),
        ("mongodb", _MONGODB),
        ("redis", _REDIS),
        ("ports", _PORTS),
        ("watch", WATCHED),
        *(
            (journey, {name: (breaks, _api(name)) for name, breaks in faults.items()})
            for journey, faults in _SERVICE.items()
        ),
        *OUTSIDE.items(),
        *OPERATIONS.items(),
        *(
            (area, {name: (breaks, _variables(name)) for name, breaks in faults.items()})
            for area, faults in VARIABLES.items()
        ),
    )
    for name, (breaks, change) in faults.items()
}
