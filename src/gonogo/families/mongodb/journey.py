"""Verbs of MongoDB for the steps of journeys: documents in the service's own database, as the service's own user."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from gonogo.base.errors import Unobserved
from gonogo.clients.replies import demand
from gonogo.families.mongodb.section import MongoDb
from gonogo.families.verbs import Verbs

if TYPE_CHECKING:
    from gonogo.clients.mongodb import Database

Answer = TypeVar("Answer")
_MOST_DOCUMENTS = 10_000
_LONGEST = 200


class MongoVerbs(Verbs[MongoDb]):
    """``walk.mongodb``. Every verb raises Unobserved when MongoDB cannot be asked: its own checks judge it."""

    model = MongoDb

    def stored(self, collection: str, **wanted: Any) -> Mapping[str, Any] | None:  # noqa: ANN401 - a MongoDB filter
        """The document that fits; None without one."""

        async def find(database: "Database") -> Mapping[str, Any] | None:
            return await database[collection].find_one(wanted)

        return self._looked(f"{collection}.find_one({wanted})", find)

    def count(self, collection: str, **wanted: Any) -> int:  # noqa: ANN401 - a MongoDB filter
        """How many documents fit."""

        async def ask(database: "Database") -> int:
            return await database[collection].count_documents(wanted)

        return self._looked(f"{collection}.count_documents({wanted})", ask)

    def texts(self, collection: str, field: str, **wanted: Any) -> Sequence[str]:  # noqa: ANN401 - a MongoDB filter
        """This field of each document that fits, as text; 10,000 at most."""

        async def find(database: "Database") -> list[str]:
            documents = database[collection].find(wanted, {field: 1}).limit(_MOST_DOCUMENTS)
            return [str(document.get(field, "")) async for document in documents]

        return self._looked(f"{collection}.find({field})", find)

    def change(self, collection: str, identifier: str, **values: Any) -> None:  # noqa: ANN401 - of a document
        """Change a synthetic document behind the service's back; fails the step when there is none."""

        async def change(database: "Database") -> int:
            changed = await database[collection].update_one({"_id": identifier}, {"$set": values})
            return changed.modified_count

        operation = f"{collection}.update_one({identifier})"
        demand(self._looked(operation, change) == 1, f"MongoDB {operation} changed nothing")

    def _looked(self, operation: str, work: "Callable[[Database], Awaitable[Answer]]") -> Answer:
        return self.walk.looked(f"MongoDB {operation}", lambda: self._ask(work))

    def _ask(self, work: "Callable[[Database], Awaitable[Answer]]") -> Answer:
        """The answer to a question, over the one client that all journeys share."""
        # The driver is a tenth of a second of every start, and most services have no MongoDB.
        from pymongo.errors import PyMongoError  # noqa: PLC0415

        from gonogo.clients.mongodb import connected  # noqa: PLC0415
        from gonogo.families.mongodb.questions import mongo_questions  # noqa: PLC0415

        question = mongo_questions(self.world.environment, self.world.secrets)[0]
        client = self.world.shared("mongodb", lambda: connected(question))
        try:
            return self.world.run(work, client[self.section.database])
        except PyMongoError as error:
            raise Unobserved(f"MongoDB could not be asked: {self.world.redactor.text(str(error))[:_LONGEST]}") from None
