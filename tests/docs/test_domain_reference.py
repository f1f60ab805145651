"""docs/reference/domain.md names every field of domain.yaml, and its example can be read."""

from __future__ import annotations

import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from mesh_defs.model.domain import DomainFile, read_domain
from mesh_defs.model.names import source_variable
from mesh_defs.model.yaml_source import read_yaml
from tests.docs.pages import blocks, page, table_codes

PAGE = page("docs/reference/domain.md")


def _fields(shape: type[BaseModel], before: str = "") -> Iterator[str]:
    for name, field in shape.model_fields.items():
        path = f"{before}{name}"
        yield path
        for mark, below in _shapes(field.annotation):
            yield from _fields(below, f"{path}{mark}.")


def _shapes(annotation: Any) -> Iterator[tuple[str, type[BaseModel]]]:
    """The shapes inside a field, with how one of them is written: `[]` of a list, `.*` by name."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield "", annotation
    elif origin is Annotated:
        yield from _shapes(inside[0])
    elif origin in (Union, types.UnionType):
        for part in inside:
            yield from _shapes(part)
    elif origin in (tuple, dict):
        mark = "[]" if origin is tuple else ".*"
        yield from ((mark, below) for part in inside for _, below in _shapes(part))


def test_page_names_each_field_and_no_other() -> None:
    said = [row[0] for row in table_codes(PAGE, "domain.yaml")]
    assert said == list(_fields(DomainFile))


def test_page_says_what_is_needed() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name, field in DomainFile.model_fields.items():
        assert (f"| `{name}` | yes |" in text) == field.is_required(), name


def test_example_can_be_read(tmp_path: Path) -> None:
    example = next(b for b in blocks(PAGE) if b.title == "domain.yaml")
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / example.title).write_text(example.text, encoding="utf-8")
    domain = read_domain(folder, read_yaml(folder / example.title))
    used = {name for name, value in domain.file.model_dump(exclude_unset=True).items() if value}
    assert used == set(DomainFile.model_fields), "the example leaves out a field"
    assert source_variable("library", "loans") in PAGE.read_text(encoding="utf-8")
