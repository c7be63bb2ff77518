"""Holds what is read of each nasty inventory in ``samples/`` against Ansible's own reading."""

import io
import tarfile
from pathlib import Path

import pytest
from flask import Flask

from aops.inventory.imports.models import ImportKind
from aops.inventory.reading import Reading, read_upload
from aops.inventory.rendering import render_rows
from tests.inventory.ansible_lists import Listed, of_answer, of_text
from tests.inventory.read_apps import reading_app

__all__ = ["reading_app"]

SAMPLES = sorted(path for path in Path(__file__).with_name("samples").iterdir())
MOVED = {"precedence"}
"""Where files beside the inventory beat it, only the effective values can stay."""


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_what_is_read_lists_as_the_original_does(
    reading_app: Flask, sample: Path, tmp_path: Path
) -> None:
    original = _original(sample, tmp_path)

    reading = _read(sample)

    copy = of_text(render_rows(reading.snapshot.rows), tmp_path, "copy.yml")
    assert copy.as_json(export=False) == original.as_json(export=False)
    if sample.name not in MOVED:
        assert copy.as_json(export=True) == original.as_json(export=True)
    assert copy.matching("all") == original.matching("all")


def _read(sample: Path) -> Reading:
    if sample.is_dir():
        return read_upload(ImportKind.ARCHIVE, _packed(sample), f"{sample.name}.tar.gz")
    return read_upload(ImportKind.ANSIBLE, sample.read_bytes(), sample.name)


def _original(sample: Path, tmp_path: Path) -> Listed:
    if sample.name == "script.json":
        return of_answer(sample.read_text(), tmp_path)
    path = sample / "hosts" if (sample / "hosts").exists() else sample
    return Listed(path, "yaml,ini,toml")


def _packed(folder: Path) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.add(folder, folder.name)
    return packed.getvalue()
