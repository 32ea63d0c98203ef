"""The shop's customers, and how they are found and removed."""

from collections.abc import Iterable, Sequence
from functools import partial

from gonogo_postgresql.journey import PostgresqlVerbs
from gonogo_rabbitmq.journey import RabbitmqVerbs
from gonogo_s3.journey import S3Verbs

from gonogo.base.marks import Leftovers, Marks
from gonogo.families.verbs import VerbsOf
from gonogo.journey.people import Person
from gonogo.journey.walk import Walk
from smoke.settings import Settings


class Shop(Walk):
    """A journey through the shop."""

    postgresql = VerbsOf(PostgresqlVerbs)
    rabbitmq = VerbsOf(RabbitmqVerbs)
    s3 = VerbsOf(S3Verbs)

    @property
    def settings(self) -> Settings:
        """The shop's own ``[smoke]``."""
        return self.world.environment.require(Settings)

    @property
    def admin(self) -> Person:
        """Who may list and remove customers."""
        admin = self.somebody("admin@shop.test", "", "the administrator")
        admin.token = self.world.secrets[self.settings.admin_token]
        return admin

    def join(self, label: str) -> Person:
        """A new customer with a session."""
        person = self.person(label)
        reply = person.post("/customers", email=person.email, password=person.password, name=person.name)
        document = reply.document(201)
        person.id, person.token = document.text("id"), document.text("token")
        return person

    def test_data(self, marks: Marks) -> Iterable[Leftovers]:
        """Customers; the shop removes their orders and receipts with them."""
        yield Leftovers("customers", partial(self._customers, marks), self._remove)

    def _customers(self, marks: Marks) -> Sequence[str]:
        customers = self.admin.get("/customers", email=marks.prefix).documents(200)
        domain = self.settings.mail_domain
        return [customer.text("id") for customer in customers if marks.of_address(customer.text("email"), domain)]

    def _remove(self, customers: Sequence[str]) -> None:
        for customer in customers:
            self.admin.delete(f"/customers/{customer}").answers(204, 404)
