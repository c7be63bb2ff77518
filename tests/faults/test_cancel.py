import secrets
import time

import psutil
import pytest

from aops.jobs.models import JobStatus
from tests.faults.scene import Scene
from tests.services.processes import wait_until, with_argument

LIMIT = 15.0
"""Seconds in which a cancel must have ended everything: promise 6."""


def test_a_job_that_waits_is_canceled_at_once_and_never_starts(embedded_scene: Scene) -> None:
    scene = embedded_scene
    template_id = scene.template("- ansible.builtin.debug: {msg: never}")

    with scene.without_worker():
        job_id = scene.console.launch(template_id)
        scene.console.cancel(job_id)
        canceled = scene.stack.job(job_id).status
    after = scene.console.launch(template_id)
    scene.wait_for_end(after)

    assert canceled is JobStatus.CANCELED
    assert scene.stack.job(job_id).attempt == 0
    assert scene.output(job_id) == ""


def test_a_job_that_was_just_claimed_is_canceled(scene: Scene) -> None:
    job_id = scene.start("- ansible.builtin.command: sleep 600")
    wait_until(lambda: scene.stack.job(job_id).status is JobStatus.RUNNING, 20, "the claim")

    seconds = cancel(scene, job_id)

    assert scene.stack.job(job_id).status is JobStatus.CANCELED
    assert seconds < LIMIT


@pytest.mark.parametrize("phase", ["facts", "long", "deaf"])
def test_a_canceled_run_leaves_nothing_here_and_nothing_on_the_hosts(
    production_scene: Scene, with_hosts, phase: str
) -> None:
    scene = with_hosts(production_scene)
    mark = f"{secrets.randbelow(10**6) + 10**6}"
    tasks, facts = {
        "facts": (f"- ansible.builtin.shell: sleep {mark}", True),
        "long": (f"- ansible.builtin.shell: sleep {mark} | cat", False),
        "deaf": (f"- ansible.builtin.shell: trap '' TERM; sleep {mark}; sleep {mark}", False),
    }[phase]
    job_id = scene.start(tasks, facts=facts, until="Gathering Facts" if facts else "")
    if not facts:
        wait_until(lambda: len(with_argument(f"sleep {mark}")) >= 3, 30, "the task on all hosts")
    family = scene.stack.run_process(job_id).children(recursive=True)

    seconds = cancel(scene, job_id)

    assert scene.stack.job(job_id).status is JobStatus.CANCELED
    assert seconds < LIMIT
    assert [process for process in family if process.is_running()] == []
    wait_until(lambda: with_argument(mark) == [], LIMIT, "the end of the task on the hosts")
    wait_until(lambda: scene.left_on_hosts() == [], LIMIT, "the end of all sessions")


def test_a_cancel_finds_what_detached_itself_on_the_control_node(embedded_scene: Scene) -> None:
    scene = embedded_scene
    mark = f"{secrets.randbelow(10**6) + 10**6}"
    deaf = f"trap '' TERM INT HUP; setsid nohup sleep {mark} >/dev/null 2>&1 & sleep {mark}"
    job_id = scene.start(f"- ansible.builtin.shell: {deaf!r}")
    wait_until(lambda: len(with_argument(f"sleep {mark}")) >= 2, 30, "the detached process")

    seconds = cancel(scene, job_id)

    assert scene.stack.job(job_id).status is JobStatus.CANCELED
    assert seconds < LIMIT
    assert with_argument(f"sleep {mark}") == []


def test_a_time_limit_ends_a_run(embedded_scene: Scene) -> None:
    scene = embedded_scene
    mark = f"{secrets.randbelow(10**6) + 10**6}"

    job_id = scene.start(f"- ansible.builtin.command: sleep {mark}", timeout=4)
    job = scene.wait_for_end(job_id)

    assert job.status is JobStatus.TIMED_OUT
    assert with_argument(f"sleep {mark}") == []


def test_a_stopped_service_cancels_its_run_and_says_so(embedded_scene: Scene) -> None:
    scene = embedded_scene
    job_id = scene.start("- ansible.builtin.command: sleep 600", until="TASK")
    process = scene.stack.run_process(job_id)

    process.terminate()
    job = scene.wait_for_end(job_id)

    psutil.wait_procs([process], 5)
    assert job.status is JobStatus.CANCELED
    assert "stopped" in job.reason
    assert not process.is_running()


def cancel(scene: Scene, job_id: int) -> float:
    """Press the button, and tell how long the end took."""
    at = time.monotonic()
    scene.console.cancel(job_id)
    scene.wait_for_end(job_id, 30)
    return time.monotonic() - at
