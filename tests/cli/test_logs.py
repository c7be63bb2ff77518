"""Log files: nothing is lost when a new one is begun, and old ones do not pile up."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aops.cli.children import Children, Service
from aops.cli.logs import Logs
from aops.core.errors import AopsError
from aops.core.log_files import KEPT, open_shared

SIZE = 50_000
LINES = 2_500
SPEAK = f"""
import os, sys
for number in range({LINES}):
    print(sys.argv[1], number, "x" * 20, flush=True)
"""
RUN = f"""
import os, sys
from pathlib import Path
from aops.core.log_files import open_shared
for start in range(10):
    out = open_shared(Path(sys.argv[2]), {SIZE})
    for number in range({LINES // 10}):
        os.write(out, f"{{sys.argv[1]}} {{start * {LINES // 10} + number}}\\n".encode())
"""


def test_nothing_is_lost_while_two_processes_write_into_files_that_fill_up(logs: Logs):
    with logs.input("web") as pipe:
        speakers = [speak(pipe, name) for name in ("a", "b")]
    assert [speaker.wait(60) for speaker in speakers] == [0, 0]

    logs.close()

    assert len(files(logs)) > 2
    assert said(logs, "a") == said(logs, "b") == list(range(LINES))


def test_files_stay_small_and_old_ones_are_removed(logs: Logs):
    with logs.input("web") as pipe:
        speakers = [speak(pipe, str(number)) for number in range(4)]
    for speaker in speakers:
        speaker.wait(60)

    logs.close()

    assert [path.name for path in files(logs)] == [
        *(f"web.log.{number}" for number in range(KEPT, 0, -1)),
        "web.log",
    ]
    assert all(path.stat().st_size <= SIZE for path in files(logs))
    assert all(path.stat().st_mode & 0o077 == 0 for path in files(logs))


def test_what_is_no_text_or_never_ends_its_line_is_kept_as_well(logs: Logs):
    with logs.input("web") as pipe:
        os.write(pipe, b"100% \xff %s\n" + b"y" * 70_000)

    logs.close()

    text = "".join(path.read_text() for path in files(logs))
    assert text.startswith("100% \\xff %s\n")
    assert text.count("y") == 70_000


def test_a_full_disk_costs_lines_and_not_the_service(folder: Path):
    (folder / "web.log").symlink_to("/dev/full")
    logs = Logs(folder, ("web",), SIZE, os.environ)

    with logs.input("web") as pipe:
        speaker = speak(pipe, "a")

    assert speaker.wait(60) == 0
    logs.require_kept()
    logs.close()


def test_it_is_noticed_when_nobody_writes_the_files(folder: Path):
    logs = Logs(folder, ("web",), SIZE, os.environ)
    children = Children(logs, os.environ, folder)
    children.start(Service("web", ("sleep", "60")))

    logs._process.kill()
    logs._process.wait()

    with pytest.raises(AopsError, match=r"writes .* ended unexpectedly"):
        children.require_alive()
    children.stop()


def test_runs_that_begin_new_files_for_each_other_lose_no_line(folder: Path):
    path = folder / "runs.log"
    command = (sys.executable, "-c", RUN)

    runs = [subprocess.Popen([*command, name, path]) for name in ("a", "b", "c")]

    assert [run.wait(60) for run in runs] == [0, 0, 0]
    text = "".join(found.read_text() for found in folder.iterdir())
    for name in ("a", "b", "c"):
        assert numbers(text, name) == list(range(LINES))


def test_a_run_begins_a_new_file_only_when_the_old_one_is_full(folder: Path):
    path = folder / "runs.log"
    for text in ("first", "second", "third"):
        out = open_shared(path, len("firstsecond"))
        os.write(out, text.encode())
        os.close(out)

    assert path.read_text() == "third"
    assert (folder / "runs.log.1").read_text() == "firstsecond"


def test_a_log_that_cannot_be_renamed_is_appended_to(folder: Path):
    path = folder / "runs.log"
    path.write_text("full")
    (folder / "runs.log.3").touch()
    (folder / "runs.log.4").mkdir()

    os.close(open_shared(path, 1))

    assert path.read_text() == "full"


def speak(pipe: int, name: str) -> subprocess.Popen[bytes]:
    """Start a process that says numbered lines."""
    return subprocess.Popen([sys.executable, "-IS", "-c", SPEAK, name], stdout=pipe)


def files(logs: Logs) -> list[Path]:
    """Give the files of the web server, the oldest first."""
    path = logs.file("web")
    older = sorted(path.parent.glob("web.log.*"), reverse=True)
    return [*older, path]


def said(logs: Logs, name: str) -> list[int]:
    """Give the numbers that a speaker's lines have in the files, in the order of the files."""
    return numbers("".join(path.read_text() for path in files(logs)), name)


def numbers(text: str, name: str) -> list[int]:
    """Give the numbers of a speaker's whole lines."""
    return [
        int(number) for number in re.findall(rf"^{name} (\d+)(?: x{{20}})?$", text, re.MULTILINE)
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with nothing in it."""
    return tmp_path


@pytest.fixture
def logs(folder: Path) -> Iterator[Logs]:
    """The web server's log in small files."""
    made = Logs(folder, ("web",), SIZE, os.environ)
    yield made
    made.close()
