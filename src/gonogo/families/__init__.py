"""The map of families: one folder each, and one line here. Installed packages bring others (``gonogo.families``)."""

from collections.abc import Sequence

from gonogo.families import (
    api,
    atlas,
    attested_url,
    browser,
    digitalocean,
    dns,
    http,
    load,
    mail,
    mongodb,
    monitoring,
    ports,
    redis,
    repository,
    requests,
    sentry,
    servers,
    smoke,
    stripe,
    tls,
    variables,
    watch,
)
from gonogo.families.kind import Family

BUILT_IN: Sequence[Family] = (
    dns.FAMILY,
    tls.FAMILY,
    http.FAMILY,
    requests.FAMILY,
    ports.FAMILY,
    mongodb.FAMILY,
    redis.FAMILY,
    servers.FAMILY,
    digitalocean.FAMILY,
    atlas.FAMILY,
    stripe.FAMILY,
    sentry.FAMILY,
    mail.FAMILY,
    browser.FAMILY,
    smoke.FAMILY,
    api.FAMILY,
    load.FAMILY,
    attested_url.FAMILY,
    variables.FAMILY,
    repository.FAMILY,
    monitoring.FAMILY,
    watch.FAMILY,
)
