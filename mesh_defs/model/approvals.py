"""What a provider approves beforehand: `domains/<domain>/approvals.yaml`, reviewed like code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from mesh_defs.model.findings import Finding
from mesh_defs.model.names import is_name, somebody
from mesh_defs.model.shape import Shape, parse
from mesh_defs.model.yaml_source import YamlSource, read_yaml

FILE = "approvals.yaml"
CONSUMERS = ("domain", "team", "person", "app")


def consumer(text: str) -> str:
    """A consumer as agreements write it: `domain:growth`; a domain may leave out its kind.

    Raises ValueError for what is none.
    """
    kind, colon, rest = text.partition(":")
    if not colon:
        kind, rest = "domain", text
    if kind not in CONSUMERS or not rest.strip() or (kind == "domain" and not is_name(rest)):
        raise ValueError("expected a domain, or person:NAME, team:NAME, app:NAME")
    return f"{kind}:{somebody(rest)}"


class Approval(Shape):
    """A request that needs no asking any more: whose, for what, who said so and why.

    `approved_by` has a name for each level of the contract's approvers; `until` is the last day on
    which a request is approved by it.
    """

    product: str
    version: Annotated[int, Field(ge=1)]
    consumer: Annotated[str, AfterValidator(consumer)]
    approved_by: Annotated[tuple[str, ...], Field(min_length=1)]
    why: Annotated[str, Field(min_length=1)]
    until: date | None = None

    def covers(self, product: str, version: int, consumer: str, day: date) -> bool:
        """Whether a request of that day for a product of the room is approved by it."""
        lasts = self.until is None or day <= self.until
        return lasts and (product, version, consumer) == (
            self.product, self.version, self.consumer,
        )  # fmt: skip


class ApprovalsFile(Shape):
    approvals: tuple[Approval, ...] = ()


@dataclass(frozen=True)
class Approvals:
    """A room's standing approvals, and where they stand."""

    given: tuple[Approval, ...] = ()
    source: YamlSource | None = None

    def covering(self, product: str, version: int, consumer: str, day: date) -> Approval | None:
        """The first that approves such a request."""
        return next((a for a in self.given if a.covers(product, version, consumer, day)), None)

    def numbered(self) -> Iterator[tuple[int, Approval]]:
        return enumerate(self.given)

    def finding(self, number: int, field: str, problem: str, todo: str) -> Finding:
        assert self.source
        return self.source.finding(("approvals", number, field), problem, todo)


def read_approvals(folder: Path, root: Path) -> Approvals:
    """Those of a domain's folder; none where there is no file. Raises MeshError with findings."""
    path = folder / FILE
    if not path.is_file():
        return Approvals()
    source = read_yaml(path, root)
    return Approvals(parse(ApprovalsFile, source).approvals, source)
