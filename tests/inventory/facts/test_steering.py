from __future__ import annotations

import json
from typing import Any

import pytest
from ansible import constants
from sqlalchemy.orm import Session

from aops.core import clock
from aops.execution.spec import EventKind
from aops.inventory.facts import cache, services, steering
from aops.inventory.facts.models import HostFacts
from aops.inventory.facts.reports import Report
from tests.execution.runs import make_spec, play, run
from tests.factories import make_host
from tests.inventory.test_reserved import RESERVED, documented_variables

STEERING = (
    "ansible_async_dir",
    "ansible_become_user",
    "ansible_check_mode",
    "ansible_docker_host",
    "ansible_facts",
    "ansible_host",
    "ansible_network_os",
    "ansible_package_use",
    "ansible_password",
    "ansible_pipelining",
    "ansible_play_hosts",
    "ansible_remote_tmp",
    "ansible_shell_executable",
    "ansible_shell_allow_world_readable_temp",
    "ansible_ssh_host_key_checking",
    "ansible_sudo_chdir",
    "ansible_system_tmpdirs",
    "ansible_user",
    "ansible_winrm_kerberos_delegation",
)
FACTS = (
    "ansible_br_docker_gwbridge",
    "ansible_docker0",
    "ansible_docker_gwbridge",
    "ansible_env",
    "ansible_local",
    "ansible_net_version",
    "ansible_network_resources",
    "ansible_powershell_version",
    "ansible_python",
    "ansible_ssh_host_key_ed25519_public",
    "ansible_ssh_host_key_rsa_public_keytype",
    "ansible_user_id",
    "facter_os",
    "module_setup",
)


@pytest.mark.parametrize("name", STEERING)
def test_an_option_is_no_fact(name: str) -> None:
    assert steering.steers(name)


@pytest.mark.parametrize("name", FACTS)
def test_a_fact_is_no_option(name: str) -> None:
    assert not steering.steers(name)


def test_what_ansible_documents_or_reserves_is_never_a_fact() -> None:
    magic = {name for names in constants.MAGIC_VARIABLE_MAPPING.values() for name in names}
    names = {*documented_variables(), *magic, *constants.COMMON_CONNECTION_VARS, *RESERVED}

    found = {name for name in names if not steering.steers(name)}

    assert "ansible_ssh_args" in names
    assert {name for name in found if name.startswith("ansible_")} == set()


def test_all_that_a_real_host_reports_stays(session: Session, reported: dict[str, Any]) -> None:
    host = make_host("web1")

    services.record(host.inventory_id, 1, {"web1": Report(reported, clock.now())})

    known = json.loads(cache.of(host.inventory_id)["web1"])
    gone = {name for name in reported if steering.injected(name) not in known}
    assert {"distribution", "user_id", "env", "local", "pkg_mgr", "service_mgr", "python"} <= set(
        reported
    )
    assert gone == {"discovered_interpreter_python"}
    assert "discovered_interpreter_python" in session.query(HostFacts.data).scalar()


def test_an_option_that_a_host_answers_is_neither_kept_nor_given_to_a_run(
    session: Session,
) -> None:
    host = make_host("web1")
    answer = {"remote_tmp": "/tmp/x$(id)", "kernel": "6.12", "_ansible_x": 1}  # noqa: S108

    services.record(host.inventory_id, 1, {"web1": Report(answer, clock.now())})

    assert session.query(HostFacts.data).scalar() == {"kernel": "6.12"}
    assert set(json.loads(cache.of(host.inventory_id)["web1"])) == {
        "_ansible_facts_gathered",
        "ansible_kernel",
    }


def test_an_option_that_was_kept_earlier_reaches_no_run(session: Session) -> None:
    host = make_host("web1")
    services.record(host.inventory_id, 1, {"web1": Report({"kernel": "6.12"}, clock.now())})
    row = session.query(HostFacts).one()

    row.data = {
        "remote_tmp": "/tmp/x$(id)",  # noqa: S108
        "discovered_interpreter_python": "/usr/bin/python3; id",
        "ansible_discovered_interpreter_python": "/usr/bin/python3; id",
        "kernel": "6.12",
    }
    session.flush()

    known = json.loads(cache.of(host.inventory_id)["web1"])
    assert "ansible_remote_tmp" not in known
    assert not [name for name in known if "discovered" in name and "ansible_ansible" not in name]


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    _, recorder = run(make_spec(play("setup: ")), tmp_path_factory.mktemp("setup") / "runs")
    (event,) = recorder.of_kind(EventKind.FACTS)
    found: dict[str, Any] = dict(event.data)["facts"]  # type: ignore[assignment]
    return found
