"""The landing: a batch lands whole, typed, once; or is refused with words that help."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mesh_defs.ingestion import landing, sources
from mesh_defs.ingestion.landing import Landed, Refused, land
from mesh_defs.model import Domain, MeshError
from mesh_defs.model.domain import DomainFile, Kind, Source, Team
from mesh_defs.storage.state import State
from mesh_defs.storage.workshop import read_files

CSV = "id,day,price\n1,2024-01-02,1.50\n2,2024-01-03,2.25\n"
COLUMNS = {"id": "bigint", "day": "date", "price": "decimal(10,2)"}


@dataclass
class Till:
    """A domain of one source, in a folder of its own."""

    root: Path
    source: Source

    @property
    def domain(self) -> Domain:
        file = DomainFile(
            title="Shop",
            kind=Kind.SOURCE_ALIGNED,
            purpose="Selling.",
            team=Team(name="Shop", email="shop@example.com"),
            sources={"tills": self.source},
        )
        return Domain(name="shop", folder=self.root / "domains" / "shop", file=file)

    @property
    def state(self) -> State:
        return State(self.root / ".mesh")

    def land(self, force: bool = False) -> Landed:
        return land(self.root, self.state, self.domain, "tills", "run-1", force)

    def is_landed(self) -> bool:
        return sources.is_landed(self.root, self.state, self.domain, "tills")

    def rows(self, landed: Landed) -> list[tuple[Any, ...]]:
        with duckdb.connect() as connection:
            query = f"FROM {read_files(landed.snapshot.files).sql('duckdb')} ORDER BY ALL"
            return connection.execute(query).fetchall()


@pytest.fixture
def till(tmp_path: Path) -> Callable[..., Till]:
    def make(name: str = "tills.csv", text: str | bytes = CSV, **more: Any) -> Till:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return Till(tmp_path, Source(description="Tills.", path=name, **more))

    return make


Make = Callable[..., Till]


def parquet(path: Path, sql: str) -> None:
    path.unlink(missing_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet)")


LINES = """\
{"id": 1, "day": "2024-01-02", "price": 1.5}
{"id": 2, "day": "2024-01-03", "price": 2.25}"""
JSON = "[" + LINES.replace("\n", ", ") + "]"


@pytest.mark.parametrize(
    ("name", "text", "more"),
    [
        ("tills.csv", CSV, {}),
        ("tills.tsv", CSV.replace(",", "\t"), {}),
        ("tills.json", JSON, {}),
        ("tills.jsonl", LINES, {}),
        ("TILLS.CSV", CSV, {}),
        ("it's [a] till.csv", CSV, {}),
        ("tills.dat", CSV, {"format": "csv"}),
    ],
)
def test_every_kind_of_file_lands_as_the_same_rows(
    till: Make, name: str, text: str, more: dict[str, str]
) -> None:
    shop = till(name, text, columns=COLUMNS, **more)
    landed = shop.land()
    assert shop.rows(landed) == [(1, date(2024, 1, 2), D("1.50")), (2, date(2024, 1, 3), D("2.25"))]
    assert (landed.changed, landed.rows) == (True, 2)


def D(text: str) -> Any:
    from decimal import Decimal

    return Decimal(text)


def test_parquet_lands_as_it_is(till: Make) -> None:
    shop = till("tills.parquet", b"", columns={"id": "bigint"})
    parquet(shop.root / "tills.parquet", "SELECT i AS id, [i, i] AS more FROM range(3) r(i)")
    landed = shop.land()
    assert shop.rows(landed) == [(0, [0, 0]), (1, [1, 1]), (2, [2, 2])]
    assert landed.notes == ("new columns, landed as they are: `more`",)


def test_a_batch_lands_once(till: Make) -> None:
    shop = till(columns=COLUMNS)
    assert not shop.is_landed()
    first = shop.land()
    assert shop.is_landed()
    again = shop.land()
    assert (again.changed, again.snapshot) == (False, first.snapshot)
    assert shop.land(force=True).snapshot.version == 1


def test_bytes_are_read_only_when_in_doubt(till: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = till(columns=COLUMNS)
    shop.land()
    read: list[Path] = []
    real = sources.digest_of

    def noted(path: Path) -> str:
        read.append(path)
        return real(path)

    monkeypatch.setattr(sources, "digest_of", noted)
    assert shop.is_landed()
    assert read == [], "same place, size and time"
    os.utime(shop.root / "tills.csv", (1, 1))
    assert shop.is_landed()
    assert len(read) == 1, "touched, but the same bytes"
    (shop.root / "tills.csv").write_text(CSV.replace("1.50", "1.51"))
    os.utime(shop.root / "tills.csv", (1, 1))
    assert not shop.is_landed(), "as long as before, other bytes"
    (shop.root / "tills.csv").write_text(CSV + "3,2024-01-04,9\n")
    assert not shop.is_landed()
    assert len(read) == 2, "another length is another batch"


def test_the_same_bytes_in_another_place_are_the_same_batch(
    till: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = till(columns=COLUMNS)
    shop.land()
    copy = shop.root / "copy.csv"
    copy.write_text(CSV)
    monkeypatch.setenv("MESH_SOURCE__SHOP__TILLS", str(copy))
    assert shop.is_landed()
    copy.write_text(CSV.replace("2.25", "3.25"))
    assert not shop.is_landed()
    assert shop.land().snapshot.metadata["source"]["path"] == str(copy)


def test_other_declared_columns_are_another_landing(till: Make) -> None:
    shop = till(columns=COLUMNS)
    shop.land()
    shop.source = shop.source.model_copy(update={"columns": {**COLUMNS, "price": "double"}})
    assert not shop.is_landed()
    assert shop.land().changed


@pytest.mark.parametrize(
    ("kind", "given", "declared", "kept"),
    [
        ("text to number", "'007'", "varchar", "007"),
        ("whole float to integer", "5.0::double", "bigint", 5),
        ("integer to float", "5", "double", 5.0),
        ("wider integer", "5::utinyint", "bigint", 5),
        ("decimal scale", "1.50::decimal(6,3)", "decimal(10,2)", D("1.50")),
        ("midnight to date", "timestamp '2024-01-02'", "date", date(2024, 1, 2)),
        ("null of another type", "null::varchar", "bigint", None),
    ],
)
def test_another_type_is_converted_when_nothing_is_lost(
    till: Make, kind: str, given: str, declared: str, kept: Any
) -> None:
    shop = till("tills.parquet", b"", columns={"x": declared})
    parquet(shop.root / "tills.parquet", f"SELECT {given} AS x")
    landed = shop.land()
    assert shop.rows(landed) == [(kept,)], kind


@pytest.mark.parametrize(
    ("given", "declared"),
    [
        ("1.25", "bigint"),
        ("'x'", "bigint"),
        ("'007'", "bigint"),
        ("9007199254740993::bigint", "double"),
        ("0.1::decimal(10,5) + 0.00001", "decimal(10,2)"),
        ("timestamp '2024-01-02 03:04:05'", "date"),
        ("300", "utinyint"),
    ],
)
def test_a_value_that_would_change_refuses_the_batch(till: Make, given: str, declared: str) -> None:
    shop = till("tills.parquet", b"", columns={"x": declared})
    parquet(shop.root / "tills.parquet", f"SELECT {given} AS x FROM range(1234)")
    with pytest.raises(Refused, match=r"rule `tills\.columns`: `x` is .*1,234 rows do not convert"):
        shop.land()
    assert not shop.state.landing("shop", "tills").joinpath("_delta_log").exists()


def test_a_missing_column_refuses_the_batch_and_guesses_the_new_name(till: Make) -> None:
    shop = till(columns=COLUMNS)
    shop.land()
    (shop.root / "tills.csv").write_text(CSV.replace("price", "amount"))
    with pytest.raises(Refused) as refused:
        shop.land()
    said = str(refused.value)
    assert "shop.tills: rule `tills.columns`: the batch lacks `price`" in said
    assert "Renamed? The batch also has `amount`" in said
    assert "domains/shop/domain.yaml" in said


def test_a_refused_batch_leaves_the_last_good_landing(till: Make) -> None:
    shop = till(columns=COLUMNS)
    good = shop.land()
    (shop.root / "tills.csv").write_text("id,day\n1,2024-01-01\n")
    with pytest.raises(Refused):
        shop.land()
    (shop.root / "tills.csv").write_text(CSV)
    again = shop.land()
    assert (again.changed, again.snapshot) == (False, good.snapshot)


@pytest.mark.parametrize(
    ("name", "text"), [("tills.parquet", b"PAR1 cut off"), ("tills.json", '[{"id": ')]
)
def test_half_a_file_is_refused(till: Make, name: str, text: str | bytes) -> None:
    with pytest.raises(Refused, match=r"shop\.tills: .*can't be read as .*Feed a whole file"):
        till(name, text, columns={"id": "bigint"}).land()


def test_a_source_that_is_not_there_says_where_to_put_it(
    till: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = till()
    (shop.root / "tills.csv").unlink()
    with pytest.raises(MeshError, match=r"sources\.tills\.path: no file at .*Put it there, or set "
                                        r"MESH_SOURCE__SHOP__TILLS"):  # fmt: skip
        shop.land()
    monkeypatch.setenv("MESH_SOURCE__SHOP__TILLS", "nowhere.csv")
    with pytest.raises(MeshError, match=r"^MESH_SOURCE__SHOP__TILLS: no file at"):
        shop.land()
    monkeypatch.setenv("MESH_SOURCE__SHOP__TILLS", "package:no_such_package_here/x.csv")
    with pytest.raises(MeshError, match="the package `no_such_package_here` is not installed"):
        shop.land()
    monkeypatch.setenv("MESH_SOURCE__SHOP__TILLS", str(shop.root))
    with pytest.raises(MeshError, match=r"no known ending|is not a file"):
        shop.land()


def test_an_unknown_ending_says_which_are_known(till: Make) -> None:
    with pytest.raises(MeshError, match=r"`tills\.dat` has no known ending.*Say `format:`"):
        till("tills.dat").land()


def test_a_function_is_a_source(till: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = till()
    shop.source = Source(description="Tills.", function="ingestion.fetch", columns={"x": "bigint"})
    rows: Any = None
    monkeypatch.setattr(landing, "_call", lambda *_: rows)
    import pyarrow as pa

    rows = pa.table({"x": [2, 1]})
    assert not shop.is_landed(), "a function can only be asked by running it"
    first = shop.land()
    assert shop.rows(first) == [(1,), (2,)]
    rows = pa.table({"x": [1, 2]})
    assert not shop.land().changed, "the same rows in another order"
    rows = pa.table({"x": [1, 2, 2]})
    assert shop.land().changed
    rows = pa.table({"y": [1]})
    with pytest.raises(Refused, match="lacks `x`"):
        shop.land()
    rows = shop.root / "tills.csv"
    with pytest.raises(MeshError, match=r"gave a path. Say `path:` for a file"):
        shop.land()
    rows = 42
    with pytest.raises(MeshError, match=r"returned int\. Return an Arrow table"):
        shop.land()


def test_a_function_that_is_not_there_says_where_to_write_it(till: Make) -> None:
    shop = till()
    shop.source = Source(description="Tills.", function="ingestion.fetch")
    with pytest.raises(MeshError, match=r"sources\.tills\.function: .*domains/shop/ingestion\.py"):
        shop.land()
