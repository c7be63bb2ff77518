"""Reads folders with files that ansible-vault encrypted as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from ansible.parsing.vault import VaultSecret

from aops.execution.inventory_child import vaults as child_vaults
from aops.execution.inventory_child.problems import Refused
from aops.execution.spec import VaultPassword
from aops.inventory.imports.models import ImportKind
from aops.inventory.reading import ReadError, Reading, read_upload
from tests.inventory.read_apps import reading_app
from tests.inventory.vaulted import VAULTS, packed, sealed

__all__ = ["reading_app"]

pytestmark = pytest.mark.usefixtures("reading_app")

HOSTS = b"[web]\nweb1\nweb2\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: *canary\n", "cannot be read as variables"),
        ("- canary\n", "cannot be read as variables"),
        ("a: !canary x\n", "cannot be read as variables"),
        ("a: 'canary{{ x }}'\n", r"a \(group_vars/web/vault.yml\)"),
        ("a: \"{{ x['canary'] }}\"\n", r"a \(group_vars/web/vault.yml\)"),
        ("a: '{# canary #}'\n", r"a \(group_vars/web/vault.yml\)"),
    ],
)
def test_what_cannot_be_kept_is_refused_without_quoting_it(text: str, words: str) -> None:
    with pytest.raises(ReadError, match=words) as refusal:
        read({"hosts": HOSTS, "group_vars/web/vault.yml": sealed(text)})

    assert "canary" not in f"{refusal.value} {refusal.value.output}"


@pytest.mark.parametrize("password", ["other", "first-password "])
def test_a_password_must_fit_but_for_blanks_around_it(password: str) -> None:
    files = {"hosts": HOSTS, "group_vars/web.yml": sealed("a: b\n")}
    given = [VaultPassword("default", password)]

    if password == "other":
        with pytest.raises(ReadError, match=r"opens group_vars/web\.yml \(vault ID “default”\)"):
            read(files, given)
    else:
        assert "!vault" in read(files, given).snapshot.rows.groups["web"].variables


def test_an_encrypted_list_of_hosts_is_refused() -> None:
    with pytest.raises(ReadError, match="The file hosts is encrypted as a whole"):
        read({"hosts": sealed("web1\n"), "group_vars/all.yml": b"a: 1\n"})


def test_values_that_were_encrypted_by_themselves_stay_as_they_are() -> None:
    inner = sealed("canary").decode()
    text = "a: !vault |\n" + "".join(f"  {line}\n" for line in inner.splitlines())

    reading = read({"hosts": HOSTS, "group_vars/web.yml": sealed(text)})

    assert inner.splitlines()[3] in reading.snapshot.rows.groups["web"].variables


def test_the_same_text_elsewhere_or_under_another_password_looks_different() -> None:
    files = {"hosts": HOSTS, "group_vars/web.yml": sealed("a: x\nb: x\n")}
    files |= {
        "host_vars/web1.yml": sealed("a: x\n"),
        "host_vars/web2.yml": sealed("a: x\n", "prod"),
    }

    found = read(files).snapshot.rows

    texts = [found.groups["web"].variables, *found.hosts.values()]
    bodies = [line for text in texts for line in text.splitlines() if line.startswith("  3")]
    assert len(set(bodies)) == len(bodies) > 8


def test_too_many_texts_are_refused_before_the_time_is_over() -> None:
    vaults = child_vaults.Vaults([["default", "x"]], Path("/x"))
    file = child_vaults._Opened("group_vars/a.yml", "", VaultSecret(b"x"), b"k")
    vaults._sealed = child_vaults.MAX_VALUES

    with pytest.raises(Refused, match="too_many_vaulted"):
        vaults._value("one more", file, ("a",))


def read(files: dict[str, bytes], given: Sequence[VaultPassword] = VAULTS) -> Reading:
    return read_upload(ImportKind.ARCHIVE, packed(files), "inventory.tar.gz", given)
