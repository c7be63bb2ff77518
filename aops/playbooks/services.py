"""Saving and reading playbooks; every text that was saved stays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from flask_babel import gettext as _
from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import defer

from aops.core import actor, clock
from aops.core.actor import Actor
from aops.core.database import session
from aops.core.errors import AopsError
from aops.playbooks import checks
from aops.playbooks.models import Playbook, PlaybookRevision

_MAX_MESSAGE = 255


def save(
    playbook: Playbook, content: str, message: str = "", author: Actor | None = None
) -> PlaybookRevision | None:
    """Store a text as the playbook's next revision, if it differs from the newest.

    Args:
        playbook: New or stored. Its version goes up with the text, so that of two
            people who save at once the second gets SQLAlchemy's StaleDataError.
        content: YAML; line ends are made LF.
        message: Why it was saved.
        author: The current actor when None.

    Returns:
        The new revision, or None if there was nothing new.

    Raises:
        AopsError: At ``content`` or ``message``.
    """
    content = normalised(content)
    if problems := checks.problems_of(content):
        raise AopsError(" ".join(problems), field="content")
    if len(message) > _MAX_MESSAGE:
        raise AopsError(
            _("This is too long: at most %(n)d characters are allowed.", n=_MAX_MESSAGE),
            field="message",
        )
    with session().no_autoflush:
        newest = newest_revision(playbook)
    if newest is not None and newest.content == content:
        return None
    return _add_revision(playbook, content, message, author or actor.current(), newest)


def restore(revision: PlaybookRevision) -> PlaybookRevision | None:
    """Make an old text the newest again, as a revision of its own.

    Returns:
        The new revision, or None if that text is the newest already.
    """
    message = _("Restored revision %(number)d", number=revision.number)
    return save(revision.playbook, revision.content, message)


def newest_revision(playbook: Playbook) -> PlaybookRevision | None:
    """Give the text that a launch would run; None before the first was saved."""
    return session().scalar(
        select(PlaybookRevision)
        .where(PlaybookRevision.playbook_id == playbook.id)
        .order_by(PlaybookRevision.number.desc())
        .limit(1)
    )


def newest_revisions(playbooks: Iterable[Playbook]) -> dict[int, PlaybookRevision]:
    """Give the newest revision of many playbooks by their ids, without the texts."""
    newest = (
        select(PlaybookRevision.playbook_id, func.max(PlaybookRevision.number))
        .where(PlaybookRevision.playbook_id.in_([playbook.id for playbook in playbooks]))
        .group_by(PlaybookRevision.playbook_id)
    )
    rows = session().scalars(
        select(PlaybookRevision)
        .options(defer(PlaybookRevision.content, raiseload=True))
        .where(tuple_(PlaybookRevision.playbook_id, PlaybookRevision.number).in_(newest))
    )
    return {row.playbook_id: row for row in rows}


def find_revision(playbook: Playbook, number: int) -> PlaybookRevision | None:
    """Give one text of a playbook."""
    return session().scalar(
        select(PlaybookRevision).where(
            PlaybookRevision.playbook_id == playbook.id, PlaybookRevision.number == number
        )
    )


def revisions_of(
    playbook: Playbook, *, before: int | None = None, limit: int = 50
) -> Sequence[PlaybookRevision]:
    """Give revisions from the newest down, without their texts.

    Args:
        playbook: Whose.
        before: Begin below this number; None begins at the newest.
        limit: How many at most.
    """
    query = (
        select(PlaybookRevision)
        .options(defer(PlaybookRevision.content, raiseload=True))
        .where(PlaybookRevision.playbook_id == playbook.id)
        .order_by(PlaybookRevision.number.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(PlaybookRevision.number < before)
    return session().scalars(query).all()


def normalised(content: str) -> str:
    """Give a text with LF line ends and one at its end, however it was typed."""
    lines = content.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    return f"{lines}\n"


def _add_revision(
    playbook: Playbook,
    content: str,
    message: str,
    author: Actor,
    newest: PlaybookRevision | None,
) -> PlaybookRevision:
    revision = PlaybookRevision(
        playbook=playbook,
        number=1 if newest is None else newest.number + 1,
        content=content,
        sha256=hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest(),
        message=message,
        author_id=author.user_id,
        author_name=author.name,
    )
    playbook.updated_at = clock.now()  # an UPDATE that names the version: see ``save``
    session().add(revision)
    return revision
