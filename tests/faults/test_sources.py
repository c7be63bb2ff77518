"""Launches that refresh the inventory's sources first, on the whole of aops."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from aops.inventory.models import Host
from aops.inventory.sources import claims
from aops.inventory.sources.models import InventorySource, RefreshStatus, SourceRefresh
from aops.jobs.models import JobStatus, JobTemplate
from tests.faults.scene import Scene
from tests.inventory.sources.scripts import answer_of, make_source, printing
from tests.services.processes import wait_until

ENDED = (RefreshStatus.SUCCESSFUL, RefreshStatus.FAILED)
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": "auto_silent"}
NAMES = "- ansible.builtin.debug: {msg: 'here is {{ inventory_hostname }}'}"


def test_a_launch_runs_on_the_hosts_that_its_source_gives_by_then(scene: Scene) -> None:
    template_id = scene.template(NAMES)
    source_id = with_source(scene, template_id, content=printing(answer_of({"fresh1": LOCAL})))

    job_id = scene.console.launch(template_id)
    job = scene.wait_for_end(job_id)

    assert job.status is JobStatus.SUCCESSFUL, job.reason
    assert "here is fresh1" in scene.output(job_id)
    assert refresh_of(scene, source_id, *ENDED).cause == f"launch of #{job_id}"


def test_a_required_source_that_fails_runs_nothing(embedded_scene: Scene) -> None:
    scene = embedded_scene
    template_id = scene.template(NAMES)
    with_source(scene, template_id, content="#!/bin/sh\nexit 3\n", name="the cloud")

    job_id = scene.console.launch(template_id)
    job = scene.wait_for_end(job_id)

    assert job.status is JobStatus.FAILED
    assert "the source “the cloud” of the inventory could not be refreshed" in job.reason
    assert scene.output(job_id) == ""


def test_a_launch_that_waits_for_a_source_is_canceled_at_once(embedded_scene: Scene) -> None:
    scene = embedded_scene
    template_id = scene.template(NAMES)
    source_id = with_source(scene, template_id, content="#!/bin/sh\nsleep 12\n", name="slow")
    job_id = scene.console.launch(template_id)
    refresh_of(scene, source_id, RefreshStatus.RUNNING)

    page = scene.console.get(f"/jobs/{job_id}").text
    scene.console.cancel(job_id)
    wait_until(lambda: scene.stack.job(job_id).finished, 5, "the end of the job")

    assert "The sources of the inventory are refreshed first: slow." in page
    assert scene.stack.job(job_id).status is JobStatus.CANCELED
    refresh_of(scene, source_id, *ENDED)


def test_the_scheduler_refreshes_what_is_due(embedded_scene: Scene) -> None:
    scene = embedded_scene
    template_id = scene.template(NAMES)
    source_id = with_source(scene, template_id, refresh_on_launch=False, interval_minutes=60)

    refresh = refresh_of(scene, source_id, *ENDED)

    assert (refresh.status, refresh.cause) == (RefreshStatus.SUCCESSFUL, claims.SCHEDULE)
    with scene.stack._reading() as session:
        source = session.get_one(InventorySource, source_id)
        names = session.scalars(select(Host.name).where(Host.inventory_id == source.inventory_id))
        assert sorted(names) == ["here", "web1", "web2"]


def test_a_refresh_whose_worker_was_killed_is_ended_soon_by_the_next(scene: Scene) -> None:
    template_id = scene.template(NAMES)
    source_id = with_source(scene, template_id, content="#!/bin/sh\nsleep 600\n", timeout=900)
    job_id = scene.console.launch(template_id)
    refresh_of(scene, source_id, RefreshStatus.RUNNING)
    first = lease_of(scene, source_id)
    wait_until(lambda: lease_of(scene, source_id) > first, 20, "a sign of life of the refresh")

    scene.stack.worker.kill9()
    scene.stack.worker.start()
    refresh = refresh_of(scene, source_id, RefreshStatus.FAILED, seconds=100)
    job = scene.wait_for_end(job_id)

    assert "The worker ended while it refreshed the source" in refresh.error
    assert job.status is JobStatus.FAILED
    assert "The worker ended while it refreshed the source" in job.reason


def lease_of(scene: Scene, source_id: int) -> datetime:
    with scene.stack._reading() as session:
        return session.get_one(InventorySource, source_id).lease_until


def with_source(scene: Scene, template_id: int, **values: object) -> int:
    with scene.stack.database() as session:
        inventory = session.get_one(JobTemplate, template_id).inventory
        options = {"refresh_on_launch": True, "may_reserve": True} | values
        return make_source(inventory, **{"name": f"source of {template_id}"} | options).id


def refresh_of(
    scene: Scene, source_id: int, *statuses: RefreshStatus, seconds: float = 60
) -> SourceRefresh:
    """Wait until the newest refresh of a source has one of these states."""

    def there() -> SourceRefresh | None:
        with scene.stack._reading() as session:
            refreshes = session.query(SourceRefresh).filter_by(source_id=source_id)
            newest = refreshes.order_by(SourceRefresh.id.desc()).first()
            return newest if newest and newest.status in statuses else None

    return wait_until(there, seconds, f"a refresh of source {source_id}")
