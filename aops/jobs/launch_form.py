"""The launch page's form with what it was opened with: a template, a job to repeat, hosts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, request
from flask_babel import ngettext
from sqlalchemy import or_, select

from aops.core.database import session
from aops.core.errors import AopsError
from aops.inventory.filters.models import HostFilter
from aops.jobs import choosing, services, targets
from aops.jobs.forms import LaunchForm
from aops.jobs.models import Job, JobTemplate

_ASKED = {
    "ask_limit": ("limit", "host_filter"),
    "ask_tags": ("tags", "skip_tags"),
    "ask_vars": ("launch_vars",),
    "ask_modes": ("check_mode", "diff_mode", "verbosity"),
}


class Launch:
    """One opening of the launch page.

    Attributes:
        template: What to launch.
        source: The job that is run again, or None.
        form: With the fields that the template asks for.
        sent: Whether the page's own form came in.
    """

    def __init__(self, template: JobTemplate, source: Job | None) -> None:
        self.template = template
        self.source = source
        self.sent = request.method == "POST" and "arrive" not in request.form
        self._error = ""
        self._hosts, self._hosts_by = self._chosen()
        self.form = self._form()

    @property
    def choices(self) -> services.Choices:
        """Give what was chosen; what is not asked comes from the template."""
        own = services.Choices.of(self.template)
        values = {
            name: getattr(self.form, name).data if name in self.form else getattr(own, name)
            for name in own.__dataclass_fields__
            if name not in {"hosts", "hosts_by"}
        }
        if "only_chosen" in self.form and not self.form.only_chosen.data:
            return services.Choices(**values)
        return services.Choices(**values, hosts=self._hosts, hosts_by=self._hosts_by)

    def refuse(self, error: AopsError) -> None:
        """Show why a launch is refused, once, at its field or above the page."""
        if str(error) != self._error:
            self._error = str(error)
            if not self.form.attach(error):
                flash(str(error), "error")

    def _chosen(self) -> tuple[tuple[str, ...], str]:
        """Give hosts that were chosen before, and the filter that did."""
        if self.source is not None and self.source.limit_hosts:
            return tuple(targets.pinned(self.source)), self.source.target_name
        if not self.template.ask_limit:
            return (), ""
        wanted = choosing.read_ids([request.values.get("hosts", "")])
        return tuple(targets.chosen_names(self.template.inventory_id, wanted)), ""

    def _form(self) -> LaunchForm:
        proposed = services.Choices.of(self.source or self.template)
        values = {name: getattr(proposed, name) for name in proposed.__dataclass_fields__}
        del values["hosts"], values["hosts_by"]
        values["limit"] = request.args.get("limit", values["limit"])  # a host's page presets it
        form = LaunchForm(
            self._data(),
            launch_key=services.new_launch_key(),
            hosts=request.values.get("hosts", ""),
            **values,
        )
        form.host_filter.query_factory = _filters_of(self.template)
        for switch, names in _ASKED.items():
            for name in () if getattr(self.template, switch) else names:
                delattr(form, name)
        if not self._hosts:
            del form.hosts
        if not self._hosts or not self.template.ask_limit:
            del form.only_chosen
        else:
            form.only_chosen.label.text = self._label()
        return form

    def _data(self) -> Any:
        """Give what was typed, on the page or so far."""
        if self.sent:
            return request.form
        return request.args if "only_chosen" in request.args else None

    def _label(self) -> str:
        number = len(self._hosts)
        if self.source is None:
            return str(
                ngettext("Only the %(num)d chosen host", "Only the %(num)d chosen hosts", number)
            )
        return str(
            ngettext(
                "Only the %(num)d host of job #%(job)d",
                "Only the %(num)d hosts of job #%(job)d",
                number,
                job=self.source.id,
            )
        )


def _filters_of(template: JobTemplate) -> Callable[[], Any]:
    here = or_(HostFilter.inventory_id.is_(None), HostFilter.inventory_id == template.inventory_id)
    query = select(HostFilter).where(here).order_by(HostFilter.name)
    return lambda: session().scalars(query).all()
