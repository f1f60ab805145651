"""A source that is an Apache Beam pipeline: run in Beam's own environment, its Parquet files found.

Beam pins other versions than we do, so it is never imported here: a pipeline is a program. What is
landed of its rows is for `landing`.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

from mesh_defs.model import MeshError

PYTHON_VARIABLE = "MESH_BEAM_PYTHON"
OPTIONS_VARIABLE = "MESH_BEAM_OPTIONS"
OUTPUT_VARIABLE = "MESH_BEAM_OUTPUT"
# Beam reads every file system that it can write to, with the credentials it writes with.
_FETCH = """
import shutil, sys
from apache_beam.io.filesystems import FileSystems
source, target = sys.argv[1:]
(found,) = FileSystems.match([source + "*"])
for number, file in enumerate(found.metadata_list):
    with FileSystems.open(file.path) as there, open(f"{target}/{number}.parquet", "wb") as here:
        shutil.copyfileobj(there, here)
"""
_LAST_LINES = 12


def run_pipeline(root: Path, file: Path, run_id: str, folder: Path) -> list[Path]:
    """Run a pipeline; the Parquet files that it wrote are in `folder` then.

    It is called from the mesh's root with `--output=PREFIX` and the options of MESH_BEAM_OPTIONS.
    Raises MeshError when there is no Beam, when it fails, or when it wrote nothing.
    """
    python = Path(os.environ.get(PYTHON_VARIABLE) or root / ".venv" / "beam" / "bin" / "python")
    if not python.is_file():
        raise MeshError(
            f"`{file.name}` needs Apache Beam, and there is no `{python}`. Make it with "
            f"`make beam`, or say in {PYTHON_VARIABLE} which Python has it."
        )
    elsewhere = os.environ.get(OUTPUT_VARIABLE)
    place = f"{elsewhere.rstrip('/')}/{file.stem}/{run_id}" if elsewhere else str(folder)
    output = f"{place}/rows"
    options = shlex.split(os.environ.get(OPTIONS_VARIABLE, ""))
    _call([str(python), str(file), f"--output={output}", *options], root, file)
    if elsewhere:
        _call([str(python), "-c", _FETCH, output, str(folder)], root, file)
    found = sorted(path for path in folder.iterdir() if path.is_file())
    if not found:
        raise MeshError(
            f"`{file.name}` wrote no file that begins with `{output}`. Write its rows with "
            "`beam.io.WriteToParquet(options.output, …)`."
        )
    return found


def _call(command: list[str], root: Path, file: Path) -> None:
    done = subprocess.run(
        command,
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        last = "\n".join(done.stdout.strip().splitlines()[-_LAST_LINES:])
        raise MeshError(f"`{file.name}` ended with {done.returncode}:\n{last}")
