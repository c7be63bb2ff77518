from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from aops.core.columns import MAX_ID
from aops.inventory.facts import services, shown
from aops.inventory.models import Host
from aops.users.models import User
from tests.console import ConsoleClient
from tests.factories import make_host
from tests.inventory.facts.reported import DEBIAN, NOON, report

NASTY = "<script>alert(1)</script>"


def test_a_hosts_page_shows_what_it_is_at_a_glance(
    client: ConsoleClient, victor: User, host: Host
) -> None:
    report(host, DEBIAN, job_id=41, left_out=("huge",))

    page = client.sign_in(victor).get(f"/hosts/details/?id={host.id}")

    panel = page.select_one("#facts")
    assert panel is not None
    text = " ".join(panel.text.split())
    for part in (
        "Distribution Debian 12.11 bookworm",
        "Memory 1.9 GiB",
        "CPUs 2 Intel(R) Xeon(R)",
        "192.0.2.7",
        "Free on / 1.0 GiB of 8.0 GiB, 87 % used",
        "Up 3 d 0 h since 2026-04-28 12:00 UTC",
        "Kernel 6.1.0-35-amd64",
        "Too big or too deep to keep: huge.",
    ):
        assert part in text
    assert panel.select_one("a[href='/jobs/41/']") is not None


def test_a_host_without_facts_says_how_to_get_some(
    client: ConsoleClient, victor: User, host: Host
) -> None:
    client.sign_in(victor)

    pages = [
        client.get(f"/hosts/details/?id={host.id}"),
        *(client.get(f"/hosts/{host.id}/facts/{part}") for part in ("", "history/", "compare/")),
    ]

    assert all("Run any playbook that gathers facts" in page.text for page in pages)


def test_all_facts_stand_on_one_page(client: ConsoleClient, victor: User, host: Host) -> None:
    report(host, DEBIAN)

    page = client.sign_in(victor).get(f"/hosts/{host.id}/facts/")

    names = [cell.text for cell in page.select("tbody > tr > td:first-child")]
    assert names == sorted(DEBIAN)
    assert "mount" in page.text
    assert "size_total" in page.text


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("SIZE_TOTAL", ["mounts.0.size_total", "mounts.1.size_total"]),
        ("bookworm", ["distribution_release"]),
        ("/boot", ["mounts.1.mount"]),
        ("nothing has this", []),
    ],
)
def test_facts_can_be_searched_without_javascript(
    search: str, names: list[str], client: ConsoleClient, victor: User, host: Host
) -> None:
    report(host, DEBIAN)

    page = client.sign_in(victor).get(f"/hosts/{host.id}/facts/?search={search}")

    assert [cell.text for cell in page.select("tbody > tr > td:first-child")] == names
    field = page.select_one("input[name=search]")
    assert field is not None
    assert field["value"] == search


def test_what_a_host_reported_is_only_text(client: ConsoleClient, victor: User, host: Host) -> None:
    facts = {"distribution": NASTY, NASTY: {NASTY: [NASTY, 1]}, "system_vendor": NASTY}
    report(host, {"distribution": "x"})
    report(host, facts, minutes=1, left_out=(NASTY,))
    client.sign_in(victor)

    for url in (
        f"/hosts/details/?id={host.id}",
        f"/hosts/{host.id}/facts/",
        f"/hosts/{host.id}/facts/?search=alert",
        f"/hosts/{host.id}/facts/history/",
        f"/hosts/{host.id}/facts/compare/",
    ):
        page = client.get(url)
        assert NASTY in page.text
        assert "alert(1)" not in "".join(script.text for script in page.select("script"))


def test_very_many_facts_are_cut_and_the_page_says_so(
    client: ConsoleClient, victor: User, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shown, "MOST_ROWS", 5)
    report(host, {"many": {f"n{number}": {"v": number} for number in range(50)}, "z": 1})

    page = client.sign_in(victor).get(f"/hosts/{host.id}/facts/")

    assert "5 values" in page.text
    assert "Only the first 5 are shown." in page.text


