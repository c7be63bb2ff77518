import threading
from collections.abc import Callable

from sqlalchemy import create_engine, text

from tests.services.mariadb import MariaDb
from tests.services.proxy import TcpProxy
from tests.services.server import accepts


def test_a_database_is_reached_by_socket_by_tcp_and_through_a_proxy(
    mariadb: MariaDb, tcp_proxy: Callable[[int], TcpProxy]
) -> None:
    database = mariadb.create_database("reached")
    through_proxy = database.url_at(tcp_proxy(mariadb.port).port)

    answers = [ask(url) for url in (database.socket_url, database.tcp_url, through_proxy)]

    mariadb.drop_database("reached")
    assert answers == ["reached"] * 3


def test_a_new_database_has_the_short_utf8_of_the_manual(mariadb: MariaDb) -> None:
    database = mariadb.create_database("short")

    answer = ask(database.socket_url, "SELECT @@collation_database")

    mariadb.drop_database("short")
    assert answer in {"utf8_unicode_ci", "utf8mb3_unicode_ci"}


def test_two_databases_share_one_account(mariadb: MariaDb) -> None:
    databases = [mariadb.create_database(name) for name in ("one", "two")]

    answers = [ask(database.tcp_url) for database in databases]

    for name in ("one", "two"):
        mariadb.drop_database(name)
    assert answers == ["one", "two"]


def test_a_committed_row_survives_that_mariadb_is_killed(mariadb: MariaDb) -> None:
    url = mariadb.create_database("survivor").tcp_url
    mariadb.execute("CREATE TABLE survivor.t (n INT)", "INSERT INTO survivor.t VALUES (7)")

    with mariadb.down():
        unreachable = not accepts(mariadb.port)

    answer = ask(url, "SELECT n FROM t")
    mariadb.drop_database("survivor")
    assert unreachable
    assert answer == 7


def test_a_hanging_mariadb_answers_again_afterwards(mariadb: MariaDb) -> None:
    asked = threading.Thread(target=mariadb.execute, args=("SELECT 1",))

    with mariadb.stop_cont():
        asked.start()
        asked.join(0.3)
        hung = asked.is_alive()
    asked.join(5)

    assert hung
    assert not asked.is_alive()


def ask(url: str, statement: str = "SELECT DATABASE()") -> object:
    engine = create_engine(url)
    with engine.connect() as connection:
        answer: object = connection.execute(text(statement)).scalar()
    engine.dispose()
    return answer
