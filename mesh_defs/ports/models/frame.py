"""A snapshot's rows as a model takes them: numbers, words, what is to be told; and the split.

A number is a float of 32 bits, missing ones are NaN; a word is a text, missing ones are empty. The
order of the rows follows from their values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mesh_defs.model import MeshError
from mesh_defs.model.training import FEWEST, Split, Training
from mesh_defs.storage.scratch import scratch
from mesh_defs.storage.state import State
from mesh_defs.storage.workshop import read_files

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NUMBER, WORD = "number", "string"
"""The two kinds of features, in the words of ODCS's logical types."""
KINDS = {"number": NUMBER, "integer": NUMBER, "boolean": NUMBER, "string": WORD}
MOST_ROWS = 1_000_000


@dataclass(frozen=True)
class Frame:
    """Rows, a column a feature: `numbers` (rows x numbers, float32), `words` (rows x words)."""

    numbers: Any
    words: Any
    target: Any
    baseline: Any = None

    def __len__(self) -> int:
        return len(self.target)

    @property
    def all(self) -> Any:
        """Numbers, then words, as scikit-learn takes them."""
        import numpy as np

        if not self.words.shape[1]:
            return self.numbers
        return np.concatenate([self.numbers.astype(object), self.words], axis=1)

    def and_also(self, other: Frame) -> Frame:
        """The rows of both."""
        import numpy as np

        return Frame(
            np.concatenate([self.numbers, other.numbers]),
            np.concatenate([self.words, other.words]),
            np.concatenate([self.target, other.target]),
        )

    def where(self, mask: Any) -> Frame:
        baseline = None if self.baseline is None else self.baseline[mask]
        return Frame(self.numbers[mask], self.words[mask], self.target[mask], baseline)


@dataclass(frozen=True)
class Columns:
    """The features by kind, in the order in which they were declared."""

    numbers: tuple[str, ...]
    words: tuple[str, ...]

    @classmethod
    def of(cls, features: Sequence[str], kinds: Mapping[str, str]) -> Columns:
        return cls(
            tuple(f for f in features if kinds[f] == NUMBER),
            tuple(f for f in features if kinds[f] == WORD),
        )

    @property
    def kinds(self) -> dict[str, str]:
        return {**dict.fromkeys(self.numbers, NUMBER), **dict.fromkeys(self.words, WORD)}


def frames_of(
    state: State, training: Training, columns: Columns, files: Sequence[str]
) -> tuple[Frame, Frame]:
    """What is learnt from, and what is held out. Raises MeshError where one of them is too small.

    Rows without a target are neither: they are for scoring. A class that fewer than five rows of
    what is learnt from have is left out there.
    """
    import numpy as np

    with scratch(state) as connection:
        found = _rows(connection, training, columns, files)
    held = found["held"]
    whole = _framed(found, columns, training)
    learnt, kept = whole.where(~held), whole.where(held)
    if training.task == "classification":
        names, counts = np.unique(learnt.target, return_counts=True)
        learnt = learnt.where(np.isin(learnt.target, names[counts >= FEWEST]))
        if len(np.unique(learnt.target)) < 2:
            raise MeshError(
                f"There is nothing to tell apart: fewer than two values of `{training.target}` "
                f"have {FEWEST} rows to learn from."
            )
    if len(learnt) < 2 or not len(kept):
        raise MeshError(
            f"{len(learnt):,} rows to learn from and {len(kept):,} held out by "
            f"`{training.split.by}`: both are needed."
        )
    return learnt, kept


def frame_of(table: Any, columns: Columns) -> Frame:
    """Rows that are to be scored, from an Arrow table. Raises MeshError for a missing column."""
    import numpy as np
    import pyarrow as pa

    if missing := [c for c in columns.kinds if c not in table.column_names]:
        raise MeshError(f"The rows have no column {', '.join(f'`{c}`' for c in missing)}.")
    try:
        found = {
            **{c: _as_numbers(table.column(c)) for c in columns.numbers},
            **{c: table.column(c).cast(pa.string()).to_numpy() for c in columns.words},
        }
    except pa.ArrowInvalid as error:
        raise MeshError(f"The rows cannot be scored: {error}.") from None
    numbers, words = _matrices(found, columns, table.num_rows)
    return Frame(numbers, words, np.full(table.num_rows, None))


