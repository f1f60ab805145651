"""What a contract and dbt's entry of its model tell each other, as edits of both; no file here.

The contract has the say about columns. A description that only dbt has goes into the contract. What
the two say of the model as a whole may differ: one speaks of the promise, the other of how it is
made. dbt's tests are derived only when asked for, because the audit makes the same checks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mesh_defs.contracts.clauses.reading import rules_of
from mesh_defs.contracts.rules import Rule
from mesh_defs.model.yaml_edit import Edit, Insert, Set
from mesh_defs.model.yaml_source import FieldPath

if TYPE_CHECKING:
    from mesh_defs.model import DataContract

# Lists and mappings that stand on one line in dbt's files.
FLOW = ("arguments", "values", "data_tests", "tests")
_TEMPLATE = re.compile(r"{{|{%|{#")
_TEST_KEYS = ("data_tests", "tests")


@dataclass(frozen=True)
class Left:
    """What stays apart: in the entry of a model, or of a column in it; what to do."""

    column: str
    field: str
    problem: str
    todo: str


@dataclass
class Step:
    """Edits of the file that has dbt's entry, and of the contract's; what is left to people."""

    dbt: list[Edit] = field(default_factory=list)
    contract: list[Edit] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)


@dataclass(frozen=True)
class Wanted:
    """What dbt's entry of a model is to say about a column, from the contract."""

    name: str
    place: FieldPath
    description: str
    data_type: str | None
    tests: tuple[Any, ...] = ()


def columns_wanted(
    contract: DataContract, index: int, models: Mapping[str, str] | None = None
) -> list[Wanted]:
    """The columns of a contract's object. `models`: the domain's models by the names that
    relationships have for them, if dbt's tests are wanted, too."""
    schema_object = contract.source.data["schema"][index]
    tests = {} if models is None else dbt_tests(contract, str(schema_object["name"]), models)
    found = []
    for i, prop in enumerate(schema_object.get("properties") or []):
        if prop.get("semanticType") != "measure":
            name = str(prop.get("physicalName") or prop["name"])
            place = ("schema", index, "properties", i)
            type_ = prop.get("physicalType")
            said = str(prop.get("description") or "")
            found.append(Wanted(name, place, said, type_, tuple(tests.get(name, ()))))
    return found


def step(
    contract: DataContract,
    index: int,
    wanted: Sequence[Wanted],
    entry: Mapping[str, Any],
    path: FieldPath,
    told: set[str],
) -> Step:
    """What brings a model's entry (at `path` of its file) and a contract's object in step.

    `told` are the columns of which a newer contract has spoken; "" is the model itself. Those of
    this contract are added.
    """
    made = Step()
    schema_object = contract.source.data["schema"][index]
    said = str(schema_object.get("description") or "")
    if "" not in told and not (said.strip() and str(entry.get("description") or "").strip()):
        _describe(made, said, ("schema", index), entry, path)
    there = list(entry.get("columns") or [])
    by_name = {
        str(c.get("name")).lower(): (i, c) for i, c in enumerate(there) if isinstance(c, dict)
    }
    new = [w for w in wanted if w.name.lower() not in by_name]
    for want in wanted:
        if want.name.lower() in by_name and want.name.lower() not in told:
            i, column = by_name[want.name.lower()]
            at = (*path, "columns", i)
            _describe(made, want.description, want.place, column, at)
            _type(made, want, column, at, enforced(entry))
            _tests(made, want, column, at)
    if new and not there:
        items = [_column(w, enforced(entry)) for w in new]
        made.dbt.append(Set((*path, "columns"), items))
    elif new:
        names = [str(c.get("name")).lower() if isinstance(c, dict) else "" for c in there]
        made.dbt += _added(wanted, new, names, (*path, "columns"), enforced(entry))
    told |= {"", *(w.name.lower() for w in wanted)}
    return made


def enforced(entry: Mapping[str, Any]) -> bool:
    """Whether dbt itself checks the model's columns, and so needs their types."""
    for holder in (entry.get("config"), entry):
        contract = holder.get("contract") if isinstance(holder, dict) else None
        if isinstance(contract, dict) and contract.get("enforced") is True:
            return True
    return False


def strangers(entry: Mapping[str, Any], told: set[str]) -> Iterator[Left]:
    """Columns that dbt describes, and no contract promises."""
    for column in entry.get("columns") or []:
        name = str(column.get("name")) if isinstance(column, dict) else ""
        if name and name.lower() not in told:
            problem = f"the contract has no column `{name}`"
            yield Left(name, "name", problem, "Promise it there, or take it out here.")


# -- words -------------------------------------------------------------------------------------


def same_words(one: str, other: str) -> bool:
    return one.split() == other.split()


