"""Which environment variables a credential may hold, and what a dynamic source gets."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.core.errors import AopsError
from aops.credentials import environment, services, unsealed
from aops.credentials.models import Credential, CredentialType
from aops.execution.spec import Secrets
from aops.jobs.models import JobTemplate
from aops.users.models import User
from tests.console import ConsoleClient
from tests.factories import make_credential, make_template

NEW = "/credentials/new/?type=environment"


def test_a_value_is_taken_as_it_stands() -> None:
    text = "A=1\n\n# a comment\n  B = two words \nC='quoted'\nD==\r\nE=\n_f2=ünïcode"

    found = environment.read(text)

    assert found == {
        "A": "1",
        "B": " two words ",
        "C": "'quoted'",
        "D": "=",
        "E": "",
        "_f2": "ünïcode",
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Write at least one"),
        ("# nothing", "Write at least one"),
        ("A=1\nB", "Line 2 has no “=”"),
        ("export A=1", "Leave out “export”"),
        ("2A=1", "Line 1: a name before"),
        ("Ä=1", "Line 1: a name before"),
        ("=1", "Line 1: a name before"),
        ("A=1\nA=2", "Line 2: “A” was already given"),
        ("A=a\x00b", "control characters"),
        ("A=a\x1b[1m", "control characters"),
        ("A=" + "x" * 70_000, "too long"),
        ("\n".join(f"A{n}=x" for n in range(101)), "At most 100"),
    ],
)
def test_what_is_no_list_of_variables_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(AopsError, match=sentence) as refused:
        environment.read(text)

    assert refused.value.field == "environment"


@pytest.mark.parametrize(
    "name",
    [
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "PYTHONPATH",
        "PYTHONSTARTUP",
        "PATH",
        "path",
        "ANSIBLE_CONFIG",
        "ANSIBLE_LIBRARY",
        "BASH_ENV",
        "BASH_FUNC_ls",
        "ENV",
        "IFS",
        "HOME",
        "TMPDIR",
        "PERL5LIB",
        "NODE_OPTIONS",
    ],
)
def test_what_changes_how_programs_start_is_refused(name: str) -> None:
    with pytest.raises(AopsError, match=f"“{name}” cannot be set here"):
        environment.read(f"{name}=canary")


def test_a_refusal_never_shows_a_value() -> None:
    for text in ("canary", "1A=canary", "PATH=canary", "A=canary\x00", "A=canary\nA=canary"):
        with pytest.raises(AopsError) as refused:
            environment.read(text)

        assert "canary" not in str(refused.value)


def test_a_source_gets_the_variables_of_all_its_credentials(session: Session) -> None:
    one = stored("AWS_ACCESS_KEY_ID=AKIA\nAWS_SECRET_ACCESS_KEY=s3cr3t\n")
    other = stored("TOKEN=abc=def")

    given = services.environment_of([one, other])

    assert given == {
        "AWS_ACCESS_KEY_ID": "AKIA",
        "AWS_SECRET_ACCESS_KEY": "s3cr3t",
        "TOKEN": "abc=def",
    }
    masked = services.values_to_mask([one, other], Secrets())
    assert masked == ["abc=def", "s3cr3t", "AKIA"]


def test_one_variable_from_two_credentials_is_refused_by_name(session: Session) -> None:
    one, other = stored("TOKEN=a", name="prod"), stored("TOKEN=b", name="test")

    with pytest.raises(AopsError, match=r"“prod” and “test” both set TOKEN"):
        services.environment_of([one, other])


def test_a_source_gets_no_credential_of_another_type(session: Session) -> None:
    machine = make_credential(name="web")

    with pytest.raises(AopsError, match="“web” holds no environment variables"):
        services.environment_of([machine])


def test_a_run_gets_no_environment(session: Session) -> None:
    credential = stored("TOKEN=a", name="cloud")

    with pytest.raises(AopsError, match="“cloud” holds environment variables") as refused:
        services.secrets_for_run([credential])

    assert refused.value.field == "credentials"


def test_a_template_offers_no_environment_and_says_why(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    credential = stored("TOKEN=a", name="cloud")
    machine = make_credential(name="web")
    template = make_template()
    client.sign_in(arthur)
    url = f"/templates/edit/?id={template.id}"

    page = client.get(url)
    answer = client.submit(url, {"credentials": [str(credential.id)]}, code=200)

    choices = [option["value"] for option in page.select("#credentials option")]
    assert choices == [str(machine.id)]
    assert "runs do not get them" in page.select_one("#credentials-help").text
    assert "is not offered; choose again" in answer.text
    assert session.get_one(JobTemplate, template.id).credentials == []


def test_a_blank_text_keeps_what_is_stored(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    client.sign_in(arthur)
    client.submit(NEW, {"name": "cloud", "environment": "TOKEN=first\r\n"})
    saved = session.scalars(select(Credential)).one()
    url = f"/credentials/edit/?id={saved.id}"

    page = client.get(url)
    client.submit(url, {"description": "new words"})

    assert saved.type is CredentialType.ENVIRONMENT
    assert "Leave it blank" in page.select_one("#environment-help").text
    assert page.select_one("#environment").text.strip() == ""
    assert saved.description == "new words"
    assert unsealed.read(saved).variables() == {"TOKEN": "first"}


def test_a_refused_text_is_not_sent_back(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    client.sign_in(arthur)

    answer = client.submit(NEW, {"name": "cloud", "environment": "PATH=canary"}, code=200)

    assert "cannot be set here" in answer.text
    assert "enter it once more" in answer.text
    assert "canary" not in answer.text
    assert session.scalars(select(Credential)).all() == []


def test_an_environment_needs_a_variable_once(client: ConsoleClient, arthur: User) -> None:
    client.sign_in(arthur)

    answer = client.submit(NEW, {"name": "cloud"}, code=200)

    assert "Write at least one" in answer.text


def stored(text: str, name: str = "") -> Credential:
    values = {"name": name} if name else {}
    return make_credential(
        type=CredentialType.ENVIRONMENT, username="", password=None, environment=text, **values
    )
