import statistics
import time

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from aops.core.actor import Actor, acting_as
from aops.core.errors import AopsError
from aops.core.permissions import Role
from aops.users import passwords, services, sessions
from aops.users.models import User
from tests.factories import PASSWORD, make_user

SOURCE = "192.0.2.7"


def test_a_username_is_stored_in_lower_case(session: Session) -> None:
    user = services.create_user(" Dora ", Role.VIEWER, PASSWORD)

    assert user.username == "dora"
    assert services.find_user("DORA") is user


@pytest.mark.parametrize(
    "username", ["", " ", "-dora", "do ra", "do\nra", "dörte", "{{ dora }}", "d" * 65, "d" * 5_000]
)
def test_a_name_that_is_no_username_is_refused_at_its_field(
    session: Session, username: str
) -> None:
    with pytest.raises(AopsError) as refused:
        services.create_user(username, Role.VIEWER, PASSWORD)

    assert refused.value.field == "username"


def test_a_username_exists_once(session: Session, victor: User) -> None:
    session.commit()

    with pytest.raises(AopsError, match="already taken") as refused:
        services.create_user("Victor", Role.VIEWER, PASSWORD)

    session.rollback()
    assert refused.value.field == "username"


def test_a_refused_user_leaves_no_line_in_the_audit_log(session: Session, victor: User) -> None:
    session.commit()
    with pytest.raises(AopsError):
        services.create_user("victor", Role.VIEWER, PASSWORD, display_name="Second")
    session.rollback()

    services.create_user("dora", Role.VIEWER, PASSWORD)

    assert "Second" not in _log(session, "user.created")


def test_no_hash_and_no_password_reach_the_audit_log(session: Session) -> None:
    user = services.create_user("dora", Role.VIEWER, PASSWORD)
    services.set_password(user, "another long passphrase", by_self=True)
    services.authenticate("dora", "another long passphrase", SOURCE)

    rows = session.execute(select(AuditEntry.changes)).scalars().all()

    text = " ".join(rows)
    assert "argon2" not in text
    assert "passphrase" not in text
    assert PASSWORD not in text


def test_signing_in_writes_its_line_under_the_persons_name(session: Session, oscar: User) -> None:
    services.authenticate("oscar", PASSWORD, SOURCE)

    line = session.scalars(select(AuditEntry).where(AuditEntry.action == "user.signed_in")).one()

    assert (line.actor_name, line.actor_id, line.source) == ("oscar", oscar.id, SOURCE)


def test_a_refusal_is_logged_only_for_an_account_that_exists(session: Session, oscar: User) -> None:
    for username in ("oscar", "my-password-typed-as-a-name"):
        with pytest.raises(services.SignInRefused):
            services.authenticate(username, "wrong", SOURCE)

    assert _log(session, "user.sign_in_refused") == "oscar"


def test_unknown_wrong_and_inactive_get_the_same_sentence(session: Session) -> None:
    make_user("here")
    make_user("gone", active=False)

    tries = [("nobody", "wrong"), ("here", "wrong"), ("gone", "wrong"), ("gone", PASSWORD)]
    said = {_refusal(username, password) for username, password in tries}

    assert len(said) == 1


def test_an_unknown_name_takes_as_long_as_a_wrong_password(
    session: Session, real_hashes: PasswordHasher
) -> None:
    for number in range(10):
        make_user(f"user{number}").password_hash = real_hashes.hash(PASSWORD)
    passwords.nobodys_hash()

    pairs = [(_timed(f"user{n}", n), _timed(f"nobody{n}", n)) for n in range(10)]

    known, unknown = (statistics.median(side) for side in zip(*pairs, strict=True))
    assert 0.6 < known / unknown < 1.6


def test_an_old_hash_is_renewed_at_sign_in(session: Session) -> None:
    weaker = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash(PASSWORD)
    user = make_user("dora")
    user.password_hash = weaker

    services.authenticate("dora", PASSWORD, SOURCE)

    assert user.password_hash != weaker
    assert passwords.matches(user.password_hash, PASSWORD)


def test_signing_in_does_not_make_an_open_edit_form_stale(session: Session, oscar: User) -> None:
    version = oscar.version

    services.authenticate("oscar", PASSWORD, SOURCE)

    session.refresh(oscar)
    assert oscar.version == version
    assert oscar.last_sign_in_at is not None


def test_a_new_password_ends_every_session(session: Session, oscar: User) -> None:
    token = sessions.start_session(oscar, SOURCE, "Firefox", hours=1)

    services.set_password(oscar, "another long passphrase", by_self=True)

    assert sessions.find_session(token) is None


def test_a_password_from_somebody_else_must_be_changed(session: Session, oscar: User) -> None:
    services.set_password(oscar, "handed-over", by_self=False)

    assert oscar.must_change_password


def test_ones_own_password_is_no_new_one(session: Session, oscar: User) -> None:
    with pytest.raises(AopsError, match="have now"):
        services.set_password(oscar, PASSWORD, by_self=True)


@pytest.mark.parametrize(
    ("role", "active", "field"),
    [(Role.AUTHOR, True, "role"), (Role.ADMIN, False, "active")],
)
def test_the_last_active_admin_stays_one(
    session: Session, alice: User, role: Role, *, active: bool, field: str
) -> None:
    make_user("asleep", Role.ADMIN, active=False)
    with session.no_autoflush:
        alice.role, alice.active = role, active

        with pytest.raises(AopsError, match="last active administrator") as refused:
            services.settle_access(alice)

    assert refused.value.field == field


def test_one_of_two_admins_may_go(session: Session, alice: User) -> None:
    make_user("second", Role.ADMIN)
    token = sessions.start_session(alice, SOURCE, "", hours=1)
    alice.active = False

    services.settle_access(alice)

    assert sessions.sessions_of(alice) == []
    assert sessions.find_session(token) is None


def test_the_last_admin_is_not_deleted_even_if_never_signed_in(
    session: Session, alice: User
) -> None:
    with pytest.raises(AopsError, match="last active administrator"):
        services.refuse_deletion(alice)


def test_who_has_signed_in_is_deactivated_instead_of_deleted(session: Session, oscar: User) -> None:
    services.authenticate("oscar", PASSWORD, SOURCE)
    session.refresh(oscar)

    with pytest.raises(AopsError, match="Deactivate"):
        services.refuse_deletion(oscar)


def test_a_change_and_its_line_stand_or_fall_together(session: Session, alice: User) -> None:
    session.commit()
    with acting_as(Actor("alice", alice.id)):
        services.create_user("dora", Role.VIEWER, PASSWORD)
    assert "dora" in _log(session, "user.created")

    session.rollback()

    assert services.find_user("dora") is None
    assert "dora" not in _log(session, "user.created")


def _refusal(username: str, password: str) -> str:
    with pytest.raises(services.SignInRefused) as refused:
        services.authenticate(username, password, SOURCE)
    return str(refused.value)


def _timed(username: str, number: int) -> float:
    start = time.process_time()
    with pytest.raises(services.SignInRefused, match="do not fit"):
        services.authenticate(username, "wrong", f"192.0.2.{number}")
    return time.process_time() - start


def _log(session: Session, action: str) -> str:
    lines = session.scalars(select(AuditEntry.object_name).where(AuditEntry.action == action))
    return " ".join(lines)


@pytest.fixture
def real_hashes() -> PasswordHasher:
    """Says that this test wants Argon2's real parameters."""
    return passwords.hasher
