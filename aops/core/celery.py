"""Celery, set so that it can lose or repeat a message without harm.

Every value below was measured against the failures in docs/decisions/0002: a message
is only a hint to look into the database. Acknowledging early and prefetching one
keeps Redis from redelivering and RabbitMQ from closing the channel.
"""

from __future__ import annotations

import logging
from typing import Any

from celery import Celery, Task
from flask import Flask, current_app
from kombu.exceptions import OperationalError

from aops.config import Settings
from aops.core import broker
from aops.core.database import db, on_commit

_log = logging.getLogger(__name__)
_PUBLISH_SECONDS = 3


def init_celery(app: Flask, settings: Settings) -> Celery:
    """Make the Celery app of this process; its tasks run inside the Flask application."""

    class ApplicationTask(Task):  # type: ignore[misc]
        """Opens the application and gives the session back afterwards."""

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            with app.app_context():
                try:
                    return self.run(*args, **kwargs)
                finally:
                    db.session.remove()

    celery = Celery("aops", task_cls=ApplicationTask, set_as_current=True)
    celery.conf.update(_configuration(settings))
    celery.set_default()
    app.extensions["celery"] = celery
    return celery


def send_after_commit(task: str, *args: Any) -> None:
    """Wake a worker once the current transaction is stored.

    A broker that is away costs a delay, never the work: what the message hints at is
    found by the sweep. So a failure is logged and goes no further.
    """
    on_commit(lambda: send(task, *args))


def send(task: str, *args: Any) -> None:
    """Wake a worker now; gives up after a few seconds."""
    celery: Celery = current_app.extensions["celery"]
    try:
        celery.send_task(task, args=args, retry=False, ignore_result=True)
    except (OperationalError, OSError) as error:
        _log.warning("The broker did not take %s: %s", task, error)


def _configuration(settings: Settings) -> dict[str, Any]:
    url, options = _broker(settings)
    return {
        "broker_url": url,
        "broker_transport_options": options,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_channel_error_retry": True,
        "broker_connection_timeout": _PUBLISH_SECONDS,
        "broker_heartbeat": 30,
        "broker_pool_limit": 4,
        "task_serializer": "json",
        "accept_content": ["json"],
        "result_backend": None,
        "task_ignore_result": True,
        "task_store_errors_even_if_ignored": False,
        "task_acks_late": False,
        "task_reject_on_worker_lost": False,
        "task_default_queue": "aops",
        "task_default_exchange": "aops",
        "task_default_routing_key": "aops",
        "worker_prefetch_multiplier": 1,
        "worker_disable_prefetch": url.startswith("redis"),
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_concurrency": 2,
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "worker_hijack_root_logger": False,
        "worker_soft_shutdown_timeout": 10.0,
        "beat_schedule_filename": str(settings.home / "beat-schedule"),
        "beat_max_loop_interval": 5,
        "timezone": "UTC",
    }


def _broker(settings: Settings) -> tuple[str, dict[str, Any]]:
    if settings.embedded_broker:
        return broker.embedded_options(settings.home)
    url = settings.broker_url
    if url.startswith(("redis", "rediss")):
        return url, {
            "visibility_timeout": 43_200,
            "socket_timeout": 10,
            "socket_connect_timeout": _PUBLISH_SECONDS,
            "socket_keepalive": not url.startswith("redis+socket"),
            "health_check_interval": 25,
            "max_retries": 1,
        }
    return url, {"confirm_publish": True, "max_retries": 1}
