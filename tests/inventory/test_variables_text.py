import datetime as dt
import math

import yaml
from ansible.parsing.vault import EncryptedString
from ansible.parsing.yaml.loader import AnsibleLoader
from ansible.template import trust_as_template
from hypothesis import example, given
from hypothesis import strategies as some

from aops.core import yaml_text
from aops.core.yaml_text import UnsafeText, VaultText
from aops.inventory import variables_text

WORDS = some.sampled_from(
    (
        "yes",
        "No",
        "~",
        "null",
        "1e3",
        "0755",
        "1_0",
        "12:30:45",
        "2024-02-29",
        ".inf",
        "=",
        "<<",
        "y",
    )
)
LINES = some.lists(some.sampled_from(("a", " b", "", "c ", "- d", "# e", "\te")), max_size=5)
TEXTS = some.one_of(
    WORDS,
    some.text(some.characters(exclude_categories=("Cs",)), max_size=20),
    some.text("ab1 :#-'\"\n.\t/@%,_0", max_size=12),
    LINES.map("\n".join),
)
SCALARS = some.one_of(
    TEXTS,
    some.none(),
    some.booleans(),
    some.integers(),
    some.floats(),
    some.dates(),
    some.datetimes(),
    TEXTS.map(lambda text: UnsafeText("{{" + text)),
)
VALUES = some.recursive(
    SCALARS,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(some.dictionaries(TEXTS, VALUES, max_size=4))
@example({"a": "x:", "b": "a: b", "c": "a #b", "d": "1.2.3.4", "e": "1.2", "f": "0o17", "g": "+1"})
@example({"lines": "one\n\n  two\n", "kept": "a\n\n\n", "odd": "\na", "blank": "a\n \nb"})
@example(
    {
        "a\nb": "key of two lines",
        "\n\U00010000": "\n\U00010000",
        "": "none",
        "y": 1,
        "\u2028": "\x85",
    }
)
def test_what_is_written_reads_back_as_the_same(variables: dict[str, object]) -> None:
    text = variables_text.write_values(variables)

    assert _same(yaml_text.parse_mapping(text), variables)
    assert _same(_as_ansible(text), variables)


def test_plain_values_are_written_as_a_person_would() -> None:
    values = {"http_port": 8080, "ansible_host": "10.0.0.1", "url": "http://x:80/a", "on": True}

    text = variables_text.write_values(values | {"octal": "0755", "word": "yes", "nothing": None})

    assert text.splitlines() == [
        "http_port: 8080",
        "ansible_host: 10.0.0.1",
        "url: http://x:80/a",
        '"on": true',
        'octal: "0755"',
        'word: "yes"',
        "nothing: null",
    ]


def test_encoded_values_are_decoded_before_they_are_written() -> None:
    encoded = {
        "v": {"!": ["vault", "$ANSIBLE_VAULT;1.1;AES256\n31\n"]},
        "u": [{"!": ["unsafe", "{{ x }}"]}, {"!": ["unsafe", "yes"]}],
        "m": {"!": ["map", [[1, "one"], [None, {"k": {"!": ["float", "inf"]}}], ["!", "bang"]]]},
        "d": {"!": ["date", "2024-02-29"]},
        "t": {"!": ["time", "2024-02-29T12:30:00+00:00"]},
        "s": {"!": ["set", ["a"]]},
        "b": {"!": ["binary", "AAE="]},
    }

    text = variables_text.write(encoded)

    assert yaml_text.parse_mapping(text) == {
        "v": VaultText("$ANSIBLE_VAULT;1.1;AES256\n31\n"),
        "u": [UnsafeText("{{ x }}"), "yes"],
        "m": {1: "one", None: {"k": math.inf}, "!": "bang"},
        "d": dt.date(2024, 2, 29),
        "t": dt.datetime(2024, 2, 29, 12, 30, tzinfo=dt.UTC),
        "s": {"a"},
        "b": b"\x00\x01",
    }
    assert isinstance(_as_ansible(text)["v"], EncryptedString)


def _as_ansible(text: str) -> dict[object, object]:
    return yaml.load(trust_as_template(text), Loader=AnsibleLoader) or {}  # noqa: S506 - a safe one


def _same(one: object, other: object) -> bool:
    if isinstance(other, dict):
        return (
            isinstance(one, dict)
            and list(one) == list(other)
            and all(_same(one[key], other[key]) for key in other)
        )
    if isinstance(other, list):
        return (
            isinstance(one, list)
            and len(one) == len(other)
            and all(_same(a, b) for a, b in zip(one, other, strict=True))
        )
    if isinstance(other, float) and math.isnan(other):
        return isinstance(one, float) and math.isnan(one)
    if isinstance(other, bool) or other is None:
        return one is other
    kind = str if isinstance(other, str) else type(other)
    return isinstance(one, kind) and not isinstance(one, bool) and one == other
