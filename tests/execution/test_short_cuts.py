"""Holds our short cuts through Ansible's code against the code itself."""

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from aops.execution import reader
from aops.execution.inventory_child import quicker
from aops.execution.reading_spec import ReadKind, ReadOrder
from aops.execution.spec import Isolation
from tests.inventory.ansible_lists import of_text

LINES = some.text("ab1= \t'\"\\#[]{},.:-é", max_size=30)
"""Characters that matter to the shell's way of splitting."""


@given(LINES)
def test_a_line_is_split_as_shlex_does(line: str) -> None:
    assert _split(quicker.shlex_split, line) == _split(quicker._shlex_split, line)


def test_values_of_ini_are_read_as_by_ansible_itself(tmp_path: Path) -> None:
    values = [
        *("0", "00", "5", "-5", "0755", "1_000", "99999999999999999999", "1.5", "1e3", "0x1F"),
        *("True", "False", "None", "true", "none", "text", "a.b", "a_b", "in", "lambda", "é"),
        *("1.2.3.4", "1.2", "'q'", '"5"', "[1]", "(1,)", "{1}", "{'a':1}", "...", "1j"),
    ]
    text = "".join(f"h{number} v={json.dumps(value)}\n" for number, value in enumerate(values))

    ours = reader.read(ReadOrder(ReadKind.UPLOAD, text.encode(), "hosts"), Isolation.REQUIRED)

    theirs = of_text(text, tmp_path, "hosts").as_json(export=True)["_meta"]["hostvars"]
    assert ours.document is not None
    assert ours.document["hosts"] == theirs


def _split(function: Any, line: str) -> list[str] | str:
    try:
        return list(function(line, comments=True))
    except ValueError as error:
        return str(error)
