"""A data contract (Bitol ODCS v3.2.0) as a typed object; what its rules mean is `contracts`.

Source: Bitol Open Data Contract Standard v3.2.0. The JSON Schema and the pydantic classes are the
standard's own, from the package `open-data-contract-standard`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mesh_defs.model.findings import Finding, MeshError
from mesh_defs.model.yaml_source import YamlSource

if TYPE_CHECKING:
    from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject

_TODO = "See ODCS v3.2.0."
# JSON Schema's types, as people call what they write in YAML.
_TYPES = {
    "string": "text",
    "array": "a list",
    "object": "a mapping",
    "boolean": "`true` or `false`",
    "number": "a number",
    "integer": "a whole number",
    "null": "nothing",
}
SEMANTIC_VERSION = re.compile(r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$")


class DataContract:
    """The provider's promise for one output port."""

    def __init__(self, source: YamlSource, odcs: OpenDataContractStandard) -> None:
        self.source = source
        self.odcs = odcs

    def __repr__(self) -> str:
        return f"DataContract({self.id!r}, {self.version!r})"

    @property
    def path(self) -> Path:
        return self.source.path

    @property
    def id(self) -> str:
        return self.odcs.id or ""

    @property
    def version(self) -> str:
        return self.odcs.version or ""

    @property
    def major(self) -> int:
        """The part of the version that consumers bind to."""
        return int(self.version.partition(".")[0])

    @property
    def objects(self) -> list[SchemaObject]:
        return self.odcs.schema_ or []

    def relation_of(self, schema_object: SchemaObject) -> str:
        """The model in the workshop that holds an object's candidate rows."""
        return schema_object.physicalName or schema_object.name or ""

    def custom(self, name: str) -> Any:
        """The value of a custom property of the contract, or None."""
        for item in self.odcs.customProperties or []:
            if item.property == name:
                return item.value
        return None


def read_contract(source: YamlSource) -> DataContract:
    """The contract of a file. Raises MeshError with a finding for each departure from ODCS."""
    from jsonschema.exceptions import best_match
    from open_data_contract_standard.model import OpenDataContractStandard

    errors = []
    for error in sorted(_validator().iter_errors(source.data), key=_order):
        while error.context:
            error = best_match(error.context)
        errors.append(error)
    found = [f for error in errors for f in _findings(source, error, errors)]
    version = str(source.data.get("version", ""))
    if not found and not SEMANTIC_VERSION.match(version):
        found.append(
            source.finding(("version",), f"expected major.minor.patch, got `{version}`", "Mend it.")
        )
    if found:
        raise MeshError(dict.fromkeys(found))
    return DataContract(source, OpenDataContractStandard(**source.data))


def _order(error: Any) -> list[str]:
    return [str(part).zfill(6) for part in error.absolute_path]


def _findings(source: YamlSource, error: Any, errors: Sequence[Any]) -> Iterator[Finding]:
    path = tuple(error.absolute_path)
    if error.validator in ("additionalProperties", "unevaluatedProperties"):
        alone = not any(
            e is not error and tuple(e.absolute_path)[: len(path)] == path for e in errors
        )
        for name in _unexpected(error):
            # Where an element is wrong in another way, the schema calls good fields of it unknown.
            if alone or name not in _known_fields() or error.validator == "additionalProperties":
                near = [] if name in _known_fields() else get_close_matches(name, _known_fields())
                todo = f"Did you mean `{near[0]}`?" if near else _TODO
                yield source.finding((*path, name), "not a field that is known here", todo)
        return
    bare = error.validator == "type" and error.validator_value == "string"
    quote = bare and not isinstance(error.instance, list | dict | None)
    yield source.finding(path, _said(error), "Put it in quotes." if quote else _TODO)


def _unexpected(error: Any) -> list[str]:
    """The fields an element should not have; the library names them only in its message."""
    quoted = error.message[error.message.rfind("(") :]
    return [str(name) for name in error.instance if repr(name) in quoted]


def _said(error: Any) -> str:
    """The library's message, cut where it repeats the whole document."""
    if error.validator == "required":
        missing = re.match(r"'([^']+)'", error.message)
        name = missing.group(1) if missing else error.message
        if name == "map" and "logicalType" not in error.instance:
            name = "logicalType"  # without it, the standard's schema takes every column for a map
        return f"`{name}` is required, and missing"
    if error.validator in ("type", "enum"):
        wanted = error.validator_value
        known = wanted if isinstance(wanted, list) else [wanted]
        if error.validator == "type":
            said = " or ".join(_TYPES.get(str(k), str(k)) for k in known)
        else:
            said = ("one of " if len(known) > 1 else "") + ", ".join(f"`{k}`" for k in known)
        return f"expected {said}, got {_got(error.instance)}"
    message = str(error.message)
    return message if len(message) < 200 else f"{message[:90]} … {message[-90:]}"


def _got(value: Any) -> str:
    """A value as it stands in YAML."""
    if value is None:
        return "nothing"
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a mapping"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


@cache
def _known_fields() -> frozenset[str]:
    """Every field that ODCS has, wherever."""
    found: set[str] = set()
    waiting = [_validator().schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            found |= set(part.get("properties") or ())
        waiting += (
            part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        )
    return frozenset(found)


@cache
def _validator() -> Any:
    from jsonschema import Draft201909Validator

    text = resources.files("open_data_contract_standard").joinpath("schema.json").read_text()
    return Draft201909Validator(json.loads(text))
