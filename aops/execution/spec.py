"""The words in which the rest of aops and the execution of a run talk to each other.

Plain dataclasses and nothing else, so that a run can be described, tested and
watched without a database, without Flask and without Ansible.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Isolation(StrEnum):
    """What happens to a run on a machine where bubblewrap does not work."""

    REQUIRED = "required"
    """It is refused."""

    PREFERRED = "preferred"
    """It runs unprotected, and every page says so."""

    OFF = "off"
    """Bubblewrap is not even tried; every page says so."""


class Outcome(StrEnum):
    """How a run ended, decided by exit code and by us, never by printed text."""

    SUCCESSFUL = "successful"
    """ansible-playbook ended with 0."""

    FAILED = "failed"
    """It ended with another code, or could not be started; ``reason`` says which."""

    CANCELED = "canceled"
    """Somebody asked for the end, and nothing of the run is left."""

    TIMED_OUT = "timed_out"
    """The time limit passed, and nothing of the run is left."""

    LOST = "lost"
    """It cannot be known: a process could not be killed, or the run's own process died."""


class Reason(StrEnum):
    """Why a run ended as it did; ``reasons.SENTENCES`` has the words for each."""

    NONE = ""
    """The outcome says it all."""

    HOSTS_FAILED = "hosts_failed"
    """A task failed on a host (exit code 2)."""

    HOSTS_UNREACHABLE = "hosts_unreachable"
    """A host could not be reached (exit code 4 or, with failed hosts, 6)."""

    NOT_UNDERSTOOD = "not_understood"
    """Ansible could not read the playbook, a role or the inventory (exit code 4, no host tried)."""

    REFUSED_OPTION = "refused_option"
    """Ansible refused one of the options (exit code 5, or 2 before any play)."""

    ANSIBLE_ERROR = "ansible_error"
    """Ansible ended with a general error (exit code 1)."""

    UNEXPECTED_ERROR = "unexpected_error"
    """Ansible ended with an error of its own (exit code 250)."""

    UNKNOWN_EXIT_CODE = "unknown_exit_code"
    """Ansible ended with a code that has no meaning known to us."""

    KILLED = "killed"
    """A signal that we did not send ended ansible-playbook, or the process that watched it."""

    TOO_MANY_PROCESSES = "too_many_processes"
    """The run was ended because it started processes without end."""

    NO_SANDBOX = "no_sandbox"
    """Isolation is required, and bubblewrap is missing or does not work; nothing was started."""

    NOT_STARTED = "not_started"
    """ansible-playbook or what it needs could not be set up."""

    BAD_SPEC = "bad_spec"
    """The order made no sense: a path that leads elsewhere, a playbook that is not there."""

    DISK_FULL = "disk_full"
    """There was no room for the run's directory."""

    CLAIM_LOST = "claim_lost"
    """The run was ended because it no longer belonged to this process."""

    UNKILLABLE = "unkillable"
    """``leftovers`` could not be ended."""


@dataclass(frozen=True)
class VaultPassword:
    """One vault password under its vault id."""

    vault_id: str
    password: str


@dataclass(frozen=True)
class Secrets:
    """What the run may know and nobody may see; reaches the sandbox over a file descriptor.

    Attributes:
        private_key: An unencrypted private key in OpenSSH or PEM form.
        become_password: For ``become``.
        connection_password: For SSH logins by password.
        extra_vars: YAML text of the run's extra variables; may hold ``!unsafe`` and ``!vault``.
        vault_passwords: At most one for each vault id.
    """

    private_key: str | None = None
    connection_password: str | None = None
    become_password: str | None = None
    vault_passwords: tuple[VaultPassword, ...] = ()
    extra_vars: str = ""

    def __repr__(self) -> str:
        return "Secrets(…)"


