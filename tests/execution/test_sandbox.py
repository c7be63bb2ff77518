import json
import os
from pathlib import Path

import pytest

from aops.execution import sandbox
from aops.execution.spec import EventKind, Isolation, Outcome, Reason
from tests.execution import own_process
from tests.execution.runs import make_spec, play, run

CANARY = "canary-" + "9c2e"

NOSY = """\
import json, os
from ansible.plugins.callback import CallbackBase

CANARY = b"canary-" + b"9c2e"

def readable():
    yield from ("/proc/%s/%s" % (pid, name)
                for pid in os.listdir("/proc") for name in ("environ", "cmdline", "mountinfo"))
    for top in ("/run", "/tmp", "/home", "/root", "/etc", "/var", "/opt", "/srv", "/dev/shm",
                "/work", "/mnt", "/media"):
        for folder, _, files in os.walk(top):
            if "site-packages" not in folder and ".pyenv" not in folder:
                yield from (os.path.join(folder, name) for name in files)

def finds():
    for path in readable():
        try:
            with open(path, "rb") as file:
                if CANARY in file.read(1 << 22):
                    yield path
        except OSError:
            pass

class CallbackModule(CallbackBase):
    CALLBACK_NAME = "nosy"

    def v2_playbook_on_stats(self, stats):
        print("FOUND " + json.dumps([path for path in finds() if "callback_plugins" not in path]))
        print("TREE " + json.dumps([sorted(os.listdir("/")), sorted(os.listdir("/run"))]))
"""


def test_a_hostile_plugin_finds_nothing_of_the_service_or_of_another_run(tmp_path: Path) -> None:
    runs_dir = tmp_path / "home" / "runs"
    _write(tmp_path / "home" / "secret.key", CANARY)
    _write(runs_dir / "99-1" / "project" / "secrets.yml", CANARY)
    project = {"site.yml": play("debug: {msg: x}"), "callback_plugins/nosy.py": NOSY}

    with own_process.start(
        "", runs_dir, project=project, environment={"AOPS_DATABASE_URL": f"mysql://{CANARY}"}
    ) as process:
        output, _ = process.communicate(timeout=60)

    assert process.returncode == 0
    assert _printed(output, "FOUND") == []


def test_the_same_plugin_without_a_sandbox_shows_that_it_can_find(tmp_path: Path) -> None:
    source = NOSY.replace("for top in", "for top in () and")
    project = {"site.yml": play("debug: {msg: x}"), "callback_plugins/nosy.py": source}

    with own_process.start(
        "",
        tmp_path / "runs",
        project=project,
        isolation=Isolation.OFF,
        environment={"AOPS_DATABASE_URL": f"mysql://{CANARY}"},
    ) as process:
        output, _ = process.communicate(timeout=120)

    found = _printed(output, "FOUND")
    assert f"/proc/{process.pid}/environ" in found


def test_a_run_sees_only_its_own_processes_and_starts_without_environment(runs_dir: Path) -> None:
    script = "cat /proc/[0-9]*/comm | sort -u; echo; tr '\\0' '\\n' </proc/1/environ; id -un"
    spec = make_spec(play(f"shell: {json.dumps(script)}\n      register: seen", "debug: var=seen"))

    _, recorder = run(spec, runs_dir)

    assert "pytest" not in recorder.text
    assert "PATH=" not in recorder.text
    assert "bwrap" in recorder.text


def test_a_run_can_write_neither_kernel_settings_nor_anything_on_a_disk(runs_dir: Path) -> None:
    paths = (
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/kernel/hostname",
        "/proc/sys/vm/drop_caches",
        "/proc/sysrq-trigger",
        "/etc/passwd",
        "/usr/bin/aops-was-here",
        "/aops-was-here",
        "/dev/aops-was-here",
        "/run/aops/job/project/site.yml",
        "/run/aops/child.py",
    )
    script = (
        f"umask; for p in {' '.join(paths)} /tmp/mine; do (: >> $p) && echo wrote $p; done; true"
    )
    spec = make_spec(play(f"shell: {json.dumps(script)}\n      register: x", "debug: var=x.stdout"))

    _, recorder = run(spec, runs_dir)

    assert '"x.stdout": "0022\\nwrote /tmp/mine"' in recorder.text
    assert not Path("/usr/bin/aops-was-here").exists()


def test_a_run_cannot_fill_the_machines_memory_through_its_temporary_files(runs_dir: Path) -> None:
    fill = "df -B1 --output=size /tmp /dev/shm /run/aops/private | tail -3 | tr -d ' '"
    spec = make_spec(play(f"shell: {json.dumps(fill)}\n      register: x", "debug: var=x.stdout"))

    _, recorder = run(spec, runs_dir)

    assert f"{1 << 30}\\n{64 << 20}\\n{64 << 20}" in recorder.text


