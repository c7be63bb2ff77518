"""How a reading ends early: with a code and its arguments, for a sentence written elsewhere."""

from __future__ import annotations

Note = tuple[str, dict[str, object]]


class Refused(BaseException):
    """What is being read is refused.

    No ``Exception``: Ansible catches those of its plugins and goes on with the next plugin.
    """

    def __init__(self, code: str, **arguments: object) -> None:
        super().__init__(code)
        self.code = code
        self.arguments = arguments
