"""Takes what somebody wrote apart, as its reader would: files, tables, streams, what is quoted.

A pure function of bytes. What is looked for in them is not here, and no test is.
"""

from __future__ import annotations

import base64
import gzip
import io
import re
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from email import message_from_bytes, policy
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import duckdb

_DEEP = 5
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{12,}={0,2}")
_ESCAPED = re.compile(rb"\\u([0-9a-fA-F]{4})")
_BYTE = re.compile(rb"\\x([0-9a-fA-F]{2})")


def layers(data: bytes, deep: int = 0) -> Iterator[bytes]:
    """The bytes, and whatever is in them."""
    yield data
    if deep == _DEEP:
        return
    try:
        for inner in _opened(data):
            if inner != data:
                yield from layers(inner, deep + 1)
    except Exception:
        if not deep:  # something inside may only look like a file
            raise


def is_packed(data: bytes) -> bool:
    """Whether it is a file that has to be opened to be read."""
    return _opener(data) is not None


def _opened(data: bytes) -> Iterator[bytes]:
    """What is one step inside: of a file by how it begins, of a text by how it is quoted."""
    if opener := _opener(data):
        yield from opener(data)
        return
    if re.search(rb"^MIME-Version:", data[:10_000], re.M | re.I):
        yield from _mail(data)
    yield _unquoted(data)
    files: list[bytes] = []
    rest: list[bytes] = []
    for found in _BASE64.finditer(data):
        inner = _unpacked(found[0])
        (files if _opener(inner) else rest).append(inner)
    yield from files
    yield b"\n".join(rest)


def _opener(data: bytes) -> Callable[[bytes], Iterator[bytes]] | None:
    if data[8:12] == b"DUCK":
        return _duckdb
    return next((opener for begins, opener in _FILES.items() if data.startswith(begins)), None)


def _unquoted(data: bytes) -> bytes:
    """Without the quoting of URLs, of HTML, of JSON, and without the zeros of UTF-16."""
    for _ in range(_DEEP):
        before = data
        if b"\0" in data:
            data = data.replace(b"\0", b"")
        if b"&" in data:
            data = unescape(data.decode("utf-8", "surrogateescape")).encode(
                "utf-8", "surrogateescape"
            )
        if b"%" in data:
            data = unquote_to_bytes(data)
        if b"\\u" in data:
            data = _ESCAPED.sub(lambda c: chr(int(c[1], 16)).encode(errors="replace"), data)
        if b"\\x" in data:
            data = _BYTE.sub(lambda c: bytes.fromhex(c[1].decode()), data)
        if data == before:
            break
    return data


def _unpacked(text: bytes) -> bytes:
    plain = text.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    plain = plain[: len(plain) - (len(plain) % 4 == 1)]
    return base64.b64decode(plain + b"=" * (-len(plain) % 4))


def _pdf(data: bytes) -> Iterator[bytes]:
    from pypdf import PdfReader
    from pypdf.generic import IndirectObject, StreamObject

    reader = PdfReader(io.BytesIO(data))
    for number in {n for told in reader.xref.values() for n in told} | set(reader.xref_objStm):
        there = reader.get_object(IndirectObject(number, 0, reader))
        if isinstance(there, StreamObject):
            yield there.get_data()
        yield "\n".join(_strings(there)).encode()
    for page in reader.pages:
        yield page.extract_text().encode()


def _strings(there: Any) -> Iterator[str]:
    """The texts of a PDF's object, but not of those that it points to."""
    from pypdf.generic import DictionaryObject, IndirectObject

    if isinstance(there, DictionaryObject):
        for name in there:
            yield from _strings(there.raw_get(name))
    elif isinstance(there, list):
        for n in range(len(there)):
            yield from _strings(list.__getitem__(there, n))
    elif not isinstance(there, IndirectObject):
        yield there.decode(errors="replace") if isinstance(there, bytes) else str(there)


