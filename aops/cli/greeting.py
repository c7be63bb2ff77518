"""What a person reads in the terminal once aops is up."""

from __future__ import annotations

import click

from aops.cli import demo
from aops.cli.address import Address
from aops.cli.first_start import FirstAdmin
from aops.config import VERSION, Settings
from aops.jobs import reasons
from aops.jobs.models import Job, JobStatus


def ready(settings: Settings, address: Address, unprotected: str) -> None:
    """Say where aops is, how to end it, and why runs are not isolated if they are not."""
    click.echo()
    click.secho(f"aops {VERSION} is ready: {settings.url or address.url}", bold=True)
    click.echo(f"  data, keys and logs  {settings.home}")
    click.echo("  to stop it           Ctrl-C")
    if unprotected:
        click.secho(f"  runs are not isolated: {unprotected}", fg="yellow")


def introduce(admin: FirstAdmin) -> None:
    """Say how to sign in for the first time; this is the only time the password is shown."""
    click.echo()
    click.secho("The first sign-in", bold=True)
    click.echo(f"  name      {admin.username}")
    if admin.one_time_password:
        click.echo(f"  password  {admin.one_time_password}")
        click.echo("            shown only now; you choose your own when you sign in")
        click.echo(f"            lost it? flask user set-password {admin.username}")
    else:
        click.echo("  password  the one in AOPS_ADMIN_PASSWORD")


def report(job: Job) -> None:
    """Say how the demo job went."""
    well = job.status is JobStatus.SUCCESSFUL
    took = ""
    if job.started_at and job.finished_at:
        took = f" in {(job.finished_at - job.started_at).total_seconds():.1f} s"
    click.echo()
    click.secho(
        f"Demo job #{job.id}: {job.status.value}{took}", bold=True, fg=None if well else "red"
    )
    for line in demo.recap(job):
        click.echo(f"  {line}")
    if job.reason:
        click.echo(f"  {reasons.shown(job.reason)}")
