"""The two bases of all pages: access, CSRF, saving, deleting and error texts.

Flask-Admin's own create, update and delete are replaced by versions that attach a
refusal to its field, keep what was typed, and notice that somebody else saved first.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from flask import abort, flash, redirect, request, url_for
from flask_admin import BaseView, expose
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.wrappers import Response

from aops.core import clock, formatting, references
from aops.core.columns import MAX_ID
from aops.core.database import Model, db, session
from aops.core.error_pages import unsaved
from aops.core.errors import AopsError
from aops.core.filters import StableFilters
from aops.core.forms import ConsoleForm
from aops.core.permissions import Permission, allows
from aops.core.typed_text import typed_text
from aops.core.versions import Versioned

T = TypeVar("T", bound=Model)

_WRITING = frozenset({"action_view", "ajax_update", "create_view", "delete_view", "edit_view"})
_LONGEST_ID = 18
"""Digits that still fit into 64 bits."""


def may(permission: Permission) -> bool:
    """Tell whether the reader of this page has a right."""
    return bool(current_user.is_authenticated) and allows(current_user.role, permission)


def require(permission: Permission) -> None:
    """Answer 403 unless the reader has a right."""
    if not may(permission):
        abort(403)


def requires(permission: Permission) -> Callable[[Any], Any]:
    """Declare the right that one route needs beyond its view's read permission."""

    def mark(function: Any) -> Any:
        function.permission = permission
        return function

    return mark


def find_row(model: type[T], key: int | None, *options: Any) -> T | None:
    """Give the row of an id that stood in an address, where anybody may write any number."""
    known = key is not None and 0 < key <= MAX_ID
    return session().get(model, key, options=options) if known else None


def row_or_404(model: type[T], key: int, *options: Any) -> T:
    """Give the row of an id that stood in an address, or answer 404."""
    row = find_row(model, key, *options)
    return abort(404) if row is None else row


