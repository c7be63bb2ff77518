import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aops.jobs.models import JobStatus
from aops.users.models import User
from tests.faults.scene import Scene
from tests.services.processes import wait_until

HELLO = "- ansible.builtin.debug: {msg: hello}"


def test_where_the_sandbox_is_missing_and_required_nothing_runs(
    embedded_scene: Scene, tmp_path: Path
) -> None:
    scene = embedded_scene

    with worker_without_bwrap(scene, tmp_path, isolation="required"):
        job_id = scene.start(HELLO)
        job = scene.wait_for_end(job_id)
        wait_until(lambda: "Jobs are refused" in banners(scene, "/"), 30, "the banner")
        shown = [banners(scene, path) for path in ("/jobs/", f"/jobs/{job_id}/", "/templates/")]

    assert job.status is JobStatus.FAILED
    assert "bubblewrap" in job.reason
    assert scene.output(job_id) == ""
    assert all("Jobs are refused" in text for text in shown)


def test_where_the_sandbox_is_missing_and_preferred_every_page_warns(
    embedded_scene: Scene, tmp_path: Path
) -> None:
    scene = embedded_scene

    with worker_without_bwrap(scene, tmp_path, isolation="preferred"):
        job_id = scene.start(HELLO)
        job = scene.wait_for_end(job_id)
        wait_until(lambda: "Runs are not isolated" in banners(scene, "/"), 30, "the banner")
        shown = [banners(scene, path) for path in ("/jobs/", f"/jobs/{job_id}/", "/templates/")]

    assert job.status is JobStatus.SUCCESSFUL
    assert job.isolated is False
    assert "not isolated" in scene.console.get(f"/jobs/{job_id}/").text
    assert all("Runs are not isolated" in text for text in shown)


def test_who_was_deactivated_meanwhile_starts_nothing(embedded_scene: Scene) -> None:
    scene = embedded_scene
    template_id = scene.template(HELLO)

    with scene.without_worker():
        job_id = scene.console.launch(template_id)
        set_active(scene, "oscar", active=False)
    job = scene.wait_for_end(job_id)
    set_active(scene, "oscar", active=True)

    assert job.status is JobStatus.FAILED
    assert "may not launch jobs any more" in job.reason
    assert scene.output(job_id) == ""


def set_active(scene: Scene, username: str, *, active: bool) -> None:
    """Deactivate a person, or bring them back."""
    with scene.stack.database() as session:
        session.query(User).filter_by(username=username).one().active = active


def banners(scene: Scene, path: str) -> str:
    """Read what a page warns of above everything else."""
    return scene.console.get(path).select_one("body").get_text(" ")


@contextmanager
def worker_without_bwrap(scene: Scene, folder: Path, *, isolation: str) -> Iterator[None]:
    """Have a worker that finds every program of the system but bubblewrap."""
    for program in Path("/usr/bin").iterdir():
        if program.name != "bwrap":
            (folder / program.name).symlink_to(program)
    worker = scene.stack.worker
    usual = dict(worker.environment)
    worker.stop()
    worker.environment |= {
        "PATH": os.pathsep.join([str(folder), usual["PATH"].split(":")[0]]),
        "AOPS_ISOLATION": isolation,
    }
    worker.start()
    try:
        yield
    finally:
        worker.stop()
        worker.environment = usual
        worker.start()


@pytest.fixture(autouse=True)
def _order(embedded_scene: Scene) -> None:
    """Begin with a worker that is itself again."""
