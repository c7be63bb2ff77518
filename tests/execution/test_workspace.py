import stat
from pathlib import Path

import pytest

from aops.execution import workspace
from tests.execution.runs import make_spec


def test_a_workspace_is_private_and_gone_afterwards(runs_dir: Path) -> None:
    project = {"site.yml": "- 主机: 1\r\n", "roles/web/tasks/main.yml": "[]"}

    with workspace.opened(runs_dir, make_spec("", project=project)) as space:
        modes = {stat.S_IMODE(path.stat().st_mode) for path in (runs_dir, space.path)}
        written = {name: (space.project / name).read_bytes().decode() for name in project}

    assert modes == {0o700}
    assert written == project
    assert list(runs_dir.iterdir()) == []


def test_a_workspace_is_gone_after_an_error_too(runs_dir: Path) -> None:
    made: list[Path] = []

    def break_down() -> None:
        with workspace.opened(runs_dir, make_spec("")) as space:
            made.append(space.make_private())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_down()

    assert list(runs_dir.iterdir()) == []
    assert not made[0].exists()


def test_a_path_longer_than_a_sockets_name_is_no_obstacle(tmp_path: Path) -> None:
    runs_dir = tmp_path / ("long" * 30) / "runs"

    with workspace.opened(runs_dir, make_spec("")) as space:
        there = space.events.is_socket()

    assert there


def test_two_runs_of_one_id_do_not_share_a_directory(runs_dir: Path) -> None:
    spec = make_spec("")

    with workspace.opened(runs_dir, spec) as first:
        with pytest.raises(FileExistsError), workspace.opened(runs_dir, spec):
            pass
        still_there = first.project.is_dir()

    assert still_there


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "", ".", "a\0b"])
def test_a_file_outside_the_project_is_never_written(runs_dir: Path, name: str) -> None:
    spec = make_spec("", project={"site.yml": "", name: "x"})

    with pytest.raises((ValueError, OSError)), workspace.opened(runs_dir, spec):
        pass

    assert list(runs_dir.iterdir()) == []


def test_a_sweep_of_nothing_finds_nothing(tmp_path: Path) -> None:
    removed = workspace.sweep(tmp_path / "missing", lambda _: False)

    assert removed == []


def test_a_sweep_follows_no_link_that_is_not_ours(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    run = tmp_path / "runs" / "1-1"
    run.mkdir(parents=True)
    (run / "private").symlink_to(precious)

    removed = workspace.sweep(tmp_path / "runs", lambda _: False)

    assert removed == ["1-1"]
    assert precious.is_dir()
