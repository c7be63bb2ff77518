"""The sentences that explain an end to people, and what an exit code means."""

from __future__ import annotations

from collections.abc import Container

from aops.execution.spec import EventKind, Reason

SENTENCES: dict[Reason, str] = {
    Reason.NONE: "",
    Reason.HOSTS_FAILED: "A task failed on at least one host.",
    Reason.HOSTS_UNREACHABLE: "At least one host could not be reached.",
    Reason.NOT_UNDERSTOOD: "Ansible could not read the playbook, a role or the inventory.",
    Reason.REFUSED_OPTION: "Ansible refused one of the options.",
    Reason.ANSIBLE_ERROR: "Ansible ended with an error; the end of the output says which.",
    Reason.UNEXPECTED_ERROR: "Ansible ended with an unexpected error of its own.",
    Reason.UNKNOWN_EXIT_CODE: "ansible-playbook ended with an unknown exit code.",
    Reason.KILLED: "ansible-playbook was killed from outside, or by its own playbook.",
    Reason.TOO_MANY_PROCESSES: "The job was ended because it had started too many processes.",
    Reason.NO_SANDBOX: (
        "Nothing was started: the sandbox (bubblewrap) does not work on this machine, "
        "and runs without it are not allowed."
    ),
    Reason.NOT_STARTED: "ansible-playbook could not be started.",
    Reason.BAD_SPEC: "The job could not be prepared: its playbook or one of its files is missing.",
    Reason.DISK_FULL: "The job could not be prepared: the disk is full.",
    Reason.CLAIM_LOST: "The job was ended because it no longer belonged to this process.",
    Reason.UNKILLABLE: "Some processes of the job could not be ended and may still be running.",
}

_BY_EXIT_CODE = {
    0: Reason.NONE,
    1: Reason.ANSIBLE_ERROR,
    2: Reason.HOSTS_FAILED,
    4: Reason.HOSTS_UNREACHABLE,
    5: Reason.REFUSED_OPTION,
    6: Reason.HOSTS_UNREACHABLE,
    250: Reason.UNEXPECTED_ERROR,
    254: Reason.NOT_STARTED,  # ansible-runner's word for an exception
}


def of_exit_code(exit_code: int, seen: Container[EventKind]) -> Reason:
    """Return what an exit code of ansible-playbook means.

    Two codes have two meanings each: 2 is also what Python's argparse says to a bad option,
    and 4 is also a file that cannot be parsed.

    Args:
        exit_code: Negative for a signal, as subprocess has it.
        seen: The kinds of events that the run told.
    """
    if exit_code < 0:
        return Reason.KILLED
    reason = _BY_EXIT_CODE.get(exit_code, Reason.UNKNOWN_EXIT_CODE)
    if reason is Reason.HOSTS_UNREACHABLE and EventKind.UNREACHABLE not in seen:
        return Reason.NOT_UNDERSTOOD
    if reason is Reason.HOSTS_FAILED and EventKind.PLAY_START not in seen:
        return Reason.REFUSED_OPTION
    return reason
