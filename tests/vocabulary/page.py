"""docs/reference/vocabulary.md, from the macros' own descriptions and the examples that are tested.

`python -m tests.vocabulary.page` writes it. No test is here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.vocabulary.words import PROJECT, Word, attached, described, unit_tests

PAGE = PROJECT.parents[1] / "docs" / "reference" / "vocabulary.md"
# Folders of macros, in the order of the page: what each is for.
GROUPS = {
    "structuring": ("Structuring", "JSON text, lists and floats into typed columns and rows."),
    "change": ("Structural change", "A source that renames, adds, drops or retypes a column."),
    "defaults": ("Defaults", "Something to stand for what is empty, never mistaken for a fact."),
    "duplicates": ("Duplicates", "One row of what there is once."),
    "completeness": ("Completeness", "What should be there, and is not."),
    "outliers": ("Outliers", "Values far from the others: marked, never silently changed."),
    "anonymisation": ("Anonymisation", "Somebody who cannot be told from others any more."),
    "events": ("Events", "What happened, named in the past tense, and never changed."),
    "entities": ("Entities", "What something was, is, and was at a moment."),
    "external": ("External data", "Another's codes, units and names, in our words."),
    "aggregation": ("Aggregation", "Periods and grains, and measures that may be added up."),
    "calendar": ("Calendar", "The shops keep New York time, and their week begins on Monday."),
    "checks": ("Checks", "dbt tests of what your own SQL could get wrong."),
}
FUNCTIONS = """\
## Functions of your own

Where SQL alone is poor, write a function: dbt's own
[user-defined functions](https://docs.getdbt.com/docs/build/udfs), a file of the function's name in
your project's `functions/`, in SQL (one expression) or in Python (3.11, its standard library), and
a YAML file beside it. Types are GoogleSQL's. On BigQuery the function is created in your dataset;
on DuckDB it is a macro of your workshop, and Python runs in the process that builds your models, a
row at a time: call it on distinct values. A model that calls a function in Python must be a table,
not a view: whoever reads the view does not know the function. A changed function makes every model
stale that calls it. Two braces beside each other are Jinja's, and refused.
"""
HEAD = """\
# Vocabulary

The words in which domains clean and model: macros of `dbt_projects/mesh_utils`, called without a
prefix in any model of any domain, the same on DuckDB and on BigQuery. A word that is a query
(`select …`) is a model's whole body or a CTE's; every other word stands in a `select` list. A
column may be called anything, by a word of SQL's too (`order`): a word quotes the names that it is
given. Of an expression, the names are yours to quote.

Every example is run by the tests on both engines: what goes in, the model, what comes out. This
page is written from the macros' own descriptions; change those, then
`python -m tests.vocabulary.page`.
"""


def page() -> str:
    words = list(described().values())
    parts = [HEAD]
    for folder, (title, lead) in GROUPS.items():
        if here := [w for w in words if w.group == folder]:
            parts.append(f"## {title}\n\n{lead}\n")
            parts += ["\n".join(_word(w)) for w in here]
    return "\n".join([*parts, FUNCTIONS, *_functions()])


def _functions() -> Iterator[str]:
    folder = PROJECT / "functions"
    described = (folder / "functions.yml").read_text(encoding="utf-8")
    yield f"```yaml\n{described.partition(chr(10))[2].strip()}\n```\n"
    for name in [f["name"] for f in yaml.safe_load(described)["functions"]]:
        (path,) = list(folder.glob(f"{name}.*"))
        language = {".py": "python", ".sql": "sql"}[path.suffix]
        yield f"`functions/{path.name}`\n"
        yield f"```{language}\n{path.read_text(encoding='utf-8').strip()}\n```\n"
        yield from _example(name)


def _word(word: Word) -> Iterator[str]:
    arguments = word.data.get("arguments", [])
    name = word.called
    called = ", ".join(a["name"] for a in arguments)
    yield f"### `{name}`\n"
    yield f"`materialized='{name}'`\n" if word.is_materialization else f"`{name}({called})`\n"
    yield _flat(word.data["description"]) + "\n"
    if arguments:
        yield "| argument | is | |\n|---|---|---|"
        for a in arguments:
            yield f"| `{a['name']}` | {a['type']} | {_flat(a['description'])} |"
        yield ""
    yield from _check(name) if word.is_check else _example(name)


def _check(name: str) -> Iterator[str]:
    model, column, said = attached()[name]
    place: dict[str, Any] = {"name": column or model, "data_tests": [said]}
    lines = yaml.safe_dump([place], sort_keys=False, width=90)
    yield f"```yaml\n{'columns' if column else 'models'}:\n{_indented(lines)}```\n"


def _example(name: str) -> Iterator[str]:
    test = unit_tests()[name]
    if said := test.get("description"):
        yield _flat(said) + "\n"
    for given in test["given"]:
        if len(test["given"]) > 1:
            yield f"`{given['input']}`\n"
        yield from _table(given["rows"])
    text = (PROJECT / "examples" / f"{name}.sql").read_text(encoding="utf-8")
    yield f"```sql\n{text.strip()}\n```\n"
    yield from _table(test["expect"]["rows"])
    if (contract := PROJECT / "examples" / f"{name}.odcs.yaml").exists():
        yield "How a contract rules on it:\n"
        yield f"```yaml\n{contract.read_text(encoding='utf-8').strip()}\n```\n"


def _table(rows: list[Mapping[str, Any]]) -> Iterator[str]:
    if not rows:
        yield "No rows.\n"
        return
    names = list(dict.fromkeys(n for row in rows for n in row))
    yield f"| {' | '.join(names)} |\n|{'---|' * len(names)}"
    for row in rows:
        yield f"| {' | '.join(_cell(row.get(n)) for n in names)} |"
    yield ""


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else _flat(str(value)).replace("|", "\\|")


def _flat(text: str) -> str:
    return " ".join(text.split())


def _indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.splitlines())


if __name__ == "__main__":
    Path(PAGE).write_text(page(), encoding="utf-8")
