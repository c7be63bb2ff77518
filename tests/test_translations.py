from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import polib
import pytest
from flask import Flask
from flask_babel import force_locale, gettext

from aops.core.i18n import LOCALES
from aops.jobs import lifecycle, reasons

SCRIPT = Path(__file__).parent.parent / "scripts" / "translations.py"
PLACEHOLDER = re.compile(r"%\((\w+)\)([sd])|%%|\{(\w*)\}")
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff] ?[,;:?!](?!\S| 值)")  # “名称: 值” is YAML's


def test_every_sentence_is_found_by_the_extraction(sentences: polib.POFile) -> None:
    found = [lifecycle.PROCESS_DIED, *reasons.all_sentences()]
    found += ["Jobs", "Launch", "Waiting", "Live: new lines appear as they come."]

    assert [text for text in found if sentences.find(text) is None] == []
    assert len(sentences) > 500


def test_every_sentence_is_translated(sentences: polib.POFile, chinese: polib.POFile) -> None:
    assert untranslated(sentences, chinese) == []


def test_a_new_sentence_would_be_noticed(chinese: polib.POFile) -> None:
    new = [polib.POEntry(msgid="Nobody has translated this.")]

    assert untranslated(new, chinese) == ["Nobody has translated this."]


def test_no_translation_is_left_over(sentences: polib.POFile, chinese: polib.POFile) -> None:
    assert [entry.msgid for entry in chinese if sentences.find(entry.msgid) is None] == []
    assert chinese.obsolete_entries() == []


def test_no_translation_waits_for_a_second_look(chinese: polib.POFile) -> None:
    assert [entry.msgid for entry in chinese.fuzzy_entries()] == []


def test_a_translation_fills_in_what_its_sentence_does(chinese: polib.POFile) -> None:
    differing = [
        (english, translated)
        for english, translated in pairs(chinese)
        if placeholders(english) != placeholders(translated)
    ]

    assert differing == []


def test_a_translation_keeps_the_blanks_around_its_sentence(chinese: polib.POFile) -> None:
    assert [pair for pair in pairs(chinese) if edges(pair[0]) != edges(pair[1])] == []


def test_chinese_sentences_use_chinese_punctuation(chinese: polib.POFile) -> None:
    assert [text for _english, text in pairs(chinese) if HALF_WIDTH.search(text)] == []


def test_a_reason_is_shown_in_the_readers_language(app: Flask, script: ModuleType) -> None:
    script.compile_all()

    with app.test_request_context(), force_locale("zh_Hans_CN"):
        shown = [reasons.shown(lifecycle.PROCESS_DIED), gettext("Home")]

    assert all(re.search(r"[\u4e00-\u9fff]", text) for text in shown)


def test_every_offered_language_but_english_has_its_catalogue(script: ModuleType) -> None:
    languages = {path.parent.parent.name for path in script.CATALOGUES}

    assert languages == set(LOCALES) - {"en"}


def untranslated(sentences: list[polib.POEntry], catalogue: polib.POFile) -> list[str]:
    known = {entry.msgid for entry in catalogue.translated_entries()}
    return [entry.msgid for entry in sentences if entry.msgid not in known]


def pairs(catalogue: polib.POFile) -> list[tuple[str, str]]:
    """Give each English text with its translation; a plural's two with the last form."""
    found = []
    for entry in catalogue:
        translated = (
            entry.msgstr_plural[max(entry.msgstr_plural)] if entry.msgid_plural else entry.msgstr
        )
        found += [(english, translated) for english in (entry.msgid, entry.msgid_plural) if english]
    return found


def placeholders(text: str) -> list[str]:
    return sorted(match.group() for match in PLACEHOLDER.finditer(text))


def edges(text: str) -> tuple[str, str]:
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("translations", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def sentences(script: ModuleType) -> polib.POFile:
    return script.extract()


@pytest.fixture(scope="module")
def chinese(script: ModuleType) -> polib.POFile:
    [catalogue] = script.CATALOGUES
    return polib.pofile(str(catalogue))
