"""What a report or a dashboard shows: `domains/<domain>/reports/<product>.<port>.yaml`; no engine.

Whether its queries can be asked of the product is decided in `ports.documents`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from mesh_defs.model.findings import Finding, MeshError
from mesh_defs.model.room import DataProduct
from mesh_defs.model.shape import Shape, parse
from mesh_defs.model.yaml_source import YamlSource, read_yaml

FOLDER = "reports"
Text = Annotated[str, Field(min_length=1)]
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Chart(Shape):
    """A picture of a section's rows: columns of its query, and what it shows, in words.

    `colours` are values of `colour` in their order; those that it leaves out come after.
    """

    kind: Literal["bar", "line", "point"]
    x: Text
    y: Text
    colour: Text | None = None
    colours: tuple[Text, ...] = ()
    alt: Text


class Section(Shape):
    """One query over the product: a table, or a chart with its table."""

    title: Text
    text: str = ""
    query: Text
    chart: Chart | None = None


class Report(Shape):
    """`mailed` is the day from which on a report goes out once a week; else each snapshot does."""

    title: Text
    language: Annotated[str, Field(pattern="^[a-z]{2}$")] = "en"
    text: str = ""
    mailed: (
        Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] | None
    ) = None
    filters: tuple[Text, ...] = ()
    sections: Annotated[tuple[Section, ...], Field(min_length=1)]


class Looker(Shape):
    """What LookML is generated for: Looker's connection, the product's port at which it reads, and
    the port whose report becomes a dashboard there."""

    connection: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
    port: Text
    report: Text | None = None


@dataclass(frozen=True)
class Declared:
    """A report as its file declares it."""

    report: Report
    source: YamlSource

    @property
    def digest(self) -> str:
        """Another one for everything that could make it look different."""
        return hashlib.sha256(self.report.model_dump_json().encode()).hexdigest()[:16]


def root_of(product: DataProduct) -> Path:
    """The root of the mesh whose files a product was read from."""
    return product.source.path.resolve().parents[3]


def report_path(product: DataProduct, port: str) -> Path:
    folder = product.source.path.parent.parent / FOLDER
    return folder / f"{product.line.product}.{port}.yaml"


def read_report(product: DataProduct, port: str) -> Declared:
    """Raises MeshError with findings, also where there is no file."""
    source = _source(product, port, "a title, and sections with a query each")
    return Declared(parse(Report, source), source)


def read_looker(product: DataProduct, port: str) -> tuple[Looker, YamlSource]:
    """Raises MeshError with findings, also where there is no file."""
    source = _source(product, port, "Looker's connection, and the port at which it reads")
    return parse(Looker, source), source


def _source(product: DataProduct, port: str, what: str) -> YamlSource:
    path, root = report_path(product, port), root_of(product)
    if not path.is_file():
        raise MeshError(
            Finding(
                path.resolve().relative_to(root).as_posix(), 0, "",
                f"is missing: it says what the port `{port}` of `{product.line}` shows",
                f"Write it: {what}.",
            )
        )  # fmt: skip
    return read_yaml(path, root)
