"""The services as fixtures: started at the first test that asks, shared by the rest.

A test that breaks a service mends it, best with ``down()`` or ``stop_cont()``.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page

from tests.services.chromium import Visitor, chromium
from tests.services.mariadb import MariaDb
from tests.services.proxy import TcpProxy
from tests.services.rabbitmq import RabbitMq
from tests.services.redis import Redis
from tests.services.sshd import SshHosts


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    """A MariaDB server that does not wait for the disk."""
    with MariaDb(fast=True) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """A Redis server that keeps nothing over a restart."""
    with Redis() as server:
        yield server


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMq]:
    """A RabbitMQ node, the slowest of the services: five seconds."""
    with RabbitMq() as server:
        yield server


@pytest.fixture(scope="session")
def ssh_hosts() -> Iterator[SshHosts]:
    """Three hosts that let the same user in by key and by password."""
    with SshHosts() as hosts:
        yield hosts


@pytest.fixture
def tcp_proxy() -> Iterator[Callable[[int], TcpProxy]]:
    """Give a function that puts a proxy before a port of 127.0.0.1."""
    with ExitStack() as stack:
        yield lambda port: stack.enter_context(TcpProxy(port))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, shared; use ``visitor`` or ``page`` to look at pages."""
    with chromium() as running:
        yield running


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Visitor]:
    """Open pages that fail the test when they complain."""
    person = Visitor(browser)
    yield person
    person.close()
    assert person.problems == []


@pytest.fixture
def page(visitor: Visitor) -> Page:
    """One page of an ordinary window that fails the test when it complains."""
    return visitor.open_page()
