"""A RabbitMQ node of its own name, with a port mapper of its own, on loopback only.

Erlang starts a port mapper (epmd) for all addresses and leaves it running when
the node ends; bringing one along keeps the node from doing so.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import amqp  # type: ignore[import-untyped]

from tests.services.server import Server, accepts, free_port


class PortMapper(Server):
    """Tells Erlang nodes of one another; here it knows a single one.

    Attributes:
        port: The port on 127.0.0.1.
    """

    program = "epmd"
    package = "rabbitmq-server"

    def __init__(self) -> None:
        super().__init__()
        self.port = free_port()

    def command(self) -> Sequence[str]:
        """Return epmd's command line; without -daemon it stays in the foreground."""
        return [self.executable, "-address", "127.0.0.1", "-port", str(self.port)]

    def answers(self) -> bool:
        """Tell whether the mapper accepts connections."""
        return accepts(self.port)


class RabbitMq(Server):
    """A RabbitMQ node; durable queues survive a restart.

    Attributes:
        port: The port for AMQP on 127.0.0.1.
        url: The broker's address for Celery.
    """

    program = "rabbitmq-server"
    package = "rabbitmq-server"

    def __init__(self) -> None:
        super().__init__()
        self._mapper = PortMapper()
        self.port = free_port()
        self.url = self.url_at(self.port)
        (self.directory / "plugins").write_text("[].\n")
        self.environment |= {
            "RABBITMQ_NODENAME": f"aops-{os.getpid()}-{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(self.directory / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.directory / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.directory / "plugins"),
            "RABBITMQ_CONF_ENV_FILE": str(self.directory / "none"),
            "RABBITMQ_CONFIG_FILE": str(self.directory / "none"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1"
            ),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._mapper.port),
            # The start script then becomes the node instead of waiting beside it.
            "RUNNING_UNDER_SYSTEMD": "true",
        }

    def start(self) -> None:
        """Start the node, and the port mapper before it."""
        if not self._mapper.running:
            self._mapper.start()
        super().start()

    def close(self) -> None:
        """End the node and the port mapper and remove all that they wrote."""
        super().close()
        self._mapper.close()

    def url_at(self, port: int) -> str:
        """Return the broker's address through another port, such as a proxy's."""
        return f"amqp://guest:guest@127.0.0.1:{port}//"

    def command(self) -> Sequence[str]:
        """Return RabbitMQ's own start script, past Debian's that insists on its user."""
        debian = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
        return [str(debian) if debian.exists() else self.executable]

    def answers(self) -> bool:
        """Tell whether one can sign in and open a channel."""
        try:
            with amqp.Connection(f"127.0.0.1:{self.port}", connect_timeout=5) as connection:
                connection.channel().close()
        except (OSError, amqp.AMQPError):
            return False
        return True
