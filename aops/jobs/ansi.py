"""Turns a job's output into safe markup: text is escaped, colours become classes.

Only colours and weights (SGR) are kept of all control sequences; links, titles,
cursor movements and the like are dropped, since a managed host writes this text.
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_SEQUENCE = re.compile(
    r"\x1b\[([0-9;:]*)m"  # SGR, the only one kept
    r"|\x1b\[[0-?]*[ -/]*[@-~]"  # other CSI
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # OSC, DCS, SOS, PM, APC; an open one ends with its line
    r"|\x1b[ -/]*[0-~]?",  # two-character sequences, and a lone ESC
    re.MULTILINE,
)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_LINE = (
    '<div class="log-line" id="L{0}"><a href="#L{0}" tabindex="-1">{0}</a><span>{1}</span></div>\n'
)
_MAX_CODES = 32
_BOLD, _NORMAL, _DEFAULT_FG, _DEFAULT_BG = 1, 22, 39, 49


def lines_to_html(text: str, first_line: int) -> Markup:
    """Render whole lines, each with its number as a link to itself.

    Args:
        text: As stored: masked, with control sequences.
        first_line: Number of its first line.
    """
    lines = text.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    return Markup(  # noqa: S704 - line_to_html escapes; doing it again takes twice the time
        "".join(
            _LINE.format(number, line_to_html(line))
            for number, line in enumerate(lines, first_line)
        )
    )


def line_to_html(line: str) -> Markup:
    """Render one line."""
    if "\x1b" not in line:
        return escape(_visible(line))
    parts: list[str] = []
    style = _Style()
    position = 0
    for match in _SEQUENCE.finditer(line):
        _append(parts, line[position : match.start()], style)
        position = match.end()
        if match.group(1) is not None:
            style.apply(match.group(1))
    _append(parts, line[position:], style)
    return Markup("".join(parts))  # noqa: S704 - _append escapes each part


def plain(text: str) -> str:
    """Give text without any control sequence."""
    return _SEQUENCE.sub("", text)


class _Style:
    """What the sequences so far have switched on."""

    def __init__(self) -> None:
        self.bold = False
        self.foreground: int | None = None
        self.background: int | None = None

    def apply(self, codes: str) -> None:
        numbers = [int(code[:3] or 0) for code in re.split("[;:]", codes)[:_MAX_CODES]]
        while numbers:
            code = numbers.pop(0)
            if code in {38, 48}:
                self._extended(code, numbers)
            else:
                self._simple(code)

    def _simple(self, code: int) -> None:
        if code == 0:
            self.__init__()  # type: ignore[misc]
        elif code in {_BOLD, _NORMAL}:
            self.bold = code == _BOLD
        elif code == _DEFAULT_FG:
            self.foreground = None
        elif code == _DEFAULT_BG:
            self.background = None
        elif code // 10 in {3, 9} and code % 10 < 8:  # noqa: PLR2004 - 30-37, 90-97
            self.foreground = code % 10 + (8 if code // 10 == 9 else 0)  # noqa: PLR2004
        elif code // 10 in {4, 10} and code % 10 < 8:  # noqa: PLR2004 - 40-47, 100-107
            self.background = code % 10 + (8 if code // 10 == 10 else 0)  # noqa: PLR2004

    def _extended(self, code: int, numbers: list[int]) -> None:
        """Keep 256-colour codes of the first sixteen; skip the rest."""
        if not numbers:
            return
        kind = numbers.pop(0)
        arguments = [numbers.pop(0) for _ in range(min(1 if kind == 5 else 3, len(numbers)))]  # noqa: PLR2004
        if kind == 5 and arguments and arguments[0] < 16:  # noqa: PLR2004
            if code == 38:  # noqa: PLR2004 - SGR's "foreground"
                self.foreground = arguments[0]
            else:
                self.background = arguments[0]

    @property
    def classes(self) -> str:
        names = ["ansi-bold"] if self.bold else []
        if self.foreground is not None:
            names.append(f"ansi-fg-{self.foreground}")
        if self.background is not None:
            names.append(f"ansi-bg-{self.background}")
        return " ".join(names)


def _append(parts: list[str], text: str, style: _Style) -> None:
    if not text:
        return
    escaped = escape(_visible(text))
    parts.append(f'<span class="{style.classes}">{escaped}</span>' if style.classes else escaped)


def _visible(text: str) -> str:
    """Show control and direction characters instead of obeying them."""
    if text.isprintable():
        return text
    return _CONTROL.sub(_picture, text.removesuffix("\r"))


def _picture(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:  # noqa: PLR2004 - C0 has pictures of its own in Unicode
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else "�"  # noqa: PLR2004
