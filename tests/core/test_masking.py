from __future__ import annotations

import base64
import html
import json
import shlex
import time
import urllib.parse
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aops.core import masking
from aops.core.masking import MASK, Masker

SECRET = "S3cret/Wörd+with'quotes\"&<tags>"

LETTERS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=20)

ENCODERS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "json": lambda text: json.dumps(text)[1:-1],
    "json with every character": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "json within json": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "html": html.escape,
    "yaml in single quotes": lambda text: text.replace("'", "''"),
    "shell": shlex.quote,
    "shell within a longer word": lambda text: shlex.quote(f"-p{text}-"),
    "url path": urllib.parse.quote,
    "url": lambda text: urllib.parse.quote(text, safe=""),
    "form": urllib.parse.quote_plus,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 for urls": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "basic authentication": lambda text: base64.b64encode(f"me:{text}".encode()).decode(),
}


@pytest.mark.parametrize("encode", ENCODERS.values(), ids=ENCODERS)
def test_a_secret_is_masked_however_it_is_written(encode: Callable[[str], str]) -> None:
    masker = Masker([SECRET])

    masked = masker.mask(f"before {encode(SECRET)} after")

    assert masked.startswith("before ")
    assert masked.endswith(" after")
    assert MASK in masked
    assert len(masked) <= len("before  after") + len(MASK) + 8


@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("after", range(4))
@pytest.mark.parametrize("length", range(12, 15))
def test_a_secret_is_masked_wherever_it_stands_in_a_base64_text(
    before: int, after: int, length: int
) -> None:
    secret = "correct-horse!"[:length]
    encoded = base64.b64encode(f"{'x' * before}{secret}{'y' * after}".encode()).decode()

    masked = Masker([secret]).mask(encoded)

    assert MASK in masked
    assert len(masked.replace(MASK, "")) <= 12


@pytest.mark.parametrize("cut", range(len(SECRET) + 1))
def test_a_secret_split_over_two_pieces_is_masked(cut: int) -> None:
    masker = Masker([SECRET])

    masked = masker.feed(f"a {SECRET[:cut]}") + masker.feed(f"{SECRET[cut:]} z\n") + masker.close()

    assert masked == f"a {MASK} z\n"


@given(st.lists(LETTERS), LETTERS.filter(lambda text: len(text) >= masking.MIN_LENGTH), st.data())
def test_no_way_of_cutting_the_stream_lets_a_secret_through(
    words: list[str], secret: str, data: st.DataObject
) -> None:
    text = secret.join([*words, ""]) + "\n"
    masker = Masker([secret])

    masked, position = "", 0
    while position < len(text):
        size = data.draw(st.integers(1, 7))
        masked += masker.feed(text[position : position + size])
        position += size
    masked += masker.close()

    assert secret not in masked
    assert masked == Masker([secret]).mask(text)


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_secret_in_a_line_that_never_ends_is_masked(
    cut: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(masking, "_MAX_HELD", 64)
    secret = "never-shown!"
    masker = Masker([secret])

    masked = masker.feed("." * 70 + secret[:cut])
    masked += "".join(masker.feed(piece) for piece in (secret[cut:], "." * 200, secret[:cut]))
    masked += masker.feed(secret[cut:]) + masker.close()

    assert masked == "." * 70 + MASK + "." * 200 + MASK


def test_a_line_that_never_ends_is_not_held_back_for_ever() -> None:
    masker = Masker(["a-secret-of-some-length"])

    given_out = sum(len(masker.feed("x" * 65_536)) for _ in range(160))

    assert given_out > 10_000_000
    assert len(masker._held) <= 256 * 1024


def test_a_very_long_secret_is_masked_whole_and_does_not_take_long_to_prepare() -> None:
    secret = "".join(f"{n:05}" for n in range(4_000))

    started = time.process_time()
    masker = Masker([secret])
    masked = masker.feed(f"x{secret[:7_000]}") + masker.feed(f"{secret[7_000:]}y\n")
    seconds = time.process_time() - started

    assert masked == f"x{MASK}y\n"
    assert seconds < 2


def test_secrets_that_overlap_leave_nothing_behind() -> None:
    masker = Masker(["abcdef", "defghijk", "jkl"])

    masked = masker.mask("<abcdefghijkl>")

    assert masked == f"<{MASK}>"


def test_of_two_secrets_the_one_that_holds_the_other_is_masked_whole() -> None:
    masker = Masker(["pass", "password", "password-long"])

    assert masker.mask("password-long password pass") == f"{MASK} {MASK} {MASK}"


@pytest.mark.parametrize("secret", ["", " ", "a", "ab", "\n", " a \n b "])
def test_a_secret_of_one_or_two_characters_would_blacken_the_log_and_is_not_masked(
    secret: str,
) -> None:
    masker = Masker([secret])

    assert masker.mask("ab is a b") == "ab is a b"


def test_a_secret_of_three_characters_is_masked() -> None:
    assert Masker(["abc"]).mask("xabcx") == f"x{MASK}x"


def test_each_line_of_a_private_key_is_masked() -> None:
    key = "-----BEGIN KEY-----\r\nAAAAB3NzaC1yc2E\r\n  QABAAABAQC7\n-----END KEY-----\n"
    masker = Masker([key])

    masked = masker.mask("AAAAB3NzaC1yc2E\nand QABAAABAQC7 here\n")

    assert masked == f"{MASK}\nand {MASK} here\n"


def test_without_secrets_everything_passes_at_once() -> None:
    masker = Masker([])

    assert masker.feed("half a li") == "half a li"
    assert masker.close() == ""


def test_a_private_key_does_not_make_masking_slow() -> None:
    key = "\n".join(base64.b64encode(bytes([n, 7 * n % 256] * 26)).decode() for n in range(40))
    output = "".join(f"ok: [web{n}.example.org] => (item=something {n})\n" for n in range(20_000))
    masker = Masker([key])

    started = time.process_time()
    masker.feed(output)
    seconds = time.process_time() - started

    assert seconds < 1.5, f"{len(output) / seconds / 1e6:.1f} MB/s"
