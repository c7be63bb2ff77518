"""What is no playbook, and where its author should look."""

from __future__ import annotations

import pytest

from aops.playbooks import checks
from tests.factories import PLAYBOOK

ENCRYPTED = "!vault |\n        $ANSIBLE_VAULT;1.1;AES256\n        3132"


@pytest.mark.parametrize(
    "text",
    [
        PLAYBOOK,
        "---\n- hosts: all\n",
        "- hosts: [web, db]\n  roles: [common]\n",
        "- import_playbook: other.yml\n",
        "- ansible.builtin.import_playbook: other.yml\n",
        "- hosts: '{{ target }}'\n  tasks:\n",
        f"- hosts: all\n  vars:\n    a: {ENCRYPTED}\n    b: !unsafe '{{{{ x }}}}'\n",
        "- &first\n  hosts: all\n  tasks: []\n- <<: *first\n  hosts: db\n",
        "- hosts: all\n  name: 你好 🚀\n",
    ],
)
def test_playbooks_that_ansible_takes_are_fine(text: str) -> None:
    assert checks.problems_of(text) == []


@pytest.mark.parametrize("text", ["", "\n\n", "---\n", "# only a comment\n", "[]\n", "{}\n"])
def test_nothing_is_no_playbook(text: str) -> None:
    [problem] = checks.problems_of(text)

    assert "at least one play" in problem


@pytest.mark.parametrize(
    ("text", "where", "why"),
    [
        ("hosts: all\n", (1, 1), "list of plays"),
        ("just text\n", (1, 1), "list of plays"),
        ("- just text\n", (1, 3), "a play is a mapping"),
        ("- hosts: all\n- tasks: []\n", (2, 3), "neither “hosts” nor"),
        ("- hosts:\n  tasks: []\n", (1, 9), "“hosts” is empty"),
        ("- name: x\n  hosts: []\n", (2, 10), "“hosts” is empty"),
        ("- hosts: {a: b}\n", (1, 10), "“hosts” must be text"),
        ("- hosts: [a, 1]\n", (1, 10), "“hosts” must be text"),
        ("- hosts: 7\n", (1, 10), "“hosts” must be text"),
        ("- hosts: all\n  tasks: debug\n", (2, 10), "“tasks” must be a list"),
        ("- hosts: all\n  roles: {a: b}\n", (2, 10), "“roles” must be a list"),
        ("- hosts: all\n  hosts: db\n", (2, 3), "“hosts” stands twice"),
        ("- hosts: all\n  vars: {a: 1, a: 2}\n", (2, 16), "“a” stands twice"),
        ("- hosts: !!python/object:os.system {}\n", (1, 10), "tag"),
        ("- hosts: !include x\n", (1, 10), "tag !include"),
        ("- hosts: all\n\ttasks: []\n", (2, 1), "tab"),
        ("- hosts: all\n  tasks: [\n", (3, 1), "expected"),
        ("- hosts: all\n---\n- hosts: db\n", (2, 1), "document"),
    ],
)
def test_problems_are_told_with_their_place(text: str, where: tuple[int, int], why: str) -> None:
    [problem] = checks.problems_of(text)

    assert problem.startswith(f"Line {where[0]}, column {where[1]}: ")
    assert why in problem


def test_every_play_is_checked_up_to_ten_problems() -> None:
    two = checks.problems_of("- tasks: []\n- hosts: all\n- roles: []\n")
    many = checks.problems_of("- tasks: []\n" * 30)

    assert [problem.split(",")[0] for problem in two] == ["Line 1", "Line 3"]
    assert len(many) == checks.MAX_PROBLEMS


def test_a_text_beyond_a_megabyte_is_refused_unread() -> None:
    text = "- hosts: all\n" + "# filler\n" * 120_000

    [problem] = checks.problems_of(text)

    assert "1000000 bytes" in problem


def test_an_alias_bomb_is_refused_quickly() -> None:
    lines = ["- hosts: all", "  vars:", "    a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"    a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]

    [problem] = checks.problems_of("\n".join(lines))

    assert "too large" in problem


@pytest.mark.parametrize("text", ["- hosts: a\0ll\n", "- hosts: \x1b[31m\n", "- hosts: \ud800\n"])
def test_characters_that_yaml_forbids_are_refused_in_words(text: str) -> None:
    [problem] = checks.problems_of(text)

    assert problem
    assert "Traceback" not in problem
