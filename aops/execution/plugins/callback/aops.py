# ruff: noqa: INP001 - Ansible loads plugins by path; a package would be taken for one
"""Ansible's own output on the screen, and one small JSON line per event on a socket.

The text is left to Ansible's default callback, so that it is exactly what a shell shows.
The events are kept small on purpose: no arguments and no results, but for what a failed
task said and the facts that a host reported about itself.
"""

from __future__ import annotations

import json
import os
import socket
import time
from typing import TYPE_CHECKING, Any

from ansible import constants
from ansible.plugins.callback.default import CallbackModule as DefaultCallback

if TYPE_CHECKING:
    from ansible.executor.stats import AggregateStats
    from ansible.executor.task_result import CallbackTaskResult
    from ansible.inventory.host import Host
    from ansible.playbook.play import Play
    from ansible.playbook.task import Task

DOCUMENTATION = """
name: aops
type: stdout
short_description: the default output, and events for aops
description: Prints what the default callback prints, and writes events to AOPS_EVENTS.
extends_documentation_fragment:
  - default_callback
  - result_format_callback
"""

_PATIENCE = 30
_LONGEST = 1000
_LONGEST_MESSAGE = 4000
_LARGEST_FACTS = 512 << 10
_DEEPEST_FACT = 29
"""Containers within a fact; who reads the events takes 30 with the facts themselves."""

_MOST_NAMES = 100
_SAYS_NOTHING = ("non-zero return code", "MODULE FAILURE")


