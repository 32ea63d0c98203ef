"""Ports that the environment file declares: one check for each."""

import pytest

from gonogo.base.comparing import shown, so
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.ports import BannerEvidence, PortState
from gonogo.families.ports.banner_entry import BannerEntry


@pytest.mark.check("banner-*")
def test_port_answers_as_declared(banner: BannerEvidence, environment: Environment) -> None:
    """Something depends on this port being open, or being closed.

    Fix: look at the server there and at the firewall before it, or correct the entry under [banners].
    """
    entry = environment.table(BannerEntry)[banner.scope[-1]]
    where = f"{entry.host}:{entry.port}" + (f" at {banner.scope[1]}" if banner.scope[1] != entry.host else "")
    if entry.closed:
        assert shown(banner.state is not PortState.OPEN, "port", banner.state, "closed"), (
            f"{where} accepts connections; it should be closed"
        )
        return
    if banner.state is PortState.FILTERED:
        raise Unobserved(f"{where}: nothing came back", hint="check whether a firewall lets this machine through")
    assert shown(banner.state is PortState.OPEN, "port", banner.state, "open"), f"{where} refuses connections"
    assert so(not banner.problem, "talk with the server", "no problem", banner.problem), f"{where}: {banner.problem}"
    greeting = f"says {banner.said[:80]!r}" if banner.said else "says nothing"
    assert shown(banner.expected or not entry.expect, "greeting", greeting, entry.expect or "any"), (
        f"{where} {greeting}; {entry.expect!r} is expected"
    )