def test_a_run_that_starts_processes_without_end_is_ended(
    runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox.Sandbox, "processes", 60)
    bomb = "for i in $(seq 200); do setsid sleep 1000 & done; sleep 1000"

    result, _ = run(make_spec(play(f"shell: {bomb}")), runs_dir)

    assert result.outcome is Outcome.FAILED
    assert result.leftovers == ()
    if os.getuid() == 0:  # for others the kernel refuses the fork, and the task fails
        assert result.reason_code is Reason.TOO_MANY_PROCESSES


def test_text_that_looks_like_events_is_only_text(runs_dir: Path) -> None:
    event = json.dumps({"kind": "stats", "data": {"evil": dict.fromkeys(_COUNTS, 7)}})
    send = (
        f"import socket; s = socket.socket(1); s.connect('/run/aops/job/events'); s.send({event!r})"
    )
    spec = make_spec(
        play(
            f"debug: {{msg: {json.dumps(event)}}}",
            "shell: 'printf \"\\033[KeyJldmVudCI6ICJ4In0=\\033[10D\\033[K\"'",
            "{command: {argv: [python3, -c, " + json.dumps(send) + "]}, ignore_errors: true}",
        )
    )

    result, recorder = run(spec, runs_dir)

    assert result.outcome is Outcome.SUCCESSFUL
    assert "Connection refused" in recorder.text
    assert recorder.recap.keys() == {"here"}
    assert len(recorder.of_kind(EventKind.STATS)) == 1


def test_a_line_of_100_megabytes_passes_through_without_being_kept(runs_dir: Path) -> None:
    source = """\
import os
from ansible.plugins.callback import CallbackBase
class CallbackModule(CallbackBase):
    CALLBACK_NAME = "big"
    def v2_playbook_on_stats(self, stats):
        for _ in range(1600):
            os.write(1, b"x" * 65536)
"""
    project = {"site.yml": play("debug: {msg: x}"), "callback_plugins/big.py": source}
    received, peak = 0, 0

    with own_process.start("", runs_dir, project=project) as process:
        while chunk := process.stdout.read1(1 << 20):
            received += len(chunk)
            peak = max(peak, _resident(process.pid))

    assert process.returncode == 0
    assert received > 100_000_000
    assert peak < 60 << 20


def test_the_probe_works_where_runs_work() -> None:
    status = sandbox.probe()

    assert status == sandbox.SandboxStatus(works=True)


def test_without_bubblewrap_the_probe_says_what_to_install(no_bubblewrap: None) -> None:
    status = sandbox.probe()

    assert not status.works
    assert "bubblewrap" in status.detail


@pytest.mark.parametrize("broken", ["no_bubblewrap", "broken_bubblewrap"])
def test_required_isolation_refuses_to_run_without_it(
    runs_dir: Path, broken: str, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(broken)

    result, recorder = run(make_spec(play("debug: {msg: hello}")), runs_dir)

    assert (result.outcome, result.reason_code) == (Outcome.FAILED, Reason.NO_SANDBOX)
    assert recorder.events == []
    assert not result.isolated


@pytest.mark.parametrize("broken", ["no_bubblewrap", "broken_bubblewrap"])
def test_preferred_isolation_runs_without_it_and_says_so(
    runs_dir: Path, broken: str, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(broken)
    spec = make_spec(play("shell: env\n      register: x", "debug: var=x.stdout"))

    result, recorder = run(spec, runs_dir, isolation=Isolation.PREFERRED)

    assert result.outcome is Outcome.SUCCESSFUL
    assert not result.isolated
    assert "PYTEST_CURRENT_TEST" not in recorder.text
    assert recorder.recap.keys() == {"here"}


def test_isolation_off_never_tries_bubblewrap(
    runs_dir: Path, broken_bubblewrap: Path, tmp_path: Path
) -> None:
    result, _ = run(make_spec(play("ping:")), runs_dir, isolation=Isolation.OFF)

    assert result.outcome is Outcome.SUCCESSFUL
    assert not (tmp_path / "called").exists()


_COUNTS = ("ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _printed(output: bytes, word: str) -> list[str]:
    (line,) = (line for line in output.splitlines() if line.startswith(word.encode()))
    return json.loads(line.removeprefix(word.encode()))


def _resident(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") if fields else 0


@pytest.fixture
def no_bubblewrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def broken_bubblewrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A bubblewrap on a machine that does not let it make namespaces."""
    program = tmp_path / "bwrap"
    program.write_text(
        f"#!/bin/sh\n: > {tmp_path}/called\n"
        "echo 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    return program
