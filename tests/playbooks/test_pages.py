"""The pages of playbooks, as each of the cast uses them."""

from __future__ import annotations

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from aops.core.database import db
from aops.core.references import _finders, finds_references
from aops.playbooks import services
from aops.playbooks.models import Playbook, PlaybookRevision
from aops.users.models import User
from tests.console import ConsoleClient
from tests.factories import PLAYBOOK, make_playbook, make_revision

OTHER = PLAYBOOK.replace("hello", "goodbye")


def test_an_author_adds_a_playbook(client: ConsoleClient, arthur: User, session: Session) -> None:
    client.sign_in(arthur)

    answer = client.submit(
        "/playbooks/new/", {"name": "greet", "content": PLAYBOOK, "message": "first"}
    )
    page = client.get(answer.headers["Location"])

    saved = session.scalars(select(PlaybookRevision)).one()
    assert (saved.number, saved.content, saved.message) == (1, PLAYBOOK, "first")
    assert (saved.author_id, saved.author_name) == (arthur.id, str(arthur))
    assert page.select_one("#L4 span").text == "    - name: Say hello"


def test_saving_a_change_makes_a_revision(client: ConsoleClient, arthur: User) -> None:
    playbook = make_playbook()
    client.sign_in(arthur)

    client.submit(f"/playbooks/edit/?id={playbook.id}", {"content": OTHER.replace("\n", "\r\n")})

    newest = services.newest_revision(playbook)
    assert (newest.number, newest.content) == (2, OTHER)


def test_saving_only_other_words_makes_no_revision(client: ConsoleClient, arthur: User) -> None:
    playbook = make_playbook()
    client.sign_in(arthur)

    client.submit(f"/playbooks/edit/?id={playbook.id}", {"description": "says hello"})

    assert playbook.description == "says hello"
    assert len(services.revisions_of(playbook)) == 1


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"content": "- hosts: [\n"}, "content", "Line 2, column 1"),
        ({"content": "- tasks: []\n- tasks: []\n"}, "content", "Line 2, column 3"),
        ({"content": ""}, "content", ""),
        ({"name": ""}, "name", ""),
        ({"name": "x" * 5000}, "name", "5000 characters"),
        ({"message": "x" * 256}, "message", ""),
        ({"description": "x" * 256}, "description", ""),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_kept(
    client: ConsoleClient, arthur: User, typed: dict[str, str], field: str, says: str
) -> None:
    client.sign_in(arthur)
    filled = {"name": "greet", "content": PLAYBOOK, "message": "kept"} | typed

    answer = client.submit("/playbooks/new/", filled, code=200)

    page = client._checked(answer)
    assert says in page.select_one(f"#{field}-error").text
    assert page.select_one("textarea[name=content]").text.lstrip("\r\n") == filled["content"]
    assert page.select_one("[name=message]")["value"] == filled["message"]
    assert not client.get("/playbooks/").select(".row-title")


def test_markup_in_a_playbook_stays_text(client: ConsoleClient, arthur: User) -> None:
    text = PLAYBOOK.replace("Say hello", "'</textarea><script>alert(1)</script>'")
    playbook = make_playbook(text)
    client.sign_in(arthur)

    page = client.get(f"/playbooks/details/?id={playbook.id}")
    form = client.get(f"/playbooks/edit/?id={playbook.id}")

    assert "</textarea><script>" in page.select_one("#L4 span").text
    assert "</textarea><script>" in form.select_one("textarea[name=content]").text


def test_of_two_who_edit_the_second_is_told(client: ConsoleClient, arthur: User) -> None:
    playbook = make_playbook()
    client.sign_in(arthur)
    url = f"/playbooks/edit/?id={playbook.id}"
    client.submit(url, {"content": OTHER})
    mine = PLAYBOOK.replace("hello", "mine")

    answer = client.submit(url, {"content": mine, "version": "1"}, code=200)

    assert "Somebody else saved this" in answer.text
    assert "mine" in client._checked(answer).select_one("textarea[name=content]").text
    assert services.newest_revision(playbook).content == OTHER


def test_the_list_shows_the_newest_revision_of_each(client: ConsoleClient, victor: User) -> None:
    first, second = make_playbook(name="first"), make_playbook(name="second")
    make_revision(first, OTHER, number=2)
    client.sign_in(victor)

    page = client.get("/playbooks/")

    numbers = [cell.text.strip() for cell in page.select("td.col-number")]
    assert numbers == ["2", "1"]
    assert page.select("td.col-saved_at time")
    assert second.name in page.text


def test_the_list_asks_the_database_as_often_for_many_as_for_few(
    client: ConsoleClient, victor: User
) -> None:
    client.sign_in(victor)
    make_playbook()
    few = statements_of(lambda: client.get("/playbooks/"))
    for _ in range(10):
        make_playbook()

    many = statements_of(lambda: client.get("/playbooks/"))

    assert len(many) == len(few)
    assert not [one for one in many if "playbook_revisions.content" in one]


