"""RabbitMQ as the service needs it on launch day."""

import pytest
from gonogo_rabbitmq.evidence import RabbitmqClusterEvidence, RabbitmqEvidence, RabbitmqQueueEvidence
from gonogo_rabbitmq.section import Rabbitmq
from gonogo_rabbitmq.support import last_day_of_repairs, minor_series

from gonogo.base.comparing import at_least, at_most, equal, not_over, nothing, shown, so
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment

_POWERS = {
    "administrator": "can do everything, users and permissions included",
    "policymaker": "can change policies and parameters of its virtual hosts",
    "monitoring": "can see every connection and queue of the cluster",
}


@pytest.mark.check("rabbitmq-reachable")
def test_service_can_log_in(rabbitmq: RabbitmqEvidence) -> None:
    """Without its broker the service accepts orders that nobody processes.

    Fix: read the broker's log; look at the user, its password, and its permissions in the virtual host
    (rabbitmqctl list_user_permissions).
    """
    assert so(rabbitmq.reachable, "reachable", "yes", "no"), f"{rabbitmq.server}: {rabbitmq.problem}"


@pytest.mark.check("rabbitmq-tls")
def test_nobody_reads_along(rabbitmq: RabbitmqEvidence) -> None:
    """Data that is not encrypted can be read on its way, the password first.

    Fix: listeners.tcp = none and listeners.ssl.default = 5671 in rabbitmq.conf; amqps:// in the service's URL.
    """
    assert so(rabbitmq.encrypted, "encrypted", "yes", "no"), (
        f"{rabbitmq.server}: the service's URL says amqp://, which is not encrypted"
    )
    rabbitmq.require("plain_ports")
    ports = ", ".join(map(str, rabbitmq.plain_ports))
    assert nothing(rabbitmq.plain_ports, "ports without TLS"), (
        f"{rabbitmq.server}: port {ports} of the same host accepts logins without TLS"
    )


@pytest.mark.check("rabbitmq-default-user")
def test_default_user_is_gone(rabbitmq: RabbitmqEvidence) -> None:
    """Everybody knows guest's password, and guest is an administrator.

    Fix: rabbitmqctl delete_user guest.
    """
    rabbitmq.require("default_user")
    assert equal(rabbitmq.default_user, "refused", "default user"), (
        f"{rabbitmq.server}: a login as guest with the password guest was accepted"
    )


@pytest.mark.check("rabbitmq-password")
def test_wrong_password_is_refused(rabbitmq: RabbitmqEvidence) -> None:
    """A broker that accepts every password protects nothing.

    Fix: look at auth_backends in rabbitmq.conf, and at what the external one answers.
    """
    rabbitmq.require("wrong_password")
    assert equal(rabbitmq.wrong_password, "refused", "wrong password"), (
        f"{rabbitmq.server}: a login as {rabbitmq.user} with a made-up password was accepted"
    )


@pytest.mark.check("rabbitmq-least-rights")
def test_service_may_do_its_own_work_only(rabbitmq: RabbitmqEvidence) -> None:
    """Whoever breaks into the service gets all rights of its user.

    Fix: rabbitmqctl set_user_tags USER (with no tag); rabbitmqctl clear_permissions -p / USER.
    """
    rabbitmq.require("tags", "default_vhost")
    for tag in rabbitmq.tags:
        assert so(tag not in _POWERS, "tags of the user", "without powers", tag), (
            f"the service's user {rabbitmq.user} has the tag {tag}, which {_POWERS[tag]}"
        )
    assert shown(rabbitmq.default_vhost != "accepted", "default vhost", rabbitmq.default_vhost, "not accepted"), (
        f"the service's user {rabbitmq.user} may enter the virtual host / as well as its own, {rabbitmq.vhost}"
    )


@pytest.mark.check("rabbitmq-supported")
def test_version_is_repaired(rabbitmq: RabbitmqEvidence) -> None:
    """The next vulnerability in an unsupported version stays open, unless its maker is paid to fix it.

    Fix: upgrade to a series that https://www.rabbitmq.com/release-information calls supported, or waive this with the
    number of the support contract.
    """
    series = minor_series(rabbitmq.version)
    if rabbitmq.product != "RabbitMQ" or series is None:
        raise Unobserved(
            f"not a version of RabbitMQ that gonogo knows: {rabbitmq.product[:40]!r} {rabbitmq.version[:20]!r}",
            hint="attest that its maker still publishes security fixes for it, or waive this check",
        )
    last = last_day_of_repairs(series)
    assert not_over(last, rabbitmq.taken_at.date(), "support"), (
        f"{rabbitmq.server}: RabbitMQ {rabbitmq.version}: public security fixes for {series[0]}.{series[1]} ended on {last}"
    )


