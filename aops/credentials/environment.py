"""Reads the environment variables of a credential, and says which ones nobody may set.

Pure, like the other rules. A variable that changes how a program is found or loaded
would be code, not a secret; those of the console's own sandbox are refused too.
"""

from __future__ import annotations

import re

from flask_babel import gettext as _

from aops.core.errors import AopsError

MAX_CHARACTERS = 65_536
MAX_VARIABLES = 100

_FIELD = "environment"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_MAX_SHOWN = 60

_REFUSED = frozenset(
    {
        "BASHOPTS",
        "BASH_ENV",
        "CDPATH",
        "ENV",
        "GCONV_PATH",
        "GLIBC_TUNABLES",
        "HOME",
        "IFS",
        "LOCPATH",
        "NODE_OPTIONS",
        "NODE_PATH",
        "OPENSSL_CONF",
        "OPENSSL_ENGINES",
        "OPENSSL_MODULES",
        "PATH",
        "PS4",
        "RUBYLIB",
        "RUBYOPT",
        "SHELL",
        "SHELLOPTS",
        "SSH_ASKPASS",
        "TEMP",
        "TMP",
        "TMPDIR",
    }
)
_REFUSED_BEGINNINGS = ("ANSIBLE_", "BASH_FUNC_", "LD_", "PERL", "PYTHON")


def read(text: str) -> dict[str, str]:
    """Give the variables of ``NAME=value`` lines; blank lines and ``#`` comments count nothing.

    A value is everything after the first ``=``, as it stands: quotes belong to it.

    Raises:
        AopsError: At the field ``environment``, with the number of the line. Never shows
            a value.
    """
    if len(text) > MAX_CHARACTERS:
        raise _refusal(
            _("This is too long: at most %(n)d characters are allowed.", n=MAX_CHARACTERS)
        )
    found: dict[str, str] = {}
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            name, value = _variable(number, line)
            if name in found:
                raise _refusal(
                    _("Line %(n)d: “%(name)s” was already given above.", n=number, name=name)
                )
            found[name] = value
    if not found:
        raise _refusal(_("Write at least one “NAME=value”."))
    if len(found) > MAX_VARIABLES:
        raise _refusal(_("At most %(n)d variables are allowed.", n=MAX_VARIABLES))
    return found


def _variable(number: int, line: str) -> tuple[str, str]:
    name, equals, value = line.partition("=")
    name = name.strip()
    if not equals:
        raise _refusal(_("Line %(n)d has no “=”: write “NAME=value”.", n=number))
    if not _NAME.fullmatch(name):
        raise _refusal(
            _(
                "Line %(n)d: a name before “=” has only letters, digits and underscores, and "
                "does not begin with a digit. Leave out “export”.",
                n=number,
            )
        )
    if name.upper() in _REFUSED or name.upper().startswith(_REFUSED_BEGINNINGS):
        raise _refusal(
            _(
                "Line %(n)d: “%(name)s” cannot be set here, because it changes how programs or "
                "Ansible itself are started.",
                n=number,
                name=name[:_MAX_SHOWN],
            )
        )
    if _CONTROL.search(value):
        raise _refusal(_("Line %(n)d: the value holds control characters.", n=number))
    return name, value


def _refusal(sentence: str) -> AopsError:
    return AopsError(sentence, field=_FIELD)
