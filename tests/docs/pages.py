"""Pages of the documentation as tests see them: their blocks, tables, headings and links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.tiny_mesh import REPOSITORY

_TITLE = re.compile(r'\btitle="([^"]+)"')
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its title if it has one, its text, the line it begins on."""

    language: str
    title: str
    text: str
    line: int


def page(name: str) -> Path:
    return REPOSITORY / name


def pages() -> list[Path]:
    """Every page that this repository's readers are sent to."""
    return [page("README.md"), page("CONTRIBUTING.md"), *sorted(page("docs").rglob("*.md"))]


def blocks(path: Path) -> list[Block]:
    found = []
    for token in _tokens(path):
        if token.type == "fence":
            language, _, rest = token.info.strip().partition(" ")
            title = _TITLE.search(rest)
            line = token.map[0] + 1 if token.map else 0
            found.append(Block(language, title.group(1) if title else "", token.content, line))
    return found


def links(path: Path) -> list[str]:
    """Where links and pictures of a page point to."""
    inner = [child for token in _tokens(path) for child in token.children or ()]
    given = [child.attrGet("href") or child.attrGet("src") for child in inner]
    return [str(target) for target in given if target]


def headings(path: Path, level: int | None = None) -> list[str]:
    """The headings of a level, or all of them, as they are written."""
    tokens = _tokens(path)
    tags = {f"h{level}"} if level else {f"h{n}" for n in range(1, 7)}
    opened = (i for i, t in enumerate(tokens) if t.type == "heading_open" and t.tag in tags)
    return [tokens[i + 1].content for i in opened]


def slugs(path: Path) -> set[str]:
    """What a link may say after `#`: the headings as GitHub writes them there."""
    found: dict[str, int] = {}
    for heading in headings(path):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        found[slug] = found.get(slug, -1) + 1
    return {
        slug if n == 0 else f"{slug}-{n}" for slug, last in found.items() for n in range(last + 1)
    }


def table_codes(path: Path, under: str = "") -> list[list[str]]:
    """What stands in backticks in each row's first cell, of the tables under a heading."""
    found: list[list[str]] = []
    tokens = _tokens(path)
    here, first = not under, False
    for i, token in enumerate(tokens):
        if token.type == "heading_open" and under:
            here = tokens[i + 1].content == under
        elif token.type == "tr_open":
            first = True
        elif token.type == "td_open" and first:
            first = False
            if here:
                found.append(_CODE.findall(tokens[i + 1].content))
    return found


def _tokens(path: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8"))
