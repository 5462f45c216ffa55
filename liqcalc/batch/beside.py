"""A file that appears whole or not at all: written beside its place, then renamed."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from gzip import GzipFile
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from liqcalc.batch.formats import STANDARD
from liqcalc.batch.reading import refused

if TYPE_CHECKING:
    from collections.abc import Generator

_FORCE = "--force (force=True) replaces it"
_FAST = 1


def check(name: str, *, force: bool) -> None:
    """Refuse a file that could not be written, before anything is computed.

    Raises:
        InputError: there is one of that name, it is none, or it has no folder.
    """
    path = Path(name)
    if name == STANDARD:
        return
    if path.is_dir():
        raise refused(name, "is a folder, not a file")
    if path.exists() and not path.is_file():
        raise refused(name, "is no ordinary file", "- writes to standard output")
    if path.exists() and not force:
        raise refused(name, "there is such a file already", _FORCE)
    if not path.parent.is_dir():
        raise refused(name, f"there is no folder {str(path.parent)!r}")


@contextmanager
def written_whole(name: str, *, force: bool, gzip: bool) -> Generator[IO[bytes]]:
    """Give a stream whose bytes become the file called `name` once all went well.

    Args:
        name: a path, or ``-`` for standard output.
        force: whether a file of that name is replaced.
        gzip: whether the bytes are compressed.

    Raises:
        InputError: as `check`, or the file cannot be written.
    """
    check(name, force=force)
    if name == STANDARD:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    place = Path(name).resolve()
    beside = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as raw, _packed(raw, gzip=gzip) as stream:
            yield stream
        check(name, force=force)
        beside.replace(place)
    except OSError as error:
        raise refused(name, f"cannot be written: {error.strerror or error}") from None
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def _packed(raw: IO[bytes], *, gzip: bool) -> Generator[IO[bytes]]:
    if not gzip:
        yield raw
        return
    with GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=_FAST) as packed:
        yield cast("IO[bytes]", packed)
