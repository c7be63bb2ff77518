import json
import time

from sqlalchemy import select

from aops.inventory.facts.models import HostFacts
from aops.inventory.models import HostResult
from aops.jobs.models import JobResult, JobStatus
from tests.e2e.console import words
from tests.faults.scene import ONE_BY_ONE, Scene
from tests.faults.test_processes_die import assert_counted
from tests.services.mariadb import MariaDb
from tests.services.processes import wait_until

AWAY_SECONDS = 30


def test_a_database_that_is_killed_costs_a_run_nothing(
    production_scene: Scene, mariadb: MariaDb
) -> None:
    scene = production_scene
    last = 360
    job_id = scene.start(ONE_BY_ONE % (last + 1, 0.1), until="number 5.")
    process = scene.stack.run_process(job_id)
    spool = next((scene.stack.home / "spool").glob(f"{job_id}-*.jsonl"))

    with mariadb.down():
        before, until = spool.stat().st_size, time.monotonic() + AWAY_SECONDS
        at = time.monotonic()
        answers = [scene.console.fetch(path) for path in (f"/jobs/{job_id}/", "/jobs/", "/sign-in")]
        slowest = time.monotonic() - at
        wait_until(lambda: time.monotonic() > until, AWAY_SECONDS + 5, "the end of the outage")
        printed_meanwhile = spool.stat().st_size - before
        alive = process.is_running()
    job = scene.wait_for_end(job_id)

    assert alive
    assert printed_meanwhile > 1000
    assert job.status is JobStatus.SUCCESSFUL
    assert_counted(scene.output(job_id), last)
    assert slowest < 20
    for answer in answers:
        assert answer.status_code == 503
        assert "The database does not answer" in words(answer)
        assert "Traceback" not in answer.text
    assert scene.console.status(job_id) == "successful"


def test_what_ends_while_the_database_is_away_has_its_true_status_afterwards(
    production_scene: Scene, mariadb: MariaDb
) -> None:
    scene = production_scene
    tasks = "- ansible.builtin.setup:\n- ansible.builtin.command: /bin/false\n"
    job_id = scene.start(f"{ONE_BY_ONE % (31, 0.1)}{tasks}", until="number 5.")

    with mariadb.down():
        wait_until(lambda: not runs_in_sandbox(scene, job_id), 60, "the end of the playbook")
    job = scene.wait_for_end(job_id)

    assert job.status is JobStatus.FAILED
    assert job.exit_code == 2
    assert_counted(scene.output(job_id), 30)
    with scene.stack._reading() as session:
        statuses = session.scalars(select(JobResult.status).filter_by(job_id=job_id))
        facts = session.scalars(select(HostFacts).filter_by(job_id=job_id))
        last = session.scalars(select(HostResult).filter_by(last_job_id=job_id))
        assert statuses.all() == ["ok", "ok", "failed"]
        assert [json.loads(row.summary)["system"] for row in facts] == ["Linux"]
        assert [row.failed_message for row in last] == ["non-zero return code (rc=1)"]


def runs_in_sandbox(scene: Scene, job_id: int) -> bool:
    """Tell whether the playbook still runs, without asking the database."""
    return any((scene.stack.home / "runs").glob(f"{job_id}-*"))
