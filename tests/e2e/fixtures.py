"""The whole of aops as fixtures: started at the first test that asks, shared by the rest."""

from collections.abc import Iterator

import pytest

from tests.e2e.stack import Stack
from tests.services.mariadb import MariaDb
from tests.services.redis import Redis


@pytest.fixture(scope="session")
def embedded() -> Iterator[Stack]:
    """SQLite and the broker that needs no service, as after the first start."""
    with Stack() as stack:
        yield stack


@pytest.fixture(scope="session")
def production(mariadb: MariaDb, redis_server: Redis) -> Iterator[Stack]:
    """MariaDB through TCP, and Redis."""
    database = mariadb.create_database("aops_production")
    with Stack(database_url=database.tcp_url, broker_url=redis_server.tcp_url) as stack:
        yield stack


@pytest.fixture(params=["embedded", "production"])
def stack(request: pytest.FixtureRequest) -> Stack:
    """Each of the two sets, one after the other."""
    return request.getfixturevalue(request.param)
