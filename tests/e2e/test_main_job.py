import re
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import yaml

from aops.inventory.models import Host, Inventory
from aops.jobs.models import JobTemplate
from tests.e2e.console import Console
from tests.e2e.site import (
    GREETING,
    PASSPHRASE,
    PLAY_SECRET,
    TEMPLATED_SECRET,
    VAULT_ID,
    VAULT_PASSWORD,
    Site,
    make_site,
    recap,
)
from tests.e2e.stack import Stack
from tests.services.processes import wait_until
from tests.services.sshd import SshHosts

PING = """\
- hosts: all
  gather_facts: false
  tasks:
    - name: Knock
      ansible.builtin.raw: echo knocked
"""


def test_a_host_whose_key_nobody_accepted_is_unreachable(office: "Office") -> None:
    office.accept_keys_of("alpha", "beta")
    template = office.template("knock", playbook="ping", credentials=["by key"])

    job_id = office.console.launch(template)
    office.console.watch(job_id)

    counts = office.console.counts(job_id)
    assert counts["alpha"]["ok"] == counts["beta"]["ok"] == counts["gamma"]["unreachable"] == 1
    assert office.stack.job(job_id).exit_code == 4
    assert "Host key verification failed" in office.console.output(job_id)
    assert "could not be reached" in office.console.complaint(job_id)


def test_an_inventory_that_accepts_new_keys_keeps_them(office: "Office") -> None:
    office.inventory("newcomers", accept=True)
    template = office.template("greet", "newcomers", playbook="ping", credentials=["by key"])

    job_id = office.console.launch(template)
    office.console.watch(job_id)

    assert office.console.status(job_id) == "successful"
    for name, host in office.site.hosts.items():
        page = office.host_page(name, "newcomers").text
        assert host.fingerprint in page
        assert "a run, as the inventory allows" in page


def test_the_whole_playbook_by_key_does_what_a_shell_does(
    office: "Office", in_shell: "Future[str]"
) -> None:
    run = f"{office.name}-key"
    office.accept_keys_of("alpha", "beta", "gamma")
    template = office.template("by key", credentials=["by key", "vault"])

    job_id = office.console.launch(template, launch_vars=f"run: {run}", **office.narrowing)
    seen = office.console.watch(job_id)

    assert office.console.status(job_id) == "successful", seen.text
    if office.narrowing:
        office.assert_small(run)
    else:
        office.assert_like_shell(job_id, run, in_shell.result())
    assert recap(office.console.output(job_id)) == office.console.counts(job_id)
    assert seen.text == office.console.output(job_id)


def test_the_whole_playbook_by_password_does_what_a_shell_does(
    office: "Office", in_shell: "Future[str]"
) -> None:
    run = f"{office.name}-password"
    office.accept_keys_of("alpha", "beta", "gamma")
    template = office.template("by password", credentials=["by password", "vault"])
    narrowing = {} if office.narrowing else {"tags": "small"}

    job_id = office.console.launch(template, launch_vars=f"run: {run}", **narrowing)
    seen = office.console.watch(job_id)

    assert office.console.status(job_id) == "successful", seen.text
    if narrowing:
        office.assert_small(run)
    else:
        office.assert_like_shell(job_id, run, in_shell.result())


