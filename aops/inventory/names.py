"""Which names an inventory may hold, and which values reach an SSH command line.

Ansible's YAML inventory takes almost any text for a name and then reads meaning into
it: ``web[1:3]`` becomes three hosts, ``web:22`` a port, ``a,b`` two patterns. Names
here are those that Ansible takes literally, in the inventory and in patterns alike.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from aops.core.columns import NAME_LENGTH
from aops.core.errors import AopsError
from aops.core.yaml_text import UnsafeText, VaultText

ADDRESS_VARIABLES = ("ansible_host", "ansible_ssh_host")
"""Where Ansible looks for a host's address; the last one that is set wins."""

PORT_VARIABLES = ("ansible_port", "ansible_ssh_port")
USER_VARIABLES = ("ansible_user", "ansible_ssh_user")

_HOST = re.compile(r"\w[\w.-]*")
_GROUP = re.compile(r"[^\W\d][\w.-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNGROUPED = "ungrouped"
_RESERVED = frozenset({"all", _UNGROUPED, "_meta"})
_LABEL = r"\w[\w-]*(?<![_-])"
_HOST_WITH_PORT = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
"""As Ansible's ``parse_address`` knows host names; what is none keeps its colon."""
_DIGITS = re.compile(r"[0-9]+")
_LOCALHOST = "localhost"
_JINJA_WORDS = frozenset({"true", "false", "none", "True", "False", "None", "and", "or", "not"})
_TEMPLATE = re.compile(r"\{[{%#]")
_BAD_IN_USER = re.compile(r"[\s;&|$<>`'\"(){}\[\]*?!#~]|^-|\\$")
_MAX_PORT = 65535
_MAX_SHOWN = 60


def check_host_name(name: str) -> None:
    """Refuse a host name that Ansible would not take literally.

    Raises:
        AopsError: At the field ``name``.
    """
    _check_common(name)
    if not is_address(name):
        raise AopsError(
            _(
                "“%(name)s” cannot be a host name. Use letters, digits, dots, dashes and "
                "underscores, beginning with a letter, digit or underscore; or an IP address.",
                name=_shown(name),
            ),
            field="name",
        )


def check_group_name(name: str) -> None:
    """Refuse a group name that Ansible would not take literally.

    Raises:
        AopsError: At the field ``name``.
    """
    _check_common(name)
    if not _GROUP.fullmatch(name):
        raise AopsError(
            _(
                "“%(name)s” cannot be a group name. Use letters, digits, underscores, dots and "
                "dashes, beginning with a letter or an underscore.",
                name=_shown(name),
            ),
            field="name",
        )
    if name == _LOCALHOST:
        raise AopsError(
            _("A group cannot be called localhost: that is always a host."), field="name"
        )


def check_imported_host_name(name: str) -> None:
    """Refuse a host name from a file that Ansible would not read back from our rendering.

    Wider than ``check_host_name``: blanks, commas and signs are fine where nobody types them.

    Raises:
        AopsError: At the field ``name``.
    """
    _check_common(name)
    _check_imported(name)
    if "[" in name or _is_host_with_port(name):
        raise AopsError(
            _(
                "Ansible would read more than a name into “%(name)s”: square brackets are a "
                "range of hosts, and “:22” at the end is a port.",
                name=_shown(name),
            ),
            field="name",
        )


def check_imported_group_name(name: str) -> None:
    """Refuse a group name from a file that Ansible would not read back from our rendering.

    ``ungrouped`` passes: it is the row that carries what a file says of that group.

    Raises:
        AopsError: At the field ``name``.
    """
    if name == _UNGROUPED:
        return
    _check_common(name)
    _check_imported(name)


def check_variables(variables: Mapping[str, Any]) -> None:
    """Refuse variable names that Ansible would not find, and addresses that are options.

    Raises:
        AopsError: At the field ``variables``.
    """
    for name, value in variables.items():
        if name in _JINJA_WORDS:
            raise AopsError(_kept(name), field="variables")
        if not _VARIABLE.fullmatch(name):
            raise AopsError(
                _(
                    "“%(name)s” cannot be a variable name. Use letters, digits and "
                    "underscores, beginning with a letter or an underscore.",
                    name=_shown(name),
                ),
                field="variables",
            )
        _check_connection_variable(name, value)


def check_imported_variables(variables: Mapping[str, Any]) -> None:
    """Refuse addresses, ports and users that are options; names are those that the file has.

    Ansible takes any text for the name of a variable in an inventory, ``tag-name`` or ``größe``
    too, and shows it in ``hostvars``; a form asks for one that templates can use.

    Raises:
        AopsError: At the field ``variables``.
    """
    for name, value in variables.items():
        _check_connection_variable(name, value)


def is_variable_name(name: str) -> bool:
    """Tell whether templates find a variable of this name."""
    return bool(_VARIABLE.fullmatch(name)) and name not in _JINJA_WORDS


def is_address(text: str) -> bool:
    """Tell whether a text is a host name, an IPv4 or an IPv6 address, and nothing more."""
    return bool(_HOST.fullmatch(text)) or is_ipv6(text)


def is_ipv6(text: str) -> bool:
    """Tell whether a text is an IPv6 address without brackets and zone."""
    try:
        return "%" not in text and bool(ipaddress.IPv6Address(text))
    except ValueError:
        return False


def is_connection_address(value: Any) -> bool:
    """Tell whether SSH can be sent to a value: an address, or an IPv6 one with its zone."""
    if not isinstance(value, str):
        return False
    address, percent, zone = value.partition("%")  # fe80::1%eth0
    return is_address(address) and (not percent or bool(_HOST.fullmatch(zone)))


def is_literal(value: Any) -> bool:
    """Tell whether a value means itself: neither a template nor encrypted."""
    if isinstance(value, VaultText):
        return False
    return isinstance(value, UnsafeText) or not (isinstance(value, str) and _TEMPLATE.search(value))


def port_number(value: Any) -> int | None:
    """Read a port as Ansible does, from a number or from digits; None if it is no port."""
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,5}", str(value)):
        return None
    number = int(value)
    return number if 1 <= number <= _MAX_PORT else None


