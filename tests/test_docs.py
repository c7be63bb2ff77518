"""What the documents say is what the code does."""

import re
from pathlib import Path

import pytest

from aops.cli import doctor
from aops.config import SETTINGS
from tests.embedded import PROJECT

DOCUMENTS = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")], key=str)


def test_the_table_of_settings_is_that_of_the_code():
    text = (PROJECT / "docs" / "settings.md").read_text()

    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| (.*?) \| (.*) \|$", text, re.MULTILINE)

    assert rows == [
        (
            setting.name,
            f"`{setting.default}`" if setting.default else "unset",
            setting.hint,
            setting.text,
        )
        for setting in SETTINGS
    ]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_link_within_the_documents_leads_somewhere(path: Path):
    targets = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", path.read_text())

    missing = [
        target
        for target in targets
        if not target.startswith("https://") and not (path.parent / target).exists()
    ]

    assert missing == []


def test_both_readmes_tell_the_same_commands():
    english, chinese = (_code(PROJECT / name) for name in ("README.md", "README.zh.md"))

    assert english == chinese
    assert len(english) == 3


def test_every_make_target_of_the_documents_exists():
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))

    named = {
        word
        for path in DOCUMENTS
        for command in re.findall(r"(?:`|^)make ([a-z ]+)", path.read_text(), re.MULTILINE)
        for word in command.split()
    }

    assert named - targets == set()
    assert {"run", "test", "lint"} <= named


def test_every_check_of_the_doctor_is_in_the_manual():
    manual = (PROJECT / "docs" / "production.md").read_text()

    missing = [name for name, _ in doctor.CHECKS if name.split()[-1].lower() not in manual.lower()]

    assert missing == []


def test_decisions_are_numbered_without_gaps_and_have_the_same_headings():
    decisions = sorted((PROJECT / "docs" / "decisions").glob("*.md"))

    numbers = [int(path.name.partition("-")[0]) for path in decisions]
    headings = {
        tuple(re.findall(r"^## (.*)$", path.read_text(), re.MULTILINE)) for path in decisions
    }

    assert numbers == list(range(1, len(decisions) + 1))
    assert headings == {("Context", "Decision", "Status", "Consequences")}


def _code(path: Path) -> list[str]:
    """Give the blocks that are to be typed, without their comments."""
    blocks = re.findall(r"^```(?:shell|sql)\n(.*?)^```", path.read_text(), re.MULTILINE | re.DOTALL)
    return [re.sub(r" +#.*", "", block) for block in blocks]