@dataclass
class Office:
    """A console in which a person has entered all that the playbook needs.

    Attributes:
        narrowing: What makes the run by key a small one; the run by password is then whole.
    """

    name: str
    stack: Stack
    console: Console
    site: Site
    narrowing: dict[str, str]

    def accept_keys_of(self, *names: str) -> None:
        """Fetch the keys on the hosts' pages, compare the fingerprints, and accept them."""
        for name in names:
            if self.host_page(name).text.count("Accepted by"):
                continue
            self.console.press(self.host_url(name), f"/hosts/{self.host_id(name)}/keys/fetch/")
        for name in names:
            page = wait_until(lambda name=name: self._page_with_key(name), 20, "the keys")
            if button := page.select_one('form[action^="/hosts/keys/"][action$="/accept/"]'):
                self.console.press(self.host_url(name), button["action"])
            assert "Accepted by" in self.host_page(name).text

    def inventory(self, name: str, *, accept: bool = False) -> None:
        """Enter an inventory with its three hosts in a group."""
        boxes = {"accept_new_host_keys": "y"} if accept else {}
        self.console.submit(
            "/inventories/new/",
            {"name": name, "variables": self.site.group_variables} | boxes,
        )
        inventory_id = self.stack.id_of(Inventory, name=name)
        self.console.submit(f"/groups/new/?inventory_id={inventory_id}", {"name": "web"})
        for host in self.site.hosts:
            self.console.submit(
                f"/hosts/new/?inventory_id={inventory_id}",
                {
                    "name": host,
                    "groups": ["web"],
                    "variables": yaml.safe_dump(self.site.variables_of(host)),
                },
            )

    def template(
        self,
        name: str,
        inventory: str = "hosts",
        *,
        playbook: str = "site",
        credentials: list[str],
    ) -> int:
        """Enter a template and give its id."""
        self.console.submit(
            "/templates/new/",
            {
                "name": name,
                "playbook": playbook,
                "inventory": inventory,
                "credentials": credentials,
                "ask_vars": "y",
                "ask_tags": "y",
            },
        )
        return self.stack.id_of(JobTemplate, name=name)

    def host_id(self, name: str, inventory: str = "hosts") -> int:
        """Find a host."""
        inventory_id = self.stack.id_of(Inventory, name=inventory)
        return self.stack.id_of(Host, name=name, inventory_id=inventory_id)

    def host_url(self, name: str, inventory: str = "hosts") -> str:
        """Give the address of a host's page."""
        return f"/hosts/details/?id={self.host_id(name, inventory)}"

    def host_page(self, name: str, inventory: str = "hosts"):
        """Open a host's page."""
        return self.console.get(self.host_url(name, inventory))

    def assert_small(self, run: str) -> None:
        """Expect what the tasks with the tag leave behind, each host touched once."""
        for files in self.site.left_behind(run).values():
            assert files == {
                "greeting": f"{GREETING}\n",
                "ledger": "touched\n",
                "of-root": str(len(TEMPLATED_SECRET)),
            }

    def assert_like_shell(self, job_id: int, run: str, printed: str) -> None:
        """Expect the counts, the recap and the files that a shell gets, and no secret shown."""
        output = self.console.output(job_id)
        assert self.console.counts(job_id) == recap(printed)
        assert recap(output) == recap(printed)
        assert tasks(output) == tasks(printed)
        assert self.site.left_behind(run) == self.site.left_behind("shell")
        assert {files["ledger"] for files in self.site.left_behind(run).values()} == {"touched\n"}
        for secret in (TEMPLATED_SECRET, PLAY_SECRET, VAULT_PASSWORD, self.site.ssh.user.password):
            assert secret not in output

    def _page_with_key(self, name: str):
        page = self.host_page(name)
        return page if self.site.hosts[name].fingerprint in page.text else None


def tasks(output: str) -> list[str]:
    """Name the plays and tasks in the order in which they were printed."""
    return re.findall(r"^(?:PLAY|TASK|RUNNING HANDLER) \[.*?\]", output, re.MULTILINE)


@pytest.fixture(scope="module")
def site(ssh_hosts: SshHosts, tmp_path_factory: pytest.TempPathFactory) -> Site:
    return make_site(ssh_hosts, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def in_shell(site: Site, tmp_path_factory: pytest.TempPathFactory):
    with ThreadPoolExecutor() as pool:
        yield pool.submit(site.in_shell, tmp_path_factory.mktemp("shell"), "shell")


@pytest.fixture(scope="module", params=["embedded", "production"])
def office(request: pytest.FixtureRequest, site: Site, in_shell: "Future[str]") -> Office:
    stack = request.getfixturevalue(request.param)
    narrowing = {} if request.param == "embedded" else {"tags": "small"}
    office = Office(request.param, stack, stack.console("arthur"), site, narrowing)
    user = site.ssh.user
    common = {"username": user.name, "become_password": user.password}
    for name, secrets in (
        ("by key", {"private_key": site.key, "passphrase": PASSPHRASE}),
        ("by password", {"password": user.password}),
    ):
        office.console.submit("/credentials/new/?type=machine", {"name": name} | common | secrets)
    office.console.submit(
        "/credentials/new/?type=vault",
        {"name": "vault", "vault_id": VAULT_ID, "vault_password": VAULT_PASSWORD},
    )
    for name, content in (("site", site.playbook), ("ping", PING)):
        office.console.submit("/playbooks/new/", {"name": name, "content": content})
    office.inventory("hosts")
    return office
