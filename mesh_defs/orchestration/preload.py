"""Imported once by the fork server, before any domain's process starts from it; nothing else."""

import warnings

warnings.filterwarnings("ignore", module="dagster.*")

import dagster_dbt  # noqa: F401, E402
import deltalake  # noqa: F401, E402
import duckdb  # noqa: F401, E402
from dbt.cli import main  # noqa: F401, E402

import mesh_defs.orchestration.domain_run  # noqa: F401, E402
