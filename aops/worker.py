"""Celery's entry point: ``celery -A aops.worker worker`` and ``… beat``."""

from __future__ import annotations

import importlib
import os
from typing import Any

from celery import signals

from aops import create_app

FEATURES_WITH_TASKS = ("inventory", "inventory.imports", "inventory.sources", "jobs")
SWEEP_SECONDS = 5.0
FORGET_SECONDS = 600.0
SOURCES_SECONDS = 20.0
KEYS_SECONDS = 15.0

flask_app = create_app()
celery = app = flask_app.extensions["celery"]
for _feature in FEATURES_WITH_TASKS:
    importlib.import_module(f"aops.{_feature}.tasks")

celery.conf.beat_schedule = {
    "host keys": {
        "task": "inventory.scan_host_keys",
        "schedule": KEYS_SECONDS,
        "options": {"expires": KEYS_SECONDS * 2},
    },
    "imports": {
        "task": "inventory.imports.sweep",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS * 2},
    },
    "old imports": {
        "task": "inventory.imports.forget",
        "schedule": FORGET_SECONDS,
        "options": {"expires": FORGET_SECONDS},
    },
    "sweep": {
        "task": "jobs.sweep",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS * 2},
    },
    "sources": {
        "task": "inventory.look_after_sources",
        "schedule": SOURCES_SECONDS,
        "options": {"expires": SOURCES_SECONDS * 2},
    },
}


@signals.celeryd_after_setup.connect
def _require_processes(instance: Any, **_: Any) -> None:
    pool = getattr(instance.pool_cls, "__module__", str(instance.pool_cls))
    if not pool.endswith("prefork"):
        message = "aops forks a process for each run: start the worker with --pool prefork."
        raise SystemExit(message)


@signals.worker_ready.connect
def _look_at_once(**_: Any) -> None:
    celery.send_task("jobs.sweep", ignore_result=True)


@signals.worker_init.connect
def _quiet_umask(**_: Any) -> None:
    os.umask(0o077)