def _check_common(name: str) -> None:
    if not name:
        raise AopsError(_("A name is needed."), field="name")
    if len(name) > NAME_LENGTH:
        raise AopsError(
            _(
                "This name has %(n)d characters; at most %(max)d are allowed.",
                n=len(name),
                max=NAME_LENGTH,
            ),
            field="name",
        )
    if name in _RESERVED:
        raise AopsError(_kept(name), field="name")


def _kept(name: str) -> str:
    return str(_("“%(name)s” is a name that Ansible keeps for itself.", name=name))


def _check_imported(name: str) -> None:
    problem = ""
    if name != name.strip() or not name.isprintable():
        problem = _("A name is one line, without blanks around it and invisible characters.")
    elif name.startswith("-"):
        problem = _("A name cannot begin with a dash: programs would take it for an option.")
    elif _TEMPLATE.search(name):
        problem = _("A name cannot be a template.")
    if problem:
        raise AopsError(f"“{_shown(name)}”: {problem}", field="name")


def _is_host_with_port(name: str) -> bool:
    host, colon, port = name.rpartition(":")
    return bool(colon and _DIGITS.fullmatch(port) and _HOST_WITH_PORT.fullmatch(host))


def _check_connection_variable(name: str, value: Any) -> None:
    if not is_literal(value) or value is None:
        return
    if name in ADDRESS_VARIABLES and not is_connection_address(value):
        raise AopsError(
            _(
                "%(name)s must be a host name or an IP address as text; “%(value)s” is neither.",
                name=name,
                value=_shown(value),
            ),
            field="variables",
        )
    if name in USER_VARIABLES and (not isinstance(value, str) or _is_bad_user(value)):
        raise AopsError(
            _(
                "%(name)s must be a user name as text, without blanks and shell characters, and "
                "not beginning with a dash; “%(value)s” is not.",
                name=name,
                value=_shown(value),
            ),
            field="variables",
        )
    if name in PORT_VARIABLES and port_number(value) is None:
        raise AopsError(
            _(
                "%(name)s must be a number from 1 to 65535; “%(value)s” is not.",
                name=name,
                value=_shown(value),
            ),
            field="variables",
        )


def _is_bad_user(value: str) -> bool:
    return not value or bool(_BAD_IN_USER.search(value)) or not value.isprintable()


def _shown(value: Any) -> str:
    """Make a refused value safe and short enough to stand in a sentence."""
    text = "".join(
        char if unicodedata.category(char)[0] != "C" else "�" for char in str(value)[:_MAX_SHOWN]
    )
    return text + ("…" if len(str(value)) > _MAX_SHOWN else "")
