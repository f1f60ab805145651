"""Asks the outside judges about files; run by the Python of their own environment, no test itself.

`judge.py datacontract FILE …` prints a JSON object: file → what the judge said, null if nothing.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module

from typer.testing import CliRunner


def main() -> None:
    tool, *files = sys.argv[1:]
    app = import_module(f"{tool}.cli").app
    found = {}
    for file in files:
        result = CliRunner().invoke(app, ["lint", "--all-errors", file])
        said = result.output + (f"\n{result.exception!r}" if result.exception else "")
        found[file] = said if result.exit_code else None
    print(json.dumps(found))


if __name__ == "__main__":
    main()
