"""What becomes of hosts that a source lists no more, or lists again."""

from __future__ import annotations

import pytest

from aops.inventory.sources.models import Vanished
from aops.inventory.sources.vanishing import Fate, Given, fates_of, judge


@pytest.mark.parametrize(
    ("policy", "host", "circumstances", "expected"),
    [
        ("disable", {}, "", Fate.DISABLED),
        ("remove", {}, "", Fate.REMOVED),
        ("remove", {"created": False}, "", Fate.DISABLED_NOT_BROUGHT),
        ("remove", {}, "used", Fate.DISABLED_IN_USE),
        ("remove", {}, "elsewhere", Fate.LEFT_TO_ANOTHER),
        ("disable", {}, "elsewhere", Fate.LEFT_TO_ANOTHER),
        ("disable", {"disabled": True, "enabled": False}, "elsewhere", Fate.HANDED_OVER),
        ("disable", {"disabled": True, "enabled": False}, "", Fate.STILL_DISABLED),
        ("disable", {"disabled": True, "enabled": True}, "", Fate.LEFT_TO_PEOPLE),
        ("remove", {"disabled": True, "enabled": True}, "", Fate.LEFT_TO_PEOPLE),
        ("remove", {"disabled": True, "enabled": False}, "", Fate.REMOVED),
        ("disable", {"enabled": False}, "", Fate.STILL_DISABLED),
        ("remove", {"enabled": False}, "", Fate.REMOVED),
        ("remove", {"enabled": False, "created": False}, "", Fate.STILL_DISABLED),
    ],
)
def test_a_host_that_vanished_meets_the_fate_that_was_chosen(
    policy: str, host: dict[str, bool], circumstances: str, expected: Fate
) -> None:
    found = judge(
        Vanished(policy),
        {"web1": known(**host)},
        [],
        elsewhere={"web1"} if circumstances == "elsewhere" else (),
        used={"web1"} if circumstances == "used" else (),
    )

    assert found == {"web1": expected}


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ({"disabled": True, "enabled": False}, {"web1": Fate.ENABLED}),
        ({"disabled": False, "enabled": False}, {}),
        ({"disabled": True, "enabled": True}, {}),
        ({}, {}),
    ],
)
def test_a_host_that_is_back_is_enabled_only_if_the_source_had_disabled_it(
    host: dict[str, bool], expected: dict[str, Fate]
) -> None:
    found = judge(Vanished.DISABLE, {"web1": known(**host)}, ["web1"], elsewhere=(), used=())

    assert found == expected


def test_every_fate_has_a_consequence() -> None:
    fates = fates_of({fate.value: fate for fate in Fate})

    assert fates.removed == {"removed"}
    assert fates.held == {
        "disabled",
        "disabled_in_use",
        "disabled_not_brought",
        "still_disabled",
    }
    assert fates.released == {"left_to_people"}
    assert fates.enabled == {
        "disabled": False,
        "disabled_in_use": False,
        "disabled_not_brought": False,
        "enabled": True,
        "handed_over": True,
    }


def known(*, created: bool = True, disabled: bool = False, enabled: bool = True) -> Given:
    return Given(1, created=created, disabled=disabled, enabled=enabled)
