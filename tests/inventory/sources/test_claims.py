"""Of two who ask one refresh comes, of two workers one takes it, and the dead are buried."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from aops.core import clock
from aops.core.database import database_time
from aops.inventory.sources import claims, refreshing
from aops.inventory.sources.claims import Claim, ClaimLost
from aops.inventory.sources.models import InventorySource, RefreshStatus, SourceRefresh
from tests.inventory.sources.scripts import make_source


def test_who_asks_while_a_refresh_waits_gets_that_one(session: Session) -> None:
    source = make_source()

    first, second = claims.request(source.id, "alice"), claims.request(source.id, "bob")

    assert first == second
    assert [refresh.cause for refresh in all_refreshes(session)] == ["alice"]


def test_a_refresh_is_taken_once(session: Session) -> None:
    source = make_source()
    refresh_id = claims.request(source.id, "alice")

    taken, again = claims.claim_next(), claims.claim_next()

    assert taken == Claim(source.id, refresh_id)
    assert again is None
    assert session.get_one(SourceRefresh, refresh_id).status is RefreshStatus.RUNNING


def test_two_refreshes_of_one_source_never_run_at_once(session: Session) -> None:
    source = make_source()
    claims.request(source.id, "alice")
    first = claims.claim_next()
    second_id = claims.request(source.id, "bob")

    during = claims.claim_next()
    refreshing.fail(first, "no", seconds=1.0)
    after = claims.claim_next()

    assert during is None
    assert after == Claim(source.id, second_id)


def test_the_longest_waiting_refresh_is_taken_first(session: Session) -> None:
    sources = [make_source() for _ in range(3)]
    for source in sources:
        claims.request(source.id, "alice")

    taken = [claims.claim_next() for _ in sources]

    assert [claim.source_id for claim in taken] == [source.id for source in sources]


def test_asking_and_taking_leave_an_open_form_good(session: Session) -> None:
    source = make_source()
    session.commit()
    before = (source.version, source.updated_at)

    claims.request(source.id, "alice")
    claims.release(claims.claim_next())
    session.commit()

    assert (source.version, source.updated_at) == before


def test_a_refresh_whose_worker_died_is_ended_with_a_reason(session: Session) -> None:
    source = make_source()
    refresh_id = claims.request(source.id, "alice")
    claim = claims.claim_next()
    alive = claims.recover()
    source.lease_until = database_time() - timedelta(seconds=1)
    session.flush()

    recovered = claims.recover()

    refresh = session.get_one(SourceRefresh, refresh_id, populate_existing=True)
    assert (alive, recovered) == (0, 1)
    assert refresh.status is RefreshStatus.FAILED
    assert "The worker ended while it refreshed" in refresh.error
    assert "source.refresh_failed" in session.scalars(select(AuditEntry.action)).all()
    with pytest.raises(ClaimLost):
        claims.release(claim)


def test_a_refresh_counts_as_dead_soon_however_long_its_source_may_take(session: Session) -> None:
    source = make_source(timeout=3600)
    claims.request(source.id, "alice")

    claims.claim_next()
    session.refresh(source)

    left = (source.lease_until - database_time()).total_seconds()
    assert 3 * claims.HEARTBEAT_SECONDS < left <= claims.LEASE_SECONDS


def test_a_sign_of_life_renews_the_lease_of_who_holds_the_claim(session: Session) -> None:
    source = make_source()
    claims.request(source.id, "alice")
    claim = claims.claim_next()
    ended = source.lease_until = database_time() - timedelta(seconds=1)
    session.flush()

    claims.renew(Claim(claim.source_id, claim.refresh_id + 1))
    session.refresh(source)
    untouched = source.lease_until
    claims.renew(claim)
    session.refresh(source)

    assert untouched == ended
    assert source.lease_until > database_time()
    assert claims.recover() == 0


def test_who_lost_a_claim_writes_nothing(session: Session) -> None:
    source = make_source()
    claims.request(source.id, "alice")
    claim = claims.claim_next()
    session.delete(source)
    session.flush()

    with pytest.raises(ClaimLost):
        refreshing.question_of(claim)
    with pytest.raises(ClaimLost):
        refreshing.fail(claim, "no", seconds=1.0)


@pytest.mark.parametrize(
    ("values", "minutes_ago", "expected"),
    [
        ({"interval_minutes": 10}, None, 1),
        ({"interval_minutes": 10}, 11, 1),
        ({"interval_minutes": 10}, 100, 1),
        ({"interval_minutes": 10}, 9, 0),
        ({"interval_minutes": 0}, None, 0),
        ({"interval_minutes": 10, "enabled": False}, 11, 0),
    ],
)
def test_a_source_is_due_once_when_its_time_has_come(
    session: Session, values: dict[str, object], minutes_ago: int | None, expected: int
) -> None:
    source = make_source(**values)
    if minutes_ago is not None:
        ended(session, source, minutes_ago)

    asked = [claims.request_due(), claims.request_due()]

    assert asked == [expected, 0]
    causes = [refresh.cause for refresh in all_refreshes(session) if refresh.cause]
    assert causes == ["schedule"] * expected


def test_of_two_schedulers_that_saw_the_same_only_one_asks(session: Session) -> None:
    source = make_source(interval_minutes=10)
    newest = ended(session, source, minutes_ago=11).id
    claims._request(source.id, claims.SCHEDULE, newest=newest)
    claims.release(claims.claim_next())

    late = claims._request(source.id, claims.SCHEDULE, newest=newest)

    assert late is None


def test_a_source_that_is_being_refreshed_is_not_due(session: Session) -> None:
    source = make_source(interval_minutes=10)
    ended(session, source, minutes_ago=11)
    claims.request(source.id, "alice")
    claims.claim_next()

    assert claims.request_due() == 0


def test_the_last_hundred_refreshes_are_kept(session: Session) -> None:
    source, other = make_source(), make_source()
    ended(session, other, 5)
    for _ in range(105):
        ended(session, source, 5)
    newest = claims.request(source.id, "alice")

    claims.release(claims.claim_next())

    kept = [refresh.id for refresh in all_refreshes(session) if refresh.source_id == source.id]
    assert len(kept) == 100
    assert kept[-1] == newest
    assert len(all_refreshes(session)) == 101


def ended(session: Session, source: InventorySource, minutes_ago: int) -> SourceRefresh:
    refresh = SourceRefresh(
        source_id=source.id,
        status=RefreshStatus.FAILED,
        started_at=clock.now() - timedelta(minutes=minutes_ago),
    )
    session.add(refresh)
    session.flush()
    return refresh


def all_refreshes(session: Session) -> list[SourceRefresh]:
    return list(session.scalars(select(SourceRefresh).order_by(SourceRefresh.id)))