@pytest.mark.check("rabbitmq-queues")
def test_queue_is_there(rabbitmq_queue: RabbitmqQueueEvidence) -> None:
    """A message that is published for a queue that does not exist is lost without an error.

    Fix: start what declares the queue, or declare it; a queue whose node is down needs that node.
    """
    assert so(rabbitmq_queue.exists, "exists", "yes", "no"), f"queue {rabbitmq_queue.name}: {rabbitmq_queue.problem}"


@pytest.mark.check("rabbitmq-consumers")
def test_somebody_works(rabbitmq_queue: RabbitmqQueueEvidence, environment: Environment) -> None:
    """Messages in a queue without consumers wait for ever.

    Fix: start the workers; read their log for why they lost their connection.
    """
    queue, wanted = rabbitmq_queue, environment.require(Rabbitmq).queues[rabbitmq_queue.name].consumers
    assert at_least(queue.consumers, wanted, "consumers"), (
        f"queue {queue.name}: {queue.consumers} consumers, at least {wanted} declared"
    )


@pytest.mark.check("rabbitmq-backlog")
def test_work_gets_done(rabbitmq_queue: RabbitmqQueueEvidence, environment: Environment) -> None:
    """While messages wait, users wait, and the memory of the broker fills.

    Fix: start more consumers, or faster ones; look for messages that every consumer rejects.
    """
    queue, limit = rabbitmq_queue, environment.require(Rabbitmq).queues[rabbitmq_queue.name].max_backlog
    assert at_most(queue.ready, limit, "messages that wait"), (
        f"queue {queue.name}: {queue.ready:,} messages waiting, at most {limit:,} declared"
    )


@pytest.mark.check("rabbitmq-alarms")
def test_nobody_is_blocked(rabbitmq_cluster: RabbitmqClusterEvidence) -> None:
    """While one node has an alarm, nobody may publish anywhere in the cluster.

    Fix: disk alarm: make room, or lower disk_free_limit; memory alarm: drain the queues, or add memory.
    """
    rabbitmq_cluster.require("nodes")
    alarms = [f"{node.name} has a {alarm} alarm" for node in rabbitmq_cluster.nodes for alarm in node.alarms]
    assert nothing(alarms, "alarms"), f"{rabbitmq_cluster.server}: {', '.join(alarms)}"


@pytest.mark.check("rabbitmq-nodes")
def test_cluster_is_whole(rabbitmq_cluster: RabbitmqClusterEvidence, environment: Environment) -> None:
    """A cluster that lost a member does not survive the next loss.

    Fix: start the node that is named; after a partition restart the side whose data may be dropped (rabbitmqctl cluster_status).
    """
    rabbitmq_cluster.require("nodes")
    running = [node for node in rabbitmq_cluster.nodes if node.running]
    for node in rabbitmq_cluster.nodes:
        assert so(node.running, "nodes", "running", f"{node.name} is not running"), f"node {node.name} is not running"
        apart = ", ".join(node.partitioned_from)
        assert nothing(node.partitioned_from, f"nodes apart from {node.name}"), (
            f"node {node.name} is partitioned from {apart}"
        )
    wanted = environment.require(Rabbitmq).nodes
    assert at_least(len(running), wanted, "nodes that run"), f"{len(running)} nodes running, {wanted} declared"


@pytest.mark.check("rabbitmq-copies")
def test_queues_outlive_a_restart(rabbitmq_cluster: RabbitmqClusterEvidence, environment: Environment) -> None:
    """A queue on one node is unavailable when that node is; one that is not durable is lost after a restart.

    Fix: declare the queue durable, and in a cluster as a quorum queue; start the nodes whose copies are offline.
    """
    rabbitmq_cluster.require("queues")
    several = environment.require(Rabbitmq).nodes > 1
    for queue in rabbitmq_cluster.queues:
        assert so(queue.durable, "queues", "durable", f"{queue.name} is not durable"), (
            f"queue {queue.name} is not durable: a restart deletes it with all its messages"
        )
        assert at_least(queue.online, queue.members, f"copies of {queue.name} online", kind="copies online"), (
            f"queue {queue.name}: {queue.online} of {queue.members} copies are online"
        )
        assert not several or at_least(queue.members, 2, "members of the queue"), (
            f"queue {queue.name} ({queue.kind}) is on one node only"
        )
