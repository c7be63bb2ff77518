"""The words for states and counts, in the reader's language."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from aops.jobs.models import JobStatus

STATUS = {
    JobStatus.PENDING: _l("Waiting"),
    JobStatus.RUNNING: _l("Running"),
    JobStatus.SUCCESSFUL: _l("Successful"),
    JobStatus.FAILED: _l("Failed"),
    JobStatus.CANCELED: _l("Canceled"),
    JobStatus.TIMED_OUT: _l("Timed out"),
    JobStatus.LOST: _l("Lost"),
}

CANCELING = _l("Canceling")

COUNTS = {
    "ok": _l("ok"),
    "changed": _l("changed"),
    "unreachable": _l("unreachable"),
    "failed": _l("failed"),
    "skipped": _l("skipped"),
    "rescued": _l("rescued"),
    "ignored": _l("ignored"),
}

VERBOSITY = (
    (0, _l("Normal")),
    (1, _l("More (-v)")),
    (2, _l("Details (-vv)")),
    (3, _l("Connections (-vvv)")),
    (4, _l("Connection debugging (-vvvv)")),
)
