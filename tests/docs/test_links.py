"""Every link of the documentation leads somewhere, and every page of it can be come by."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import blocks, links, page, pages, slugs
from tests.tiny_mesh import REPOSITORY

_MAKE = re.compile(r"\bmake ([a-z][a-z-]*)\b")
_TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)


def _targets(path: Path) -> list[tuple[str, Path, str]]:
    """Links of a page into this repository: as written, the file, the anchor in it or nothing."""
    inside = (link for link in links(path) if not re.match(r"[a-z]+:", link))
    split = ((link, *link.partition("#")[::2]) for link in inside)
    return [(link, path.parent / file if file else path, anchor) for link, file, anchor in split]


def _broken(path: Path) -> list[str]:
    return [
        link
        for link, file, anchor in _targets(path)
        if not file.exists() or (anchor and anchor not in slugs(file))
    ]


def _reached(start: Path) -> set[Path]:
    """The files that a reader comes to who follows every link from a page."""
    found, waiting = set[Path](), [start]
    while waiting:
        path = waiting.pop().resolve()
        if path not in found:
            found.add(path)
            if path.suffix == ".md":
                waiting += [file for _, file, _ in _targets(path)]
    return found


@pytest.mark.parametrize("path", pages(), ids=lambda p: str(p.relative_to(REPOSITORY)))
def test_links_lead_somewhere(path: Path) -> None:
    assert _broken(path) == []


def test_every_file_of_the_documentation_is_reached_from_the_readme() -> None:
    there = {p.resolve() for p in page("docs").rglob("*") if p.is_file() and p.name[0] != "."}
    assert there - _reached(page("README.md")) == set()
    assert page("CONTRIBUTING.md").resolve() in _reached(page("README.md"))


@pytest.mark.parametrize("path", pages(), ids=lambda p: str(p.relative_to(REPOSITORY)))
def test_make_targets_that_a_page_names_are_there(path: Path) -> None:
    there = set(_TARGET.findall(page("Makefile").read_text(encoding="utf-8")))
    spoken = re.findall(r"`([^`\n]+)`", path.read_text(encoding="utf-8"))
    typed = [b.text for b in blocks(path) if b.language in ("sh", "console")]
    assert set(_MAKE.findall("\n".join([*spoken, *typed]))) <= there


def _files_spoken_of(text: str) -> list[str]:
    """What stands in backticks as a file or folder of the platform, or of its tests."""
    rooms = [p.name for p in (REPOSITORY / "mesh_defs").iterdir() if p.is_dir()]
    named = re.findall(r"`([a-z_]+)(/[\w/]*(?:\.py)?)`", text)
    return [first + rest for first, rest in named if first in (*rooms, "tests", "mesh_defs")]


def _is_there(file: str) -> bool:
    return any((REPOSITORY / folder / file).exists() for folder in ("", "mesh_defs"))


@pytest.mark.parametrize("path", pages(), ids=lambda p: str(p.relative_to(REPOSITORY)))
def test_files_of_the_platform_that_a_page_names_are_there(path: Path) -> None:
    named = _files_spoken_of(path.read_text(encoding="utf-8"))
    assert [file for file in named if not _is_there(file)] == []


def test_files_are_seen_where_a_page_names_them() -> None:
    said = (
        "`tests/gone.py`, `cli/`, `storage/commits.py`, `documents/x`, `contracts/<product>`, cli/"
    )
    assert _files_spoken_of(said) == ["tests/gone.py", "cli/", "storage/commits.py"]
    assert [_is_there(file) for file in _files_spoken_of(said)] == [False, True, True]


def test_readme_has_the_commands_one_begins_with() -> None:
    typed = "\n".join(b.text for b in blocks(page("README.md")) if b.language == "sh")
    assert {"mesh", "ui", "test"} <= set(_MAKE.findall(typed))


def test_a_broken_link_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# A `word`, two\n\n## A word, two\n", encoding="utf-8")
    path = tmp_path / "page.md"
    path.write_text(
        "# Here\n[1](there.md) [2](there.md#a-word-two-1) [3](#here) [4](https://example.com/x)\n"
        "[5](gone.md) [6](there.md#gone) [7](#gone) ![8](gone.png)\n",
        encoding="utf-8",
    )
    assert _broken(path) == ["gone.md", "there.md#gone", "#gone", "gone.png"]