def _mail(data: bytes) -> Iterator[bytes]:
    mail = message_from_bytes(data, policy=policy.default)
    for part in mail.walk():
        yield "\n".join(f"{name}: {said}" for name, said in part.items()).encode()
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            yield content


def _sqlite(data: bytes) -> Iterator[bytes]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(data[:18] + b"\1\1" + data[20:])  # without a log beside it
        names = [n for (n,) in connection.execute("SELECT name FROM sqlite_master "
                                                  "WHERE type = 'table'")]  # fmt: skip
        for name in ("sqlite_master", *names):
            quoted = name.replace('"', '""')
            cells = [c for row in connection.execute(f'SELECT * FROM "{quoted}"') for c in row]
            yield "\n".join(str(cell) for cell in cells if not isinstance(cell, bytes)).encode()
            yield from (cell for cell in cells if isinstance(cell, bytes))


def _parquet(data: bytes) -> Iterator[bytes]:
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file, _quiet() as connection:
        Path(file.name).write_bytes(data)
        yield from _columns(connection, "read_parquet($file)", {"file": file.name})
        said = connection.execute(
            "SELECT key, value FROM parquet_kv_metadata($file)", {"file": file.name}
        )
        yield from (cell for row in said.fetchall() for cell in row)


def _duckdb(data: bytes) -> Iterator[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "opened.duckdb"
        file.write_bytes(data)
        with _quiet(file, read_only=True) as connection:
            said = connection.execute(
                "SELECT sql FROM duckdb_views() UNION ALL SELECT sql FROM duckdb_tables() "
                "UNION ALL SELECT macro_definition FROM duckdb_functions() WHERE NOT internal"
            )
            yield "\n".join(str(sql) for (sql,) in said.fetchall()).encode()
            tables = connection.execute("SELECT schema_name, table_name FROM duckdb_tables()")
            for names in tables.fetchall():
                quoted = ".".join('"{}"'.format(name.replace('"', '""')) for name in names)
                yield from _columns(connection, quoted, {})


def _quiet(file: Path | str = ":memory:", read_only: bool = False) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(file, read_only=read_only)
    connection.execute("SET enable_progress_bar = false")
    return connection


def _columns(
    connection: duckdb.DuckDBPyConnection, table: str, values: dict[str, Any]
) -> Iterator[bytes]:
    """Each column's values, as text; those that are bytes, as they are."""
    described = connection.execute(f"SELECT * FROM {table} LIMIT 0", values).description or []
    for name, kind, *_ in described:
        quoted = '"{}"'.format(name.replace('"', '""'))
        if str(kind) in ("BLOB", "BINARY"):
            cells = connection.execute(f"SELECT DISTINCT {quoted} FROM {table}", values)
            yield from (cell for (cell,) in cells.fetchall() if cell is not None)
            continue
        each = f"SELECT DISTINCT {quoted}::VARCHAR AS t FROM {table}"
        text = connection.execute(f"SELECT string_agg(t, chr(10)) FROM ({each})", values).fetchone()
        yield name.encode()
        if text and text[0] is not None:
            yield text[0].encode()


def _gzip(data: bytes) -> Iterator[bytes]:
    yield gzip.decompress(data)


def _zlib(data: bytes) -> Iterator[bytes]:
    try:
        yield zlib.decompress(data)
    except zlib.error:
        return  # a text that begins with an x


def _zip(data: bytes) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        for name in packed.namelist():
            yield name.encode()
            yield packed.read(name)


_FILES: dict[bytes, Callable[[bytes], Iterator[bytes]]] = {
    b"%PDF": _pdf,
    b"PAR1": _parquet,
    b"SQLite format 3\0": _sqlite,
    b"PK\x03\x04": _zip,
    b"\x1f\x8b": _gzip,
    b"\x78\x01": _zlib,
    b"\x78\x9c": _zlib,
    b"\x78\xda": _zlib,
}