def test_an_old_revision_keeps_its_page(client: ConsoleClient, victor: User) -> None:
    playbook = make_playbook()
    make_revision(playbook, OTHER, number=2)
    client.sign_in(victor)

    page = client.get(f"/playbooks/{playbook.id}/revisions/1/")

    assert page.select_one("#L6 span").text.strip() == "msg: hello"
    assert services.find_revision(playbook, 1).sha256 in page.text


def test_any_two_revisions_can_be_compared(client: ConsoleClient, victor: User) -> None:
    playbook = make_playbook()
    make_revision(playbook, OTHER, number=2)
    make_revision(playbook, PLAYBOOK, number=3)
    client.sign_in(victor)

    changed = client.get(f"/playbooks/{playbook.id}/diff/?old=1&new=2")
    equal = client.get(f"/playbooks/{playbook.id}/diff/?old=1&new=3")

    assert "removed: - " in changed.text
    assert "added: + " in changed.text
    assert "Say goodbye" in changed.select_one(".ansi-fg-2").text
    assert "the same text" in equal.text


@pytest.mark.parametrize(
    "url", ["999/revisions/1/", "{}/revisions/9/", "{}/diff/", "{}/diff/?old=1&new=x"]
)
def test_what_is_not_there_is_not_found(client: ConsoleClient, victor: User, url: str) -> None:
    playbook = make_playbook()
    client.sign_in(victor)

    client.get(f"/playbooks/{url.format(playbook.id)}", code=404)


def test_an_author_restores_an_old_revision(client: ConsoleClient, arthur: User) -> None:
    playbook = make_playbook()
    make_revision(playbook, OTHER, number=2)
    client.sign_in(arthur)

    client.submit(f"/playbooks/{playbook.id}/revisions/1/", {})

    newest = services.newest_revision(playbook)
    assert (newest.number, newest.content) == (3, PLAYBOOK)
    assert newest.author_name == str(arthur)


def test_the_newest_revision_offers_no_restoring(client: ConsoleClient, arthur: User) -> None:
    playbook = make_playbook()
    client.sign_in(arthur)

    page = client.get(f"/playbooks/{playbook.id}/revisions/1/")
    client.post(f"/playbooks/{playbook.id}/revisions/1/restore/")

    assert not page.select("main form[method=post]")
    assert len(services.revisions_of(playbook)) == 1


def test_older_revisions_are_a_page_away(client: ConsoleClient, victor: User) -> None:
    playbook = make_playbook()
    for number in range(2, 61):
        make_revision(playbook, PLAYBOOK + f"# {number}\n", number)
    client.sign_in(victor)

    compared = client.get(f"/playbooks/{playbook.id}/diff/?old=2&new=3")
    first = client.get(f"/playbooks/details/?id={playbook.id}")
    link = first.find("a", string="Older revisions")["href"]
    second = client.get(link.split("#")[0])

    assert len(first.select("#revisions tbody tr")) == 50
    assert len(second.select("#revisions tbody tr")) == 10
    chosen = [option["value"] for option in compared.select("main option[selected]")]
    assert chosen == ["2", "3"]


def test_what_is_used_is_not_deleted(client: ConsoleClient, arthur: User) -> None:
    playbook = make_playbook(name="greet")
    finds_references(Playbook)(lambda one: ["template Deploy"] if one.name == "greet" else [])
    client.sign_in(arthur)

    client.post("/playbooks/delete/", {"id": str(playbook.id)})
    page = client.get(f"/playbooks/details/?id={playbook.id}")
    _finders[Playbook].pop()

    assert "cannot be deleted: it is used by template Deploy" in page.text


def test_every_save_is_in_the_audit_log(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    client.sign_in(arthur)

    client.submit("/playbooks/new/", {"name": "greet", "content": PLAYBOOK})

    actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id.desc())).all()
    assert {"playbook.created", "playbook_revision.created"} <= set(actions[:3])


def test_a_viewer_reads_and_does_not_write(
    client: ConsoleClient, victor: User, session: Session
) -> None:
    playbook = make_playbook(name="greet")
    make_revision(playbook, OTHER, number=2)
    client.sign_in(victor)

    page = client.get(f"/playbooks/{playbook.id}/revisions/1/")
    client.post(f"/playbooks/{playbook.id}/revisions/1/restore/", code=403)
    client.post(f"/playbooks/edit/?id={playbook.id}", {"name": "changed"}, code=403)
    client.post("/playbooks/new/", {"name": "another", "content": PLAYBOOK}, code=403)
    client.post("/playbooks/delete/", {"id": str(playbook.id)}, code=403)

    assert not page.select("main form[method=post]")
    assert services.newest_revision(playbook).number == 2
    assert [one.name for one in session.scalars(select(Playbook))] == ["greet"]


def statements_of(action) -> list[str]:
    """What an action asks the database about playbooks; the banners ask when they like."""
    seen: list[str] = []

    def note(_connection, _cursor, statement: str, *_rest: object) -> None:
        if "playbook" in statement:
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        action()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert seen, "nothing was asked"
    return seen
