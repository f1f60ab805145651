"""One run of the contract benchmark with one tool: `python -m benchmarks.rivals TOOL FOLDER`.

FOLDER holds orders.parquet, contract.odcs.yaml and orders.duckdb (a view on the file). Prints one
JSON line: how many rules were checked, how many failed, and the seconds without imports. Each tool
is imported by its own function; most of them live in an environment of their own.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.contract_rules import RULES, Rule

# Nobody is called while we measure, or ever.
os.environ |= {
    "GX_ANALYTICS_ENABLED": "false",
    "SODA_CORE_TELEMETRY_ENABLED": "false",
    "OTEL_SDK_DISABLED": "true",
    "DISABLE_PANDERA_IMPORT_WARNING": "True",
}
Found = tuple[int, int]
"""(rules checked, rules that failed)"""


def mesh(folder: Path) -> Callable[[], Found]:
    from datetime import UTC, datetime

    from mesh_defs.contracts.audit import audit
    from mesh_defs.model import read_contract, read_yaml
    from mesh_defs.storage.relations import Relation, opened

    def run() -> Found:
        contract = read_contract(read_yaml(folder / "contract.odcs.yaml"))
        with opened({"orders": Relation(str(folder / "orders.parquet"))}) as there:
            now = datetime.now(UTC)
            found = audit(there.connection, there.tables, contract, references={}, as_of=now)
        shape = sum(
            v.rule.kind in ("columns", "extraColumns", "logicalType") for v in found.verdicts
        )
        return len(found.verdicts) - shape - found.not_executable, found.failed

    return run


def by_hand(folder: Path) -> Callable[[], Found]:
    """What somebody would write in DuckDB: one scan, and a query for the key."""
    import duckdb

    def broken(rule: Rule) -> str:
        column, value = rule.column, rule.value
        tests = {
            "minimum": f"{column} < ",
            "maximum": f"{column} > ",
            "minLength": f"length({column}) < ",
            "maxLength": f"length({column}) > ",
        }
        match rule.kind:
            case "key":
                return " OR ".join(f"{c} IS NULL" for c in value)
            case "required" | "nulls":
                return f"{column} IS NULL"
            case "enum":
                return f"{column} NOT IN ({', '.join(map(repr, value))})"
            case "pattern":
                return f"NOT regexp_matches({column}, '{value}')"
        return tests[rule.kind] + (f"TIMESTAMP '{value}'" if column == "ordered_at" else str(value))

    def run() -> Found:
        file = f"'{folder / 'orders.parquet'}'"
        with duckdb.connect() as connection:
            connection.execute("SET memory_limit = '600MB'; SET preserve_insertion_order = false")
            connection.execute(f"SET temp_directory = '{folder / 'spill'}'")
            counts = ", ".join(f"count_if({broken(r)})" for r in RULES if r.kind != "rows")
            total, *found = connection.execute(f"SELECT count(*), {counts} FROM {file}").fetchall()[
                0
            ]
            key = ", ".join(RULES[0].value)
            twice = f"SELECT 1 FROM {file} GROUP BY {key} HAVING count(*) > 1"
            (repeats,) = connection.execute(f"SELECT count(*) FROM ({twice})").fetchall()[0]
        nulls = [r.kind for r in RULES if r.kind != "rows"].index("nulls")
        share = 100 * found.pop(nulls) / total
        failed = sum(n > 0 for n in found) + (repeats > 0) + (share >= 5) + (total == 0)
        return len(RULES), failed

    return run


def datacontract(folder: Path) -> Callable[[], Found]:
    import logging

    from datacontract.data_contract import DataContract

    logging.disable(logging.CRITICAL)

    def run() -> Found:
        done = DataContract(data_contract_file=str(folder / "contract.odcs.yaml")).test()
        checks = [c for c in done.checks if c.type not in ("field_is_present", "field_type")]
        results = [str(getattr(c.result, "value", c.result)) for c in checks]
        assert len(results) >= len(RULES), results
        return len(RULES), sum(r not in ("passed",) for r in results)

    return run


def _expectations() -> list[dict[str, Any]]:
    found = []
    for rule in RULES:
        column = {"column": rule.column}
        name, kwargs = {
            "key": ("compound_columns_to_be_unique", {"column_list": rule.value}),
            "required": ("column_values_to_not_be_null", column),
            "nulls": ("column_values_to_not_be_null", {**column, "mostly": 0.95}),
            "minimum": ("column_values_to_be_between", {**column, "min_value": rule.value}),
            "maximum": ("column_values_to_be_between", {**column, "max_value": rule.value}),
            "enum": ("column_values_to_be_in_set", {**column, "value_set": rule.value}),
            "minLength": (
                "column_value_lengths_to_be_between",
                {**column, "min_value": rule.value},
            ),
            "maxLength": (
                "column_value_lengths_to_be_between",
                {**column, "max_value": rule.value},
            ),
            "pattern": ("column_values_to_match_regex", {**column, "regex": rule.value}),
            "rows": ("table_row_count_to_be_between", {"min_value": 1}),
        }[rule.kind]
        if rule.column == "ordered_at" and rule.kind == "minimum":
            from datetime import datetime

            kwargs = {**column, "min_value": datetime.fromisoformat(rule.value)}
        found.append({"type": f"expect_{name}", "kwargs": kwargs})
    return found


def _validated(batch: Any) -> Found:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    results = [
        batch.validate(ExpectationConfiguration(**e).to_domain_obj()) for e in _expectations()
    ]
    for result in results:
        raised = json.dumps(result.to_json_dict()["exception_info"], default=str)
        if '"raised_exception": true' in raised:
            raise RuntimeError(raised.partition('"exception_message": ')[2][:200])
    return len(results), sum(not r.success for r in results)


def _quiet_context() -> Any:
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return context


def gx_pandas(folder: Path) -> Callable[[], Found]:
    import great_expectations  # noqa: F401
    import pandas as pd

    def run() -> Found:
        asset = _quiet_context().data_sources.add_pandas("p").add_dataframe_asset("a")
        batches = asset.add_batch_definition_whole_dataframe("b")
        frame = pd.read_parquet(folder / "orders.parquet")
        return _validated(batches.get_batch(batch_parameters={"dataframe": frame}))

    return run


def gx_sql(folder: Path) -> Callable[[], Found]:
    import great_expectations  # noqa: F401

    def run() -> Found:
        source = _quiet_context().data_sources.add_sql(
            "d", connection_string=f"duckdb:///{folder / 'orders.duckdb'}"
        )
        asset = source.add_table_asset("a", table_name="orders")
        return _validated(asset.add_batch_definition_whole_table("b").get_batch())

    return run


def pandera(folder: Path) -> Callable[[], Found]:
    import pandera.polars as pa
    import polars as pl

    checks: dict[str, list[Any]] = {}
    required = {r.column for r in RULES if r.kind == "required"}
    for rule in RULES:
        value = rule.value
        if rule.column == "ordered_at" and value:
            from datetime import datetime

            value = datetime.fromisoformat(value)
        made = {
            "minimum": lambda v: pa.Check.ge(v),
            "maximum": lambda v: pa.Check.le(v),
            "enum": lambda v: pa.Check.isin(v),
            "minLength": lambda v: pa.Check.str_length(min_value=v),
            "maxLength": lambda v: pa.Check.str_length(max_value=v),
            "pattern": lambda v: pa.Check.str_matches(v),
            "nulls": lambda v: pa.Check(
                lambda data: data.lazyframe.select(pl.col(data.key).is_null().mean() * 100 < v),
                ignore_na=False,
            ),
        }.get(rule.kind)
        if made:
            checks.setdefault(rule.column, []).append(made(value))

    def run() -> Found:
        from benchmarks.contract_rules import TYPES

        columns = {
            name: pa.Column(checks=checks.get(name, []), nullable=name not in required)
            for name in TYPES
        }
        schema = pa.DataFrameSchema(columns, unique=RULES[0].value)
        frame = pl.read_parquet(folder / "orders.parquet")
        assert len(frame) > 0
        try:
            schema.validate(frame, lazy=True)
        except pa.errors.SchemaErrors as error:
            return len(RULES), len(error.schema_errors)
        return len(RULES), 0

    return run


def soda(folder: Path) -> Callable[[], Found]:
    import logging

    import yaml
    from soda_core.contracts import verify_contract_locally

    logging.disable(logging.CRITICAL)
    from benchmarks.contract_rules import TYPES

    columns: dict[str, list[dict[str, Any]]] = {name: [] for name in TYPES}
    table: list[dict[str, Any]] = []
    for number, rule in enumerate(RULES):
        one = {"qualifier": f"r{number}"}
        valid = {
            "minimum": {"valid_min": rule.value},
            "maximum": {"valid_max": rule.value},
            "enum": {"valid_values": rule.value},
            "minLength": {"valid_min_length": rule.value},
            "maxLength": {"valid_max_length": rule.value},
            "pattern": {"valid_format": {"name": "pattern", "regex": rule.value}},
        }
        if rule.kind == "key":
            table.append({"duplicate": {**one, "columns": rule.value}})
        elif rule.kind == "rows":
            table.append({"row_count": {**one, "threshold": {"must_be_greater_than": 0}}})
        elif rule.kind == "required":
            columns[rule.column].append({"missing": one})
        elif rule.kind == "nulls":
            threshold = {"metric": "percent", "must_be_less_than": rule.value}
            columns[rule.column].append({"missing": {**one, "threshold": threshold}})
        elif rule.column == "ordered_at":
            expression = f"ordered_at < TIMESTAMP '{rule.value}'"
            table.append({"failed_rows": {**one, "expression": expression}})
        else:
            columns[rule.column].append({"invalid": {**one, **valid[rule.kind]}})
    contract = {
        "dataset": "here/main/orders",
        "columns": [{"name": n, **({"checks": c} if c else {})} for n, c in columns.items()],
        "checks": table,
    }
    (folder / "soda.yml").write_text(yaml.safe_dump(contract, sort_keys=False))
    database = {"database": str(folder / "orders.duckdb"), "read_only": True}
    source = {"type": "duckdb", "name": "here", "connection": database}
    (folder / "source.yml").write_text(yaml.safe_dump(source))

    def run() -> Found:
        result = verify_contract_locally(
            data_source_file_path=str(folder / "source.yml"),
            contract_file_path=str(folder / "soda.yml"),
            publish=False,
        )
        return result.number_of_checks, result.number_of_checks_failed

    return run


TOOLS = {
    "mesh": mesh,
    "by hand": by_hand,
    "datacontract-cli": datacontract,
    "GX pandas": gx_pandas,
    "GX SQL": gx_sql,
    "pandera (Polars)": pandera,
    "Soda": soda,
}


def main() -> None:
    tool, folder = sys.argv[1:3]
    run = TOOLS[tool](Path(folder))
    started = time.perf_counter()
    checked, failed = run()
    seconds = time.perf_counter() - started
    print("\n" + json.dumps({"checked": checked, "failed": failed, "seconds": seconds}))


if __name__ == "__main__":
    main()
