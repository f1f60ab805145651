"""What the fork server does once, so that no domain's process must: imports, dbt's first steps.

dbt builds validators for its own classes the first time it reads a project and the first time it
runs one: as long as building a small domain. One build of a tiny project pays for all of them.
"""

import tempfile
import warnings
from contextlib import redirect_stderr, redirect_stdout, suppress
from io import StringIO
from pathlib import Path

from mesh_defs.storage.state import State

_TINY = {
    "dbt_projects/profiles.yml": (
        "mesh: {target: t, outputs: {t: {type: duckdb, path: ':memory:'}}}"
    ),
    "dbt_projects/tiny/dbt_project.yml": "{name: tiny, version: 1.0.0, profile: mesh}",
    "dbt_projects/tiny/models/one.sql": "select 1 as id",
    "dbt_projects/tiny/models/tiny.yml": (
        "{sources: [{name: s, tables: [{name: t}]}],"
        " models: [{name: one, columns: [{name: id, data_tests: [not_null]}]}]}"
    ),
}


def warm_up() -> None:
    """Import what a domain's run imports, and let dbt build a project of one model and one test."""
    warnings.filterwarnings("ignore", module="dagster.*")
    import dagster._core.storage.legacy_storage
    import dagster._core.storage.runs
    import dagster._core.storage.schedules  # noqa: F401
    import deltalake  # noqa: F401
    import google.protobuf.json_format  # noqa: F401

    import mesh_defs.orchestration.domain_run
    import mesh_defs.orchestration.event_log
    import mesh_defs.orchestration.location  # noqa: F401
    from mesh_defs.orchestration.dbt_project import invoke

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, text in _TINY.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            # The static parser starts threads that a forked process would wait for in vain.
            build = ["--no-static-parser", "build"]
            invoke(root / "dbt_projects/tiny", State(root / "state"), "tiny", build)


# Only the fork server imports this module, and an error here would take the whole run with it.
with suppress(Exception):
    warm_up()
