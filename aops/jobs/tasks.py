"""What Celery calls. A message is only a hint: both tasks look into the database."""

from __future__ import annotations

from celery import shared_task
from flask import Flask, current_app

from aops.jobs import launcher
from aops.jobs.sweep import sweep as sweep_once


@shared_task(name="jobs.dispatch")
def dispatch() -> None:
    """Start what waits."""
    launcher.start_waiting(_app())


@shared_task(name="jobs.sweep")
def sweep() -> None:
    """Clean up after the dead, then start what waits."""
    sweep_once(_app())
    launcher.start_waiting(_app())


def _app() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined, no-any-return]  # noqa: SLF001
