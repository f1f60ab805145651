"""A data contract (Bitol ODCS v3.2.0) as a typed object; what its rules mean is `contracts`.

Source: Bitol Open Data Contract Standard v3.2.0. The JSON Schema and the pydantic classes are the
standard's own, from the package `open-data-contract-standard`.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mesh_defs.model.findings import Finding, MeshError
from mesh_defs.model.yaml_source import YamlSource

if TYPE_CHECKING:
    from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject

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

    found: list[Finding] = []
    for error in sorted(_validator().iter_errors(source.data), key=lambda e: list(e.absolute_path)):
        deepest = error
        while deepest.context:
            deepest = best_match(deepest.context)
        path = tuple(deepest.absolute_path)
        found.append(source.finding(path, _said(deepest), "See ODCS v3.2.0."))
    version = str(source.data.get("version", ""))
    if not found and not SEMANTIC_VERSION.match(version):
        found.append(
            source.finding(("version",), f"expected major.minor.patch, got `{version}`", "Mend it.")
        )
    if found:
        raise MeshError(dict.fromkeys(found))
    return DataContract(source, OpenDataContractStandard(**source.data))


def _said(error: Any) -> str:
    """The library's message, cut where it repeats the whole document."""
    if error.validator == "required":
        missing = re.match(r"'([^']+)'", error.message)
        return f"`{missing.group(1)}` is required, and missing" if missing else error.message
    if error.validator in ("additionalProperties", "unevaluatedProperties"):
        extra = error.message[error.message.rfind("(") :].strip("()")
        return f"not a field that is known here: {extra}"
    message = str(error.message)
    return message if len(message) < 200 else f"{message[:90]} … {message[-90:]}"


@cache
def _validator() -> Any:
    from jsonschema import Draft201909Validator

    text = resources.files("open_data_contract_standard").joinpath("schema.json").read_text()
    return Draft201909Validator(json.loads(text))
