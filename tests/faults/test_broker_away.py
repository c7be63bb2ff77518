import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from aops.core import celery
from aops.jobs.models import Job, JobStatus
from tests.e2e.console import job_id_of
from tests.e2e.stack import Stack
from tests.faults.conftest import settle
from tests.faults.scene import ONE_BY_ONE, Scene
from tests.faults.test_processes_die import assert_counted
from tests.services.mariadb import MariaDb
from tests.services.rabbitmq import RabbitMq
from tests.services.redis import Redis

TOUCH = '- ansible.builtin.raw: "echo touched >> {{ folder }}/%s"'


@pytest.mark.parametrize("kind", ["redis", "rabbitmq"])
def test_a_launch_without_a_broker_is_answered_fast_and_starts_once_later(
    request: pytest.FixtureRequest, with_hosts, kind: str
) -> None:
    fixtures = {
        "redis": ("production", "redis_server"),
        "rabbitmq": ("on_rabbitmq", "rabbitmq"),
    }
    stack, broker = (request.getfixturevalue(name) for name in fixtures[kind])
    scene = with_hosts(Scene(stack))
    template_id = scene.template(TOUCH % f"{kind}-away")
    scene.console.get("/")

    with broker.down():
        at = time.monotonic()
        job_id = scene.console.launch(template_id)
        seconds = time.monotonic() - at
        stored = stack.job(job_id).status
    job = scene.wait_for_end(job_id)
    settle(stack)

    assert stored in {JobStatus.PENDING, JobStatus.RUNNING}  # a worker may have looked by itself
    assert seconds < 4
    assert job.status is JobStatus.SUCCESSFUL
    assert scene.touched(f"{kind}-away") == ["touched\n"] * 3


def test_a_broker_that_is_away_in_the_middle_costs_a_run_nothing(
    production_scene: Scene, redis_server: Redis
) -> None:
    scene = production_scene
    job_id = scene.start(ONE_BY_ONE % (61, 0.1), until="number 3.")

    with redis_server.down():
        job = scene.wait_for_end(job_id)
    following = scene.start("- ansible.builtin.debug: {msg: again}")

    assert job.status is JobStatus.SUCCESSFUL
    assert_counted(scene.output(job_id), 60)
    assert scene.wait_for_end(following).status is JobStatus.SUCCESSFUL


def test_a_job_whose_message_was_lost_starts_all_the_same(embedded_scene: Scene) -> None:
    scene = embedded_scene
    template_id = scene.template("- ansible.builtin.debug: {msg: found}")

    with scene.without_worker():
        job_id = scene.console.launch(template_id)
        for message in (scene.stack.home / "broker").iterdir():
            message.unlink()
    at = time.monotonic()
    job = scene.wait_for_end(job_id)

    assert job.status is JobStatus.SUCCESSFUL
    assert time.monotonic() - at < 30


def test_a_broker_folder_that_was_tidied_away_comes_back(embedded_scene: Scene) -> None:
    scene = embedded_scene
    template_id = scene.template("- ansible.builtin.debug: {msg: found}")

    (scene.stack.home / "broker").rename(scene.stack.home / "tidied")  # at once: it is in use
    shutil.rmtree(scene.stack.home / "tidied")
    job_id = scene.console.launch(template_id)
    job = scene.wait_for_end(job_id, 60)

    assert job.status is JobStatus.SUCCESSFUL


def test_fifty_messages_start_a_job_once(production_scene: Scene, with_hosts) -> None:
    scene = with_hosts(production_scene)
    template_id = scene.template(TOUCH % "fifty")

    with scene.without_worker():
        job_id = scene.console.launch(template_id)
        with scene.stack.app.app_context():
            for _ in range(50):
                celery.send("jobs.dispatch")
    job = scene.wait_for_end(job_id)

    assert job.status is JobStatus.SUCCESSFUL
    assert job.attempt == 1
    assert scene.touched("fifty") == ["touched\n"] * 3


def test_a_launch_form_sent_twenty_times_at_once_is_one_job(scene: Scene) -> None:
    template_id = scene.template("- ansible.builtin.debug: {msg: once}")
    url = f"/templates/{template_id}/launch"
    form = scene.console.get(url).select_one("main form")
    sent = {field["name"]: field.get("value", "") for field in form.select("input[type=hidden]")}
    sent["verbosity"] = "0"

    def send(_: int) -> int:
        http = scene.console.http
        cookies = dict(http.cookies)
        return job_id_of(
            requests.post(scene.console.url + url, data=sent, cookies=cookies, timeout=30)
        )

    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(send, range(20)))

    assert len(answers) == 1
    with scene.stack._reading() as session:
        assert session.query(Job).filter_by(template_id=template_id).count() == 1
    assert scene.wait_for_end(answers.pop()).status is JobStatus.SUCCESSFUL


@pytest.fixture(scope="module")
def on_rabbitmq(mariadb: MariaDb, rabbitmq: RabbitMq):
    database = mariadb.create_database("aops_rabbitmq")
    with Stack(database_url=database.socket_url, broker_url=rabbitmq.url) as stack:
        yield stack
