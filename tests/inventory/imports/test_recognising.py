from __future__ import annotations

import io
import itertools
import tarfile
import zipfile

import openpyxl
import pytest

from aops.inventory.imports.models import ImportKind
from aops.inventory.imports.recognising import recognise


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("hosts", "web1\n")
    return buffer.getvalue()


def tarred(mode: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        archive.addfile(tarfile.TarInfo("hosts"), io.BytesIO())
    return buffer.getvalue()


def workbook() -> bytes:
    buffer = io.BytesIO()
    openpyxl.Workbook().save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("", b"[web]\nweb1\n", ImportKind.ANSIBLE),
        ("", b"all:\n  hosts: {web1: {}}\n", ImportKind.ANSIBLE),
        ("hosts.ini", b"web1 ansible_host=10.0.0.1, name=x\n", ImportKind.ANSIBLE),
        ("", b'{"_meta": {"hostvars": {}}, "name": [1, 2]}', ImportKind.ANSIBLE),
        ("inventory", b"", ImportKind.ANSIBLE),
        ("hosts.CSV", b"", ImportKind.TABLE),
        ("", b"name,groups\nweb1,web\n", ImportKind.TABLE),
        ("", b"\xef\xbb\xbfname;groups\r\nweb1;web\r\n", ImportKind.TABLE),
        ("", b'"groups"\t"Name"\n', ImportKind.TABLE),
        ("upload", workbook(), ImportKind.TABLE),
        ("upload", zipped(), ImportKind.ARCHIVE),
        ("upload", tarred("w"), ImportKind.ARCHIVE),
        ("upload", tarred("w:gz"), ImportKind.ARCHIVE),
        ("upload", tarred("w:bz2"), ImportKind.ARCHIVE),
        ("upload", tarred("w:xz"), ImportKind.ARCHIVE),
        ("site.tar.gz", b"damaged", ImportKind.ARCHIVE),
    ],
    ids=itertools.count(),  # an archive holds the time, which may not become part of a name
)
def test_an_upload_is_recognised(name: str, content: bytes, kind: ImportKind) -> None:
    assert recognise(name, content) is kind
