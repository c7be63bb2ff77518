from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import delete

from aops.core.database import db
from aops.users import services, throttle
from aops.users.models import SignInFailure

GUESSES = 3 * throttle.ACCOUNT_LIMIT


def test_guesses_sent_at_once_are_counted_one_by_one(tidied: Flask) -> None:
    def guess(number: int) -> str:
        with tidied.app_context():
            try:
                services.authenticate("nobody-at-once", f"guess {number}", "192.0.2.99")
            except services.SignInRefused as refused:
                db.session.commit()
                return str(refused)
            finally:
                db.session.remove()
        return "signed in"

    with ThreadPoolExecutor(GUESSES) as pool:
        said = list(pool.map(guess, range(GUESSES)))

    assert sum("do not fit" in sentence for sentence in said) == throttle.ACCOUNT_LIMIT
    assert sum("Too many" in sentence for sentence in said) == GUESSES - throttle.ACCOUNT_LIMIT


@pytest.fixture
def tidied(app: Flask) -> Iterator[Flask]:
    yield app
    with app.app_context():
        db.session.execute(delete(SignInFailure))
        db.session.commit()