def test_the_history_tells_when_what_changed_and_which_job_saw_it(
    client: ConsoleClient, victor: User, host: Host
) -> None:
    report(host, DEBIAN, job_id=1)
    report(host, DEBIAN | {"kernel": "6.12"}, minutes=1, job_id=2)

    page = client.sign_in(victor).get(f"/hosts/{host.id}/facts/history/")

    newest, first = page.select("main details")
    row = [cell.text.strip() for cell in newest.select("tbody td")]
    assert row == ["kernel", "6.1.0-35-amd64", "6.12"]
    assert newest.select_one("a[href='/jobs/2/']") is not None
    assert "1 change" in newest.text
    assert "First report" in first.text


def test_the_history_comes_in_pages(
    client: ConsoleClient, victor: User, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "PAGE_SIZE", 2)
    for minutes in range(3):
        report(host, {"kernel": str(minutes)}, minutes=minutes)
    url = f"/hosts/{host.id}/facts/history/"

    older = client.sign_in(victor).get(url).select_one(".list-foot a")

    assert older is not None
    assert "First report" in client.get(url + str(older["href"])).text


def test_two_dates_are_compared(client: ConsoleClient, victor: User, host: Host) -> None:
    day = 24 * 60
    report(host, {"kernel": "1", "fips": False})
    report(host, {"kernel": "2"}, minutes=day)
    report(host, {"kernel": "3", "eth1": {"mtu": 9000}}, minutes=2 * day)
    client.sign_in(victor)

    def compare(since: int, until: int) -> list[list[str]]:
        days = [(NOON + timedelta(days=n)).date() for n in (since, until)]
        page = client.get(f"/hosts/{host.id}/facts/compare/?since={days[0]}&until={days[1]}")
        return [[cell.text.strip() for cell in row("td")] for row in page.select("tbody tr")]

    assert compare(0, 1) == [["fips", "false", "–empty"], ["kernel", "1", "2"]]
    assert compare(2, 2) == [["eth1", "–empty", '{"mtu": 9000}'], ["kernel", "2", "3"]]
    assert compare(3, 9) == []
    assert compare(-9, 1) == compare(0, 1)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("since=yesterday", "Write dates like 2026-01-31."),
        ("since=2026-13-01", "Write dates like 2026-01-31."),
        ("since=2026-05-02&until=2026-05-01", "The first date must not be after the second."),
    ],
)
def test_dates_that_make_no_sense_are_explained(
    query: str, problem: str, client: ConsoleClient, victor: User, host: Host
) -> None:
    report(host, DEBIAN)

    page = client.sign_in(victor).get(f"/hosts/{host.id}/facts/compare/?{query}")

    alert = page.select_one("main [role=alert]")
    assert alert is not None
    assert problem in alert.text


def test_of_long_lists_only_what_differs_is_shown() -> None:
    old = [{"mount": f"/{n}"} for n in range(20)]
    flags = [f"f{n}" for n in range(30)]

    rows = shown.change_rows(
        {
            "mounts": [[old], [[*old[1:], {"mount": "/new"}]]],
            "flags": [[flags], [[*flags, "avx"]]],
            "few": [[["a"]], [["a", "b"]]],
            "turned": [[flags], [flags[::-1]]],
        }
    )

    few, longer, mounts, turned = rows
    assert (few.old, few.new) == ("a", "a, b")
    assert (longer.old, longer.new) == (None, "avx")
    assert (mounts.old, mounts.new) == ('[{"mount": "/0"}]', '[{"mount": "/new"}]')
    assert turned.old == ", ".join(flags)


@pytest.mark.parametrize("part", ["", "history/", "compare/"])
def test_a_host_that_is_not_there_is_not_found(
    part: str, client: ConsoleClient, victor: User
) -> None:
    client.sign_in(victor)

    for host_id in (987_654, MAX_ID + 1):
        client.get(f"/hosts/{host_id}/facts/{part}", code=404)


@pytest.fixture
def host(session: Session) -> Host:
    host = make_host("web1")
    session.commit()
    return host
