"""Somebody asks by command: whom they read for, what they may read, the answer, put down."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from getpass import getuser
from pathlib import Path

from mesh_defs.access.reading.audit import DENIED, REFUSED, Audit, Count, Reader
from mesh_defs.access.reading.library import AsOf, Library, Readable
from mesh_defs.access.reading.questions import Answer, answer, named_products
from mesh_defs.access.reading.rights import Denied, consumers_of
from mesh_defs.model import MeshError
from mesh_defs.storage.ledger import Sisters

ACTOR = "MESH_ACTOR"


def reader_named(name: str | None) -> str:
    """Who reads: as said, else MESH_ACTOR, else the user of the system."""
    return name or os.environ.get(ACTOR) or getuser()


@contextmanager
def asking(
    root: Path, name: str | None, sql: str, seconds: float | None = None
) -> Iterator[tuple[Answer, Sequence[Readable]]]:
    """The answer to a question in SQL, for somebody; and what it was read from."""
    who = reader_named(name)
    names = named_products(sql)
    library = Library(root)
    audit, reader = Audit(Sisters.open(library.state)), Reader(who, "mesh query")
    found = [found_for(library, audit, reader, address) for address in names]
    with ExitStack() as stack:
        counts = [stack.enter_context(audit.reading(reader, each, None)) for each in found]
        answered = stack.enter_context(answer(library.state, sql, found, seconds))
        yield Answer(answered.columns, _counted(answered.rows, counts)), found


def found_for(
    library: Library,
    audit: Audit,
    reader: Reader,
    address: str,
    version: int | None = None,
    as_of: AsOf = None,
) -> Readable:
    """What somebody may read at an address. That they may not is put down, too."""
    try:
        return library.find(consumers_of(library.mesh, reader.who), address, version, as_of)
    except MeshError as error:
        outcome = DENIED if isinstance(error, Denied) else REFUSED
        audit.refused(reader, address, version, outcome)
        raise


def _counted(
    rows: Iterator[tuple[object, ...]], counts: Sequence[Count]
) -> Iterator[tuple[object, ...]]:
    for row in rows:
        for count in counts:
            count.rows += 1
        yield row
