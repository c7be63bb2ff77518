"""Gates over every route, read from the application's own map."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, g
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from aops.core import clock
from aops.core.database import Model
from aops.core.permissions import Role
from aops.core.views import ConsoleView
from aops.credentials.models import CredentialType
from aops.inventory.models import HostKey, HostLabel, KeyTrust
from aops.inventory.sources.models import RefreshStatus, SourceHost, SourceRefresh
from aops.jobs import lifecycle
from aops.jobs.models import JobHost, JobOutput, Pulse
from aops.users.models import User, UserSession
from tests import factories
from tests.console import ConsoleClient
from tests.inventory.sources.scripts import make_source

OPEN_TO_STRANGERS = {"users.sign_in", "users.language", "static", "dashboard.static"}
"""Whoever is not signed in must be able to read these, or could never sign in."""

NO_CONSOLE_VIEWS = OPEN_TO_STRANGERS | {"users.sign_out", "users.account"}
"""What is no page of the console: it is about whoever is, or is not, signed in."""

MATRIX = """
                                  viewer   operator author   admin
GET  account.change_password      200      200      200      200
GET  account.index                200      200      200      200
GET  audit.index                  403      403      403      200
GET  bulk.index                   200      200      200      200
GET  credentials.ajax_lookup      403      404      404      404
GET  credentials.create_view      403      403      200      200
GET  credentials.details_view     403      200      200      200
GET  credentials.edit_view        403      403      200      200
GET  credentials.export           403      302      302      302
GET  credentials.index_view       403      200      200      200
GET  dashboard.index              200      200      200      200
GET  facts.compare                200      200      200      200
GET  facts.history                200      200      200      200
GET  facts.index                  200      200      200      200
GET  filters.ajax_lookup          404      404      404      404
GET  filters.create_view          403      403      200      200
GET  filters.details_view         200      200      200      200
GET  filters.edit_view            403      403      200      200
GET  filters.export               302      302      302      302
GET  filters.index_view           200      200      200      200
GET  filters.matching_hosts       200      200      200      200
GET  exports.index                302      302      302      302
GET  exports.template             200      200      200      200
GET  groups.ajax_lookup           404      404      404      404
GET  groups.create_view           403      403      200      200
GET  groups.details_view          200      200      200      200
GET  groups.edit_view             403      403      200      200
GET  groups.export                302      302      302      302
GET  groups.index_view            200      200      200      200
GET  host_keys.index              200      200      200      200
GET  hosts.ajax_lookup            404      404      404      404
GET  hosts.create_view            403      403      200      200
GET  hosts.details_view           200      200      200      200
GET  hosts.edit_view              403      403      200      200
GET  hosts.export                 302      302      302      302
GET  hosts.index_view             200      200      200      200
GET  imports.index                403      403      302      302
GET  imports.show                 403      403      200      200
GET  imports.upload               403      403      200      200
GET  inventories.ajax_lookup      404      404      404      404
GET  inventories.create_view      403      403      200      200
GET  inventories.details_view     200      200      200      200
GET  inventories.edit_view        403      403      200      200
GET  inventories.export           302      302      302      302
GET  inventories.index_view       200      200      200      200
GET  inventories.matching_hosts   200      200      200      200
GET  jobs.download                200      200      200      200
GET  jobs.index                   200      200      200      200
GET  jobs.log                     200      200      200      200
GET  jobs.ping                    403      200      200      200
GET  jobs.ping_many               403      302      302      302
GET  jobs.show                    200      200      200      200
GET  playbooks.ajax_lookup        404      404      404      404
GET  playbooks.create_view        403      403      200      200
GET  playbooks.details_view       200      200      200      200
GET  playbooks.diff_view          200      200      200      200
GET  playbooks.edit_view          403      403      200      200
GET  playbooks.export             302      302      302      302
GET  playbooks.index_view         200      200      200      200
GET  playbooks.revision_view      200      200      200      200
GET  sources.ajax_lookup          404      404      404      404
GET  sources.create_view          403      403      200      200
GET  sources.details_view         200      200      200      200
GET  sources.edit_view            403      403      200      200
GET  sources.export               302      302      302      302
GET  sources.index_view           200      200      200      200
GET  sources.show_refresh         200      200      200      200
GET  templates.ajax_lookup        404      404      404      404
GET  templates.create_view        403      403      200      200
GET  templates.details_view       200      200      200      200
GET  templates.edit_view          403      403      200      200
GET  templates.export             302      302      302      302
GET  templates.index_view         200      200      200      200
GET  templates.launch             403      200      200      200
GET  templates.matching_hosts     403      200      200      200
GET  templates.run_on             403      302      302      302
GET  users.ajax_lookup            403      403      403      404
GET  users.create_view            403      403      403      200
GET  users.details_view           403      403      403      200
GET  users.edit_view              403      403      403      200
GET  users.export                 403      403      403      302
GET  users.index_view             403      403      403      200
POST account.change_password      200      200      200      200
POST account.end_other_sessions   302      302      302      302
POST account.end_session          404      404      404      404
POST account.index                302      302      302      302
POST bulk.change                  302      302      302      302
POST credentials.action_view      403      403      302      302
POST credentials.ajax_update      403      403      404      404
POST credentials.create_view      403      403      200      200
POST credentials.delete_view      403      403      302      302
POST credentials.edit_view        403      403      200      200
POST exports.index                302      302      302      302
POST filters.action_view          403      403      302      302
POST filters.ajax_update          403      403      404      404
POST filters.create_view          403      403      200      200
POST filters.delete_view          403      403      302      302
POST filters.edit_view            403      403      200      200
POST groups.action_view           403      403      302      302
POST groups.add_hosts             403      403      302      302
POST groups.ajax_update           403      403      404      404
POST groups.create_view           403      403      200      200
POST groups.delete_view           403      403      302      302
POST groups.edit_view             403      403      200      200
POST groups.remove_hosts          403      403      302      302
POST host_keys.accept             403      403      302      302
POST host_keys.fetch              403      403      302      302
POST host_keys.reject             403      403      302      302
POST host_keys.replace            403      403      302      302
POST hosts.accept_key             403      403      302      302
POST hosts.accept_keys            403      403      302      302
POST hosts.action_view            403      403      302      302
POST hosts.ajax_update            403      403      404      404
POST hosts.create_view            403      403      200      200
POST hosts.delete_view            403      403      302      302
POST hosts.edit_view              403      403      200      200
POST hosts.fetch_keys             403      403      302      302
POST hosts.forget_key             403      403      302      302
POST imports.confirm              403      403      302      302
POST imports.discard              403      403      302      302
POST imports.upload               403      403      200      200
POST inventories.action_view      403      403      302      302
POST inventories.ajax_update      403      403      404      404
POST inventories.create_view      403      403      200      200
POST inventories.delete_view      403      403      302      302
POST inventories.edit_view        403      403      200      200
POST jobs.cancel                  403      302      302      302
POST jobs.ping                    403      302      302      302
POST jobs.ping_many               403      302      302      302
POST playbooks.action_view        403      403      302      302
POST playbooks.ajax_update        403      403      404      404
POST playbooks.create_view        403      403      200      200
POST playbooks.delete_view        403      403      302      302
POST playbooks.edit_view          403      403      200      200
POST playbooks.restore_view       403      403      302      302
POST sources.action_view          403      403      302      302
POST sources.ajax_update          403      403      404      404
POST sources.create_view          403      403      200      200
POST sources.delete_view          403      403      302      302
POST sources.edit_view            403      403      200      200
POST sources.refresh              403      403      302      302
POST templates.action_view        403      403      302      302
POST templates.ajax_update        403      403      404      404
POST templates.create_view        403      403      200      200
POST templates.delete_view        403      403      302      302
POST templates.edit_view          403      403      200      200
POST templates.launch             403      302      302      302
POST templates.run_on             403      302      302      302
POST users.action_view            403      403      403      302
POST users.ajax_update            403      403      403      404
POST users.create_view            403      403      403      200
POST users.delete_view            403      403      403      302
POST users.edit_view              403      403      403      200
POST users.reset_password         403      403      403      404
"""
"""What each role gets; 404 is what Flask-Admin would offer and we do not, or another's session."""

