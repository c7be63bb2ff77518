from pathlib import Path

import pytest

from tests.services.fixtures import ssh_hosts

__all__ = ["ssh_hosts"]


@pytest.fixture
def runs_dir(tmp_path: Path) -> Path:
    return tmp_path / "runs"