class CallbackModule(DefaultCallback):  # type: ignore[misc]
    """The default callback with a second pair of ears."""

    CALLBACK_NAME = "aops"

    def __init__(self) -> None:
        super().__init__()
        self._started: dict[tuple[str, str], float] = {}
        self._events = _connect(os.environ.get("AOPS_EVENTS", ""))

    def v2_playbook_on_play_start(self, play: Play) -> None:
        """Tell the play's name and how many hosts it goes to."""
        super().v2_playbook_on_play_start(play)
        inventory = play.get_variable_manager()._inventory  # noqa: SLF001
        hosts = len(inventory.get_hosts(play.hosts, order=play.order)) if inventory else 0
        self._send("play_start", play=_short(play.get_name()), hosts=hosts)

    def v2_playbook_on_task_start(self, task: Task, is_conditional: bool) -> None:  # noqa: FBT001
        """Tell the task's name before its first host."""
        super().v2_playbook_on_task_start(task, is_conditional)
        self._send_task(task)

    def v2_playbook_on_handler_task_start(self, task: Task) -> None:
        """Tell a handler's name like any task's."""
        super().v2_playbook_on_handler_task_start(task)
        self._send_task(task)

    def v2_runner_on_start(self, host: Host, task: Task) -> None:
        """Remember when a host began."""
        super().v2_runner_on_start(host, task)
        self._started[host.name, task._uuid] = time.monotonic()  # noqa: SLF001

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        """Tell a host's success, and what it reported about itself."""
        self._send_result("ok", result)
        if result.task.action in constants._ACTION_FACT_GATHERING:  # noqa: SLF001
            self._send_facts(result, _drop_deep_facts(result))
        super().v2_runner_on_ok(result)

    def v2_runner_on_skipped(self, result: CallbackTaskResult) -> None:
        """Tell that a host was passed over."""
        self._send_result("skipped", result)
        super().v2_runner_on_skipped(result)

    def v2_runner_on_unreachable(self, result: CallbackTaskResult) -> None:
        """Tell that a host could not be reached."""
        ignored = bool(result.task.ignore_unreachable)
        self._send_result("unreachable", result, ignored=ignored, message=_message(result.result))
        super().v2_runner_on_unreachable(result)

    def v2_runner_on_failed(
        self,
        result: CallbackTaskResult,
        ignore_errors: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        """Tell a host's failure, and whether the playbook takes care of it."""
        self._send_result(
            "failed",
            result,
            ignored=bool(ignore_errors),
            rescued=not ignore_errors and _is_rescued(result.task),
            message=_message(result.result),
        )
        super().v2_runner_on_failed(result, ignore_errors=ignore_errors)

    def v2_playbook_on_stats(self, stats: AggregateStats) -> None:
        """Tell the recap."""
        super().v2_playbook_on_stats(stats)
        self._send("stats", **{host: _summary(stats, host) for host in sorted(stats.processed)})

    def _send_task(self, task: Task) -> None:
        self._send("task_start", task=_short(task.get_name()), action=_short(task.action))

    def _send_result(
        self,
        kind: str,
        result: CallbackTaskResult,
        *,
        ignored: bool = False,
        rescued: bool = False,
        **more: str,
    ) -> None:
        started = self._started.pop((result.host.name, result.task._uuid), None)  # noqa: SLF001
        self._send(
            kind,
            host=_short(result.host.name),
            task=_short(result.task_name),
            changed=result.is_changed(),
            ignored=ignored,
            rescued=rescued,
            duration=round(time.monotonic() - started, 3) if started else 0.0,
            **more,
        )

    def _send_facts(self, result: CallbackTaskResult, too_deep: list[str]) -> None:
        facts, host = result.result.get("ansible_facts"), _reporter(result)
        if isinstance(facts, dict) and host:
            fitting, too_big = _cut_to_size(facts)
            self._send(
                "facts",
                host=_short(host),
                facts=fitting,
                left_out=[*too_deep, *too_big][:_MOST_NAMES],
                full=_is_full(result),
            )

    def _send(self, kind: str, **data: Any) -> None:
        """Write one line; a reader that is away for long loses its events, not the run."""
        if self._events is None:
            return
        try:
            line = json.dumps({"kind": kind, "data": data}, default=str)
            self._events.sendall(line.encode() + b"\n")
        except OSError:
            self._events.close()
            self._events = None


def _connect(path: str) -> socket.socket | None:
    """Connect through the directory's descriptor: a socket's path may be 107 bytes at most."""
    try:
        directory = os.open(os.path.dirname(path), os.O_RDONLY | os.O_CLOEXEC)  # noqa: PTH120
    except OSError:
        return None
    events = socket.socket(socket.AF_UNIX)
    events.settimeout(_PATIENCE)
    try:
        events.connect(f"/proc/self/fd/{directory}/{os.path.basename(path)}")  # noqa: PTH119
    except OSError:
        events.close()
        return None
    finally:
        os.close(directory)
    return events


def _is_rescued(task: Task) -> bool:
    """Tell whether a failure here leads to a rescue, by Ansible's own rule.

    That is: some block around the task has a rescue section, and the task stands in that
    block's main section.
    """
    inner, outer = task, task._parent  # noqa: SLF001
    while outer is not None:
        if getattr(outer, "rescue", None) and _holds(outer.block, inner):
            return True
        inner, outer = outer, outer._parent  # noqa: SLF001
    return False


def _holds(section: list[Any], wanted: Any) -> bool:
    return any(part._uuid == wanted._uuid for part in section)  # noqa: SLF001


def _summary(stats: AggregateStats, host: str) -> dict[str, int]:
    counts = stats.summarize(host)
    return {
        "ok": counts["ok"],
        "changed": counts["changed"],
        "unreachable": counts["unreachable"],
        "failed": counts["failures"],
        "skipped": counts["skipped"],
        "rescued": counts["rescued"],
        "ignored": counts["ignored"],
    }


def _message(result: dict[str, Any]) -> str:
    """Find what a failed task said; of a loop, its first failed item."""
    items = result.get("results")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and (item.get("failed") or item.get("unreachable")):
            return _message(item)
    said = str(result.get("msg") or result.get("censored") or "")
    if not said or said.startswith(_SAYS_NOTHING):
        keys = ("stderr", "module_stderr", "stdout", "module_stdout")
        code = f"{said} (rc={result['rc']})" if "rc" in result else said
        said = next((str(result[key]) for key in keys if result.get(key)), code)
    said = said.strip()
    if said.startswith("Traceback"):  # the error stands in its last line
        said = said.rpartition("\n")[2]
    return said[:_LONGEST_MESSAGE]


def _reporter(result: CallbackTaskResult) -> str | None:
    """Name the host that the facts are about; those of a borrowed host are nobody's."""
    delegate = result.task_fields.get("delegate_to")
    if not delegate:
        return str(result.host.name)
    return str(delegate) if result.task_fields.get("delegate_facts") else None


def _is_full(result: CallbackTaskResult) -> bool:
    """Tell whether these are all the facts of the host, so that what is missing is gone."""
    arguments = result.task_fields.get("args") or {}
    subset = arguments.get("gather_subset") or ["all"]
    return not arguments.get("filter") and subset in ("all", ["all"])


def _drop_deep_facts(result: CallbackTaskResult) -> list[str]:
    """Take facts out that are nested too deeply, and name them.

    Out of what callbacks see, not of what the play knows: Ansible's own output would stumble
    over them and lose the line of the host.
    """
    facts = result._return_data.get("ansible_facts")  # noqa: SLF001 - reading `result` stumbles
    deep = [name for name in facts if _is_deep(facts[name])] if isinstance(facts, dict) else []
    for name in deep:
        del facts[name]
    return [_short(_plain(name)) for name in deep]


def _is_deep(value: Any) -> bool:
    """Tell whether a fact is nested so deeply that whoever walks through it stumbles."""
    level = [value]
    for _ in range(_DEEPEST_FACT):
        level = [part for whole in level for part in _parts(whole)]
        if not level:
            return False
    return True


def _parts(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _cut_to_size(facts: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Leave out the biggest facts until the rest is small enough, and name them."""
    sizes = {name: len(name) + len(json.dumps(facts[name], default=str)) for name in facts}
    total, left_out = sum(sizes.values()), dict[str, None]()
    for name in sorted(sizes, key=sizes.__getitem__, reverse=True):
        if total <= _LARGEST_FACTS:
            break
        total -= sizes[name]
        left_out[name] = None
    kept = {_plain(name): value for name, value in facts.items() if name not in left_out}
    return kept, [_short(_plain(name)) for name in left_out][:_MOST_NAMES]


def _plain(name: str) -> str:
    return name.removeprefix("ansible_")


def _short(text: object) -> str:
    return str(text)[:_LONGEST]
