"""What the page about inventories says is what the code does."""

import re

import pytest

from aops.core import yaml_text
from aops.core.permissions import Permission, Role, allows
from aops.execution.inventory_child import archives, encoding, vaults, workbook
from aops.execution.reading_spec import Limits
from aops.inventory import (
    host_labels,
    host_page,
    nesting,
    patterns,
    reading,
    refused_keys,
    reserved,
    table_cells,
)
from aops.inventory.bulk import selection
from aops.inventory.facts import cache, keeping, reports
from aops.inventory.filters import effort, expressions, language, names, tokens
from aops.inventory.imports import services as imports
from aops.inventory.sources import claims
from aops.inventory.sources import services as sources
from aops.jobs import ping, ping_many
from tests.embedded import PROJECT

TEXT = (PROJECT / "docs" / "inventory.md").read_text()
CHANGES = (PROJECT / "aops" / "templates" / "inventory" / "_changes.html").read_text()
MOST_EDITS = int(re.search(r"set MOST_EDITS = (\d+)", CHANGES)[1])
FILTERS = re.search(r"```\n(.*?)```", TEXT, re.DOTALL)[1].splitlines()


@pytest.mark.parametrize("query", FILTERS)
def test_every_example_of_a_filter_is_one(query: str) -> None:
    assert list(expressions.conditions(language.parse(query)))


def test_every_name_that_filters_know_is_listed() -> None:
    table = TEXT.partition("| Names | |")[2].partition("\n\n")[0]

    listed = set(re.findall(r"`([a-z0-9_]+)`", table))

    assert listed == {one.name for one in (*names.OF_HOSTS, *names.OF_FACTS)}


def test_every_fixed_column_of_a_table_is_explained() -> None:
    table = TEXT.partition("| Column | Holds |")[2].partition("\n\n")[0]

    explained = set(re.findall(r"`([a-z]+)`", table))

    assert explained >= table_cells.COLUMNS


@pytest.mark.parametrize(
    ("name", "is_reserved"),
    [
        ("ansible_connection", True),
        ("ansible_shell_type", True),
        ("ansible_private_key_file", True),
        ("ansible_ssh_pkcs11_provider", True),
        ("ansible_ssh_transfer_method", True),
        ("ansible_sshpass_prompt", True),
        ("ansible_ssh_common_args", True),
        ("ansible_python_interpreter", True),
        ("ansible_ssh_host_key_checking", True),
        ("_ansible_debug", True),
        ("ansible_host", False),
        ("ansible_port", False),
        ("ansible_user", False),
        ("ansible_become_user", False),
    ],
)
def test_the_variables_that_are_called_reserved_are(name: str, *, is_reserved: bool) -> None:
    assert name in TEXT or name.startswith(("_ansible", "ansible_become", "ansible_ssh_host_key"))
    assert reserved.is_reserved(name) is is_reserved


@pytest.mark.parametrize(
    ("line", "numbers"),
    [
        ("an upload", (reading.MAX_UPLOAD >> 20, imports.MAX_PACKED >> 20)),
        ("what an archive unpacks to", (Limits().unpacked >> 20, archives.MAX_FILES)),
        ("a name in an archive", (archives.MAX_NAME, archives.MAX_FOLDERS)),
        ("a cell of a workbook", (workbook.LONGEST_CELL,)),
        ("hosts, groups", (Limits().hosts, Limits().groups, workbook.MAX_COLUMNS)),
        ("time and memory", (int(Limits().wall), Limits().cpu, Limits().memory >> 30)),
        (
            "variables of one host",
            (
                yaml_text.MAX_BYTES,
                yaml_text.MAX_NODES,
                encoding.MAX_NODES,
                yaml_text.MAX_DEPTH,
                encoding.MAX_DEPTH,
            ),
        ),
        ("encrypted texts of one reading", (vaults.MAX_VALUES,)),
        ("groups within groups", (nesting.MAX_DEPTH,)),
        ("shown of a host", (host_page.SHOWN, MOST_EDITS)),
        ("a source's text", (sources.MAX_CONTENT, Limits().script_answer >> 20)),
        ("refreshes kept", (claims.KEPT_REFRESHES,)),
        ("a pattern", (patterns.MAX_LENGTH, patterns.MAX_PARTS)),
        (
            "a filter",
            (
                tokens.MAX_LENGTH,
                language.MAX_DEPTH,
                language.MAX_STARS,
                effort.SECONDS,
                effort.AT_ONCE,
            ),
        ),
        ("a pasted list of hosts", (selection.MAX_TEXT,)),
        (
            "a ping of many",
            (
                ping_many.MAX_INVENTORIES,
                ping.TIMEOUT,
                ping.TURN_TIMEOUT,
                ping.FORKS,
                ping.MAX_TIMEOUT // 3600,
            ),
        ),
        ("SSH host keys fetched", (refused_keys.MAX_HOSTS,)),
        ("labels", (host_labels.MAX_LABELS, host_labels.MAX_LENGTH)),
        ("facts of a host", (reports.LARGEST >> 10, keeping.MOST_CHANGES)),
        ("facts that a run", (cache.MAX_SIZE >> 20, int(cache.MAX_AGE.total_seconds()) // 3600)),
    ],
)
def test_the_limits_are_those_of_the_code(line: str, numbers: tuple[int, ...]) -> None:
    said = re.search(rf"^\| {re.escape(line)}.*\|(.*)\|$", TEXT, re.MULTILINE)[1]

    for number in numbers:
        assert re.search(rf"(?<![\d,]){number:,}(?![\d,])", said), f"{number:,} in “{said}”"


def test_who_may_do_what_is_what_the_roles_may() -> None:
    rights = (
        Permission.INVENTORY_READ,
        Permission.JOBS_LAUNCH,
        Permission.INVENTORY_WRITE,
        Permission.INVENTORY_RESERVED,
    )
    table = TEXT.partition("## Who may do what")[2].partition("\n## ")[0]

    said = [row.strip("| ").split("|")[1:] for row in table.splitlines() if "✓" in row]

    granted = [[allows(role, right) for role in Role] for right in rights]
    marks = [
        [cell.strip() == "✓" for cell in [*row, *["" for _x in range(4 - len(row))]]]
        for row in said
    ]
    assert marks == granted
