import pytest
from flask import Flask

from aops.core.errors import AopsError
from aops.users import passwords


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("elevenchars", "too short"),
        ("", "too short"),
        ("a" * 12, "repeats"),
        ("abababababababab", "repeats"),
        ("victor-victor", "mostly the username"),
        ("VICTORvictor1", "mostly the username"),
        ("x" * 990 + "abcdefghijk", "too long"),
        ("密码" * 200, "too long"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(app: Flask, password: str, said: str) -> None:
    with app.test_request_context(), pytest.raises(AopsError, match=said) as refused:
        passwords.check_rules(password, "victor")

    assert refused.value.field == "password"


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "🦊 im Schnee läuft", "正确的马电池订书钉很长很长"],
)
def test_a_long_password_in_any_script_is_good(app: Flask, password: str) -> None:
    with app.test_request_context():
        passwords.check_rules(password, "victor")

    assert passwords.matches(passwords.hash_password(password), password)


def test_the_same_word_matches_however_a_keyboard_composes_it() -> None:
    composed, decomposed = "caf\u00e9 in the garden", "cafe\u0301 in the garden"

    password_hash = passwords.hash_password(composed)

    assert passwords.matches(password_hash, decomposed)


def test_a_password_with_a_lone_surrogate_is_wrong_and_not_an_error() -> None:
    password_hash = passwords.hash_password("correct horse battery")

    assert not passwords.matches(password_hash, "\ud800 correct horse")


def test_a_hash_that_is_none_matches_nothing() -> None:
    assert not passwords.matches("no hash at all", "correct horse battery")


def test_one_time_passwords_differ_and_are_easy_to_type() -> None:
    made = {passwords.one_time_password() for _ in range(50)}

    assert len(made) == 50
    assert all(len(one) == 23 and not set("l1o0i") & set(one) for one in made)