@dataclass(frozen=True)
class Options:
    """The switches of ansible-playbook that a job may set; validated before they come here.

    Attributes:
        verbosity: How many ``v``: 0 to 5.
        limit: A host pattern.
        limit_hosts: Instead of a pattern, the names of hosts, each of which is meant literally
            and stands in the inventory.
        timeout: Seconds after which the run is ended; None means never.
    """

    limit: str = ""
    limit_hosts: tuple[str, ...] = ()
    tags: str = ""
    skip_tags: str = ""
    forks: int = 5
    verbosity: int = 0
    check: bool = False
    diff: bool = False
    become: bool = False
    become_method: str = ""
    become_user: str = ""
    remote_user: str = ""
    timeout: float | None = None


@dataclass(frozen=True)
class RunSpec:
    """Everything that one run needs, with nothing to be looked up later.

    Attributes:
        run_id: Unique for this attempt, such as ``17-1``; names the run's directory.
        playbook: Path of the playbook inside ``project``.
        project: Relative path to content; becomes a directory that the run sees read-only.
        inventory: YAML text of the inventory.
        known_hosts: Lines in OpenSSH's known_hosts format.
        accept_new_host_keys: Whether an unknown host's key is taken and reported back;
            a changed key is refused either way.
        facts: JSON text by host name that the run's fact cache starts with, with the names that
            modules report; None leaves the cache off.
    """

    run_id: str
    playbook: str
    project: Mapping[str, str]
    inventory: str
    known_hosts: str = ""
    accept_new_host_keys: bool = False
    facts: Mapping[str, str] | None = None
    options: Options = field(default_factory=Options)
    secrets: Secrets = field(default_factory=Secrets)


LONGEST_MESSAGE = 4000
"""Characters of what a failed task said; a longer text was cut there."""


class EventKind(StrEnum):
    """What our callback plugin reports; the values follow Ansible's callback names."""

    PLAY_START = "play_start"
    TASK_START = "task_start"
    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNREACHABLE = "unreachable"
    STATS = "stats"
    FACTS = "facts"


@dataclass(frozen=True)
class RunEvent:
    """One fact about the run from our callback plugin, never from printed text.

    Attributes:
        data: JSON values. ``play_start``: play, hosts (number). ``task_start``: task, action.
            ``ok``/``failed``/``skipped``/``unreachable``: host, task, changed, ignored,
            rescued, duration (seconds); of ``failed`` and ``unreachable`` also message, at most
            LONGEST_MESSAGE characters of it. ``facts``: host, facts (names without ``ansible_``),
            left_out (names of what was too big or deep), full (whether what is missing is gone).
            ``stats``: host name to a mapping of ok, changed, unreachable, failed, skipped,
            rescued, ignored.
    """

    kind: EventKind
    data: Mapping[str, object]


@dataclass(frozen=True)
class RunResult:
    """The end of a run.

    Attributes:
        exit_code: Of ansible-playbook; None when it never ran or was killed.
        reason: A sentence for people where the outcome alone does not say enough, else "".
        known_hosts: The lines that the run accepted as new; empty unless it was allowed to.
        reason_code: The same for programs, and for looking up a translation.
        leftovers: Process ids that could not be ended; empty in every normal case.
        isolated: Whether it ran in the sandbox; False also where nothing was started.
    """

    outcome: Outcome
    exit_code: int | None
    reason: str = ""
    known_hosts: str = ""
    leftovers: tuple[int, ...] = ()
    reason_code: Reason = Reason.NONE
    isolated: bool = True


@dataclass(frozen=True)
class Listener:
    """Whom the supervisor tells; its functions must be quick and must not raise.

    Attributes:
        on_output: Gets bytes of ansible-playbook's stdout and stderr as they come; chunks
            end anywhere, also inside a character.
        on_event: Gets each event in order.
        stop_requested: Asked about ten times a second; a true answer, the wish's name,
            starts the cancel steps. None means go on.
    """

    on_output: Callable[[bytes], None]
    on_event: Callable[[RunEvent], None]
    stop_requested: Callable[[], Outcome | None]


@dataclass(frozen=True)
class Place:
    """Where runs live on this machine and how they are walled in.

    Attributes:
        runs_dir: Parent of the runs' directories; 0700, ours.
        isolation: What to do without bubblewrap.
    """

    runs_dir: Path
    isolation: Isolation
