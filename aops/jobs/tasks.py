"""What Celery calls. A message is only a hint: both tasks look into the database."""

from __future__ import annotations

from celery import shared_task
from flask import current_app

from aops.jobs import launcher
from aops.jobs.sweep import sweep as sweep_once


def _app():  # type: ignore[no-untyped-def]  # noqa: ANN202
    return current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001


@shared_task(name="jobs.dispatch")
def dispatch() -> None:
    """Start what waits."""
    launcher.start_waiting(_app())


@shared_task(name="jobs.sweep")
def sweep() -> None:
    """Clean up after the dead, then start what waits."""
    sweep_once(_app())
    launcher.start_waiting(_app())
