"""The LookML port: a product and its report for Looker, which asks the product's own warehouse.

It holds no figures. The files are read back by a parser of LookML, and held against what the
contract, the snapshot and the report say; and every name in them has to lead somewhere.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from sqlglot import exp

from mesh_defs.model import DataProduct, MeshError
from mesh_defs.model.report import Declared, Looker, read_looker, read_report
from mesh_defs.ports.documents.figures import classified, figures_of
from mesh_defs.ports.documents.lookml import (
    Field,
    Measure,
    Shown,
    model,
    product_view,
    section_view,
)
from mesh_defs.ports.documents.lookml_board import dashboard
from mesh_defs.ports.documents.queries import HIDDEN, Wrong
from mesh_defs.ports.documents.translated import Warehouse, expression_of, named, translated
from mesh_defs.ports.port import Audited
from mesh_defs.ports.shelved import Handout, Made, Shelved
from mesh_defs.storage import workshop
from mesh_defs.storage.scratch import scratch
from mesh_defs.storage.state import State

_HOW_TO_INSTALL = "What writes LookML is not installed: `pip install 'mesh-defs[reports]'`."
_NOTE = "# Generated from the contract {contract}. What is changed here is lost.\n\n"


class LookmlPort(Shelved):
    """A model, its views and a dashboard. `warehouse` is where Looker reads."""

    suffix = ".zip"
    media = "application/zip"

    def __init__(self, product: DataProduct, port: str, there: Warehouse | None) -> None:
        super().__init__(product, port)
        self.there = there

    def place(self, state: State) -> Path:
        return state.documents(self.product.line, self.product.contract.major)

    @property
    def location(self) -> str:
        return str(self.shelf.latest)

    @property
    def digest(self) -> str:
        """Everything that is written in the contract may be in it."""
        contract = self.product.contract.odcs.model_dump_json(by_alias=True, exclude_none=True)
        parts = [self._looker.model_dump_json(), contract, repr(self.there)]
        if shown := self._shown:
            parts.append(shown.digest)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    def make(self, audited: Audited) -> Made:
        wanted = self._wanted(audited)
        note = _NOTE.format(contract=f"{self.product.contract.id} {self.product.contract.version}")
        files = {name: (note + _written(name, told)).encode() for name, told in wanted.items()}
        return Made(files, lambda folder: _prove(wanted, folder))

    def handout(self) -> Handout | None:
        """All files in one; the same files are the same bytes."""
        mark, folder = self.standing(), self.shelf.current()
        if mark is None or folder is None:
            return None
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as made:
            for path in sorted(folder.glob("*.look*")) + sorted(folder.glob("*.lkml")):
                made.writestr(zipfile.ZipInfo(path.name), path.read_bytes())
        return Handout(mark, self.file, self.media, data.getvalue())

    @cached_property
    def _looker(self) -> Looker:
        return read_looker(self.product, self.port)[0]

    @cached_property
    def _shown(self) -> Declared | None:
        """The report that becomes a dashboard."""
        return read_report(self.product, self._looker.report) if self._looker.report else None

    def _wanted(self, audited: Audited) -> dict[str, Any]:
        """The files as plain data. A name is one of the whole Looker, so it says whose it is."""
        assert self.there is not None, "a port without a warehouse has findings, and is not opened"
        line, contract = self.product.line, self.product.contract
        name = next(iter(named([f"{line.domain}_{line.product}_v{contract.major}"]).values()))
        types, sections = self._types(audited), {}
        if declared := self._shown:
            sections = self._sections(name, declared, audited, types)
        fields = self._fields(audited, types)
        first = product_view(name, fields, self._measures(), self.there)
        views = {f"{name}.view.lkml": {"views": [first]}}
        if sections:
            made = [section_view(view, shown, self.there) for view, shown in sections.items()]
            views[f"{name}_{self._looker.report}.view.lkml"] = {"views": made}
        boards = {}
        if declared:
            board = next(iter(named([f"{name}_{self._looker.report}"]).values()))
            boards = {
                f"{board}.dashboard.lookml": dashboard(board, name, declared.report, sections)
            }
        title = contract.odcs.name or line.product
        includes = [*views, *boards]
        told = model(name, self._looker.connection, includes, title, audited.description, sections)
        return {f"{name}.model.lkml": told, **views, **boards}

    def _types(self, audited: Audited) -> dict[str, str]:
        with scratch(self.state) as connection:
            rows = exp.select("*").from_(workshop.read_files(audited.files))
            found = connection.sql(rows.sql("duckdb"))
            return {n: str(t) for n, t in zip(found.columns, found.types, strict=True)}

    def _fields(self, audited: Audited, types: Mapping[str, str]) -> list[Field]:
        """What the contract promises and the snapshot has: nothing that nobody classified."""
        promised = {c.name: c for c in audited.columns}
        return [
            Field(
                name, types[name], prop.businessName or "", promised[name].description,
                (prop.classification or "").lower() == HIDDEN, promised[name].key,
            )
            for prop in self.product.contract.objects[0].properties or []
            if (name := prop.physicalName or prop.name or "") in types and name in promised
        ]  # fmt: skip

    def _measures(self) -> list[Measure]:
        """What the contract says can be added up, and how (ODCS `semanticType: measure`). Raises
        MeshError for what can't be asked at the warehouse."""
        assert self.there is not None
        columns, found = classified(self.product.contract), []
        for prop in self.product.contract.objects[0].properties or []:
            if prop.semanticType != "measure":
                continue
            name, logic = prop.name or "", prop.transformLogic or ""
            try:
                parsed, sql = expression_of(logic, self.product.line.product, columns, self.there)
            except Wrong as wrong:
                raise MeshError(f"The measure `{name}` {wrong}.") from None
            about = (prop.businessName or "", prop.description or "")
            found.append(Measure(name, parsed, sql, *about))
        return found

    def _sections(
        self, name: str, declared: Declared, audited: Audited, types: Mapping[str, str]
    ) -> dict[str, Shown]:
        assert self.there is not None
        product, columns = self.product.line.product, classified(self.product.contract)
        figures = figures_of(self.state, declared.report.sections, product, columns, audited.files)
        there = {n: columns.get(n, "") for n in types}
        views = named(f"{name}_{each.section.title}" for each in figures)
        found = {}
        for each, view in zip(figures, views.values(), strict=True):
            try:
                query = translated(each.section.query, product, there, self.there, types)
            except Wrong as wrong:
                raise MeshError(f"The query of `{each.section.title}` {wrong}.") from None
            found[view] = Shown(each, query)
        return found


