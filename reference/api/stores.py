"""The parts of the service that keep state: one of each, for all requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

if TYPE_CHECKING:
    from reference.api.bookings import Bookings
    from reference.api.documents import Documents
    from reference.api.erasure import Erasure
    from reference.api.listings import Listings
    from reference.api.payment_store import PaymentStore
    from reference.api.webhook import Receiver


@dataclass(slots=True, kw_only=True)
class Stores:
    """Shared by all requests."""

    bookings: Bookings
    documents: Documents
    erasure: Erasure
    payments: PaymentStore
    listings: Listings
    receiver: Receiver


def _stores(request: Request) -> Stores:
    stores: Stores = request.app.state.stores
    return stores


CurrentStores = Annotated[Stores, Depends(_stores)]
