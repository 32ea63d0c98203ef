"""The shop's visitors, for Locust."""

import json

from gonogo.load.visitor import LoadReply, Visitor

_BOOKS, _ORDER, _ONE = "GET /books", "POST /orders", "GET /orders/{id}"
_CHEAPEST_CENTS = 1250


class Look(Visitor):
    """Looks at the list, and again."""

    scenario = "look"
    makes = (_BOOKS, _BOOKS)

    def visit(self) -> None:
        """Twice, as people do who cannot decide."""
        self.ask(_BOOKS, "/books", right=_is_list)
        self.think()
        self.ask(_BOOKS, "/books", right=_is_list)


class Buy(Visitor):
    """Looks, buys, and looks at the order."""

    scenario = "buy"
    makes = (_BOOKS, _ORDER, _ONE)

    def visit(self) -> None:
        """One cheap book."""
        token = self.data["tokens"][self.number % len(self.data["tokens"])]
        self.ask(_BOOKS, "/books", right=_is_list)
        self.think()
        wish = json.dumps({"books": {"knots": 1}, "note": self.data["mark"]}).encode()
        reply = self.ask(_ORDER, "/orders", expect=201, token=token, body=wish, right=_costs_something)
        order = json.loads(reply.body)["id"]
        self.think()
        self.ask(_ONE, f"/orders/{order}", token=token, right=lambda shown: json.loads(shown.body)["id"] == order)


def _is_list(reply: LoadReply) -> bool:
    return bool(json.loads(reply.body))


def _costs_something(reply: LoadReply) -> bool:
    return bool(json.loads(reply.body)["total_cents"] >= _CHEAPEST_CENTS)
