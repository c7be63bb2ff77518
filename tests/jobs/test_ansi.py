from __future__ import annotations

import re
import time

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from aops.jobs import ansi

ESC = "\x1b"
PIECES = st.sampled_from(
    [ESC, "31", "38", "48", "<script>", "</span>", *"[]01;:5mKHP\\<>&\"'\x00\x07\x9b\r\tae汉😀"]
)
HOSTILE = st.lists(PIECES, max_size=60).map("".join) | st.text()


def test_plain_text_stays_as_it_is() -> None:
    assert ansi.line_to_html("ok: [web1] 汉字 😀") == "ok: [web1] 汉字 😀"


@pytest.mark.parametrize(
    ("codes", "classes"),
    [
        ("31", "ansi-fg-1"),
        ("0;32", "ansi-fg-2"),
        ("1;35", "ansi-bold ansi-fg-5"),
        ("94", "ansi-fg-12"),
        ("41", "ansi-bg-1"),
        ("107", "ansi-bg-15"),
        ("1;31;44", "ansi-bold ansi-fg-1 ansi-bg-4"),
        ("38;5;9", "ansi-fg-9"),
        ("48;5;3", "ansi-bg-3"),
        ("38:5:9", "ansi-fg-9"),
        ("38;5;9;1", "ansi-bold ansi-fg-9"),
    ],
)
def test_colours_and_weights_become_classes(codes: str, classes: str) -> None:
    assert ansi.line_to_html(f"{ESC}[{codes}mx{ESC}[0m") == f'<span class="{classes}">x</span>'


@pytest.mark.parametrize(
    "codes",
    [
        "38;5;200",
        "48;5;255",
        "38;2;1;2;3",
        "48;2;1;2;3",
        "38",
        "38;5",
        "38;2;1",
        "4",
        "7",
        "99",
        "",
    ],
)
def test_colours_that_the_page_has_no_class_for_are_dropped(codes: str) -> None:
    assert ansi.line_to_html(f"{ESC}[{codes}mx") == "x"


@pytest.mark.parametrize("end", ["0", "", "39", "39;49;22"])
def test_a_colour_ends_where_it_is_switched_off(end: str) -> None:
    html = ansi.line_to_html(f"{ESC}[31mred{ESC}[{end}mplain")

    assert html == '<span class="ansi-fg-1">red</span>plain'


@pytest.mark.parametrize(
    "sequence",
    [
        f"{ESC}]8;;https://evil.example/{ESC}\\",  # OSC 8: a link
        f"{ESC}]8;;javascript:alert(1)\x07",
        f"{ESC}]0;title\x07",
        f"{ESC}]52;c;ZXZpbA==\x07",  # OSC 52: the clipboard
        f"{ESC}P1$r0m{ESC}\\",  # DCS
        f"{ESC}^private{ESC}\\",
        f"{ESC}_application{ESC}\\",
        f"{ESC}Xstring{ESC}\\",
        f"{ESC}[2J",
        f"{ESC}[10;20H",
        f"{ESC}[1A",
        f"{ESC}[K",
        f"{ESC}[?25l",
        f"{ESC}[?1049h",
        f"{ESC}[6n",
        f"{ESC}7",
        f"{ESC}c",
        f"{ESC}(B",
        f"{ESC}=",
    ],
)
def test_every_other_control_sequence_is_dropped(sequence: str) -> None:
    assert ansi.line_to_html(f"a{sequence}b") == "ab"
    assert ansi.plain(f"a{sequence}b\n") == "ab\n"


def test_a_link_loses_its_target_and_keeps_its_text() -> None:
    link = f"{ESC}]8;;https://evil.example/{ESC}\\click{ESC}]8;;{ESC}\\ me"

    assert ansi.line_to_html(link) == "click me"


def test_a_sequence_that_never_ends_swallows_no_more_than_its_line() -> None:
    assert ansi.line_to_html(f"a{ESC}]0;never ended") == "a"
    assert ansi.plain(f"a{ESC}]0;never ended\nb{ESC}P\nc") == "a\nb\nc"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b", "a␀b"),
        ("a\x07b", "a␇b"),
        ("50%\r100%", "50%␍100%"),
        ("dos\r", "dos"),
        ("a\x7fb", "a␡b"),
        ("a\x9b31mb", "a�31mb"),
        ("a\tb", "a\tb"),
        ("lone \x1b", "lone "),
    ],
)
def test_control_characters_are_shown_instead_of_obeyed(text: str, shown: str) -> None:
    assert ansi.line_to_html(text) == shown


@pytest.mark.parametrize(
    "code", [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x61C]
)
def test_characters_that_turn_the_direction_of_text_are_not_obeyed(code: int) -> None:
    html = ansi.line_to_html(f"ok {chr(code)}desrever")

    assert chr(code) not in html


@given(HOSTILE)
def test_whatever_a_host_prints_only_our_own_tags_come_out(line: str) -> None:
    html = str(ansi.line_to_html(line.replace("\n", "")))

    without_ours = re.sub(r'<span class="(?:ansi-[a-z0-9-]+ ?)+">|</span>', "", html)
    assert not re.search("[<>\"'\x1b]", without_ours)
    assert html.count("<span") == html.count("</span>")


@given(HOSTILE)
def test_whatever_a_host_prints_each_line_is_one_numbered_element(text: str) -> None:
    page = BeautifulSoup(str(ansi.lines_to_html(text, 7)), "html5lib")

    lines = page.select("body > div.log-line")
    assert len(lines) == len(text.removesuffix("\n").split("\n")) if text else not lines
    assert [line["id"] for line in lines] == [f"L{n}" for n in range(7, 7 + len(lines))]
    assert {tag.name for tag in page.body.find_all(True)} <= {"div", "a", "span"}


def test_a_line_links_to_itself() -> None:
    html = ansi.lines_to_html("one\ntwo\n", 41)

    assert html == (
        '<div class="log-line" id="L41"><a href="#L41" tabindex="-1">41</a><span>one</span></div>\n'
        '<div class="log-line" id="L42"><a href="#L42" tabindex="-1">42</a><span>two</span></div>\n'
    )


@pytest.mark.parametrize(
    "line",
    [
        f"{ESC}[0;32mok: [web1] => changed=false{ESC}[0m " * 1_500,
        "x" * 65_536,
        "\x00" * 65_536,
        ESC * 65_536,
        f"{ESC}[" * 32_768,
        f"{ESC}]" * 32_768,
        f"{ESC}[" + "1;" * 32_768,
        f"{ESC}[" + "1" * 65_536 + " ",
        f"{ESC}[" + " " * 65_536,
        f"{ESC} " * 32_768,
        f"{ESC}]0;" + f"{ESC}" * 65_536,
        f"{ESC}[1m" * 16_384,
        f"{ESC}[31ma" * 10_000,
    ],
    ids=str.encode,
)
def test_64_kib_of_the_worst_are_rendered_in_a_moment(line: str) -> None:
    started = time.process_time()
    ansi.lines_to_html(line, 1)
    seconds = time.process_time() - started

    assert seconds < 0.15
