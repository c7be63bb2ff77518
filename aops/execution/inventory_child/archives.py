"""Unpacks an archive: regular files below one folder, within limits, or nothing.

An own extractor, because the libraries' ones create what a hostile archive asks for: links
to elsewhere, devices, names with "..". Whatever is no plain file or folder is refused by name.
"""

from __future__ import annotations

import io
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from .problems import Refused

MAX_FILES = 20_000
MAX_NAME = 255
MAX_FOLDERS = 100
_SHOWN = 100
_CHUNK = 1 << 16
_RATIO = 200
_RATIO_FROM = 8 << 20
"""Packed text shrinks to a tenth; what is far denser, and big, is made to fill disks."""

_BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError)


@dataclass(frozen=True)
class _Member:
    name: str
    kind: str
    stream: IO[bytes] | None = None


def extract(content: bytes, folder: Path, limits: dict[str, Any]) -> None:
    """Write the files of an archive.

    Raises:
        Refused: If it is none, or holds what is no plain file or folder.
    """
    budget, name = _Budget(limits["unpacked"], len(content)), ""
    try:
        for member in _members(content):
            name = member.name
            _write(member, folder, budget)
    except _BROKEN as error:
        if isinstance(error, OSError) and error.errno:
            raise Refused("file_name", name=_short(name)) from None
        raise Refused("broken_archive", detail=str(error)[:200]) from None
    except (RuntimeError, NotImplementedError):
        raise Refused("encrypted_archive") from None
    if not budget.files:
        raise Refused("nothing_in_archive")


class _Budget:
    """What an archive may still unpack to."""

    def __init__(self, size: int, packed: int) -> None:
        self.files = 0
        self._allowed = size
        self._used = 0
        self._packed = packed

    def count(self) -> None:
        self.files += 1
        if self.files > MAX_FILES:
            raise Refused("too_many_files", limit=MAX_FILES)

    def use(self, size: int) -> None:
        self._used += size
        dense = self._used > _RATIO_FROM and self._used > _RATIO * self._packed
        if self._used > self._allowed or dense:
            raise Refused("unpacks_too_big", limit=self._allowed >> 20)


def _members(content: bytes) -> Iterator[_Member]:
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        yield from _of_zip(content)
    else:
        yield from _of_tar(content)


def _of_zip(content: bytes) -> Iterator[_Member]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            if info.flag_bits & 1:
                raise Refused("encrypted_archive")
            mode = info.external_attr >> 16
            if info.is_dir():
                yield _Member(info.filename, "folder")
            elif mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                yield _Member(info.filename, "link" if stat.S_ISLNK(mode) else "device")
            else:
                with archive.open(info) as stream:
                    yield _Member(info.filename, "file", stream)


def _of_tar(content: bytes) -> Iterator[_Member]:
    with tarfile.open(fileobj=io.BytesIO(content), mode="r|*") as archive:
        for info in archive:
            if info.isdir():
                yield _Member(info.name, "folder")
            elif info.issym() or info.islnk():
                yield _Member(info.name, "link")
            elif info.isreg():
                yield _Member(info.name, "file", archive.extractfile(info))
            else:
                yield _Member(info.name, "device")


def _write(member: _Member, folder: Path, budget: _Budget) -> None:
    path = _checked(member.name)
    if path is None:
        raise Refused("leads_outside", name=_short(member.name))
    if member.kind in ("link", "device"):
        raise Refused(f"archive_{member.kind}", name=_short(member.name))
    if len(path.parts) > MAX_FOLDERS:
        raise Refused("too_many_folders", name=_short(member.name), limit=MAX_FOLDERS)
    if any(len(os.fsencode(part)) > MAX_NAME for part in path.parts):
        raise Refused("file_name_too_long", name=_short(member.name), limit=MAX_NAME)
    budget.count()
    target = folder / path
    if member.kind == "folder":
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with target.open("wb") as out:
        while member.stream and (chunk := member.stream.read(_CHUNK)):
            budget.use(len(chunk))
            out.write(chunk)


def _checked(name: str) -> PurePosixPath | None:
    """Give a path inside the folder, or None if it leads elsewhere."""
    name = name.replace("\\", "/")
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name or name[1:2] == ":":
        return None
    return path


def _short(name: str) -> str:
    return name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…"
