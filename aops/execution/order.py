"""What the child is told to do: a command line, an environment, and the files to make first.

Every value that a person typed is part of a word ``--option=value`` or follows ``--``,
so that nothing typed can become an option of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aops.execution import settings
from aops.execution.layout import ANSIBLE_PLAYBOOK, CACHE, CALLBACK, Layout
from aops.execution.spec import Options, RunSpec, Secrets


@dataclass(frozen=True)
class Order:
    """One run in the child's words; travels as JSON over a socket.

    Attributes:
        command: ansible-playbook and its arguments.
        directories: To be made first, 0700.
        files: Contents by path, to be written first, 0600.
        private: The directory that must not outlive the run.
        known_hosts: The file whose new lines are to be reported.
        artifacts: Where ansible-runner may keep its own files.
        processes: How many there may be at once; None where they cannot be told from others.
    """

    command: list[str]
    environment: dict[str, str]
    directory: str
    directories: list[str]
    files: dict[str, str]
    private: str
    known_hosts: str
    artifacts: str
    processes: int | None

    def as_json(self) -> dict[str, Any]:
        """Return the order as plain JSON values."""
        return asdict(self)


def make(spec: RunSpec, layout: Layout, processes: int | None) -> Order:
    """Translate a run into an order for the child.

    Args:
        spec: The run as the caller wants it.
        layout: Where the child will find and put things.
        processes: How many the run may have at once.
    """
    options, files = _with_secrets(spec.secrets, layout.private / "secrets")
    if spec.options.limit_hosts:
        files[layout.limit] = _line("\n".join(spec.options.limit_hosts))
        options.append(f"--limit=@{layout.limit},")
    files |= {
        layout.inventory: spec.inventory,
        layout.known_hosts: _line(spec.known_hosts) if spec.known_hosts else "",
        layout.callback: CALLBACK.read_text(encoding="utf-8"),
        layout.ansible_cfg: settings.ansible_cfg(layout, fact_cache=spec.facts is not None),
        layout.ssh_config: settings.ssh_config(
            layout, accept_new_host_keys=spec.accept_new_host_keys
        ),
    }
    if spec.facts is not None:
        files |= _with_facts(spec.facts, layout)
    places = (
        layout.private / "secrets",
        layout.callback.parent,
        layout.inventory.parent,
        layout.home,
        layout.facts,
        layout.cache.parent,
        layout.scratch / "cp",
    )
    return Order(
        command=[
            str(ANSIBLE_PLAYBOOK),
            f"--inventory={layout.inventory}",
            *_switches(spec.options),
            *options,
            "--",
            str(layout.project / spec.playbook),
        ],
        environment=settings.environment(layout, spec.run_id),
        directory=str(layout.project),
        directories=[str(place) for place in places],
        files={str(path): content for path, content in files.items()},
        private=str(layout.private),
        known_hosts=str(layout.known_hosts),
        artifacts=str(layout.scratch / "runner"),
        processes=processes,
    )


def _switches(options: Options) -> list[str]:
    valued = {
        "--limit": options.limit,
        "--tags": options.tags,
        "--skip-tags": options.skip_tags,
        "--become-method": options.become_method,
        "--become-user": options.become_user,
        "--user": options.remote_user,
    }
    flags = {"--check": options.check, "--diff": options.diff, "--become": options.become}
    return [
        f"--forks={options.forks}",
        *(["-" + "v" * options.verbosity] if options.verbosity else []),
        *(flag for flag, on in flags.items() if on),
        *(f"{name}={value}" for name, value in valued.items() if value),
    ]


def _with_secrets(secrets: Secrets, place: Path) -> tuple[list[str], dict[Path, str]]:
    """Return the options that name the secret files, and the files."""
    options: list[str] = []
    files: dict[Path, str] = {}

    def hand_over(option: str, name: str, content: str | None) -> None:
        if content:
            files[place / name] = _line(content)
            options.append(f"{option}{place / name}")

    hand_over("--private-key=", "private_key", secrets.private_key)
    hand_over("--connection-password-file=", "connection_password", secrets.connection_password)
    hand_over("--become-password-file=", "become_password", secrets.become_password)
    hand_over("--extra-vars=@", "extra_vars.yml", secrets.extra_vars)
    for number, vault in enumerate(secrets.vault_passwords):
        hand_over(f"--vault-id={vault.vault_id}@", f"vault_{number}", vault.password)
    return options, files


def _with_facts(facts: Mapping[str, str], layout: Layout) -> dict[Path, str]:
    """Return the fact cache's files, named so that any host name makes a file name."""
    named = {hashlib.sha256(host.encode()).hexdigest(): text for host, text in facts.items()}
    return {
        layout.cache: CACHE.read_text(encoding="utf-8"),
        **{layout.facts / name: text for name, text in named.items()},
    }


def _line(text: str) -> str:
    """End the text with a newline, without which OpenSSH refuses a key."""
    return text.rstrip("\r\n") + "\n"