class ConsoleView(BaseView):
    """A page of our own.

    Attributes:
        read_permission: What a person must be allowed to do to open it.
        takes_secrets: Whether its forms ask for passwords and the like; what was typed there
            is never shown again.
    """

    read_permission: Permission = Permission.SIGNED_IN
    takes_secrets: bool = False

    def is_accessible(self) -> bool:
        """Ask the one table of rights."""
        return may(self.read_permission)

    def inaccessible_callback(self, name: str, **kwargs: Any) -> Response:  # noqa: ARG002
        """Send strangers to sign in and back; refuse the others."""
        if current_user.is_authenticated:
            abort(403)
        if request.method != "GET":
            typed = typed_text()
            return unsaved(403, typed) if typed else redirect(url_for("users.sign_in"))
        return redirect(url_for("users.sign_in", next=request.full_path.rstrip("?")))

    def _run_view(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call the page; Flask-Admin's own would hide a TypeError behind another."""
        return fn(self, *args, **kwargs)

    def _handle_view(self, name: str, **kwargs: Any) -> Any:
        answer = super()._handle_view(name, **kwargs)
        if answer is not None:
            return answer
        permission = getattr(getattr(self, name, None), "permission", None)
        if permission is not None and not may(permission):
            abort(403)
        return None


class ConsoleModelView(ConsoleView, StableFilters):
    """List, details and form pages over one table.

    Attributes:
        write_permission: What a person must be allowed to do to create, edit or delete
            rows; None makes the table read-only.
        title_singular: Such as "host", for "Edit host".
        title_plural: The page's heading.
        add_label: The button that creates, such as "Add host".
        empty_hint: What to do when there are no rows yet.
    """

    write_permission: Permission | None = None

    title_singular: Any = ""
    title_plural: Any = ""
    add_label: Any = ""
    empty_hint: Any = ""

    form_base_class = ConsoleForm
    can_view_details = True
    can_set_page_size = True
    page_size = 50
    named_filter_urls = True
    column_display_actions = True
    column_type_formatters = {
        datetime: formatting.moment_column,
        bool: formatting.boolean_column,
        type(None): formatting.empty_column,
        list: formatting.joined_column,
    }
    column_type_formatters_detail = column_type_formatters

    def __init__(self, model: type[Model], **options: Any) -> None:
        options.setdefault("name", self.title_plural)
        super().__init__(model, db, **options)

    @property
    def can_create(self) -> bool:  # type: ignore[override]
        """Tell whether the reader may add rows."""
        return self._may_write()

    @property
    def can_edit(self) -> bool:  # type: ignore[override]
        """Tell whether the reader may change rows."""
        return self._may_write()

    @property
    def can_delete(self) -> bool:  # type: ignore[override]
        """Tell whether the reader may delete rows."""
        return self._may_write()

    def _may_write(self) -> bool:
        return self.write_permission is not None and may(self.write_permission)

    def _handle_view(self, name: str, **kwargs: Any) -> Any:
        """Refuse who may not write; Flask-Admin would lead back to the list without a word."""
        answer = super()._handle_view(name, **kwargs)
        if answer is None and name in _WRITING and not self._may_write():
            abort(403)
        return answer

    def is_action_allowed(self, name: str) -> bool:
        """Offer bulk actions only to those who may write."""
        return bool(self._may_write() and super().is_action_allowed(name))

    @expose("/")
    def index_view(self) -> Any:
        """Show the list; a filter chosen without JavaScript first moves into the URL."""
        if "flt" not in request.args:
            return super().index_view()
        arguments = request.args.to_dict()
        kind, value = arguments.pop("flt"), arguments.pop("flt_value", "")
        number = sum(name.startswith("flt") for name in arguments)
        return redirect(self.get_url(".index_view", **arguments, **{f"flt{number}_{kind}": value}))

    def prepare(self, form: Any, model: Any, *, is_created: bool) -> None:
        """Let a view call its service between filling the row and saving it.

        Raises:
            AopsError: To refuse; shown at its field.
        """

    def get_one(self, id: Any) -> Any:  # noqa: A002 - Flask-Admin's name
        """Give the row of that id, or answer 404."""
        known = str(id).isdecimal() and len(str(id)) <= _LONGEST_ID
        row = super().get_one(id) if known else None
        return abort(404) if row is None else row

    def create_model(self, form: Any) -> Any:
        """Save a new row, or say at the field what is wrong."""
        model = self.build_new_instance()
        return model if self._save(form, model, is_created=True) else False

    def update_model(self, form: Any, model: Any) -> bool:
        """Save a changed row unless somebody else changed it since the form was opened."""
        if self._is_stale(form, model):
            self._say_stale(form, model)
            return False
        return self._save(form, model, is_created=False)

    def delete_model(self, model: Any) -> bool:
        """Delete a row unless something refers to it."""
        try:
            references.refuse_if_used(model)
            self.on_model_delete(model)
            session().delete(model)
            session().commit()
        except AopsError as error:
            session().rollback()
            flash(str(error), "error")
            return False
        except IntegrityError:
            session().rollback()
            flash(_("It is still in use, so it was not deleted."), "error")
            return False
        except StaleDataError:
            session().rollback()
            flash(_("Somebody else changed or deleted it meanwhile; look again."), "error")
            return False
        return True

    def _save(self, form: Any, model: Any, *, is_created: bool) -> bool:
        try:
            with session().no_autoflush:
                form.populate_obj(model)
                if is_created:
                    session().add(model)
                elif isinstance(model, Versioned):
                    model.updated_at = clock.now()  # so that a changed list raises the version too
                self.prepare(form, model, is_created=is_created)
            session().commit()
        except AopsError as error:
            session().rollback()
            if not form.attach(error):
                flash(str(error), "error")
            return False
        except StaleDataError:
            session().rollback()
            self._say_stale(form, model)
            return False
        except IntegrityError:
            session().rollback()
            taken = AopsError(_("This name is already taken."), field="name")
            if not form.attach(taken):
                flash(str(taken), "error")
            return False
        return True

    def _is_stale(self, form: Any, model: Any) -> bool:
        seen = getattr(getattr(form, "version", None), "data", None)
        return seen is not None and str(seen) != str(model.version)

    def _say_stale(self, form: Any, model: Any) -> None:
        """Explain, and let the next save of the same form be a decision."""
        if hasattr(form, "version"):
            form.version.data = model.version
        flash(
            _(
                "Somebody else saved this while you were editing. Nothing of yours is lost: it "
                "still stands below. Open the page in a second tab, compare, and save again."
            ),
            "error",
        )
