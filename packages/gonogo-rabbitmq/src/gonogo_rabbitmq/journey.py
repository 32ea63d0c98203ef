"""Verbs of RabbitMQ for the steps of journeys."""

from gonogo.base.errors import Unobserved
from gonogo.families.verbs import Verbs
from gonogo_rabbitmq.login import Refused, logged_in, login_of, passively_declared
from gonogo_rabbitmq.section import Rabbitmq


class RabbitmqVerbs(Verbs[Rabbitmq]):
    """``walk.rabbitmq``, asked as the service's own user. Nothing is taken from a queue."""

    model = Rabbitmq

    def waiting(self, queue: str) -> int:
        """How many messages nobody has taken yet. Raises Unobserved when RabbitMQ cannot be asked."""
        return self.walk.looked(f"RabbitMQ queue {queue}", lambda: self.world.run(self._waiting, queue))

    async def _waiting(self, queue: str) -> int:
        login = login_of(self.section, self.world.secrets)
        patience = self.world.environment.limits.probe
        try:
            ready, _ = await logged_in(login, patience, lambda connection: passively_declared(connection, queue))
        except Refused as error:
            raise Unobserved(f"RabbitMQ could not be asked about queue {queue}: {error}") from None
        return ready
