import re
import subprocess
from pathlib import Path

import pytest

from aops.execution.layout import ANSIBLE_PLAYBOOK
from aops.execution.spec import EventKind, Options, Outcome, Reason, RunEvent, RunResult
from tests.execution.runs import LOCAL, Recorder, make_spec, play, run


def test_a_successful_run_ends_with_exit_code_0_and_leaves_no_directory(runs_dir: Path) -> None:
    spec = make_spec(play("debug: {msg: hello}"))

    result, recorder = run(spec, runs_dir)

    assert result == RunResult(Outcome.SUCCESSFUL, exit_code=0)
    assert '"msg": "hello"' in recorder.text
    assert list(runs_dir.iterdir()) == []


@pytest.mark.parametrize(
    ("playbook", "exit_code", "reason"),
    [
        (play("command: /bin/false"), 2, Reason.HOSTS_FAILED),
        (play("debug: {msg: 1}") + "  ]broken: [", 4, Reason.NOT_UNDERSTOOD),
        (play("include_role: {name: nowhere}"), 2, Reason.HOSTS_FAILED),
        ("- import_playbook: nowhere.yml\n", 1, Reason.ANSIBLE_ERROR),
    ],
)
def test_a_failed_run_says_why(
    runs_dir: Path, playbook: str, exit_code: int, reason: Reason
) -> None:
    result, _ = run(make_spec(playbook), runs_dir)

    assert (result.outcome, result.exit_code) == (Outcome.FAILED, exit_code)
    assert result.reason_code is reason
    assert result.reason.endswith(".")


def test_a_host_that_cannot_be_reached_is_not_taken_for_a_broken_playbook(runs_dir: Path) -> None:
    inventory = "all: {hosts: {far: {ansible_host: 127.0.0.1, ansible_port: 1}}}"

    result, recorder = run(make_spec(play("ping:"), inventory=inventory), runs_dir)

    assert (result.outcome, result.exit_code) == (Outcome.FAILED, 4)
    assert result.reason_code is Reason.HOSTS_UNREACHABLE
    assert [event.data["host"] for event in recorder.of_kind(EventKind.UNREACHABLE)] == ["far"]


def test_a_bad_option_is_named_as_such(runs_dir: Path) -> None:
    spec = make_spec(play("ping:"), options=Options(forks=0))

    result, _ = run(spec, runs_dir)

    assert result.outcome is Outcome.FAILED
    assert result.exit_code == 2
    assert result.reason_code is Reason.REFUSED_OPTION


def test_events_add_up_to_the_recap(many_kinds: tuple[RunResult, Recorder]) -> None:
    _, recorder = many_kinds

    counted = recorder.counts()

    recap = recorder.recap
    assert recap.keys() == {"one", "two", "gone"}
    for host, numbers in recap.items():
        assert {**dict.fromkeys(numbers, 0), **counted[host]} == numbers


def test_the_recap_event_is_the_recap_on_the_screen(
    many_kinds: tuple[RunResult, Recorder],
) -> None:
    _, recorder = many_kinds

    printed = _printed_recap(recorder.text)

    assert printed == recorder.recap


def test_events_tell_plays_and_tasks_in_order(runs_dir: Path) -> None:
    spec = make_spec(play("{name: Greet, debug: {msg: hello}}"))

    _, recorder = run(spec, runs_dir)

    duration = recorder.events[2].data["duration"]
    assert [event.kind.value for event in recorder.events] == [
        "play_start",
        "task_start",
        "ok",
        "stats",
    ]
    assert recorder.events[0] == RunEvent(EventKind.PLAY_START, {"play": "all", "hosts": 1})
    assert recorder.events[1].data == {"task": "Greet", "action": "debug"}
    assert recorder.events[2].data == {
        "host": "here",
        "task": "Greet",
        "changed": False,
        "ignored": False,
        "rescued": False,
        "duration": duration,
    }
    assert isinstance(duration, float)
    assert 0 < duration < 30


