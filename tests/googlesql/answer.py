"""Answers queries by Google's own engine for GoogleSQL (ZetaSQL's reference implementation, which
BigQuery's dialect is defined by), built for WebAssembly. It has no tables: a query brings its rows.

Run by the Python of an environment of its own; the argument is the file that the engine is kept in
when it was compiled. A query is a line of JSON, and so is its answer: rows of texts.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import wasmtime


def keep_compiled(file: Path) -> None:
    """Compiling takes a minute: the next process takes what the first one has made."""
    compile_it = wasmtime.Module.from_file

    def from_file(engine: Any, path: str) -> Any:
        if not file.exists():
            own = file.with_suffix(f".{os.getpid()}")
            own.write_bytes(compile_it(engine, path).serialize())
            own.replace(file)
        return wasmtime.Module.deserialize_file(engine, str(file))

    wasmtime.Module.from_file = staticmethod(from_file)


def main(file: Path) -> None:
    keep_compiled(file)
    from zetasql.api import CatalogBuilder, PreparedQuery
    from zetasql.types import AnalyzerOptions, LanguageOptions, ZetaSQLBuiltinFunctionOptions

    language = LanguageOptions.maximum_features()
    functions = ZetaSQLBuiltinFunctionOptions(language_options=language)
    catalog = CatalogBuilder("none").with_builtin_functions(functions).build()
    options = AnalyzerOptions(language_options=language)
    for line in sys.stdin:
        asked = PreparedQuery.builder().set_sql(json.loads(line))
        with asked.set_analyzer_options(options).set_catalog(catalog).prepare() as query:
            rows = query.execute().content.table_data.row
        print(json.dumps([[cell.string_value for cell in row.cell] for row in rows]), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
