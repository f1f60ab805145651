"""A domain: a team and its boundary, as `domains/<domain>/domain.yaml` says; not its products."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, ByteSize, Field, model_validator

from mesh_defs.model import cron
from mesh_defs.model.names import NAME_RULE, ProductRef, is_name, source_variable
from mesh_defs.model.shape import Shape, parse
from mesh_defs.model.yaml_source import YamlSource


class Kind(StrEnum):
    """Where a domain stands between the operational systems and those who ask questions."""

    SOURCE_ALIGNED = "source-aligned"
    AGGREGATE = "aggregate"
    CONSUMER_ALIGNED = "consumer-aligned"


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise ValueError("expected a time zone such as `Europe/Berlin`") from None
    return text


def _moment(text: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise ValueError("expected a moment such as `2018-01-02T00:00:00Z`") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _local_name(text: str) -> str:
    if not is_name(text):
        raise ValueError(f"expected {NAME_RULE}")
    return text


def _product_ref(text: str) -> str:
    return str(ProductRef.parse(text))


Name = Annotated[str, AfterValidator(_local_name)]


class Member(Shape):
    name: str
    role: str
    email: str | None = None


class Team(Shape):
    name: str
    email: str
    members: tuple[Member, ...] = ()


class Source(Shape):
    """Where outside data comes from: a file, a function or a Beam pipeline of the domain's own."""

    description: str
    path: str | None = None
    function: Annotated[
        str | None, Field(pattern=r"^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*\.[a-z_][a-z0-9_]*$")
    ] = None
    pipeline: Annotated[
        str | None, Field(pattern=r"^([a-z_][a-z0-9_]*/)*[a-z_][a-z0-9_]*\.py$")
    ] = None
    format: Literal["parquet", "csv", "json"] | None = None
    columns: dict[str, str] | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Source:
        if sum(said is not None for said in (self.path, self.function, self.pipeline)) != 1:
            raise ValueError("expected `path`, `function` or `pipeline`, one of them")
        return self

    @property
    def origin(self) -> str:
        """Where it comes from, in a word."""
        return self.path or self.pipeline or f"{self.function}()"


class Input(Shape):
    """A product of another domain that this one consumes, and why. Declared is requested.

    `role` says which of a contract's roles to read as, where it has several.
    """

    version: Annotated[int, Field(ge=1)]
    purpose: Annotated[str, Field(min_length=1)]
    role: str | None = None


class Budget(Shape):
    """What may be read at most, where an engine is paid by the byte: by a model, and by the audit
    and publication of a product. `10 GB`, `500 MiB`, or a number of bytes."""

    model: Annotated[ByteSize, Field(gt=0)] | None = None
    audit: Annotated[ByteSize, Field(gt=0)] | None = None


class DomainFile(Shape):
    """What stands in a domain.yaml."""

    title: str
    kind: Kind
    purpose: str
    team: Team
    schedule: Annotated[str, AfterValidator(cron.checked)] | None = None
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    as_of: Annotated[datetime, BeforeValidator(_moment)] | None = None
    budget: Budget = Budget()
    sources: dict[Name, Source] = Field(default_factory=dict)
    inputs: dict[Annotated[str, AfterValidator(_product_ref)], Input] = Field(default_factory=dict)


class Domain(Shape):
    """A domain as the platform knows it: its name is its folder's name."""

    name: str
    folder: Path
    file: DomainFile

    @property
    def inputs(self) -> dict[ProductRef, Input]:
        return {ProductRef.parse(ref): given for ref, given in self.file.inputs.items()}

    @property
    def sources(self) -> dict[str, Source]:
        return self.file.sources

    def source_variable(self, source: str) -> str:
        return source_variable(self.name, source)


def read_domain(folder: Path, source: YamlSource) -> Domain:
    """The domain of a folder. Raises MeshError with a finding for each error."""
    return Domain(name=folder.name, folder=folder, file=parse(DomainFile, source))