UNKNOWN = (987_654, 2**31, 10**30)


def test_a_stranger_is_sent_to_sign_in_or_refused(
    app: Flask, world: World, client: ConsoleClient
) -> None:
    answers = {
        (rule.endpoint, method): client.try_out(method, world.url(rule))
        for rule, method in routes(app)
        if rule.endpoint not in OPEN_TO_STRANGERS
    }

    let_in = {
        route: answer
        for route, answer in answers.items()
        if answer not in {"302 /sign-in", "403", "404"}
    }
    assert let_in == {}
    assert len(answers) > 80


def test_every_page_belongs_to_a_view_that_says_who_may_read_it(app: Flask) -> None:
    views = {view.endpoint: view for view in app.extensions["admin"][0]._views}

    for rule, _method in routes(app):
        view = views.get(rule.endpoint.split(".")[0])
        if rule.endpoint in NO_CONSOLE_VIEWS:
            continue
        assert isinstance(view, ConsoleView), rule.endpoint
        declared = [kind for kind in type(view).__mro__ if "read_permission" in vars(kind)]
        assert declared[0] is not ConsoleView, f"{view.endpoint} does not say who may read it"


def test_every_address_is_in_kebab_case(app: Flask) -> None:
    for rule, _method in routes(app):
        plain = re.sub(r"<[^>]+>", "", rule.rule)
        assert re.fullmatch(r"[a-z0-9/.-]*", plain), rule.rule


