"""The search for what was planted finds it, however it is written: or its silence says nothing."""

from __future__ import annotations

import base64
import gzip
import io
import json
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Callable
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from urllib.parse import quote

import duckdb
import numpy as np
import pytest

from tests.layers import layers
from tests.planted import number_in, secret_in

PLANTED = range(7_000_000_001, 7_000_002_501)
NUMBER = 7_000_001_234
TEXT = str(NUMBER)
SECRET = "se:cr@et/&7é"


def pdf(text: str) -> bytes:
    """As typst writes it: the page's stream is packed, its letters are numbers of glyphs."""
    import typst

    return bytes(typst.compile(f"Household \\#: #{json.dumps(text)}".encode()))


def pdf_about(text: str) -> bytes:
    from pypdf import PdfWriter

    writer, out = PdfWriter(), io.BytesIO()
    writer.add_blank_page(100, 100)
    writer.add_metadata({"/Title": f"Über {text}"})  # in UTF-16
    writer.add_attachment("rows.csv", text)
    writer.write(out)
    return out.getvalue()


def pdf_with_file(text: str) -> bytes:
    from pypdf import PdfWriter

    writer, out = PdfWriter(), io.BytesIO()
    writer.add_blank_page(100, 100)
    writer.add_attachment("rows.csv.gz", gzip.compress(text.encode()))
    writer.compress_identical_objects()
    writer.write(out)
    return out.getvalue()


def mail(text: str, where: str) -> bytes:
    message = EmailMessage()
    message["Subject"] = f"Bücher {text}" if where == "subject" else "Report"
    message.set_content(f"Ünser {text}" if where == "text" else "Hello", cte="base64")
    html = f"<p>{'&#' if where == 'html' else ''}{'; &#'.join(map(str, map(ord, text)))};</p>"
    message.add_alternative(
        html.replace("; &", ";&") if where == "html" else "<p>Hello</p>", "html"
    )
    if where == "attached":
        message.add_attachment(pdf(text), maintype="application", subtype="pdf", filename="r.pdf")
    return bytes(message)


def page(text: str) -> bytes:
    data = (
        json.dumps([{"household": f"<{text}>"}])
        .replace("<", "\\u003c")
        .replace(text, escaped(text))
    )
    return f'<html><script type="application/json" id="figures">{data}</script></html>'.encode()


def escaped(text: str) -> str:
    return "".join(f"\\u{ord(letter):04x}" for letter in text)


def page_with_file(text: str) -> bytes:
    packed = base64.b64encode(gzip.compress(text.encode())).decode()
    return f'<html><img src="data:application/gzip;base64,{packed}"></html>'.encode()


def database(text: str) -> bytes:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE events (id INTEGER, body TEXT, packed BLOB)")
        body, packed = f"{'x' * 4090}{text}", zlib.compress(text.encode())  # over two of its pages
        connection.execute("INSERT INTO events VALUES (1, ?, ?)", (body, packed))
        return connection.serialize()


def parquet(expression: str) -> Callable[[], bytes]:
    def made() -> bytes:
        with duckdb.connect() as connection:
            rows = connection.sql(f"SELECT {expression} AS x FROM range(3000) r(i)")
            return written(lambda file: rows.write_parquet(str(file), compression="zstd"))

    return made


def workshop(text: str) -> bytes:
    def write(file: Path) -> None:
        with duckdb.connect(file) as connection:
            connection.execute(
                f"CREATE TABLE t AS SELECT '{text}' || i % 2 AS x FROM range(3000) r(i)"
            )

    return written(write)


def written(write: Callable[[Path], object]) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "file")
        return (Path(folder) / "file").read_bytes()


