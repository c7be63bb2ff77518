"""Files that are other than usual while a test looks."""

import contextlib
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replaced(path: Path, content: bytes) -> Iterator[None]:
    """Put other content into a file while the block runs."""
    before = path.read_bytes()
    path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(before)
