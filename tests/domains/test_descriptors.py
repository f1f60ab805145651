"""The demo's descriptors and contracts before judges that are not ours: two public linters.

They need an older pydantic than we do, so they live in an environment of their own: the folder that
MESH_JUDGES_VENV names, or one made once in pytest's cache from tests/judges/requirements.txt.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.environments import JUDGES, judges

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[2]
CONTRACTS = sorted(REPOSITORY.glob("domains/*/contracts/*.odcs.yaml"))
DESCRIPTORS = sorted(REPOSITORY.glob("domains/*/products/*.odps.yaml"))

Judge = Callable[..., dict[str, str | None]]


@pytest.fixture(scope="session")
def judge(pytestconfig: pytest.Config) -> Judge:
    python = judges(pytestconfig)

    def ask(tool: str, files: list[Path], folder: Path = REPOSITORY) -> dict[str, str | None]:
        done = subprocess.run(
            [python, JUDGES / "judge.py", tool, *(str(f.relative_to(folder)) for f in files)],
            cwd=folder,  # a descriptor's contracts are looked for below it
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stderr
        found: dict[str, str | None] = json.loads(done.stdout.splitlines()[-1])
        return found

    return ask


def test_every_contract_lints_clean(judge: Judge) -> None:
    found = judge("datacontract", CONTRACTS)
    assert len(found) == len(CONTRACTS) >= 1
    wrong = {file: said for file, said in found.items() if said}
    assert not wrong, "\n".join(f"{file}:\n{said}" for file, said in wrong.items())


def test_every_descriptor_lints_clean_and_its_contracts_are_found(judge: Judge) -> None:
    found = judge("dataproduct", DESCRIPTORS)
    assert len(found) == len(DESCRIPTORS) >= 1
    wrong = {file: said for file, said in found.items() if said}
    assert not wrong, "\n".join(f"{file}:\n{said}" for file, said in wrong.items())


def test_the_judges_do_judge(judge: Judge, tmp_path: Path) -> None:
    contract, descriptor = tmp_path / "x.odcs.yaml", tmp_path / "x.odps.yaml"
    contract.write_text(
        CONTRACTS[0].read_text().replace("kind: DataContract", "kind: DataContract\nnote: mine")
    )
    descriptor.write_text(DESCRIPTORS[0].read_text().replace("outputPorts:", "exits:"))
    for tool, file in (("datacontract", contract), ("dataproduct", descriptor)):
        (said,) = judge(tool, [file], tmp_path).values()
        assert said, f"{tool} found nothing wrong with {file.read_text()}"
