"""What the callback plugin tells of failures and of hosts' facts, from real runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aops.execution.spec import LONGEST_MESSAGE, EventKind
from tests.execution.runs import Recorder, make_spec, play, run

TASKS = (
    "{name: full, setup: }",
    "{name: filtered, setup: {filter: ansible_dist*}}",
    "{name: subset, setup: {gather_subset: network}}",
    "{name: no facts, set_fact: {colour: red}}",
    "{name: hidden, setup: {filter: ansible_dist*}, no_log: true}",
    "{name: borrowed, setup: {filter: ansible_dist*}, delegate_to: second}",
    "{name: lent, setup: {filter: ansible_dist*}, delegate_to: second, delegate_facts: true}",
    "{name: huge, setup: {filter: ansible_local, fact_path: '{{ playbook_dir }}/facts.d'}}",
    "{name: deep, setup: {filter: ansible_*l, fact_path: '{{ playbook_dir }}/deep.d'}}",
    "{name: stderr, command: 'sh -c \"echo oops >&2; exit 3\"', ignore_errors: true}",
    "{name: silent, command: 'false', ignore_errors: true}",
    "{name: asserted, assert: {that: false, fail_msg: not so}, ignore_errors: true}",
    "{name: looped, fail: {msg: 'item {{ item }}'}, loop: [a, b], ignore_errors: true}",
    "{name: long, fail: {msg: \"{{ 'x' * 9000 }}\"}, ignore_errors: true}",
    "{name: secret, fail: {msg: hush}, no_log: true, ignore_errors: true}",
    "{name: away, ping: , vars: {ansible_connection: ssh, ansible_port: 1, ansible_host: '127.1'}}",
)
INVENTORY = """
all:
  vars: {ansible_connection: local}
  hosts: {first: , second: }
"""


def facts_of(recorder: Recorder, task: str) -> list[dict[str, Any]]:
    """Give the facts that were told after a task's result, before the next task began."""
    found, inside = [], False
    for event in recorder.events:
        if event.kind is EventKind.TASK_START:
            inside = event.data["task"] == task
        elif inside and event.kind is EventKind.FACTS:
            found.append(dict(event.data))
    return found


@pytest.mark.parametrize(("task", "full"), [("full", True), ("filtered", False), ("subset", False)])
def test_gathered_facts_are_told_with_their_plain_names(
    task: str, full: bool, told: Recorder
) -> None:
    (facts,) = facts_of(told, task)

    assert facts["host"] == "first"
    assert facts["full"] is full
    assert facts["left_out"] == []
    assert not [name for name in facts["facts"] if name.startswith("ansible_")]
    assert facts["facts"]["distribution"]


@pytest.mark.parametrize("task", ["no facts", "hidden", "borrowed"])
def test_what_is_no_report_of_the_host_itself_is_not_told(task: str, told: Recorder) -> None:
    assert facts_of(told, task) == []


def test_facts_that_are_lent_belong_to_the_host_that_they_are_about(told: Recorder) -> None:
    (facts,) = facts_of(told, "lent")

    assert facts["host"] == "second"


def test_facts_that_are_too_big_are_left_out_and_named(told: Recorder) -> None:
    (facts,) = facts_of(told, "huge")

    assert facts["left_out"] == ["local"]
    assert "local" not in facts["facts"]


def test_facts_that_are_too_deep_are_left_out_and_the_rest_is_told(told: Recorder) -> None:
    (facts,) = facts_of(told, "deep")
    line = told.text.partition("TASK [deep]")[2].splitlines()[1]

    assert facts["left_out"] == ["local"]
    assert facts["facts"].keys() >= {"kernel"}
    assert "ok: [first]" in line
    assert "Callback dispatch" not in told.text


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ("stderr", "oops"),
        ("silent", "non-zero return code (rc=1)"),
        ("asserted", "not so"),
        ("looped", "item a"),
        ("long", "x" * LONGEST_MESSAGE),
    ],
)
def test_a_failure_comes_with_what_the_task_said(task: str, message: str, told: Recorder) -> None:
    assert said(told, task) == message


def test_what_no_log_hides_is_not_told(told: Recorder) -> None:
    assert "hush" not in said(told, "secret")


def test_an_unreachable_host_comes_with_the_reason(told: Recorder) -> None:
    assert "Connection refused" in said(told, "away")


def test_facts_that_lie_ready_are_used_and_never_evaluated(runs_dir: Path) -> None:
    trusted = {
        "__ansible_type": "_AnsibleTaggedStr",
        "value": "{{ 6*6 }}",
        "tags": [{"__ansible_type": "TrustedAsTemplate"}],
    }
    known = {
        "_ansible_facts_gathered": True,
        "ansible_distribution": "Known",
        "ansible_evil": "{{ 7*7 }}",
        "ansible_worse": trusted,
        "ansible_connection": "nonsense",
    }
    tasks = play(
        'debug: {msg: "<{{ ansible_facts.distribution }}|{{ ansible_facts.evil }}>"}',
        'debug: {msg: "<{{ ansible_facts.worse }}|{{ ansible_evil }}>"}',
        "command: 'true'",
        facts=True,
    )
    name = "first/../ü"
    inventory = json.dumps({"all": {"hosts": {name: {"ansible_connection": "local"}}}})

    _, recorder = run(
        make_spec(tasks, inventory=inventory, facts={name: json.dumps(known)}), runs_dir
    )

    assert "Gathering Facts" not in recorder.text
    assert "<Known|{{ 7*7 }}>" in recorder.text
    assert "{{ 6*6 }}" in recorder.text
    assert "|{{ 7*7 }}>" in recorder.text
    assert "49" not in recorder.text
    assert recorder.recap[name]["ok"] == 3  # type: ignore[index]
    assert list(runs_dir.iterdir()) == []


def test_only_facts_that_are_missing_are_gathered(runs_dir: Path) -> None:
    known = {"first": json.dumps({"_ansible_facts_gathered": True, "ansible_system": "Known"})}
    text = play('debug: {msg: "<{{ ansible_facts.system }}>"}', facts=True)

    _, recorder = run(make_spec(text, inventory=INVENTORY, facts=known), runs_dir)

    (gathered,) = recorder.of_kind(EventKind.FACTS)
    assert gathered.data["host"] == "second"
    assert "<Known>" in recorder.text
    assert "<Linux>" in recorder.text


def said(recorder: Recorder, task: str) -> str:
    kinds = (EventKind.FAILED, EventKind.UNREACHABLE)
    (event,) = (e for e in recorder.events if e.kind in kinds and e.data["task"] == task)
    return str(event.data["message"])


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    text = play(*TASKS).replace("hosts: all", "hosts: first")
    huge = json.dumps({"all": "x" * 600_000})
    deep = "[" * 400 + "]" * 400
    spec = make_spec(text, inventory=INVENTORY)
    project = {**spec.project, "facts.d/big.fact": huge, "deep.d/deep.fact": deep}
    spec = make_spec(text, inventory=INVENTORY, project=project)

    _, recorder = run(spec, tmp_path_factory.mktemp("reports") / "runs")

    return recorder
