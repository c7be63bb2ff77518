from collections.abc import Iterator

import pytest

from tests.e2e.stack import Stack
from tests.faults import invariants
from tests.faults.scene import Scene
from tests.services.processes import wait_until
from tests.services.sshd import SshHosts


@pytest.fixture
def scene(stack: Stack) -> Iterator[Scene]:
    """A scene on each of the two sets, after which everything must be in order."""
    scene = Scene(stack)
    yield scene
    settle(stack)


@pytest.fixture
def embedded_scene(embedded: Stack) -> Iterator[Scene]:
    """A scene on SQLite."""
    scene = Scene(embedded)
    yield scene
    settle(embedded)


@pytest.fixture
def production_scene(production: Stack) -> Iterator[Scene]:
    """A scene on MariaDB and Redis."""
    scene = Scene(production)
    yield scene
    settle(production)


@pytest.fixture
def with_hosts(ssh_hosts: SshHosts):
    """Give a scene the SSH hosts to run on."""

    def give(scene: Scene) -> Scene:
        scene.ssh = ssh_hosts
        return scene

    return give


def settle(stack: Stack) -> None:
    """Wait until nothing is left to clean up, then expect that all is well."""
    wait_until(lambda: not stack.run_processes(), 20, "the last run's process")
    try:
        wait_until(lambda: not invariants.problems(stack), 15, "order")
    except TimeoutError:
        invariants.check(stack)