def _written(name: str, told: Any) -> str:
    if name.endswith(".lkml"):
        return f"{_lkml().dump(told)}\n"
    return str(yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=100))


def _parsed(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    try:
        return _plain(_lkml().load(text)) if path.suffix == ".lkml" else yaml.safe_load(text)
    except Exception as error:  # lkml has an error of its own for each way of being wrong
        raise MeshError(f"`{path.name}` can't be read back: {type(error).__name__}.") from None


def _lkml() -> Any:
    try:
        import lkml
    except ImportError:
        raise MeshError(_HOW_TO_INSTALL) from None
    return lkml


def _plain(told: Any) -> Any:
    """What was parsed, as it was before it was written: quotes are escaped in LookML."""
    if isinstance(told, dict):
        return {name: _plain(value) for name, value in told.items()}
    if isinstance(told, list):
        return [_plain(value) for value in told]
    return told.replace('\\"', '"') if isinstance(told, str) else told


def _prove(wanted: Mapping[str, Any], folder: Path) -> None:
    found = {name: _parsed(folder / name) for name in wanted}
    wrong = [
        f"in `{name}`: {place} is another"
        for name in wanted
        for place in _differences(wanted[name], found[name], "")
    ]
    if wrong := wrong or list(_loose(found)):
        raise MeshError(f"It is not what was declared: {'; '.join(wrong[:5])}.")


def _differences(wanted: Any, found: Any, place: str) -> Iterator[str]:
    """Where two trees differ, by the names on the way there."""
    if isinstance(wanted, dict) and isinstance(found, dict) and {*wanted} == {*found}:
        for name in wanted:
            yield from _differences(wanted[name], found[name], f"{place}.{name}".strip("."))
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for n, (mine, there) in enumerate(zip(wanted, found, strict=True)):
            called = mine.get("name", n) if isinstance(mine, dict) else n
            yield from _differences(mine, there, f"{place}.{called}".strip("."))
    elif wanted != found:
        yield f"`{place}`"


def _loose(found: Mapping[str, Any]) -> Iterator[str]:
    """Names that lead nowhere: files, views, fields."""
    told = next(t for name, t in found.items() if name.endswith(".model.lkml"))
    if lost := {*told["includes"]} - {*found}:
        yield f"there is no file {', '.join(sorted(lost))}"
    fields = {}
    for name, each in found.items():
        for view in each["views"] if name.endswith(".view.lkml") else ():
            kinds = ("dimensions", "dimension_groups", "measures")
            fields[view["name"]] = {f["name"] for kind in kinds for f in view.get(kind, ())}
    explores = {e["name"] for e in told["explores"]}
    if explores != {*fields}:
        yield "explores and views are others"
    for name, each in found.items():
        for tile in _tiles(each) if name.endswith(".lookml") else ():
            for place in tile:
                view, _, field = place.partition(".")
                if view not in explores or field not in fields[view]:
                    yield f"there is no field `{place}`"


def _tiles(boards: Any) -> Iterator[list[str]]:
    for board in boards:
        yield [f["field"] for f in board["filters"]]
        for tile in board["elements"]:
            sorts = [s.removesuffix(" desc") for s in tile["sorts"]]
            yield [*tile["fields"], *tile.get("pivots", ()), *sorts, *tile["listen"].values()]
