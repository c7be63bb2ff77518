"""A MariaDB server that is ready in a second, reachable by socket and by TCP."""

import getpass
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import pymysql

from tests.services.server import Server, accepts, find_program, free_port

USER = "mds"
PASSWORD = "Pwd@123"

_CREATE_DATABASE = "CREATE DATABASE `{name}` /*!40100 COLLATE 'utf8_unicode_ci' */"
_CREATE_USER = f"CREATE USER '{USER}'@'%' IDENTIFIED BY '{PASSWORD}'"
_FIND_USER = "SELECT 1 FROM mysql.user WHERE user = 'mds'"
_GRANT = f'GRANT ALL PRIVILEGES ON {{name}}.* to {USER}@"%" IDENTIFIED by "{PASSWORD}"'


@dataclass(frozen=True)
class Database:
    """A database made as the manual tells administrators to make it.

    Attributes:
        name: Its name on the server.
        socket_url: SQLAlchemy's address of it through the unix socket.
        tcp_url: SQLAlchemy's address of it through TCP.
    """

    name: str
    socket_url: str
    tcp_url: str

    def url_at(self, port: int) -> str:
        """Return the address of it through another port, such as a proxy's."""
        return f"{_account()}@127.0.0.1:{port}/{self.name}"


class MariaDb(Server):
    """A MariaDB server whose administrator is root without a password.

    Attributes:
        socket: The unix socket.
        port: The port on 127.0.0.1.
        fast: Do not wait for the disk at each commit; commits still survive
            ``kill9``, though not a power cut.
    """

    program = "mariadbd"
    package = "mariadb-server"

    def __init__(self, *, fast: bool = False) -> None:
        super().__init__()
        self.fast = fast
        self.port = free_port()
        self.socket = self.directory / "mariadb.sock"
        self._data = self.directory / "data"
        self._installed = False

    def start(self) -> None:
        """Start the server, making its system tables the first time."""
        if not self._installed:
            self._install()
            self._installed = True
        super().start()

    def command(self) -> Sequence[str]:
        """Return mariadbd's command line, free of the machine's own configuration."""
        options = {
            "user": getpass.getuser(),
            "datadir": self._data,
            "socket": self.socket,
            "pid-file": self.directory / "mariadb.pid",
            "bind-address": "127.0.0.1",
            "port": self.port,
            "tmpdir": self.directory,
        }
        if self.fast:
            options |= {"innodb-flush-log-at-trx-commit": 2, "skip-innodb-doublewrite": 1}
        return [
            self.executable,
            "--no-defaults",
            *(f"--{name}={value}" for name, value in options.items()),
        ]

    def answers(self) -> bool:
        """Tell whether the server answers a query."""
        if not accepts(self.port):  # PyMySQL forgets a socket that nobody answers
            return False
        try:
            return self.execute("SELECT 1") == [(1,)]
        except pymysql.err.OperationalError:
            return False

    def execute(self, *statements: str) -> list[tuple[object, ...]]:
        """Run statements as the administrator and return the rows of the last one."""
        connection = pymysql.connect(
            unix_socket=str(self.socket), user="root", autocommit=True, connect_timeout=5
        )
        with connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    def create_database(self, name: str = "aops") -> Database:
        """Make an empty database with the very SQL of the manual.

        The account is made along with the first database and shared by the others.

        Args:
            name: Lower-case letters, digits and underscores.
        """
        if not re.fullmatch(r"[a-z0-9_]+", name):
            raise ValueError(f"not a name for a database: {name!r}")
        self.execute(
            _CREATE_DATABASE.format(name=name),
            *([] if self._has_account() else [_CREATE_USER]),
            _GRANT.format(name=name),
            "FLUSH PRIVILEGES",
        )
        return Database(
            name=name,
            socket_url=f"{_account()}@/{name}?unix_socket={quote(str(self.socket))}",
            tcp_url=f"{_account()}@127.0.0.1:{self.port}/{name}",
        )

    def drop_database(self, name: str) -> None:
        """Remove a database, the account's rights on it included."""
        self.execute(f"DROP DATABASE `{name}`", f"REVOKE ALL ON `{name}`.* FROM '{USER}'@'%'")

    def _has_account(self) -> bool:
        return bool(self.execute(_FIND_USER))

    def _install(self) -> None:
        subprocess.run(
            [
                find_program("mariadb-install-db", self.package),
                "--no-defaults",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                f"--datadir={self._data}",
                f"--user={getpass.getuser()}",
            ],
            check=True,
            capture_output=True,
            env=self.environment,
        )


def _account() -> str:
    return f"mysql+pymysql://{USER}:{quote(PASSWORD, safe='')}"