def test_no_form_is_accepted_without_a_token(
    app: Flask, world: World, client: ConsoleClient, alice: User
) -> None:
    client.sign_in(alice)

    answers = {
        rule.endpoint: client.try_out("POST", world.url(rule), token=False)
        for rule, method in routes(app)
        if method == "POST"
    }

    assert set(answers.values()) == {"400"}, answers
    assert len(answers) > 30


def test_nothing_is_changed_by_looking(
    app: Flask, world: World, client: ConsoleClient, alice: User, session: Session
) -> None:
    client.sign_in(alice)
    before = snapshot(session)

    changed = {}
    for rule, method in routes(app):
        if method == "GET":
            client.try_out("GET", world.url(rule))
            after = snapshot(session)
            if tables := [name for name in before if before[name] != after[name]]:
                changed[rule.endpoint] = tables
            before = after

    assert changed == {}
    assert all(before[table.name] for table in tables_with_rows())


@pytest.mark.parametrize("number", UNKNOWN)
def test_what_does_not_exist_is_not_found(
    number: int, app: Flask, world: World, client: ConsoleClient, alice: User
) -> None:
    client.sign_in(alice)
    found = {}
    for rule, method in routes(app):
        wants_object = any(name.endswith("_id") for name in rule.arguments)
        wants_object |= rule.endpoint.endswith((".details_view", ".edit_view"))
        if wants_object:
            found[rule.endpoint, method] = client.try_out(method, world.url(rule, number))

    assert set(found.values()) == {"404"}, found
    assert len(found) > 25


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.AUTHOR, Role.ADMIN])
def test_each_role_may_do_what_the_table_says(
    role: Role, app: Flask, world: World, client: ConsoleClient
) -> None:
    client.sign_in(factories.make_user("somebody", role))

    answers = {
        (method, rule.endpoint): client.try_out(method, world.url(rule))[:3]
        for rule, method in routes(app)
        if rule.endpoint not in NO_CONSOLE_VIEWS
    }

    assert answers == column(role)


def column(role: Role) -> dict[tuple[str, str], str]:
    """Read one role's column of the table."""
    head, *lines = MATRIX.strip().splitlines()
    number = head.split().index(role.value)
    return {
        (method, endpoint): codes[number]
        for method, endpoint, *codes in (line.split() for line in lines)
    }


@dataclass
class World:
    """One of everything, by the names that routes use.

    Attributes:
        ids: Name of a route's argument to the id of what is there.
        rows: Endpoint of a Flask-Admin page to the id of a row that it shows.
    """

    ids: dict[str, Any]
    rows: dict[str, int]

    def url(self, rule: Rule, number: int | None = None) -> str:
        """Fill a rule with what exists, or with a number under which nothing does."""
        path = rule.rule
        for name in rule.arguments:
            value = self.ids[name]
            if number is not None and name.endswith("_id"):
                value = number
            path = re.sub(rf"<(?:[^<>]*:)?{name}>", str(value), path)
        view = rule.endpoint.split(".")[0]
        if rule.endpoint.endswith((".details_view", ".edit_view")):
            path += f"?id={number or self.rows[view]}"
        if rule.endpoint == "playbooks.diff_view":
            path += "?old=1&new=2"
        return path


