"""What takes long is left out when the time for tests is over, and told; nothing else is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")
TESTS = """
import pytest

@pytest.mark.slow
def test_long(): pass

def test_short(): pass
"""


@pytest.mark.parametrize(
    ("until", "told"), [("", "2 passed"), ("9e9", "2 passed"), ("1", "1 passed, 1 skipped")]
)
def test_what_is_left_out(
    until: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "test_two.py").write_text(TESTS)
    monkeypatch.setenv("MESH_TESTS_UNTIL", until)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", tmp_path, "-q", "-rs", "-p", "no:cacheprovider",
         "-p", "tests.conftest", "-W", "ignore", "--rootdir", tmp_path],
        cwd=CONFTEST.parent.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told in done.stdout, done.stdout + done.stderr
    assert ("MESH_TESTS_UNTIL" in done.stdout) == ("skipped" in told)
