"""A Redis server that is ready in milliseconds, and empty after each start."""

from collections.abc import Sequence

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.services.server import Server, free_port


class Redis(Server):
    """A Redis server that keeps nothing on disk.

    Attributes:
        socket: The unix socket.
        port: The port on 127.0.0.1.
        socket_url: The broker's address for Celery through the socket.
        tcp_url: The broker's address for Celery through TCP.
    """

    program = "redis-server"
    package = "redis-server"

    def __init__(self) -> None:
        super().__init__()
        self.port = free_port()
        self.socket = self.directory / "redis.sock"
        self.socket_url = f"redis+socket://{self.socket}"
        self.tcp_url = self.url_at(self.port)

    def url_at(self, port: int) -> str:
        """Return the broker's address through another port, such as a proxy's."""
        return f"redis://127.0.0.1:{port}/0"

    def command(self) -> Sequence[str]:
        """Return redis-server's command line, free of the machine's own configuration."""
        options = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "unixsocket": str(self.socket),
            "save": "",
            "appendonly": "no",
            "dir": str(self.directory),
        }
        flags = (word for name, value in options.items() for word in (f"--{name}", value))
        return [self.executable, *flags]

    def answers(self) -> bool:
        """Tell whether the server answers a ping."""
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def client(self) -> redis.Redis:
        """Open a connection of the tests' own; close it, or use it as a context manager."""
        once = Retry(NoBackoff(), retries=0)
        return redis.Redis(unix_socket_path=str(self.socket), socket_timeout=5, retry=once)
