"""Asks the outside judges; run by the Python of their own environment, no test itself.

`judge.py datacontract FILE …` prints a JSON object: file → what the judge's linter said, null if
nothing. `judge.py test` reads the path of a contract from each line of its input, and prints what
datacontract-cli's `test` comes to, a line each.
"""

from __future__ import annotations

import json
import logging
import sys
from importlib import import_module


def main() -> None:
    tool, *files = sys.argv[1:]
    if tool == "test":
        test()
    else:
        lint(tool, files)


def lint(tool: str, files: list[str]) -> None:
    from typer.testing import CliRunner

    app = import_module(f"{tool}.cli").app
    found = {}
    for file in files:
        result = CliRunner().invoke(app, ["lint", "--all-errors", file])
        said = result.output + (f"\n{result.exception!r}" if result.exception else "")
        found[file] = said if result.exit_code else None
    print(json.dumps(found))


def test() -> None:
    from datacontract.data_contract import DataContract

    logging.disable(logging.CRITICAL)
    for line in sys.stdin:
        run = DataContract(data_contract_file=line.strip()).test()
        found = [
            {
                "type": check.type,
                "field": check.field,
                "id": check.qualityId,
                "name": check.name,
                "result": check.result,
                "value": (check.diagnostics or {}).get("value"),
                "reason": check.reason,
            }
            for check in run.checks
        ]
        print(json.dumps(found, default=str), flush=True)


if __name__ == "__main__":
    main()
