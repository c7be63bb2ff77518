#!/usr/bin/env python3
"""Keeps the catalogues in step with the code.

    scripts/translations.py update [FILE.json …]   take over new texts, drop old ones
    scripts/translations.py missing                print, as JSON, what is not translated yet
    scripts/translations.py compile                write what the application reads

A JSON file maps English to the other language; a plural stands under its singular.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from aops.jobs.reasons import all_sentences  # noqa: E402 - the package lies beside this folder

CATALOGUES = sorted((ROOT / "aops" / "translations").glob("*/LC_MESSAGES/messages.po"))
KEYWORDS = ("_", "_l", "gettext", "lazy_gettext", "ngettext:1,2", "msgid")


def extract() -> polib.POFile:
    """Give every text of the code and the templates, and the execution's sentences.

    The execution knows nothing of translation, so that its sentences are added here.
    """
    keywords = [part for keyword in KEYWORDS for part in ("-k", keyword)]
    with tempfile.NamedTemporaryFile(suffix=".pot") as file:
        subprocess.run(
            [
                *(sys.executable, "-m", "babel.messages.frontend", "--quiet", "extract"),
                *("-F", "babel.cfg", *keywords),
                *("--no-location", "--sort-output", "--omit-header", "-o", file.name, "."),
            ],
            cwd=ROOT,
            check=True,
        )
        template = polib.pofile(file.name)
    known = {entry.msgid for entry in template}
    template.extend(polib.POEntry(msgid=text) for text in sorted({*all_sentences()} - known))
    return template


def update(*files: str) -> None:
    """Merge what was extracted into every catalogue; what is gone is dropped."""
    template = extract()
    for path in CATALOGUES:
        catalogue = polib.pofile(str(path), wrapwidth=100)
        catalogue.merge(template)
        for entry in catalogue.obsolete_entries():
            catalogue.remove(entry)
        _keep_own_plurals(catalogue)
        for name in files:
            _fill(catalogue, json.loads(Path(name).read_text()))
        catalogue.sort(key=lambda entry: entry.msgid)
        catalogue.save()
        waiting = len(missing(template, catalogue))
        print(f"{path.relative_to(ROOT)}: {len(catalogue)} texts, {waiting} not translated")


def missing(template: polib.POFile, catalogue: polib.POFile) -> list[str]:
    """Name the texts of the code that a catalogue lacks."""
    known = {entry.msgid for entry in catalogue.translated_entries()}
    return [entry.msgid for entry in template if entry.msgid not in known]


def print_missing() -> None:
    """Print them as a JSON file that waits to be filled in."""
    template = extract()
    for path in CATALOGUES:
        texts = dict.fromkeys(missing(template, polib.pofile(str(path))), "")
        print(json.dumps(texts, ensure_ascii=False, indent=1))


def compile_all() -> None:
    """Write the binary catalogues next to the text."""
    for path in CATALOGUES:
        polib.pofile(str(path)).save_as_mofile(str(path.with_suffix(".mo")))


def _keep_own_plurals(catalogue: polib.POFile) -> None:
    """A text of two forms in English has as many as the language has, such as one."""
    number = int(catalogue.metadata["Plural-Forms"].split(";")[0].split("=")[1])
    for entry in catalogue:
        if entry.msgid_plural:
            given = entry.msgstr_plural
            entry.msgstr_plural = {form: given.get(form, "") for form in range(number)}


def _fill(catalogue: polib.POFile, texts: Mapping[str, str]) -> None:
    for entry in catalogue:
        text = texts.get(entry.msgid)
        if not text:
            continue
        if entry.msgid_plural:
            entry.msgstr_plural = dict.fromkeys(entry.msgstr_plural, text)
        else:
            entry.msgstr = text
        entry.fuzzy = False


if __name__ == "__main__":
    COMMANDS = {"update": update, "missing": print_missing, "compile": compile_all}
    if len(sys.argv) == 1 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    COMMANDS[sys.argv[1]](*sys.argv[2:])
