"""`mesh.model` in Python: a published model, for whoever may read its port, to score rows with.

A domain scores in its own assets with it: with its own models, and with those of others that it has
an agreement for. Each time it is taken, the ledger is asked, and it is put down.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mesh_defs.access.reading.asking import reader_named
from mesh_defs.access.reading.audit import DENIED, REFUSED, Audit, Reader
from mesh_defs.access.reading.library import Library, Shown
from mesh_defs.access.reading.python import SERVICE, Reading
from mesh_defs.access.reading.rights import Denied, consumers_of
from mesh_defs.model import MeshError, find_root
from mesh_defs.ports.kinds import MODEL
from mesh_defs.storage.ledger import Sisters

if TYPE_CHECKING:
    import pyarrow as pa

    from mesh_defs.ports.models.runner import Runner


@dataclass(frozen=True)
class Model:
    """A model of one snapshot. `card` is what was published with it."""

    product: str
    port: str
    version: int
    snapshot: int
    card: dict[str, Any] = field(repr=False)
    data: bytes = field(repr=False)
    _runner: Runner = field(repr=False)

    def score(self, rows: pa.Table | Reading) -> pa.Table:
        """The rows, and what the model says of each: the column that it tells takes the place of
        one of that name, and `probabilities` has one field a class.

        Raises MeshError where a feature is missing, or is of another kind.
        """
        import pyarrow as pa

        from mesh_defs.ports.models.estimators import PROBABILITIES
        from mesh_defs.ports.models.frame import frame_of

        table = rows.arrow() if isinstance(rows, Reading) else rows
        said = self._runner.say(frame_of(table, self._runner.columns))
        told = {str(self.card["target"]): pa.array(said.values.tolist(), self._kind)}
        if said.probabilities is not None:
            shares = [pa.array(said.probabilities[:, n]) for n in range(len(self._runner.classes))]
            told[PROBABILITIES] = pa.StructArray.from_arrays(shares, self._runner.classes)
        for name, column in told.items():
            if name in table.column_names:
                table = table.drop_columns([name])
            table = table.append_column(name, column)
        return table

    def drift(self, rows: pa.Table | Reading) -> dict[str, float]:
        """Of each feature how far rows are from what the model has learnt from, as the population
        stability index: below 0.1 little has changed, above 0.25 much has."""
        from mesh_defs.ports.models.drift import drift_of
        from mesh_defs.ports.models.frame import frame_of

        table = rows.arrow() if isinstance(rows, Reading) else rows
        columns = self._runner.columns
        return drift_of(self.card["drift_baseline"], columns, frame_of(table, columns))

    @property
    def _kind(self) -> pa.DataType:
        import pyarrow as pa

        return pa.string() if self._runner.classes else pa.float64()


def model(product: str, port: str, version: int | None, consumer: str | None) -> Model:
    """The model that stands at a port, once it is known that it may be read. Raises MeshError."""
    from mesh_defs.ports.models.runner import Runner

    if os.environ.get(SERVICE):
        raise MeshError(
            f"With {SERVICE} set nothing is read here. Fetch the model over HTTP: "
            f"/products/{product}/ports/{port}."
        )
    shown, data = _taken(find_root(), product, port, version, consumer)
    runner = Runner(data)
    card = json.loads(runner.told["card"])
    return Model(product, port, shown.major, shown.number, card, data, runner)


def _taken(
    root: Path, product: str, port: str, version: int | None, consumer: str | None
) -> tuple[Shown, bytes]:
    library = Library(root)
    audit = Audit(Sisters.open(library.state))
    reader = Reader(reader_named(consumer), "mesh.model")
    try:
        found = library.document(consumers_of(library.mesh, reader.who), product, port, version)
        if found.outlet.kind != MODEL:
            raise MeshError(f"`{port}` of `{product}` is a port of the type `{found.outlet.kind}`.")
    except MeshError as error:
        outcome = DENIED if isinstance(error, Denied) else REFUSED
        audit.refused(reader, product, version, outcome)
        raise
    with audit.reading(reader, found, None) as count:
        count.bytes = len(found.file.data)
        return found, found.file.data
