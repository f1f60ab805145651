"""A BigQuery for tests: an emulator that speaks its protocol, and tables put into it from DuckDB.

The emulator needs Python 3.13 and lives in an environment of its own; where there is no such
Python, its tests are skipped, or fail if MESH_EMULATOR_REQUIRED is 1. No test is here.
"""

from __future__ import annotations

import io
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.environments import environment, python_of

HERE = Path(__file__).parent
PYTHON = "3.13"
_SCALARS = {
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint",
                     "uinteger"), "INTEGER"),
    **dict.fromkeys(("float", "double"), "FLOAT"),
    **dict.fromkeys(("varchar", "enum", "uuid"), "STRING"),
    "boolean": "BOOLEAN",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "DATETIME",
    "timestamp with time zone": "TIMESTAMP",
    "blob": "BYTES",
}  # fmt: skip


@dataclass
class Emulator:
    """Its address, and a client that speaks to it."""

    url: str
    client: Any
    _datasets: Any

    @property
    def host(self) -> dict[str, str]:
        """What a process needs in its environment to find it."""
        return {"BIGQUERY_EMULATOR_HOST": self.url}

    def dataset(self) -> str:
        name = f"d{next(self._datasets)}"
        self.client.create_dataset(name)
        return name

    def add_pseudonym(self, key: str) -> None:
        """The keyed hash as the platform has it in DuckDB; a key in tests is nobody's."""
        self.client.create_dataset("mesh_secrets", exists_ok=True)
        self.client.query(
            "CREATE OR REPLACE FUNCTION mesh_secrets.pseudonym(v STRING) AS ("
            f" LEFT(TO_HEX(SHA256(CONCAT('{key}', TO_HEX(SHA256(CONCAT('{key}', v)))))), 32))"
        ).result()

    def load(self, rows: Any, to: str) -> None:
        """Copy a relation of DuckDB, made `portable`, into a new table."""
        from google.cloud.bigquery import LoadJobConfig
        from google.cloud.bigquery.format_options import ParquetOptions

        types = dict(zip(rows.columns, rows.types, strict=True))
        fields = [_field(name, type_) for name, type_ in types.items()]
        config = LoadJobConfig(schema=fields, source_format="PARQUET")
        config.parquet_options = ParquetOptions()
        config.parquet_options.enable_list_inference = True
        data = io.BytesIO(_parquet(rows))
        self.client.load_table_from_file(data, to, job_config=config).result()


def portable(table: Any) -> Any:
    """The rows of a table of DuckDB as BigQuery can hold them: columns of types that it has, and
    lists without nulls, empty where there is none."""
    said = []
    for name, type_ in zip(table.columns, table.types, strict=True):
        if _field(name, type_):
            lists = type_.id in ("list", "array")
            filled = f'list_filter("{name}", lambda item: item IS NOT NULL)'
            said.append(f'coalesce({filled}, []) AS "{name}"' if lists else f'"{name}"')
    return table.project(", ".join(said))


@contextmanager
def running(config: pytest.Config | None, folder: Path) -> Iterator[Emulator]:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.bigquery import Client

    interpreter = python_of(PYTHON)
    if interpreter is None and not os.environ.get("MESH_EMULATOR_VENV"):
        said = f"the emulator of BigQuery needs Python {PYTHON}"
        assert os.environ.get("MESH_EMULATOR_REQUIRED") != "1", f"{said}, required and not here"
        pytest.skip(said)
    python = environment(config, HERE / "requirements.txt", "MESH_EMULATOR_VENV", interpreter or "")
    log = folder / "log.txt"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [python, HERE / "serve.py", folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        assert process.stdin and process.stdout
        url = process.stdout.readline().strip()
        assert url, log.read_text()
        options = {"api_endpoint": url}
        anonymous = AnonymousCredentials()
        with Client(project="local", credentials=anonymous, client_options=options) as client:
            yield Emulator(url, client, count())
        process.stdin.close()
        process.wait(timeout=30)


def _parquet(rows: Any) -> bytes:
    with tempfile.TemporaryDirectory(prefix="mesh-") as folder:
        file = Path(folder) / "rows.parquet"
        rows.write_parquet(str(file))
        return file.read_bytes()


def _field(name: str, type_: Any) -> Any:
    """The column in BigQuery; None where it has none such."""
    from google.cloud.bigquery import SchemaField

    said = str(type_).lower()
    if said == "json":
        return SchemaField(name, "JSON")
    if type_.id in ("list", "array"):
        inner = _field(name, type_.child if type_.id == "list" else dict(type_.children)["child"])
        if inner is None or inner.mode == "REPEATED":
            return None
        return SchemaField(name, inner.field_type, "REPEATED", fields=inner.fields)
    if type_.id == "struct":
        fields = [_field(n, t) for n, t in type_.children]
        return None if None in fields else SchemaField(name, "RECORD", fields=fields)
    if type_.id == "decimal":
        size = dict(type_.children)
        precision, scale = int(size["precision"]), int(size["scale"])
        kind = "NUMERIC" if precision - scale <= 29 and scale <= 9 else "BIGNUMERIC"
        return SchemaField(name, kind, precision=precision, scale=scale)
    scalar = _SCALARS.get(type_.id, _SCALARS.get(said))
    return SchemaField(name, scalar) if scalar else None
