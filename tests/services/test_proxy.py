import time
from collections.abc import Callable

import pytest
from redis import Redis as Client
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tests.services.processes import wait_until
from tests.services.proxy import Mode, TcpProxy
from tests.services.redis import Redis


def test_a_delaying_proxy_delays(redis_server: Redis, tcp_proxy: Callable[[int], TcpProxy]) -> None:
    proxy = tcp_proxy(redis_server.port)
    with Client.from_url(redis_server.url_at(proxy.port)) as client:
        client.ping()
        proxy.set_mode(Mode.DELAY, delay=0.2)

        begun = time.monotonic()
        client.ping()
        taken = time.monotonic() - begun

    assert 0.4 <= taken < 2


def test_what_a_black_hole_swallowed_arrives_once_it_is_gone(
    redis_server: Redis, tcp_proxy: Callable[[int], TcpProxy]
) -> None:
    proxy = tcp_proxy(redis_server.port)
    with Client.from_url(redis_server.url_at(proxy.port), socket_timeout=0.3, retry=None) as client:
        client.ping()
        proxy.set_mode(Mode.BLACKHOLE)

        with pytest.raises(RedisTimeoutError):
            client.incr("swallowed")
        proxy.set_mode(Mode.PASS)

        assert wait_until(lambda: client.get("swallowed")) == b"1"


def test_a_resetting_proxy_tears_down_open_and_new_connections(
    redis_server: Redis, tcp_proxy: Callable[[int], TcpProxy]
) -> None:
    proxy = tcp_proxy(redis_server.port)
    with Client.from_url(redis_server.url_at(proxy.port), retry=None) as client:
        client.ping()

        proxy.set_mode(Mode.RESET)
        for _ in ("open", "new"):
            with pytest.raises(RedisConnectionError, match="reset"):
                client.ping()
        proxy.set_mode(Mode.PASS)

        assert client.ping()
        assert proxy.accepted >= 3
