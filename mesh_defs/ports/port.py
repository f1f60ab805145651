"""What every kind of output port does: the verbs, and what is handed to them. No kind is here.

What a port gets is a published snapshot: audited, immutable, in the lake. It is never made again
for a port.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Union

from mesh_defs.model import MeshError, ProductRef
from mesh_defs.ports.grants import Grants
from mesh_defs.storage.servers import Address
from mesh_defs.storage.state import State

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from sqlglot import exp

Shape = tuple[tuple[str, str], ...]
"""Columns, each with its type, in the words of whoever has them."""


@dataclass(frozen=True)
class Summed:
    """Rows that stay where they are: the target sums them up, and DuckDB can do the same."""

    there: Callable[[], Sequence[int]]
    """What the target's one query answers, and `here` in DuckDB of the same rows: how many rows
    there are, a checksum over whole ones, and of each column in order a checksum and its nulls."""
    here: Callable[[exp.Expression], str]
    """DuckDB's query over other rows."""


Held = Union["exp.Expression", Summed]
"""The rows at a target: as they were read back, which can be done once, or summed up there."""
Prove = Callable[[Held, Shape], None]
"""Takes what a target holds and the shape that it says it has. Raises MeshError where that is not
what was audited."""


@dataclass(frozen=True)
class Column:
    """What a contract says of a column, as far as a port can keep it."""

    name: str
    required: bool = False
    key: int = 0  # its place in the primary key, from 1; 0 for none
    partition: int = 0  # its place in the partitioning, likewise
    description: str = ""
    classification: str = ""


@dataclass(frozen=True, order=True)
class Mark:
    """Which snapshot it is. Numbers begin anew with a new lake; moments do not, so they are first
    in the order."""

    published_at: str
    snapshot: int


@dataclass(frozen=True)
class Measured:
    """What a port found of a model that it made, as far as a contract can rule on it."""

    metrics: Mapping[str, float]
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


@dataclass(frozen=True)
class Shown:
    """What people find in a document that was made, read back from it."""

    sections: Mapping[str, Sequence[Mapping[str, str]]]
    """By the section's title its rows, which have of each column what is printed there."""
    choices: Mapping[str, Sequence[str]]
    """Of each filter what can be chosen."""
    ask: Callable[[str], Sequence[str]]
    """The answers of a query over the snapshot that it was made of, which has one column, as they
    are printed. Raises MeshError."""


@dataclass(frozen=True)
class Judged:
    """What a contract's rule on a port comes to."""

    rule: str
    promised: str
    found: str
    holds: bool
    blocks: bool
    """Whether what breaks it is not shown."""

    @property
    def said(self) -> str:
        return f"{self.rule}: promised {self.promised}; {self.found}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


Judge = Callable[[str, Measured | Shown], Sequence[Judged]]
"""What the contract says of the port of a name."""


def _nothing_ruled(port: str, found: Measured | Shown) -> Sequence[Judged]:
    return ()


@dataclass(frozen=True)
class Audited:
    """A published snapshot, on its way to the ports."""

    product: ProductRef
    major: int
    mark: Mark
    files: tuple[str, ...]
    columns: tuple[Column, ...] = ()
    description: str = ""
    retention_days: float | None = None
    clustering: tuple[str, ...] = ()
    """Columns whose values should lie together, the first first."""
    version: str = ""  # of the contract
    owner: str = ""  # the team's name
    budget: int | None = None
    """Bytes that an engine which is paid by the byte may read to prove it."""
    judge: Judge = field(default=_nothing_ruled, compare=False, repr=False)

    @property
    def partitions(self) -> tuple[str, ...]:
        """The columns that the rows are partitioned by."""
        placed = sorted((c.partition, c.name) for c in self.columns if c.partition)
        return tuple(name for _, name in placed)

    def held(self, port: str, found: Measured | Shown) -> Sequence[Judged]:
        """What the contract's rules on a port come to. Raises MeshError where one is broken that
        what breaks it is not shown for."""
        verdicts = self.judge(port, found)
        if broken := [v for v in verdicts if v.blocks and not v.holds]:
            said = "; ".join(v.said for v in broken)
            raise MeshError(f"It breaks its contract: {said}.")
        return verdicts

    def takes_over(self, standing: Mark | None, location: str) -> None:
        """Raises MeshError where a target has a newer snapshot, which stays."""
        if standing and standing > self.mark:
            raise MeshError(
                f"{location} has a newer snapshot, published at {standing.published_at}: another "
                "mesh delivers there, too."
            )

    @property
    def name(self) -> str:
        """`sales.purchases v1, snapshot 7`."""
        return f"{self.product} v{self.major}, snapshot {self.mark.snapshot}"


class Port(Grants, Protocol):
    """One port of a product in a major version. Whatever a verb is refused is a MeshError, and no
    verb shows a secret."""

    @property
    def location(self) -> str:
        """Where readers find it."""

    def plan(self, connection: DuckDBPyConnection, audited: Audited) -> Shape:
        """What it will look like there. Raises MeshError for what cannot be kept there as it is."""

    def publish(self, connection: DuckDBPyConnection, audited: Audited, prove: Prove) -> None:
        """Bring the snapshot there, have it proven by reading it back, and only then show it.

        Readers see the snapshot before or this one, whatever is killed in between. A snapshot that
        is newer than this one is left standing, and that is an error.
        """

    def standing(self) -> Mark | None:
        """The snapshot that readers see there now, as the target tells it."""


class TablePort(Port, Protocol):
    """A port that holds the product's rows, and can be asked for them."""

    def shape(self) -> Shape:
        """What readers see there now looks like, as the target tells it."""

    def read_back(
        self, connection: DuckDBPyConnection, audited: Audited
    ) -> AbstractContextManager[Held]:
        """The rows that readers see there now: in the snapshot's types, or summed up."""


@dataclass(frozen=True)
class Target:
    """Where a port delivers to, as descriptor and contract say it."""

    product: ProductRef
    major: int
    port: str
    server: Mapping[str, Any]
    state: State
    """Where files are that are needed for as long as a delivery lasts."""


@dataclass(frozen=True)
class Kind:
    """A kind of port: which servers of a contract are for it, and how it is opened."""

    servers: tuple[str, ...]  # ODCS's types of servers
    schemes: tuple[str, ...]  # of the URL in the environment
    open: Callable[[Target, Address], Port]
    place: Callable[[Target], str]  # where it will be, by the contract alone
    wrong: Callable[[Target], str | None]  # what the contract's server says that cannot be
