"""The pages of playbooks: the text, its revisions, and what changed between them."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, g, redirect, request
from flask_admin import Admin, expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.wrappers import Response

from aops.core import formatting, references
from aops.core.database import session
from aops.core.errors import AopsError
from aops.core.permissions import Permission
from aops.core.views import ConsoleModelView, requires
from aops.playbooks import services
from aops.playbooks.diff import MAX_ROWS, diff
from aops.playbooks.forms import PlaybookForm
from aops.playbooks.models import Playbook, PlaybookRevision


def revision_column(_view: Any, _context: Any, playbook: Playbook, name: str) -> Any:
    """Show a fact of the newest revision, which ``get_list`` looked up for all rows."""
    newest = g.newest_revisions.get(playbook.id)
    value = getattr(newest, name, None)
    return formatting.moment(value) if name == "saved_at" else value


class PlaybookView(ConsoleModelView):
    """Lists, writes and compares playbooks."""

    read_permission = Permission.PLAYBOOKS_READ
    write_permission = Permission.PLAYBOOKS_WRITE

    title_singular = _l("playbook")
    title_plural = _l("Playbooks")
    add_label = _l("Add playbook")
    empty_hint = _l("A playbook says what Ansible should do. Write or paste the first one.")
    icon = "playbooks"

    details_template = "playbooks/details.html"

    column_list = ("name", "description", "number", "saved_at", "author_name")
    column_searchable_list = ("name", "description")
    column_sortable_list = ("name",)
    column_default_sort = "name"

    column_labels = {
        "name": _l("Name"),
        "description": _l("Description"),
        "number": _l("Revision"),
        "saved_at": _l("Saved"),
        "author_name": _l("By"),
    }
    column_formatters = dict.fromkeys(("number", "saved_at", "author_name"), revision_column)

    form = PlaybookForm

    def get_list(self, *args: Any, **options: Any) -> Any:
        """Look the newest revisions of a whole page up at once."""
        playbooks: list[Any]
        count, playbooks = super().get_list(*args, **options)
        g.newest_revisions = services.newest_revisions(playbooks)
        return count, playbooks

    def prepare(self, form: PlaybookForm, model: Playbook, *, is_created: bool) -> None:  # noqa: ARG002 - both ways are one
        """Hand the text to the service."""
        services.save(model, form.content.data, form.message.data or "")

    def get_save_return_url(self, model: Any, is_created: bool = False) -> str:  # noqa: ARG002, FBT001, FBT002 - Flask-Admin's signature
        """Go to the playbook's page."""
        return self._page_of(model)

    def details_of(self, playbook: Playbook) -> dict[str, Any]:
        """Give what the details page shows beside the columns."""
        before = request.args.get("before", type=int)
        return {
            "newest": services.newest_revision(playbook),
            "revisions": services.revisions_of(playbook, before=before),
            "used_by": references.references_to(playbook),
        }

    @expose("/<int:playbook_id>/revisions/<int:number>/")
    def revision_view(self, playbook_id: int, number: int) -> str:
        """Show one text as it was saved."""
        revision = _revision_or_404(playbook_id, number)
        newest = services.newest_revision(revision.playbook)
        page: str = self.render("playbooks/revision.html", revision=revision, newest=newest)
        return page

    @expose("/<int:playbook_id>/diff/")
    def diff_view(self, playbook_id: int) -> str:
        """Show what changed between two revisions."""
        old = _revision_or_404(playbook_id, request.args.get("old", type=int))
        new = _revision_or_404(playbook_id, request.args.get("new", type=int))
        page: str = self.render(
            "playbooks/diff.html",
            old=old,
            new=new,
            rows=diff(old.content, new.content),
            max_rows=MAX_ROWS,
            revisions=_choices(old, new),
        )
        return page

    @expose("/<int:playbook_id>/revisions/<int:number>/restore/", methods=("POST",))
    @requires(Permission.PLAYBOOKS_WRITE)
    def restore_view(self, playbook_id: int, number: int) -> Response:
        """Make an old text the newest again."""
        revision = _revision_or_404(playbook_id, number)
        page = self._page_of(revision.playbook)
        try:
            restored = services.restore(revision)
            session().commit()
        except AopsError as error:
            session().rollback()
            flash(str(error), "error")
        except (StaleDataError, IntegrityError):
            session().rollback()
            flash(_("Somebody else saved this playbook just now. Look, and try again."), "error")
        else:
            if restored is None:
                flash(_("That is the newest text already."), "info")
            else:
                flash(_("Revision %(number)d was restored.", number=number), "success")
        return redirect(page)

    def _page_of(self, playbook: Playbook) -> str:
        return str(self.get_url(".details_view", id=playbook.id))


def _choices(*shown: PlaybookRevision) -> list[PlaybookRevision]:
    """Offer the newest revisions and, however old, those that are shown."""
    offered = {one.number: one for one in (*services.revisions_of(shown[0].playbook), *shown)}
    return sorted(offered.values(), key=lambda one: one.number, reverse=True)


def _revision_or_404(playbook_id: int, number: int | None) -> PlaybookRevision:
    playbook = session().get(Playbook, playbook_id)
    revision = services.find_revision(playbook, number) if playbook and number else None
    if revision is None:
        abort(404)
    return revision


def register(admin: Admin) -> None:
    """Add the feature's pages to the console."""
    admin.add_view(PlaybookView(Playbook, endpoint="playbooks", url="/playbooks"))