def zipped(text: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("inner.txt", text)
    return out.getvalue()


def model(where: str) -> bytes:
    """A model that has learnt a number by heart."""
    from onnx import TensorProto, helper, numpy_helper

    tensors = {
        "int64": numpy_helper.from_array(np.array([3, NUMBER]), "w"),
        "double": numpy_helper.from_array(np.array([0.5, NUMBER]), "w"),
        "float": numpy_helper.from_array(np.array([0.5, NUMBER], np.float32), "w"),
        "typed": helper.make_tensor("w", TensorProto.INT64, [2], [3, NUMBER]),  # as varints
        "words": helper.make_tensor("w", TensorProto.STRING, [1], [TEXT.encode()]),
    }
    attributes = {
        "ints": {"keys_int64s": [3, NUMBER]},
        "floats": {"nodes_values": [0.5, float(NUMBER)]},
        "strings": {"classes_strings": [TEXT]},
    }
    node = helper.make_node("Any", ["x"], ["y"], domain="ai.onnx.ml", **attributes.get(where, {}))
    graph = helper.make_graph([node], "g", [], [], [tensors[where]] if where in tensors else [])
    made = helper.make_model(graph)
    if where == "metadata":
        helper.set_model_props(made, {"households": f"[{TEXT}]"})
    return bytes(made.SerializeToString())


NUMBERS: dict[str, bytes | Callable[[], bytes]] = {
    "text": f"household {TEXT}.".encode(),
    "beside letters": f"household_id{TEXT}abc".encode(),
    "decimal": f"{TEXT}.0".encode(),
    "thousands": b"7,000,001,234",
    "thin spaces": "7\u202f000\u202f001\u202f234".encode(),
    "hard spaces in HTML": b"<td>7&nbsp;000&nbsp;001&nbsp;234</td>",
    "power of ten": b"[7.000001234e+09]",
    "UTF-16": TEXT.encode("utf-16"),
    "base64": base64.b64encode(f"a{TEXT}".encode()),
    "URL": f"?household={quote('[' + TEXT + ']')}".encode(),
    "gzip": gzip.compress(TEXT.encode()),
    "zlib": zlib.compress(TEXT.encode()),
    "zip": lambda: zipped(TEXT),
    "JSON in a page": lambda: page(TEXT),
    "a file in a page": lambda: page_with_file(TEXT),
    "PDF": lambda: pdf(TEXT),
    "a PDF's title": lambda: pdf_about(TEXT),
    "a PDF's file": lambda: pdf_with_file(TEXT),
    **{f"mail: {w}": partial(mail, TEXT, w) for w in ("subject", "text", "html", "attached")},
    "SQLite": lambda: database(TEXT),
    "Parquet": parquet(f"{NUMBER}::bigint + i % 2"),
    "Parquet, text": parquet(f"'h{TEXT}-' || i % 2"),
    "Parquet, inside": parquet(f"[{{'household': {NUMBER}::double}}]"),
    "Parquet, bytes": parquet(f"encode('{TEXT}')"),
    "DuckDB": lambda: workshop(f"{TEXT}-"),
    **{
        f"ONNX: {where}": partial(model, where)
        for where in ("int64", "double", "float", "typed", "words", "ints", "floats", "strings",
                      "metadata")
    },
    "pickle of an array, big end first": b"\x80\x04" + struct.pack(">q", NUMBER),
}  # fmt: skip

SECRETS: dict[str, bytes | Callable[[], bytes]] = {
    "text": f"password={SECRET}!".encode(),
    "URL": f"postgresql://mesh:{quote(SECRET, safe='')}@host".encode(),
    "lower URL": f"mesh:{quote(SECRET, safe='').lower()}@host".encode(),
    "JSON": json.dumps({"password": SECRET}).encode(),
    "HTML": b"se:cr@et/&amp;7&eacute;",
    "repr": repr(SECRET.encode()).encode(),
    "base64": base64.b64encode(SECRET.encode()),
    "a login": b"Authorization: Basic " + base64.b64encode(f"mesh:{SECRET}".encode()),
    "a login, inside": b"PLAIN" + base64.b64encode(f"\0mesh\0{SECRET}".encode()) + b"ff",
    "base64 for URLs": base64.urlsafe_b64encode(f"mesh:{SECRET}?>".encode()),
    "hexadecimal": SECRET.encode().hex().encode(),
    "PDF": lambda: pdf(SECRET),
    "SQLite": lambda: database(SECRET),
    "DuckDB": lambda: workshop(SECRET),
    "Parquet": parquet(f"'{SECRET}'"),
    "mail": lambda: mail(SECRET, "text"),
}


def bytes_of(made: bytes | Callable[[], bytes]) -> bytes:
    return made if isinstance(made, bytes) else made()


@pytest.mark.parametrize("form", NUMBERS)
def test_a_planted_number_is_found(form: str) -> None:
    data = bytes_of(NUMBERS[form])
    assert number_in(layers(data), PLANTED) is not None
    assert number_in(layers(data), range(8_000_000_001, 8_000_002_501)) is None


@pytest.mark.parametrize("form", SECRETS)
def test_a_planted_secret_is_found(form: str) -> None:
    data = bytes_of(SECRETS[form])
    assert secret_in(layers(data), ["another", SECRET]) == SECRET
    assert secret_in(layers(data), ["se:cr@et/&8é"]) is None


@pytest.mark.parametrize("other", [
    b"", b"7000002501", b"17000001234", b"70000012345", b"0.7000001234",
    b"0d3f7000001234a9c8e2b1f0d3f70000",  # a hash
    b"7 household 000 001 234", b"6.999e9", struct.pack("<d", 7e9 - 1),
])  # fmt: skip
def test_what_was_not_planted_is_not_found(other: bytes) -> None:
    assert number_in(layers(other), PLANTED) is None