def _as_numbers(column: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    return column.cast(pa.float64()).to_numpy()


def _rows(
    connection: DuckDBPyConnection, training: Training, columns: Columns, files: Sequence[str]
) -> dict[str, Any]:
    import duckdb

    telling = "varchar" if training.task == "classification" else "double"
    features = [*columns.numbers, *columns.words]
    asked = [
        *((c, "double") for c in columns.numbers),
        *((c, "varchar") for c in columns.words),
        (training.target, telling),
        *([(training.baseline, telling)] if training.baseline else []),
    ]
    cells = [exp.cast(exp.column(column, quoted=True), kind) for column, kind in asked]
    cells.insert(len(features) + 1, _held_out(training.split, training.seed))
    names = [f"c{n}" for n in range(len(cells))]
    target = exp.column(training.target, quoted=True)
    named = (cell.as_(name) for name, cell in zip(names, cells, strict=True))
    rows = exp.select(*named).from_(read_files(files)).where(exp.Not(this=target.is_(exp.Null())))
    try:
        ordered = rows.order_by(*(exp.Literal.number(n + 1) for n in range(len(cells))))
        found = connection.execute(ordered.limit(MOST_ROWS + 1).sql("duckdb")).fetchnumpy()
    except duckdb.BinderException as error:
        raise MeshError(f"It cannot be trained: {str(error).splitlines()[0]}") from None
    except duckdb.Error as error:  # the engine's words may quote a row
        raise MeshError(f"It cannot be trained: {type(error).__name__}.") from None
    if len(found[names[0]]) > MOST_ROWS:
        raise MeshError(f"More than {MOST_ROWS:,} rows to learn from: publish fewer for it.")
    rest = names[len(features) :]
    return {
        "features": {c: found[name] for c, name in zip(features, names, strict=False)},
        "target": found[rest[0]],
        "held": found[rest[1]],
        "baseline": found[rest[2]] if training.baseline else None,
    }


def _framed(found: Mapping[str, Any], columns: Columns, training: Training) -> Frame:
    import numpy as np

    numbers, words = _matrices(found["features"], columns, len(found["target"]))
    kind: Any = str if training.task == "classification" else np.float64
    target = np.ma.filled(found["target"]).astype(kind)
    baseline = found["baseline"]
    if baseline is not None:
        missing = "" if kind is str else np.nan
        baseline = np.ma.filled(np.ma.asarray(baseline), missing).astype(kind)
    return Frame(numbers, words, target, baseline)


def _matrices(found: Mapping[str, Any], columns: Columns, rows: int) -> tuple[Any, Any]:
    import numpy as np

    numbers: Any = np.empty((rows, len(columns.numbers)), dtype=np.float32)
    for n, name in enumerate(columns.numbers):
        numbers[:, n] = np.ma.filled(np.ma.asarray(found[name], dtype=np.float64), np.nan)
    words: Any = np.empty((rows, len(columns.words)), dtype=object)
    for n, name in enumerate(columns.words):
        values = np.ma.filled(np.ma.asarray(found[name], dtype=object), None)
        words[:, n] = ["" if value is None else str(value) for value in values]
    return numbers, words


def _held_out(split: Split, seed: int) -> exp.Expression:
    """Whether a row is held out: the same rows for the same seed, whatever other rows there are. A
    row without a value of `by` is learnt from."""
    by = exp.column(split.by, quoted=True)
    if split.since is not None:
        day = exp.cast(exp.convert(str(split.since)), "date")
        held: exp.Expression = exp.GTE(this=exp.cast(by, "date"), expression=day)
    else:
        # The first 56 bits of its digest, of which 2 to the power of 56 is the whole.
        seeded = exp.DPipe(this=exp.convert(f"{seed}:"), expression=exp.cast(by, "varchar"))
        digest = exp.func("left", exp.func("sha256", seeded, dialect="duckdb"), exp.convert(14))
        drawn = exp.cast(exp.DPipe(this=exp.convert("0x"), expression=digest), "bigint")
        share = exp.convert(int((split.share or 0) * 2**56))
        held = exp.LT(this=drawn, expression=share)
    return exp.func("coalesce", held, exp.false())
