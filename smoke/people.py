"""WorkMe's users: how they register, log in, offer and book, and how what they made is found and removed."""

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import partial

from gonogo.base.marks import PREFIX, Leftovers, Marks
from gonogo.clients.replies import Reply
from gonogo.families.mongodb.section import MongoDb
from gonogo.journey.cleanup import counting
from gonogo.journey.people import Person
from gonogo.journey.walk import Walk
from smoke.settings import Settings

_ADMIN = "the administrator"
_AT_ONCE = 4


class WorkMe(Walk):
    """A journey through WorkMe."""

    @property
    def settings(self) -> Settings:
        """What the environment file says about WorkMe's journeys."""
        return self.world.environment.require(Settings)

    def register(self, person: Person, role: str, *, code: str | None = None) -> Reply:
        """Ask for an account, with the beta code unless another is given."""
        right = self.world.secrets[self.settings.beta_code]
        return person.post(
            "/api/auth/register",
            email=person.email,
            password=person.password,
            name=person.name,
            role=role,
            beta_code=right if code is None else code,
        )

    def log_in(self, person: Person, *, password: str | None = None) -> Reply:
        """Exchange e-mail and password for a token, with the right one unless another is given."""
        password = person.password if password is None else password
        return person.post("/api/auth/login", email=person.email, password=password)

    def join(self, label: str, role: str, *, ending: str = "") -> Person:
        """Somebody with an account, logged in."""
        person = self.person(label, ending=ending)
        person.id = self.register(person, role).document(201).text("id")
        person.token = self.log_in(person).document(200).text("access_token")
        return person

    def offer(self, professional: Person) -> str:
        """A service of this professional, at the lowest price that can be paid; gives its id."""
        mark = self.world.mark
        offer = {"title": f"Service {mark}", "category": self.journey, "city": f"{mark}-{self.journey}"}
        price = self.settings.most_money_cents
        return professional.post("/api/services", **offer, price_cents=price).document(201).text("id")

    def book(self, client: Person, service: str, *, ahead: timedelta = timedelta(days=7)) -> Reply:
        """Ask for it, a week from now unless another time is given."""
        starts_at = (self.began + ahead).isoformat()
        return client.post(
            "/api/bookings", service_id=service, starts_at=starts_at, note=f"Synthetic {self.world.mark}"
        )

    @property
    def admin(self) -> Person:
        """The administrator, logged in once per journey."""
        if _ADMIN not in self.keep:
            password = self.world.secrets[self.settings.admin_password]
            admin = self.somebody(self.settings.admin_email, password, _ADMIN)
            admin.token = self.log_in(admin).document(200).text("access_token")
            self.keep[_ADMIN] = admin
        administrator: Person = self.keep[_ADMIN]
        return administrator

    # -- clean-up ---------------------------------------------------------------------------------------------------

    def test_data(self, marks: Marks) -> Iterable[Leftovers]:
        """Users first: the service erases with them what belongs to them. What it should have erased is only counted."""
        yield Leftovers("users", partial(self._users, marks), self._remove_users)
        if self.world.environment.section(MongoDb) is not None:
            for collection, field in self.settings.leftovers.items():
                yield counting(partial(self._documents, collection, field, marks), f"documents in {collection}")

    def _users(self, marks: Marks) -> Sequence[str]:
        """Ids of test users: whoever else the service may show, nobody is removed who is not marked as one."""
        users = self.admin.get("/api/beta/users", email=marks.prefix).documents(200)
        domain = self.settings.mail_domain
        return [user.text("id") for user in users if marks.of_address(user.text("email"), domain)]

    def _remove_users(self, users: Sequence[str]) -> None:
        removals = [partial(self.admin.delete, f"/api/beta/users/{user}") for user in users]
        for first in range(0, len(removals), _AT_ONCE):
            for reply in self.at_once(removals[first : first + _AT_ONCE]):
                reply.answers(204, 404)

    def _documents(self, collection: str, field: str, marks: Marks) -> Sequence[str]:
        documents = self.mongodb.texts(collection, field, **{field: {"$regex": re.escape(marks.prefix or PREFIX)}})
        return [text for text in documents if marks.in_text(text)]