def _describe(
    made: Step, said: str, place: FieldPath, entry: Mapping[str, Any], path: FieldPath
) -> None:
    own = str(entry.get("description") or "")
    if same_words(said, own):
        return
    if _TEMPLATE.search(own) or _TEMPLATE.search(said):
        column = str(entry.get("name")) if len(place) > 2 else ""
        problem = "a template in a description is left as it is"
        made.left.append(Left(column, "description", problem, "Bring it in step by hand."))
    elif said.strip():
        made.dbt.append(Set((*path, "description"), said.strip(), after="name"))
    else:
        made.contract.append(Set((*place, "description"), own.strip(), after="name"))


def _type(
    made: Step, want: Wanted, column: Mapping[str, Any], path: FieldPath, checked: bool
) -> None:
    own = str(column.get("data_type") or "")
    if checked and want.data_type and own.lower() != want.data_type.lower():
        made.dbt.append(Set((*path, "data_type"), want.data_type, after="description"))


def _column(want: Wanted, checked: bool) -> dict[str, Any]:
    made: dict[str, Any] = {"name": want.name}
    if want.description.strip() and not _TEMPLATE.search(want.description):
        made["description"] = want.description.strip()
    if checked and want.data_type:
        made["data_type"] = want.data_type
    if want.tests:
        made["data_tests"] = list(want.tests)
    return made


def _added(
    wanted: Sequence[Wanted], new: Sequence[Wanted], names: list[str], path: FieldPath, typed: bool
) -> Iterator[Edit]:
    """Each new column after the one that precedes it in the contract."""
    at = 0
    for want in wanted:
        name = want.name.lower()
        if want in new:
            names.insert(at, name)
            yield Insert(path, at, _column(want, typed))
        at = names.index(name) + 1


# -- tests -------------------------------------------------------------------------------------


def dbt_tests(
    contract: DataContract, object_name: str, models: Mapping[str, str]
) -> dict[str, list[Any]]:
    """dbt's generic tests by column, for rules of which one broken row stops a publication.

    A rule that tolerates rows, warns or sets rows aside has no test: dbt's would stop the run.
    """
    found: dict[str, list[Any]] = {}
    for rule in rules_of(contract):
        columns = rule.params.get("columns") or []
        soft = any(rule.params.get(p) for p in ("unusable", "tolerance", "quarantine", "paths"))
        if rule.object == object_name and rule.severity == "error" and len(columns) == 1:
            known = found.setdefault(columns[0], [])
            known += [t for t in _tests_of(rule, models) if not soft and t not in known]
    return {column: tests for column, tests in found.items() if tests}


def _tests_of(rule: Rule, models: Mapping[str, str]) -> Iterator[Any]:
    if rule.kind in ("required", "primaryKey"):
        yield "not_null"
    if rule.kind in ("unique", "primaryKey"):
        yield "unique"
    if rule.kind == "enum":
        values = list(rule.params["values"])
        arguments: dict[str, Any] = {"values": values}
        if not all(isinstance(v, str) for v in values):
            arguments["quote"] = False
        yield {"accepted_values": {"arguments": arguments}}
    if rule.kind == "foreignKey" and not rule.params.get("to_paths"):
        model = models.get(str(rule.params["reference"]))
        if model and len(rule.params["to"]) == 1:
            (column,) = rule.params["to"]
            yield {"relationships": {"arguments": {"to": f"ref('{model}')", "field": column}}}


def _tests(made: Step, want: Wanted, column: Mapping[str, Any], path: FieldPath) -> None:
    key = next((k for k in _TEST_KEYS if column.get(k)), _TEST_KEYS[0])
    there = list(column.get(key) or [])
    names = [_test_name(test) for test in there]
    missing = [test for test in want.tests if _test_name(test) not in names]
    for test in want.tests:
        if _test_name(test) == "accepted_values" and "accepted_values" in names:
            at = names.index("accepted_values")
            made.dbt += _values(test, there[at], (*path, key, at))
    if missing and not there:
        made.dbt.append(Set((*path, key), missing, after="data_type"))
    else:
        made.dbt += [Insert((*path, key), len(there) + n, test) for n, test in enumerate(missing)]


def _test_name(test: Any) -> str:
    return str(next(iter(test), "")) if isinstance(test, dict) else str(test)


def _values(wanted: Mapping[str, Any], own: Any, path: FieldPath) -> Iterator[Edit]:
    """The values of an `accepted_values` that is there already."""
    values = wanted["accepted_values"]["arguments"]["values"]
    given = own.get("accepted_values") if isinstance(own, dict) else None
    if isinstance(given, dict):
        inner = given.get("arguments")
        holder, way = (inner, ("arguments",)) if isinstance(inner, dict) else (given, ())
        if holder.get("values") != values:
            yield Set((*path, "accepted_values", *way, "values"), values)
