"""Loading one domain as a code location against a bare `import dagster_dbt`."""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.processes import Timed, timed

_BARE = "import dagster_dbt"
_LOAD = "from domains.sales import defs; defs().get_repository_def()"


def measure(root: Path, times: int = 5) -> dict[str, float]:
    """Medians over alternating runs, the manifest prepared as before any start of the UI."""
    with tempfile.TemporaryDirectory(prefix="mesh-bench-") as home:
        environment = {"MESH_HOME": home, "MESH_ROOT": str(root), "PYTHONWARNINGS": "ignore"}

        def run(code: str) -> Timed:
            return timed([sys.executable, "-c", code], environment, root)

        run(_LOAD)  # parses
        pairs = [(run(_LOAD), run(_BARE)) for _ in range(times)]
    load = statistics.median(a.seconds for a, _ in pairs)
    bare = statistics.median(b.seconds for _, b in pairs)
    return {
        "code location of a domain, s": load,
        "import dagster_dbt, s": bare,
        "code location / import": statistics.median(a.seconds / b.seconds for a, b in pairs),
        "memory of a code location, MB": statistics.median(a.peak for a, _ in pairs) / 1e6,
    }
