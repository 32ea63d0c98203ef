"""The people and offers that WorkMe's visitors need: made before the load, removed after it by their mark."""

import time
from typing import Any

from gonogo.journey.people import Person
from smoke.people import WorkMe

_CLIENTS = 4
_PROFESSIONALS = 2


def make(walk: WorkMe) -> dict[str, Any]:
    """Make the file that locustfile.py reads. Few people: the beta has few seats, and newcomers of the load need some as well."""
    mark, smoke = walk.world.mark, walk.settings
    professionals = [walk.join(f"professional{number}", "professional") for number in range(_PROFESSIONALS)]
    return {
        "mark": mark,
        "city": f"{mark}-load",
        "mail_domain": smoke.mail_domain,
        "beta_code": walk.world.secrets[smoke.beta_code],
        "clients": [_session(walk, walk.join(f"client{number}", "client")) for number in range(_CLIENTS)],
        "offers": [{"id": walk.offer(professional), **_session(walk, professional)} for professional in professionals],
    }


def _session(walk: WorkMe, person: Person) -> dict[str, Any]:
    """The login of somebody, the token that it gave, and when that one ends; seconds since the epoch."""
    reply = walk.log_in(person).document(200)
    life = reply.number("expires_in")
    return {
        "login": {"email": person.email, "password": person.password},
        "token": reply.text("access_token"),
        "life": life,
        "ends": time.time() + life,
    }
