"""Why a job ended: stored in English, shown in the reader's language."""

from __future__ import annotations

from flask_babel import gettext

from aops.execution.reasons import SENTENCES


def msgid(text: str) -> str:
    """Mark a sentence for translation without translating it."""
    return text


def shown(reason: str) -> str:
    """Give a stored reason in the reader's language."""
    return str(gettext(reason)) if reason else ""


def all_sentences() -> list[str]:
    """Give the sentences of ``aops.execution``, which does not know about translation."""
    return [sentence for sentence in SENTENCES.values() if sentence]
