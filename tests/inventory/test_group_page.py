from sqlalchemy.orm import Session

from aops.inventory import group_page
from aops.users.models import User
from tests.console import ConsoleClient
from tests.factories import make_group, make_host, make_host_result, make_inventory, make_job


def test_hosts_on_which_the_last_run_failed_come_first(client: ConsoleClient, victor: User) -> None:
    inventory, job = make_inventory(), make_job()
    hosts = [make_host(name, inventory=inventory) for name in ("a", "b", "c", "d")]
    group = make_group("web", inventory=inventory, hosts=hosts)
    make_host_result(hosts[0], job)
    make_host_result(hosts[1], job, last_status="failed")
    make_host_result(hosts[3], job, last_status="unreachable")
    client.sign_in(victor)

    panel = client.get(f"/groups/details/?id={group.id}").select_one("#hosts")

    rows = [[cell.text.split() for cell in row.select("td")] for row in panel.select("tbody tr")]
    assert [row[0] for row in rows] == [["b"], ["d"], ["a"], ["c"]]
    assert [row[1][0] for row in rows] == ["failed", "unreachable", "ok", "–empty"]
    assert "failed on 2 of them" in panel.text
    assert panel.select_one("td:nth-of-type(2) a")["href"] == f"/jobs/{job.id}/"


def test_a_big_group_shows_the_first_hosts_and_leads_to_all(
    client: ConsoleClient, victor: User
) -> None:
    inventory = make_inventory()
    hosts = [make_host(f"h{number:03}", inventory=inventory) for number in range(101)]
    group = make_group("web", inventory=inventory, hosts=hosts)
    client.sign_in(victor)

    panel = client.get(f"/groups/details/?id={group.id}").select_one("#hosts")

    assert len(panel.select("tbody tr")) == 100
    link = panel.select("a")[-1]
    assert (link.text, link["href"]) == ("All 101 hosts", f"/hosts/?group_id={group.id}")
    assert "101" in client.get(link["href"]).text


def test_a_group_above_others_says_how_many_hosts_a_run_on_it_means(
    client: ConsoleClient, victor: User
) -> None:
    inventory = make_inventory()
    web1, web2, db1 = (make_host(name, inventory=inventory) for name in ("web1", "web2", "db1"))
    web = make_group("web", inventory=inventory, hosts=[web1, web2])
    shop = make_group("shop", inventory=inventory, hosts=[web2, db1], children=[web])
    top = make_group("top", inventory=inventory, children=[shop])
    client.sign_in(victor)

    page = client.get(f"/groups/details/?id={top.id}")

    (link,) = page.select(f"dl a[href='/hosts/?group_id={top.id}']")
    assert link.text == "3"
    assert "web1" in client.get(link["href"]).text


def test_an_empty_group_has_no_trouble(session: Session) -> None:
    group = make_group("web")

    assert group_page.read(group) == group_page.GroupPage(
        hosts=[], total=0, everything=0, troubled=0
    )
