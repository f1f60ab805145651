"""Finds what was planted, in whatever a mesh wrote: a pure function of bytes. No test is here.

A number is looked for as text and in binary, a secret as it is written and quoted. Where, is each
layer that a file has (`tests.layers`).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from urllib.parse import quote, quote_plus

import numpy as np

from tests.layers import is_packed

_GAP = r"(?:[,.' _]|\xc2\xa0|\xe2\x80[\xaf\x89])?"  # between thousands
_DIGIT_BEFORE = re.compile(rb"[0-9]\.?\Z")
_HEX = re.compile(rb"[0-9a-fA-F]*")
_HASH = 16  # so many hexadecimal digits in a row are a hash, not a number


def number_in(layers: Iterable[bytes], planted: range) -> int | None:
    """A planted number (ten digits) that somebody who has these bytes can read."""
    return next((n for layer in layers for n in _numbers(layer, planted)), None)


def secret_in(layers: Iterable[bytes], secrets: Iterable[str]) -> str | None:
    """A secret that somebody who has these bytes can read."""
    forms = [(secret, form) for secret in secrets for form in forms_of(secret)]
    return next((secret for layer in layers for secret, form in forms if form in layer), None)


def forms_of(secret: str) -> set[bytes]:
    """How a secret may be written: plain, quoted, and in base64 wherever it begins there."""
    raw = secret.encode()
    quoted = quote(secret, safe="")
    lower = re.sub("%..", lambda found: found[0].lower(), quoted)
    texts = {secret, quoted, lower, quote(secret), quote_plus(secret), escape(secret),
             json.dumps(secret)[1:-1], raw.hex(), raw.hex().upper()}  # fmt: skip
    found = {text.encode() for text in texts}
    for before in range(3):
        whole = base64.b64encode(bytes(before) + raw)
        # The first and the last digits depend on what stands beside it.
        sure = whole[(0, 2, 3)[before] : len(whole) - (0, 3, 2)[(before + len(raw)) % 3]]
        found |= {sure, sure.translate(bytes.maketrans(b"+/", b"-_"))}
    return found


def _numbers(data: bytes, planted: range) -> Iterator[int]:
    whole, power = _patterns(planted)
    for found in whole.finditer(data):
        number, start = int(re.sub(rb"[^0-9]", b"", found[0])), found.start()
        inside = _DIGIT_BEFORE.search(data[max(start - 2, 0) : start])
        if number in planted and not inside and not _in_a_hash(data, start, found.end()):
            yield number
    for found in power.finditer(data):
        if (number := round(float(found[1]) * 1e9)) in planted:
            yield number
    if _is_text(data) or is_packed(data):  # what is packed has any four bytes somewhere
        return
    for kind in ("<i8", ">i8", "<f8", ">f8", "<f4", ">f4"):
        low, high = np.array([planted[0], planted[-1]], kind)  # as near as the type comes
        width = low.dtype.itemsize
        for start in range(min(width, len(data))):
            with np.errstate(invalid="ignore"):
                there = np.frombuffer(data, kind, (len(data) - start) // width, start)
                hits = there[(there >= low) & (there <= high)]
            yield from map(int, hits[:1])
    yield from _varints(data, planted)


@cache
def _patterns(planted: range) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """A planted number as text, and as a power of ten. They begin with a digit that is known, which
    is what makes the search fast."""
    low, high = str(planted[0]), str(planted[-1])
    same = next(n for n in range(len(low) + 1) if low[: n + 1] != high[: n + 1])
    digits = [*low[:same], *["[0-9]"] * (len(low) - same)]
    whole = "".join(_GAP * (n in (1, 4, 7)) + digit for n, digit in enumerate(digits))
    power = rf"({digits[0]}\.[0-9]{{1,17}})[eE]\+?0*9(?![0-9])"
    return re.compile(f"{whole}(?![0-9])".encode("latin-1")), re.compile(power.encode())


def _varints(data: bytes, planted: range) -> Iterator[int]:
    """Whole numbers as protobuf packs them: seven bits a byte, the lowest first."""
    ends = re.escape(_varint(planted[0])[3:]) + b"|" + re.escape(_varint(planted[-1])[3:])
    for found in re.finditer(rb"(?=([\x80-\xff]{3})(?:%b))" % ends, data):
        start = found.start()
        number = sum((byte & 127) << 7 * n for n, byte in enumerate(data[start : start + 5]))
        if number in planted:
            yield number


def _varint(number: int) -> bytes:
    digits = []
    while number >= 128:
        digits.append(number & 127 | 128)
        number >>= 7
    return bytes([*digits, number])


def _in_a_hash(data: bytes, start: int, end: int) -> bool:
    before, after = _HEX.match(data[max(start - 64, 0) : start][::-1]), _HEX.match(data, end)
    assert before
    assert after
    return len(before[0]) + len(after[0]) >= _HASH - len("7000000001")


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in data
