"""Short words for starting real runs and remembering what they told."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from aops.execution import supervisor
from aops.execution.spec import (
    EventKind,
    Isolation,
    Listener,
    Options,
    Outcome,
    Place,
    RunEvent,
    RunResult,
    RunSpec,
    Secrets,
)

LOCAL = "all: {hosts: {here: {ansible_connection: local}}}"

type_of_wish = Callable[["Recorder"], Outcome | None]


class Recorder:
    """A listener that keeps everything, and asks a function whether to stop."""

    def __init__(self, wish: type_of_wish | None = None) -> None:
        self.output = bytearray()
        self.events: list[RunEvent] = []
        self._wish = wish or (lambda _: None)

    @property
    def listener(self) -> Listener:
        return Listener(self.output.extend, self.events.append, lambda: self._wish(self))

    @property
    def text(self) -> str:
        return self.output.decode()

    @property
    def recap(self) -> dict[str, object]:
        (stats,) = self.of_kind(EventKind.STATS)
        return dict(stats.data)

    def of_kind(self, kind: EventKind) -> list[RunEvent]:
        return [event for event in self.events if event.kind is kind]

    def counts(self) -> dict[str, Counter[str]]:
        """Count what the single results say, by the rules of Ansible's recap."""
        counted: dict[str, Counter[str]] = {}
        for event in self.events:
            if isinstance(host := event.data.get("host"), str):
                counted.setdefault(host, Counter()).update(_words(event))
        return counted


def make_spec(text: str, /, *, inventory: str = LOCAL, **more: object) -> RunSpec:
    given: dict[str, object] = {
        "run_id": f"{time.monotonic_ns()}-1",
        "playbook": "site.yml",
        "project": {"site.yml": text},
        "inventory": inventory,
        "options": Options(),
        "secrets": Secrets(),
    }
    return RunSpec(**(given | more))


def run(
    spec: RunSpec,
    runs_dir: Path,
    *,
    isolation: Isolation = Isolation.REQUIRED,
    wish: type_of_wish | None = None,
) -> tuple[RunResult, Recorder]:
    recorder = Recorder(wish)
    result = supervisor.run(spec, Place(runs_dir, isolation), recorder.listener)
    return result, recorder


def wish_once(text: str, outcome: Outcome = Outcome.CANCELED) -> type_of_wish:
    """Wish for the end as soon as the output holds that text."""
    return lambda recorder: outcome if text.encode() in recorder.output else None


def play(*tasks: str, facts: bool = False) -> str:
    """Write a play for all hosts; each task is one line in YAML's flow style."""
    lines = [f"- hosts: all\n  gather_facts: {str(facts).lower()}\n  tasks:\n"]
    return "".join([*lines, *(f"    - {task}\n" for task in tasks)])


def processes_with(text: str) -> list[int]:
    """Return the processes of this machine that have the text in their command line."""
    return [pid for pid, line in _command_lines() if text.encode() in line]


def wait_until(true: Callable[[], bool], seconds: float = 5) -> bool:
    """Look again and again until it is true; tell whether it became so in time."""
    deadline = time.monotonic() + seconds
    while not (so := true()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return so


def _command_lines() -> Iterator[tuple[int, bytes]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                yield int(entry.name), (entry / "cmdline").read_bytes()
            except OSError:
                continue


def _words(event: RunEvent) -> list[str]:
    data = event.data
    match event.kind:
        case EventKind.FAILED if data["rescued"]:
            words = ["rescued"]
        case EventKind.FAILED | EventKind.UNREACHABLE if data["ignored"]:
            words = ["ok", "ignored"]
        case kind:
            words = [kind.value]
    counts_as_changed = event.kind is EventKind.OK or data["ignored"]
    return [*words, "changed"] if data["changed"] and counts_as_changed else words
