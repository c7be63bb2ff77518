from __future__ import annotations

import pytest

from aops.core.errors import AopsError
from aops.jobs import options

NO_TAGS = [
    "--vault-password-file=/etc/shadow",
    "-e",
    "a,-i/tmp/evil",
    "@/etc/shadow",
    "a,@file",
    "{{ lookup('pipe', 'id') }}",
    "{% raw %}",
    "a;reboot",
    "$(id)",
    "`id`",
    "a|b",
    "a&b",
    "a\nb",
    "a=b",
    '"a"',
    "a\x00b",
    "<script>",
    "*",
    "a" * 300 + "!",
]
NO_NAMES = ["1a", "a-b", "a.b", "a b", "ä", "{{ x }}", "--limit", "@file", "''", "a!", "'a\\nb'"]
TEMPLATES = [
    'a: \'{{ lookup("pipe", "id") }}\'',
    'a: "{% for x in y %}{% endfor %}"',
    "a: '{# comment #}'",
    "a: [fine, '{{ x }}']",
    "a: {b: {c: ['{{ x }}']}}",
    "a: {'{{ x }}': 1}",
    "a: !unsafe '{{ x }}'",
    "a: |\n  first line\n  {{ second }}\n",
]
VAULTED = "a: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n"


@pytest.mark.parametrize("text", NO_TAGS)
def test_what_is_no_tag_is_refused_at_its_field(text: str) -> None:
    with pytest.raises(AopsError) as refusal:
        options.check_tags(text, "skip_tags")

    assert refusal.value.field == "skip_tags"
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ",",
        "web",
        "web, db",
        "web,db,",
        "deploy:web",
        "v1.2",
        "a/b",
        "a-b_c",
        "汉字",
        "all",
    ],
)
def test_tags_as_ansible_users_write_them_are_accepted(text: str) -> None:
    options.check_tags(text, "tags")


@pytest.mark.parametrize("name", NO_NAMES)
@pytest.mark.parametrize("templated", [True, False])
def test_what_is_no_variable_name_is_refused_from_everybody(name: str, templated: bool) -> None:
    text = f"{name if name[0] == chr(39) else repr(name)}: 1"

    with pytest.raises(AopsError) as refusal:
        options.check_launch_vars(text, templated=templated)

    assert refusal.value.field == "launch_vars"


@pytest.mark.parametrize(
    "name",
    [
        "ansible_ssh_common_args",
        "ansible_connection",
        "ansible_python_interpreter",
        "ansible_",
        "_ansible_x",
        "_ansible",
    ],
)
def test_an_operator_may_not_set_ansibles_own_variables(name: str) -> None:
    with pytest.raises(AopsError, match=name):
        options.check_launch_vars(f"{name}: x", templated=False)


@pytest.mark.parametrize("text", TEMPLATES)
def test_an_operator_may_not_type_a_template(text: str) -> None:
    with pytest.raises(AopsError, match="“a” holds a template"):
        options.check_launch_vars(text, templated=False)


@pytest.mark.parametrize("text", [VAULTED, "a: [1, {b: !vault x}]"])
def test_an_operator_may_not_type_what_nobody_can_read(text: str) -> None:
    with pytest.raises(AopsError, match="encrypted"):
        options.check_launch_vars(text, templated=False)


@pytest.mark.parametrize("text", [*TEMPLATES, VAULTED, "ansible_user: root"])
def test_an_author_may_type_all_of_that(text: str) -> None:
    options.check_launch_vars(text, templated=True)
    options.check_template_vars(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing",
        "a: 1",
        "a: text",
        "a: [1, 2]",
        "a: {b: 1}",
        "a: null",
        "A_1: yes",
        "_a: '{'",
    ],
)
def test_plain_data_is_accepted_from_an_operator(text: str) -> None:
    options.check_launch_vars(text, templated=False)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [1", "Line 2, column 1"),
        ("a: 1\n  b: 2", "Line 2, column"),
        ("- a", "not a mapping"),
        ("just text", "not a mapping"),
        ("1: a", "must be text"),
        ("a: !!python/object:os.system x", "tag"),
        ("a: &a [*a]", "contain itself"),
    ],
)
def test_yaml_that_is_no_mapping_is_refused_with_its_place(text: str, sentence: str) -> None:
    with pytest.raises(AopsError, match=sentence) as refusal:
        options.check_template_vars(text)

    assert refusal.value.field == "extra_vars"
