from pathlib import Path

import pytest
import yaml

from aops.execution.layout import Layout
from aops.execution.order import make
from aops.execution.spec import Isolation, Options
from tests.execution.runs import make_spec, play, run

ODD = [
    "a b",
    "a,b",
    "a:b",
    "a*",
    "a?c",
    "~web.*",
    "10.0.0.1:x y",
    "2001:db8::1",
    "host@home",
    "服务器",
    "group",
    "plain",
    "a;b",
    "all of them",
]
OTHERS = ["a", "b", "ab", "abc", "web1", "other", "in-group", "home"]


@pytest.mark.parametrize("isolation", [Isolation.REQUIRED, Isolation.OFF])
def test_names_that_look_like_patterns_are_taken_literally(
    isolation: Isolation, tmp_path: Path
) -> None:
    spec = make_spec(
        play("ping:"),
        inventory=inventory(ODD + OTHERS),
        options=Options(limit_hosts=tuple(ODD), forks=20),
    )
    folder = tmp_path / "with a blank"
    folder.mkdir(mode=0o700)

    result, recorder = run(spec, folder, isolation=isolation)

    assert result.exit_code == 0, recorder.text
    assert sorted(recorder.recap) == sorted(ODD)


def test_ten_thousand_names_fit_into_one_command(tmp_path: Path) -> None:
    names = [f"{number:06}.a-rather-long-domain-name.example.com" for number in range(10_000)]
    spec = make_spec(play("ping:"), options=Options(limit_hosts=tuple(names)))

    order = make(spec, layout(tmp_path), 100)

    assert max(map(len, order.command)) < 4096
    assert order.files[str(tmp_path / "private" / "limit")].split() == names


def inventory(names: list[str]) -> str:
    everything = {
        "vars": {"ansible_connection": "local"},
        "hosts": dict.fromkeys(names),
        "children": {"group": {"hosts": {"in-group": None}}},
    }
    return yaml.safe_dump({"all": everything}, allow_unicode=True)


def layout(folder: Path) -> Layout:
    names = ("project", "private", "scratch", "events", "child")
    return Layout(**{name: folder / name for name in names})
