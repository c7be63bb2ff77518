import os
import signal
import subprocess
import time
from datetime import timedelta
from pathlib import Path

import psutil

from aops.jobs.models import Job, JobStatus, Pulse
from tests.faults.scene import ONE_BY_ONE, VAULT_CANARY, Scene
from tests.services.processes import wait_until, with_argument

PLACES = ("/dev/shm", "/run", "/var/tmp")  # noqa: S108 - searched, not written to
COUNT_TO_60 = ONE_BY_ONE % (61, 0.1)


def test_a_run_survives_kill_9_of_its_worker(embedded_scene: Scene) -> None:
    scene = embedded_scene
    job_id = scene.start(COUNT_TO_60, until="number 3.")

    scene.stack.worker.kill9()
    during = scene.wait_for_end(job_id)
    scene.stack.worker.start()

    assert during.status is JobStatus.SUCCESSFUL
    assert_counted(scene.output(job_id), 60)


def test_a_run_survives_the_restart_of_its_worker(production_scene: Scene) -> None:
    scene = production_scene
    job_id = scene.start(COUNT_TO_60, until="number 3.")

    scene.stack.worker.restart()
    job = scene.wait_for_end(job_id)

    assert job.status is JobStatus.SUCCESSFUL
    assert_counted(scene.output(job_id), 60)


def test_a_run_whose_process_is_killed_leaves_nothing_and_is_lost(
    production_scene: Scene, with_hosts
) -> None:
    scene = with_hosts(production_scene)
    user = scene.ssh.user
    seconds = f"{time.time_ns() % 10_000 + 5000}.25"
    tasks = f"""\
    - ansible.builtin.debug: {{msg: before}}
    - ansible.builtin.raw: "sleep {seconds}"
    """
    job_id = scene.start(tasks, until="before")
    wait_until(scene.left_on_hosts, 20, "the command on a host")

    family = scene.stack.run_process(job_id).children(recursive=True)
    killed = scene.stack.kill_run(job_id)
    at = time.monotonic()

    psutil.wait_procs(family, 2)
    assert [process for process in family if process.is_running()] == []
    key_line = user.private_key.splitlines()[2]
    assert files_with(scene.stack.directory, VAULT_CANARY, key_line, user.password) == []
    wait_until(lambda: with_argument(seconds) == [], 15, "the end of the command on the hosts")
    job = scene.wait_for_end(job_id, 30)
    assert time.monotonic() - at < 30
    assert job.status is JobStatus.LOST
    assert "died" in job.reason
    assert "before" in scene.output(job_id)
    assert not psutil.pid_exists(killed.pid)


def test_a_launch_that_was_answered_survives_kill_9_of_the_web(embedded_scene: Scene) -> None:
    scene = embedded_scene
    template_id = scene.template("- ansible.builtin.debug: {msg: ran after all}")
    scene.stack.worker.stop()

    job_id = scene.console.launch(template_id)
    scene.stack.web.kill9()
    scene.stack.worker.start()
    job = scene.wait_for_end(job_id)
    scene.stack.web.start()

    assert job.status is JobStatus.SUCCESSFUL
    assert scene.console.output(job_id).count("ran after all") == 1


def test_a_run_process_that_hung_and_was_given_up_writes_nothing_more(
    embedded_scene: Scene,
) -> None:
    scene = embedded_scene
    job_id = scene.start(ONE_BY_ONE % (2000, 0.1), until="number 3.")
    process = scene.stack.run_process(job_id)
    family = process.children(recursive=True)
    process.suspend()

    scene.stack.worker.stop()
    make_old(scene, job_id)
    scene.stack.worker.start()
    job = scene.wait_for_end(job_id)
    before = scene.output(job_id)
    os.kill(process.pid, signal.SIGCONT)

    _, alive = psutil.wait_procs([process, *family], 15)
    assert job.status is JobStatus.LOST
    assert alive == []
    assert scene.output(job_id) == before
    assert scene.stack.job(job_id).status is JobStatus.LOST


def make_old(scene: Scene, job_id: int) -> None:
    """Let a job's last sign of life, and the sweep's awakening, be a long time ago."""
    with scene.stack.database() as session:
        job = session.get_one(Job, job_id)
        job.heartbeat_at -= timedelta(minutes=10)
        pulse = session.get_one(Pulse, ("sweep", ""))
        pulse.version = (pulse.seen_at - timedelta(minutes=10)).isoformat()


def assert_counted(output: str, last: int) -> None:
    """Expect every number once and in order."""
    numbers = [
        int(line.split("number ")[1].split(".")[0])
        for line in output.splitlines()
        if '"msg": "number ' in line
    ]
    assert numbers == list(range(1, last + 1))


def files_with(home: Path, *secrets: str) -> list[str]:
    """Search all places where a run could leave a file."""
    places = [str(home), *PLACES]
    patterns = [word for secret in secrets for word in ("-e", secret)]
    done = subprocess.run(
        ["grep", "-rlsaF", "--devices=skip", *patterns, *places],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.split()
