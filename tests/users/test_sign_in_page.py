from aops.users.models import User
from tests.console import ConsoleClient


def test_a_person_signs_in_and_sees_their_account(client: ConsoleClient, victor: User) -> None:
    client.sign_in(victor)

    page = client.get("/account")

    assert "victor" in page.text
