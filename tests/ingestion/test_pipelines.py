"""A source that is a Beam pipeline: landed like any other, and clear about what went wrong."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mesh_defs.ingestion.landing import Landed, Refused, land
from mesh_defs.model import Domain, MeshError
from mesh_defs.model.domain import DomainFile, Kind, Source, Team
from mesh_defs.storage.state import State
from mesh_defs.storage.workshop import read_files
from tests.docs.pages import blocks, page
from tests.environments import environment

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLE = next(
    b for b in blocks(page("docs/reference/domain.md")) if b.title.endswith("receipts.py")
)
COLUMNS = {"desk": "varchar", "loan_id": "bigint"}


@pytest.fixture
def library(tmp_path: Path) -> Domain:
    """The domain of the docs' example, with two printers' rolls."""
    folder = tmp_path / "domains" / "library"
    (folder / "pipelines").mkdir(parents=True)
    (tmp_path / "data" / "receipts").mkdir(parents=True)
    (tmp_path / "data/receipts/a.txt").write_text("north\n1 Emma\n2 Ulysses\n---\nnorth\n3 Solaris")
    (tmp_path / "data/receipts/b.txt").write_text("south\n4 Momo")
    source = Source(description="Receipts.", pipeline="pipelines/receipts.py", columns=COLUMNS)
    file = DomainFile(
        title="Library",
        kind=Kind.SOURCE_ALIGNED,
        purpose="Lending.",
        team=Team(name="Lending", email="lending@example.com"),
        sources={"receipts": source},
    )
    return Domain(name="library", folder=folder, file=file)


def landed(domain: Domain, text: str, run_id: str = "run-1") -> Landed:
    root = domain.folder.parents[1]
    (domain.folder / "pipelines/receipts.py").write_text(text, encoding="utf-8")
    return land(root, State(root / ".mesh"), domain, "receipts", run_id)


def rows(found: Landed) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        query = f"FROM {read_files(found.snapshot.files).sql('duckdb')} ORDER BY ALL"
        return connection.execute(query).fetchall()


WRITES = f"""
import sys
sys.path[:0] = {sys.path!r}
import duckdb
output = sys.argv[1].removeprefix("--output=")
duckdb.sql("COPY (SELECT 'north' AS desk, 1 AS loan_id) TO '" + output + "-0.parquet'")
"""
WRONG = [
    ("import sys; print('no printer'); sys.exit(3)", "`receipts.py` ended with 3:\nno printer"),
    ("raise ValueError('torn')", "ValueError: torn"),
    ("", "`receipts.py` wrote no file that begins with"),
    (WRITES.replace("AS loan_id", "AS loan"), "the batch lacks `loan_id`"),
    (WRITES.replace("COPY (SELECT 'north' AS desk, 1 AS loan_id)", "COPY (SELECT 1) ")
     .replace("-0.parquet'", "-0.parquet' (FORMAT csv)"), "can't be read as parquet"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_what_goes_wrong_is_told_and_nothing_lands(
    library: Domain, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.setenv("MESH_BEAM_PYTHON", sys.executable)
    first = landed(library, WRITES)
    with pytest.raises(MeshError) as error:
        landed(library, text)
    assert said in str(error.value)
    assert isinstance(error.value, Refused) or "receipts.py" in str(error.value)
    assert not landed(library, WRITES).changed
    assert rows(first) == [("north", 1)]


def test_without_beam_it_says_how_to_get_it(library: Domain) -> None:
    with pytest.raises(MeshError, match=r"needs Apache Beam.* Make it with `make beam`"):
        landed(library, EXAMPLE.text)


@pytest.mark.slow
@pytest.mark.parametrize("elsewhere", [False, True])
def test_the_docs_pipeline_on_the_direct_runner(
    library: Domain,
    monkeypatch: pytest.MonkeyPatch,
    pytestconfig: pytest.Config,
    tmp_path: Path,
    elsewhere: bool,
) -> None:
    python = environment(pytestconfig, REPOSITORY / "constraints-beam.txt", "MESH_BEAM_VENV")
    monkeypatch.setenv("MESH_BEAM_PYTHON", str(python))
    if elsewhere:
        (tmp_path / "bucket").mkdir()
        monkeypatch.setenv("MESH_BEAM_OUTPUT", str(tmp_path / "bucket"))
    first = landed(library, EXAMPLE.text)
    assert rows(first) == [("north", 1), ("north", 2), ("north", 3), ("south", 4)]
    assert not landed(library, EXAMPLE.text, "run-2").changed
    assert bool(elsewhere) == (tmp_path / "bucket").exists()
