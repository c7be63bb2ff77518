from __future__ import annotations

import pytest
import yaml
from sqlalchemy.orm import Session

from aops.core.errors import AopsError
from aops.credentials.models import Credential, CredentialType
from aops.jobs import lifecycle, runspec
from tests import factories


def test_a_run_gets_what_its_job_was_launched_with(session: Session) -> None:
    host = factories.make_host("web1")
    job = factories.make_job(
        template=factories.make_template(inventory=host.inventory),
        limit="web1",
        tags="a",
        skip_tags="b",
        forks=3,
        verbosity=2,
        check_mode=True,
        become=True,
        timeout=0,
    )
    lifecycle.claim(job.id, "here")
    session.refresh(job)

    spec = runspec.prepare(job).spec

    assert spec.run_id == f"{job.id}-1"
    assert spec.project == {spec.playbook: factories.PLAYBOOK}
    assert "web1" in yaml.safe_load(spec.inventory)["all"]["hosts"]
    assert (spec.options.limit, spec.options.tags, spec.options.skip_tags) == ("web1", "a", "b")
    assert (spec.options.forks, spec.options.verbosity, spec.options.check) == (3, 2, True)
    assert (spec.options.become, spec.options.timeout) == (True, None)


def test_every_secret_of_a_run_is_masked_in_its_output(session: Session) -> None:
    vault = factories.make_credential(
        type=CredentialType.VAULT, vault_id="prod", vault_password="vault-secret", password=None
    )
    login = factories.make_credential(become_password="become-secret", become_user="root")
    job = factories.make_job(credentials=[vault, login])

    prepared = runspec.prepare(job)

    secrets = prepared.spec.secrets
    assert secrets.connection_password == "secret-of-a-test"
    assert secrets.become_password == "become-secret"
    assert [one.password for one in secrets.vault_passwords] == ["vault-secret"]
    assert {"secret-of-a-test", "become-secret", "vault-secret"} <= {*prepared.secrets}
    assert prepared.spec.options.become_user == "root"
    assert session.get_one(Credential, login.id, populate_existing=True).last_used_at is not None


def test_what_was_typed_wins_over_the_template(session: Session) -> None:
    job = factories.make_job(extra_vars="a: 1\nb: 2\n", launch_vars="b: 3\n")

    assert yaml.safe_load(runspec.extra_vars_of(job)) == {"a": 1, "b": 3}


def test_every_text_that_an_operator_typed_is_marked_as_data(session: Session) -> None:
    job = factories.make_job(
        extra_vars="author: '{{ x }}'\n",
        launch_vars="top: text\nlist: [text, {deep: text}]\nnumber: 1\nyes_no: true\n",
    )

    text = runspec.extra_vars_of(job)

    assert text.count("!unsafe") == 3
    assert "author: '{{ x }}'" in text
    assert "number: 1" in text


def test_what_an_author_typed_may_be_evaluated(session: Session) -> None:
    job = factories.make_job(launch_vars="a: '{{ x }}'\n", launch_vars_templated=True)

    assert "!unsafe" not in runspec.extra_vars_of(job)


def test_a_run_without_variables_gets_none(session: Session) -> None:
    assert runspec.extra_vars_of(factories.make_job()) == ""


@pytest.mark.parametrize("gone", ["revision", "inventory"])
def test_a_job_whose_things_were_deleted_is_not_started(gone: str, session: Session) -> None:
    job = factories.make_job()
    setattr(job, gone, None)

    with pytest.raises(AopsError, match="deleted meanwhile"):
        runspec.prepare(job)


@pytest.mark.parametrize("name", ["!web", "&web", "@web"])
def test_no_job_is_run_on_all_hosts_because_of_one_hosts_name(name: str, session: Session) -> None:
    host = factories.make_host(name)
    template = factories.make_template(inventory=host.inventory)
    job = factories.make_job(template=template, limit=name, limit_hosts=1)

    with pytest.raises(AopsError, match="cannot be told to run"):
        runspec.prepare(job)


def test_a_job_is_run_with_the_revision_that_it_was_launched_with(session: Session) -> None:
    job = factories.make_job()
    factories.make_revision(job.template.playbook, "- hosts: none\n", number=2)

    assert runspec.prepare(job).spec.project == {runspec.PLAYBOOK_FILE: factories.PLAYBOOK}
