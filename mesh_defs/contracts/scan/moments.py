"""How dates and times are written as text: JDK's patterns as regular expressions and strptime.

ODCS takes the letters of JDK's DateTimeFormatter. Its own examples also write an unquoted `T`, and
`Z` for offsets that read `Z` or `+10:00`: both are taken as they are meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

TEMPORAL = ("date", "timestamp", "time")
_OFFSET = r"[+-]\d{2}:?\d{2}"
# Letters → (what the text looks like, strptime's directive).
_LETTERS = {
    **dict.fromkeys(("yyyy", "uuuu", "YYYY", "y", "u"), (r"\d{4}", "%Y")),
    **dict.fromkeys(("yy", "uu", "YY"), (r"\d{2}", "%y")),
    **dict.fromkeys(("MM", "LL"), (r"\d{2}", "%m")),
    **dict.fromkeys(("M", "L"), (r"\d{1,2}", "%-m")),
    **dict.fromkeys(("MMM", "LLL"), (r"[A-Za-z]{3}", "%b")),
    **dict.fromkeys(("MMMM", "LLLL"), (r"[A-Za-z]+", "%B")),
    **dict.fromkeys(("dd", "DD"), (r"\d{2}", "%d")),
    "d": (r"\d{1,2}", "%-d"),
    "DDD": (r"\d{3}", "%j"),
    "HH": (r"\d{2}", "%H"),
    "H": (r"\d{1,2}", "%-H"),
    "hh": (r"\d{2}", "%I"),
    "h": (r"\d{1,2}", "%-I"),
    "mm": (r"\d{2}", "%M"),
    "m": (r"\d{1,2}", "%-M"),
    "ss": (r"\d{2}", "%S"),
    "s": (r"\d{1,2}", "%-S"),
    "a": (r"[AaPp][Mm]", "%p"),
    **dict.fromkeys(("E", "EE", "EEE"), (r"[A-Za-z]{3}", "%a")),
    "EEEE": (r"[A-Za-z]+", "%A"),
    "X": (r"(Z|[+-]\d{2}(\d{2})?)", "%z"),
    "XX": (r"(Z|[+-]\d{4})", "%z"),
    "XXX": (r"(Z|[+-]\d{2}:\d{2})", "%z"),
    "x": (r"[+-]\d{2}(\d{2})?", "%z"),
    "xx": (r"[+-]\d{4}", "%z"),
    "xxx": (r"[+-]\d{2}:\d{2}", "%z"),
    **dict.fromkeys(("Z", "ZZ", "ZZZ", "ZZZZZ"), (rf"(Z|{_OFFSET})", "%z")),
    **dict.fromkeys(("z", "zz", "zzz", "VV"), (r"\S+", "%Z")),
}
_PARTS = re.compile(r"'((?:[^']|'')*)'|T|([A-Za-z])\2*|[^A-Za-z']")
_DATED, _TIMED = {"%Y", "%y"}, {"%H", "%-H", "%I", "%-I"}


@dataclass(frozen=True)
class Written:
    """A way to write a moment: what its texts look like, and how they are read."""

    pattern: str
    strptime: str
    zoned: bool

    def to_json(self) -> dict[str, Any]:
        return {"pattern": self.pattern, "strptime": self.strptime, "zoned": self.zoned}


def written(format_: str, logical_type: str) -> Written:
    """A format as the standard writes it. Raises ValueError for letters that are not read."""
    looks, reads, directives = [], [], set()
    at = 0
    for part in _PARTS.finditer(format_):
        if part.start() != at:
            break
        at = part.end()
        text = part.group()
        if part.group(2) and text != "T":
            look, directive = _letters(text)
            directives.add(directive)
        elif text in "[]":
            raise ValueError(f"format `{format_}`: optional parts are not read")
        else:
            literal = text if part.group(1) is None else part.group(1).replace("''", "'") or "'"
            look, directive = re.escape(literal), literal.replace("%", "%%")
        looks.append(look)
        reads.append(directive)
    if at != len(format_):
        raise ValueError(f"format `{format_}` is not JDK's: see `{format_[at:]}`")
    lacks = (logical_type != "time" and not directives & _DATED) or (
        logical_type == "time" and not directives & _TIMED
    )
    if lacks:
        raise ValueError(f"format `{format_}` does not write a {logical_type}")
    return Written(f"^{''.join(looks)}$", "".join(reads), bool(directives & {"%z", "%Z"}))


def _letters(text: str) -> tuple[str, str]:
    if set(text) <= {"S", "n"}:
        return rf"\d{{{len(text)}}}", "%f" if len(text) <= 6 else "%n"
    if text not in _LETTERS:
        raise ValueError(f"the letters `{text}` of a format are not read")
    return _LETTERS[text]
