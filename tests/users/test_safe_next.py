import pytest
from flask import Flask

from aops.users.sign_in import safe_next

HOME = "/"


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        " ",
        "evil.example",
        "//evil.example",
        "///evil.example",
        "////evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "/\\/evil.example",
        "https://evil.example",
        "https:evil.example",
        "HTTPS:/evil.example",
        "javascript:alert(1)",
        "data:text/html,hello",
        "@evil.example",
        "/@evil.example",
        "/%2fevil.example",
        "/%2F%2Fevil.example",
        "/%5cevil.example",
        "/%09/evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " //evil.example",
        "\x00/users/",
        "/users/\r\nSet-Cookie: a=b",
        "/users/%0d%0aSet-Cookie:a=b",
        "/users/?a=b\r\nSet-Cookie: a=b",
        "/.//evil.example",
        "/users/..//evil.example",
        "/users/..\\..\\evil.example",
        "/sign-out",
        "/no-such-page",
        "http://localhost/users/",
        "//localhost/users/",
        "/" + "a" * 10_000,
    ],
)
def test_a_hostile_target_leads_to_the_first_page(app: Flask, target: str | None) -> None:
    with app.test_request_context(headers={"Host": "evil.example"}):
        assert safe_next(target) == HOME


@pytest.mark.parametrize(
    "target",
    [
        "/users/",
        "/account",
        "/audit/?actor=alice&before=10",
        "/users/details/?id=3&url=%2Fusers%2F",
        "/audit/?name=%E5%8C%97%E4%BA%AC",
    ],
)
def test_a_page_of_ours_is_gone_on_to(app: Flask, target: str) -> None:
    with app.test_request_context():
        assert safe_next(target) == target
