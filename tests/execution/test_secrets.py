import json
import subprocess
from pathlib import Path

import pytest

from aops.execution.layout import ANSIBLE_PLAYBOOK
from aops.execution.spec import Isolation, Options, Outcome, Secrets, VaultPassword
from tests.execution.runs import make_spec, play, run


def test_a_vaulted_file_and_a_vaulted_value_open_with_their_passwords(
    runs_dir: Path, tmp_path: Path
) -> None:
    file = _encrypted(tmp_path, "color: red-as-wine\n", vault_id="prod", password="first")
    value = _encrypted(tmp_path, "loud-as-thunder", vault_id="test", password="second")
    indented = value.replace("\n", "\n      ")
    spec = make_spec(
        "",
        project={
            "site.yml": play("debug: {msg: '{{ color }} {{ sound }}'}"),
            "group_vars/all.yml": file,
        },
        inventory=f"all:\n  hosts: {{h: {{ansible_connection: local}}}}\n"
        f"  vars:\n    sound: !vault |\n      {indented}\n",
        secrets=Secrets(
            vault_passwords=(VaultPassword("prod", "first"), VaultPassword("test", "second"))
        ),
    )

    result, recorder = run(spec, runs_dir)

    assert result.outcome is Outcome.SUCCESSFUL, recorder.text
    assert "red-as-wine loud-as-thunder" in recorder.text


def test_an_unsafe_extra_variable_is_never_a_template(runs_dir: Path) -> None:
    given = "word: !unsafe \"{{ lookup('pipe', 'echo evaluated') }}\"\n"
    spec = make_spec(play("debug: {msg: '{{ word }}'}"), secrets=Secrets(extra_vars=given))

    _, recorder = run(spec, runs_dir)

    assert "{{ lookup('pipe', 'echo evaluated') }}" in recorder.text


@pytest.mark.parametrize("isolation", [Isolation.REQUIRED, Isolation.OFF])
def test_no_secret_is_in_any_argument_or_environment_of_the_run(
    runs_dir: Path, isolation: Isolation
) -> None:
    script = "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'"
    secrets = Secrets(
        private_key="canary-key",
        connection_password="canary-connection",
        become_password="canary-become",
        vault_passwords=(VaultPassword("one", "canary-vault"),),
        extra_vars="word: canary-extra",
    )
    tasks = (f"shell: {json.dumps(script)}\n      register: all", "debug: var=all.stdout")

    result, recorder = run(make_spec(play(*tasks), secrets=secrets), runs_dir, isolation=isolation)

    assert result.outcome is Outcome.SUCCESSFUL, recorder.text
    assert "AOPS_RUN_ID" in recorder.text
    assert "canary" not in recorder.text


@pytest.mark.parametrize("text", ["--version", "-vvv", "--list-hosts"])
def test_a_typed_value_is_never_an_option(runs_dir: Path, text: str) -> None:
    options = Options(tags=text, skip_tags=text, become_user=text, remote_user=text)
    spec = make_spec(play("{debug: {msg: seen}, tags: [always]}"), options=options)

    result, recorder = run(spec, runs_dir)

    assert result.outcome is Outcome.SUCCESSFUL
    assert '"msg": "seen"' in recorder.text


def test_a_playbook_that_is_named_like_an_option_is_played(runs_dir: Path) -> None:
    spec = make_spec("", playbook="--version", project={"--version": play("debug: {msg: played}")})

    _, recorder = run(spec, runs_dir)

    assert "played" in recorder.text


def test_options_reach_ansible(runs_dir: Path) -> None:
    spec = make_spec(
        play(
            "{copy: {dest: /tmp/new, content: words}, tags: [chosen]}",
            "{debug: {msg: not this one}, tags: [other]}",
        ),
        inventory="all: {hosts: {a: {ansible_connection: local}, b: {ansible_connection: local}}}",
        options=Options(limit="a", tags="chosen", check=True, diff=True, verbosity=1, forks=2),
    )

    result, recorder = run(spec, runs_dir)

    assert result.outcome is Outcome.SUCCESSFUL
    assert recorder.recap.keys() == {"a"}
    assert "+words" in recorder.text
    assert "not this one" not in recorder.text


def _encrypted(directory: Path, text: str, *, vault_id: str, password: str) -> str:
    password_file = directory / "password"
    password_file.write_text(password)
    done = subprocess.run(
        [
            ANSIBLE_PLAYBOOK.with_name("ansible-vault"),
            "encrypt",
            f"--encrypt-vault-id={vault_id}",
            f"--vault-id={vault_id}@{password_file}",
            "--output=-",
        ],
        input=text,
        text=True,
        capture_output=True,
        check=True,
    )
    password_file.unlink()
    return done.stdout.strip()
