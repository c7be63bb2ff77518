import contextlib
import json
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from aops.jobs.models import JobStatus
from tests import factories
from tests.faults.scene import VAULT_CANARY, Scene
from tests.services.processes import wait_until

MEGABYTE = 1 << 20

HUNT = """\
import os, sys
home, *reversed_words = sys.argv[1:]
needles = [word[::-1].encode() for word in reversed_words]

def files():
    for pid in os.listdir("/proc"):
        yield from (f"/proc/{pid}/{name}" for name in ("environ", "cmdline", "mountinfo"))
    for top in ("/dev/shm", "/etc", "/home", "/opt", "/root", "/run", "/srv", "/tmp", "/var", home):
        for folder, _, names in os.walk(top):
            yield from (os.path.join(folder, name) for name in names)

for path in files():
    if path.startswith(sys.prefix):  # the packages' own texts, wherever the installation lies
        continue
    try:
        with open(path, "rb") as file:
            text = file.read(1 << 24)
    except OSError:
        continue
    if any(needle in text for needle in needles):
        print("FOUND", path)
print("HOME", os.path.exists(home), "LOOKED")
"""


def test_a_hundred_megabytes_in_one_line_do_not_fill_the_memory(embedded_scene: Scene) -> None:
    scene = embedded_scene
    job_id = scene.console.launch(scene.template(BIG_LINE))

    with memory_of(scene, job_id) as peak:
        job = scene.wait_for_end(job_id, 120)
        scene.console.get(f"/jobs/{job_id}/")

    assert job.status is JobStatus.SUCCESSFUL
    assert job.output_cut > 90 * MEGABYTE
    assert "more characters of this line were not stored" in scene.output(job_id)
    assert f"{job.output_cut} characters of the output" in scene.console.complaint(job_id)
    assert peak["run"] < 60 * MEGABYTE
    assert peak["web"] < 60 * MEGABYTE


def test_output_without_end_can_be_canceled_and_read(embedded_scene: Scene) -> None:
    scene = embedded_scene
    job_id = scene.console.launch(scene.template(ENDLESS))

    with memory_of(scene, job_id) as peak:
        wait_until(lambda: scene.stack.job(job_id).output_lines > 100_000, 90, "100,000 lines")
        page = scene.console.fetch(f"/jobs/{job_id}/")
        scene.console.cancel(job_id)
        job = scene.wait_for_end(job_id, 30)

    assert job.status is JobStatus.CANCELED
    assert page.ok
    assert len(page.content) < 8 * MEGABYTE
    assert peak["run"] < 60 * MEGABYTE
    assert peak["web"] < 80 * MEGABYTE


def test_a_playbook_that_kills_all_it_can_harms_no_other_run(embedded_scene: Scene) -> None:
    scene = embedded_scene
    other = scene.start("- ansible.builtin.shell: sleep 5; echo unharmed", until="TASK")

    job_id = scene.start("- ansible.builtin.shell: kill -9 -1; sleep 600")
    killed = scene.wait_for_end(job_id)
    unharmed = scene.wait_for_end(other)

    assert killed.status in {JobStatus.FAILED, JobStatus.LOST}
    assert killed.reason
    assert unharmed.status is JobStatus.SUCCESSFUL


def test_a_playbook_finds_no_secret_of_the_service_or_of_another_run(
    embedded_scene: Scene, with_hosts
) -> None:
    scene = embedded_scene
    words = [scene.stack.canary, VAULT_CANARY, "$argon2id$", VARIABLE_CANARY]
    neighbour = Scene(scene.stack)
    neighbour.ssh = with_hosts(neighbour).ssh
    neighbours = neighbour.start(
        f"- ansible.builtin.raw: sleep 600\n  vars: {{hidden: {VARIABLE_CANARY}}}", until="TASK"
    )
    scene.ssh = None

    arguments = [str(scene.stack.home), *(word[::-1] for word in words)]
    job_id = scene.start(
        f"""\
        - name: Look around
          ansible.builtin.command:
            argv: "{{{{ [ansible_playbook_python, '-c', source] + arguments }}}}"
          vars:
            source: !unsafe {json.dumps(HUNT)}
            arguments: {json.dumps(arguments)}
          delegate_to: localhost
          register: hunt
        - ansible.builtin.debug: {{msg: "{{{{ hunt.stdout_lines }}}}"}}
        """
    )
    job = scene.wait_for_end(job_id)
    scene.console.cancel(neighbours)
    scene.wait_for_end(neighbours)

    output = scene.output(job_id)
    assert job.status is JobStatus.SUCCESSFUL, output
    assert "HOME False LOOKED" in output
    assert "FOUND" not in output


def test_no_command_line_of_any_process_shows_a_secret(production_scene: Scene, with_hosts) -> None:
    scene = with_hosts(production_scene)
    user = scene.ssh.user
    hidden = [VAULT_CANARY, user.password, user.private_key.splitlines()[2], scene.stack.canary]
    tasks = """\
    - ansible.builtin.raw: sleep 1
    - ansible.builtin.command: id
      become: true
    """

    job_id = scene.console.launch(scene.template(tasks))
    with exposed(hidden) as seen:
        job = scene.wait_for_end(job_id)

    assert job.status is JobStatus.SUCCESSFUL, scene.output(job_id)
    assert seen == set()


# A task's output comes when it has ended; only the control node's own part can print without end.
PRINT = """\
- name: Print
  ansible.builtin.debug:
    msg: "{{ lookup('ansible.builtin.pipe', program) | length }}"
  vars:
    program: "%s > /proc/$(cut -d' ' -f4 /proc/$PPID/stat)/fd/1"
"""
BIG_LINE = PRINT % "head -c 104857600 /dev/zero | tr '\\\\0' x"
ENDLESS = PRINT % "yes 'an endless line of output'"

VARIABLE_CANARY = "canary-variable-" + secrets.token_hex(8)


@contextlib.contextmanager
def memory_of(scene: Scene, job_id: int) -> Iterator[dict[str, int]]:
    """Watch how much private memory web and run process gain over what they had at first."""
    processes = {
        "run": [scene.stack.run_process(job_id)],
        "web": psutil.Process(scene.stack.web.pid).children(recursive=True),
    }
    first = {name: _private(family) for name, family in processes.items()}
    peak = dict.fromkeys(processes, 0)
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.1):
            for name, family in processes.items():
                peak[name] = max(peak[name], _private(family) - first[name])

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


def _private(family: list[psutil.Process]) -> int:
    size = 0
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            size += process.memory_full_info().uss
    return size


@contextlib.contextmanager
def exposed(hidden: list[str]) -> Iterator[set[str]]:
    """Look at all command lines without a pause, and collect those that show a secret."""
    seen: set[str] = set()
    done = threading.Event()
    needles = [text.encode() for text in hidden]

    def look() -> None:
        while not done.wait(0.01):
            for folder in Path("/proc").iterdir():
                if folder.name.isdigit():
                    with contextlib.suppress(OSError):
                        line = (folder / "cmdline").read_bytes()
                        seen.update(line.decode() for needle in needles if needle in line)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()


@pytest.fixture(autouse=True)
def _unique_names() -> None:
    next(factories._numbers)
