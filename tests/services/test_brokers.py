import amqp  # type: ignore[import-untyped]
from redis import Redis as Client

from tests.services.rabbitmq import RabbitMq
from tests.services.redis import Redis
from tests.services.server import accepts


def test_redis_is_empty_after_it_was_killed(redis_server: Redis) -> None:
    with redis_server.client() as client:
        client.set("key", "value")

    with redis_server.down():
        unreachable = not accepts(redis_server.port)

    with Client.from_url(redis_server.tcp_url) as client:
        assert client.get("key") is None
    assert unreachable


def test_a_durable_message_survives_that_rabbitmq_is_killed(rabbitmq: RabbitMq) -> None:
    publish(rabbitmq, "still there")

    rabbitmq.kill9()
    rabbitmq.restart()

    assert fetch(rabbitmq) == "still there"


def publish(rabbitmq: RabbitMq, body: str) -> None:
    with amqp.Connection(f"127.0.0.1:{rabbitmq.port}", confirm_publish=True) as connection:
        channel = connection.channel()
        channel.queue_declare("durable", durable=True, auto_delete=False)
        channel.basic_publish(amqp.Message(body, delivery_mode=2), routing_key="durable")


def fetch(rabbitmq: RabbitMq) -> str:
    with amqp.Connection(f"127.0.0.1:{rabbitmq.port}") as connection:
        return str(connection.channel().basic_get("durable", no_ack=True).body)
