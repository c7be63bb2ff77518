"""Pages of this feature: signing in, one's own account, and everybody's."""

from __future__ import annotations

from typing import Any

from flask import (
    abort,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_admin import Admin, expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response

from aops.core import i18n
from aops.core.database import session
from aops.core.errors import AopsError
from aops.core.permissions import Permission
from aops.core.views import ConsoleModelView, ConsoleView, requires
from aops.users import browsers, labels, passwords, services, sessions
from aops.users import sign_in as wiring
from aops.users.forms import AccountForm, NewUserForm, PasswordForm, SignInForm, UserForm
from aops.users.models import User, UserSession

_A_YEAR = 365 * 24 * 3600


def sign_in() -> Response | str:
    """Ask for name and password, and open a session."""
    target = wiring.safe_next(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(target)
    form = SignInForm(request.form)
    if request.method == "GET" or not form.validate():
        return render_template("users/sign_in.html", form=form)
    try:
        user = services.authenticate(
            form.username.data, form.password.data, request.remote_addr or ""
        )
    except services.SignInRefused as refused:
        session().commit()  # the failure counts
        page = render_template("users/sign_in.html", form=form, refusal=str(refused))
        return make_response(page, 403)
    _start_session(user)
    return redirect(target)


def sign_out() -> Response:
    """End this browser's session."""
    if current_user.is_authenticated:
        sessions.end_session(wiring.current_session())
        session().commit()
    wiring.forget()
    return redirect(url_for("users.sign_in"))


def language() -> Response:
    """Remember which language a person reads."""
    chosen = request.form.get("locale", "")
    if chosen not in i18n.LOCALES:
        abort(400)
    if current_user.is_authenticated:
        current_user.locale = chosen
        session().commit()
    answer = redirect(wiring.safe_next(request.form.get("next")))
    answer.set_cookie(
        i18n.COOKIE,
        chosen,
        max_age=_A_YEAR,
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
    )
    return answer


class AccountView(ConsoleView):
    """What people may see and change about themselves."""

    read_permission = Permission.SIGNED_IN
    takes_secrets = True

    @expose("/", methods=("GET", "POST"))
    @expose("", methods=("GET", "POST"))
    def index(self) -> Response | str:
        """Show the account; change the display name."""
        form = AccountForm(request.form, obj=current_user)
        if request.method == "POST" and form.validate():
            form.populate_obj(current_user)
            session().commit()
            flash(_("Your account was saved."), "success")
            return redirect(url_for("users.account"))
        return self.render(
            "users/account.html",
            form=form,
            sessions=sessions.sessions_of(current_user),
            current=wiring.current_session(),
        )

    @expose("/password", methods=("GET", "POST"))
    def change_password(self) -> Response | str:
        """Replace one's own password; every other browser is signed out."""
        form = PasswordForm(request.form)
        if request.method == "POST" and form.validate():
            try:
                services.check_password(current_user, form.current_password.data)
                services.set_password(current_user, form.password.data, by_self=True)
            except AopsError as error:
                session().rollback()
                form.attach(error)
            else:
                _start_session(current_user)
                flash(_("Your password was changed. Other browsers were signed out."), "success")
                return redirect(wiring.safe_next(None))
        return self.render("users/password.html", form=form)

    @expose("/sessions/<int:session_id>/end", methods=("POST",))
    def end_session(self, session_id: int) -> Response:
        """Sign one of one's own browsers out."""
        ended = session().get(UserSession, session_id)
        if ended is None or ended.user_id != current_user.id:
            abort(404)
        sessions.end_session(ended)
        session().commit()
        flash(_("That browser was signed out."), "success")
        return redirect(url_for("users.account"))

    @expose("/sessions/end-others", methods=("POST",))
    def end_other_sessions(self) -> Response:
        """Sign out everywhere but here."""
        sessions.end_all_sessions(current_user, except_id=wiring.current_session().id)
        session().commit()
        flash(_("All other browsers were signed out."), "success")
        return redirect(url_for("users.account"))


class UserView(ConsoleModelView):
    """Lists people, gives them accounts and roles."""

    read_permission = Permission.USERS_READ
    write_permission = Permission.USERS_WRITE

    title_singular = _l("user")
    title_plural = _l("Users")
    add_label = _l("Add user")
    icon = "users"

    column_list = ("username", "display_name", "role", "active", "last_sign_in_at")
    column_searchable_list = ("username", "display_name")
    column_sortable_list = ("username", "display_name", "last_sign_in_at")
    column_default_sort = "username"

    column_labels = {
        "username": _l("Username"),
        "display_name": _l("Display name"),
        "role": _l("Role"),
        "active": _l("Active"),
        "must_change_password": _l("Has a one-time password"),
        "last_sign_in_at": _l("Last sign-in"),
        "created_at": _l("Added"),
    }

    column_formatters = {"role": labels.role_column}
    column_formatters_detail = column_formatters

    column_details_list = [
        "username",
        "display_name",
        "role",
        "active",
        "must_change_password",
        "last_sign_in_at",
        "created_at",
    ]
    details_template = "users/details.html"
    create_template = "users/create.html"

    action_disallowed_list = ("delete",)

    form = NewUserForm

    def get_edit_form(self) -> type[UserForm]:
        """Ask for less than when adding."""
        return UserForm

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        """Add a person, then show the one-time password in the answer and nowhere else."""
        answer = super().create_view()
        return g.pop("one_time_password_page", None) or answer

    def create_model(self, form: NewUserForm) -> User | bool:
        """Give the account a one-time password."""
        password = passwords.one_time_password()
        try:
            user = services.create_user(
                form.username.data,
                form.role.data,
                password,
                display_name=form.display_name.data,
                must_change_password=True,
            )
            session().commit()
        except AopsError as error:
            session().rollback()
            form.attach(error)
            return False
        g.one_time_password_page = self._show_password(user, password)
        return user

    def prepare(self, _form: Any, model: User, *, is_created: bool) -> None:  # noqa: ARG002
        """Keep an administrator, and sign out who was deactivated."""
        services.settle_access(model)

    def on_model_delete(self, model: Any) -> None:
        """Refuse where history would lose its person."""
        services.refuse_deletion(model)

    @expose("/reset-password", methods=("POST",))
    @requires(Permission.USERS_WRITE)
    def reset_password(self) -> str:
        """Give somebody a one-time password and sign them out everywhere."""
        user = session().get(User, request.form.get("id", 0, type=int))
        if user is None:
            abort(404)
        password = passwords.one_time_password()
        services.set_password(user, password, by_self=False)
        session().commit()
        return self._show_password(user, password)

    def _show_password(self, user: User, password: str) -> str:
        page: str = self.render("users/one_time_password.html", user=user, password=password)
        return page


def _start_session(user: User) -> None:
    token = sessions.start_session(
        user,
        request.remote_addr or "",
        request.user_agent.string,
        hours=current_app.extensions["settings"].session_hours,
    )
    session().commit()
    wiring.remember(token)


def register(admin: Admin) -> None:
    """Add the feature's pages to the console."""
    app = admin.app
    assert app is not None  # noqa: S101 - create_app gave it
    wiring.init_sign_in(app)
    app.jinja_env.globals["role_label"] = labels.role_label
    app.jinja_env.filters["browser"] = browsers.describe
    admin.add_view(AccountView(name=_l("Your account"), endpoint="account", url="/account"))
    admin.add_view(UserView(User, endpoint="users", url="/users"))
    app.add_url_rule("/sign-in", "users.sign_in", sign_in, methods=("GET", "POST"))
    app.add_url_rule("/sign-out", "users.sign_out", sign_out, methods=("POST",))
    app.add_url_rule("/language", "users.language", language, methods=("POST",))
    app.add_url_rule("/account", "users.account", build_only=True)
