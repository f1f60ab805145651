"""The whole mesh against typing `dbt build` once a project, and the run that has nothing to do."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.processes import Timed, timed
from mesh_defs.access.mounts import mount_all
from mesh_defs.model import Mesh
from mesh_defs.orchestration.dbt_project import environment, prepare
from mesh_defs.storage.houses import house_of
from mesh_defs.storage.state import State

BIN = Path(sys.executable).parent


def measure(root: Path) -> dict[str, float]:
    """Seconds and ratios. Landing is done before both sides start; each side parses nothing."""
    with tempfile.TemporaryDirectory(prefix="mesh-bench-") as folder:
        home = Path(folder) / "home"
        first = _mesh_run(root, home)
        unchanged = _mesh_run(root, home)
        dbt = _dbt_builds(root, home, Path(folder) / "bare")
        for made in ("workshops", "audits"):
            shutil.rmtree(home / made)
        for products in (home / "lake").glob("*/products"):
            shutil.rmtree(products)
        landed = _mesh_run(root, home)
    return {
        "whole mesh from nothing, s": first.seconds,
        "whole mesh, landing excluded, s": landed.seconds,
        "sum of bare dbt build, s": dbt,
        "mesh / bare dbt build": landed.seconds / dbt,
        "run with nothing to do, s": unchanged.seconds,
        "nothing to do / whole mesh": unchanged.seconds / first.seconds,
        "peak memory of the whole mesh, MB": first.peak / 1e6,
    }


def _mesh_run(root: Path, home: Path) -> Timed:
    run = timed([str(BIN / "mesh"), "run", "--json"], {"MESH_HOME": str(home)}, root)
    report = json.loads(run.output[run.output.index("{") :])
    assert report["ok"], report
    return run


def _dbt_builds(root: Path, home: Path, bare: Path) -> float:
    """`dbt build` as one would type it, a project after the other, on the same landings."""
    mesh = Mesh.read(root)
    published = State(home)
    total = 0.0
    for name in mesh.order():
        state = State(bare / name)
        (bare / name).mkdir(parents=True)
        shutil.copytree(published.home / "secrets", state.secrets)
        (state.home / "lake").symlink_to(published.home / "lake")
        prepare(root, state, mesh.rooms[name])
        with house_of(state).open(name) as workshop:
            mount_all(workshop, state, mesh.rooms[name].need(), (), {}, {})
        command = [
            str(BIN / "dbt"), "build", "--quiet",
            "--project-dir", str(root / "dbt_projects" / name),
            "--profiles-dir", str(root / "dbt_projects"),
            "--target-path", str(state.dbt(name) / "target"),
            "--log-path", str(state.dbt(name) / "logs"),
        ]  # fmt: skip
        settings = environment(root / "dbt_projects" / name, state, name)
        total += timed(command, settings, root).seconds
    return total