def test_the_text_is_byte_for_byte_what_a_shell_shows(runs_dir: Path, tmp_path: Path) -> None:
    playbook = play(
        "debug: {msg: hello}",
        "command: 'echo {{ item }}'\n      loop: [a, b]\n      changed_when: true",
        "{debug: {msg: never}, when: false}",
        "{command: /bin/false, ignore_errors: true}",
    )
    (tmp_path / "site.yml").write_text(playbook)
    (tmp_path / "hosts.yml").write_text(LOCAL)

    shell = subprocess.run(
        [ANSIBLE_PLAYBOOK, "-i", "hosts.yml", "site.yml"],
        cwd=tmp_path,
        env={
            "PATH": "/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_FORCE_COLOR": "1",
            "ANSIBLE_PYTHON_INTERPRETER": "auto_silent",
            "HOME": str(tmp_path),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=True,
    )
    _, recorder = run(make_spec(playbook), runs_dir)

    assert b"\x1b[0;32m" in recorder.output
    shown = _without_times(shell.stdout).replace(bytes(tmp_path), b"/run/aops/job/project")
    assert _without_times(bytes(recorder.output)) == shown


def test_roles_group_vars_and_plugins_beside_the_playbook_work(runs_dir: Path) -> None:
    project = {
        "site.yml": "- hosts: all\n  gather_facts: false\n  roles: [greeter]\n",
        "roles/greeter/tasks/main.yml": "- debug: {msg: '{{ greeting | loudly }}'}\n",
        "group_vars/all.yml": "greeting: good day\n",
        "filter_plugins/loud.py": (
            "class FilterModule:\n    def filters(self):\n        return {'loudly': str.upper}\n"
        ),
    }

    result, recorder = run(make_spec("", project=project), runs_dir)

    assert result.outcome is Outcome.SUCCESSFUL
    assert "GOOD DAY" in recorder.text


def test_a_projects_own_ansible_cfg_is_not_read(runs_dir: Path) -> None:
    project = {
        "site.yml": play("debug: {msg: \"{{ lookup('config', 'HOST_KEY_CHECKING') }}\"}"),
        "ansible.cfg": "[defaults]\nhost_key_checking = False\nstdout_callback = minimal\n",
    }

    _, recorder = run(make_spec("", project=project), runs_dir)

    assert '"msg": true' in recorder.text


@pytest.mark.parametrize(
    "more",
    [
        {"playbook": "missing.yml"},
        {"playbook": "../site.yml"},
        {"project": {"site.yml": "", "../../escape.yml": ""}},
        {"run_id": "../elsewhere"},
        {"run_id": ""},
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(runs_dir: Path, more: dict[str, object]) -> None:
    spec = make_spec(play("ping:"), **more)

    result, recorder = run(spec, runs_dir)

    assert (result.outcome, result.reason_code) == (Outcome.FAILED, Reason.BAD_SPEC)
    assert recorder.output == b""
    assert not runs_dir.exists() or list(runs_dir.iterdir()) == []


def test_a_run_whose_directory_cannot_be_made_fails_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    result, _ = run(make_spec(play("ping:")), tmp_path / "file")

    assert (result.outcome, result.reason_code) == (Outcome.FAILED, Reason.NOT_STARTED)


def _printed_recap(text: str) -> dict[str, dict[str, int]]:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text).partition("PLAY RECAP")[2]
    lines = (line.partition(":") for line in plain.splitlines() if "ok=" in line)
    return {
        host.strip(): {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", counts)}
        for host, _, counts in lines
    }


def _without_times(output: bytes) -> bytes:
    return re.sub(rb"\d+:\d\d:\d\d\.\d+|\d{4}-\d\d-\d\d \S+", b"TIME", output)


@pytest.fixture(scope="module")
def many_kinds(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunResult, Recorder]:
    """One run that holds every kind of result that a recap counts."""
    inventory = """\
all:
  vars: {ansible_connection: local}
  hosts:
    one:
    two:
    gone: {ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 1}
"""
    playbook = """\
- hosts: all
  gather_facts: false
  tasks:
    - {ping: , ignore_unreachable: true}
    - ping:
    - {command: "true"}
    - {command: "false", ignore_errors: true}
    - {debug: , when: inventory_hostname == 'one'}
    - {command: "echo {{ item }}", loop: [1, 2]}
    - include_tasks: more.yml
    - block:
        - block:
            - {command: "false", when: inventory_hostname == 'one'}
          always:
            - debug:
      rescue:
        - debug:
        - block:
            - {command: "false"}
          rescue:
            - debug:
    - {command: "true", notify: handle}
    - block:
        - debug:
      rescue:
        - debug:
      always:
        - {command: "false", when: inventory_hostname == 'two'}
  handlers:
    - {name: handle, debug: }
"""
    spec = make_spec(
        playbook,
        inventory=inventory,
        project={"site.yml": playbook, "more.yml": "- debug:\n- {debug: , when: false}\n"},
    )
    return run(spec, tmp_path_factory.mktemp("runs"))