class TryingClient(ConsoleClient):
    """Sends a request and takes back whatever it did."""

    def try_out(self, method: str, url: str, *, token: bool = True) -> str:
        """Give the status, and where it leads to without its query."""
        with self._taken_back():
            if method == "GET":
                answer = self._client.get(url)
            else:
                data = {"csrf_token": self._token()} if token else {}
                answer = self._client.post(url, data=data)
            place = answer.headers.get("Location", "").split("?")[0]
            answer.get_data()
            answer.close()
        return f"{answer.status_code} {place}".strip()

    def _token(self) -> str:
        page = self._client.get("/sign-in" if self._anonymous() else "/account").text
        return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]

    @contextmanager
    def _taken_back(self) -> Iterator[None]:
        self._session.commit()
        savepoint = self._session.get_bind().begin_nested()
        yield
        self._session.rollback()  # what the request read, it read in this very session
        g.pop("_login_user", None)  # nor did it sign anybody out
        savepoint.rollback()
        self._session.expire_all()


def routes(app: Flask) -> list[tuple[Rule, str]]:
    """List every rule with every method that does something."""
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint))
    return [
        (rule, method) for rule in rules for method in ("GET", "POST") if method in rule.methods
    ]


def tables_with_rows() -> list[Any]:
    """List the tables that the world fills."""
    empty = {"sign_in_failures"}
    return [table for table in Model.metadata.sorted_tables if table.name not in empty]


def snapshot(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    """Read all of the database."""
    return {
        table.name: sorted(map(tuple, session.execute(select(table))), key=repr)
        for table in Model.metadata.sorted_tables
    }


@pytest.fixture
def client(app: Flask, session: Session) -> TryingClient:
    return TryingClient(app, session)


@pytest.fixture
def world(app: Flask, session: Session) -> World:
    host = factories.make_host("web1", variables="ansible_host: 192.0.2.1\n")
    group = factories.make_group("web", inventory=host.inventory, hosts=[host])
    group.children = [factories.make_group("web_cn", inventory=host.inventory)]
    key = HostKey(
        host_id=host.id,
        address="192.0.2.1",
        key_type="ssh-ed25519",
        public_key="AAAAC3NzaC1lZDI1NTE5AAAAIGq",
        fingerprint="SHA256:abc",
        trust=KeyTrust.OFFERED,
        seen_at=clock.now(),
    )
    credential = factories.make_credential(type=CredentialType.MACHINE)
    template = factories.make_template(inventory=host.inventory, credentials=[credential])
    factories.make_revision(template.playbook, number=2)
    job = factories.make_job(template=template, credentials=[credential])
    lifecycle.claim(job.id, "here")
    factories.make_job_result(job, host.name)
    factories.make_host_result(host, job)
    factories.make_facts(host)
    vault = factories.make_credential(type=CredentialType.VAULT, vault_id="x", vault_password="x")
    imported = factories.make_import(inventory=host.inventory, credentials=[vault])
    user = factories.make_user("zoe")
    sign_in = UserSession(
        user_id=user.id, token_hash="0" * 64, expires_at=clock.now() + timedelta(days=1)
    )
    session.add_all(
        [
            key,
            sign_in,
            JobOutput(job_id=job.id, seq=1, attempt=1, first_line=1, line_count=1, text="ok\n"),
            JobHost(job_id=job.id, host="web1", ok=1),
            HostLabel(host_id=host.id, name="prod"),
            Pulse(name="worker", node="here", seen_at=clock.now()),
        ]
    )
    source = make_source(
        host.inventory,
        credentials=[factories.make_credential(type=CredentialType.ENVIRONMENT, environment="A=1")],
    )
    refresh = SourceRefresh(source_id=source.id, status=RefreshStatus.SUCCESSFUL, duration=1.5)
    session.add_all([refresh, SourceHost(source_id=source.id, host_id=host.id)])
    session.flush()
    ids = {
        "filename": "nothing",
        "export_type": "csv",
        "group_id": group.id,
        "host_id": host.id,
        "import_id": imported.id,
        "inventory_id": host.inventory_id,
        "job_id": job.id,
        "key_id": key.id,
        "number": 1,
        "playbook_id": template.playbook_id,
        "refresh_id": refresh.id,
        "session_id": sign_in.id,
        "source_id": source.id,
        "template_id": template.id,
    }
    rows = {
        "credentials": credential.id,
        "filters": factories.make_filter().id,
        "groups": group.id,
        "hosts": host.id,
        "inventories": host.inventory_id,
        "playbooks": template.playbook_id,
        "sources": source.id,
        "templates": template.id,
        "users": user.id,
    }
    return World(ids, rows)
