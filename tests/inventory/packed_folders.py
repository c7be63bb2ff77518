"""Packs folders for a reading, and lays them out for Ansible."""

import io
import tarfile
from pathlib import Path

from ansible.plugins.vars import host_group_vars

from aops.inventory.imports.models import ImportKind
from aops.inventory.reading import Reading, read_upload
from tests.inventory.ansible_lists import Listed


def read(files: dict[str, bytes]) -> Reading:
    """Read files as an upload of one archive."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return read_upload(ImportKind.ARCHIVE, packed.getvalue(), "inventory.tar.gz")


def original(files: dict[str, bytes], inner: str, tmp_path: Path) -> Listed:
    """Give what Ansible itself makes of files, of what is called ``inner`` in them."""
    host_group_vars.NAK.clear()
    folder = tmp_path / "original"
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return Listed(folder / inner, "yaml,ini,toml", strictly=False)
