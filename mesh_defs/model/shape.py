"""Shapes of YAML files as pydantic models, and their errors as findings with lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from mesh_defs.model.findings import Finding, MeshError
from mesh_defs.model.yaml_source import YamlSource


class Shape(BaseModel):
    """A mapping whose fields are all known: a misspelt field is an error, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


AnyShape = TypeVar("AnyShape", bound=BaseModel)

_SAID = {
    "missing": "required, and missing",
    "extra_forbidden": "not a field that is known here",
}


def parse(shape: type[AnyShape], source: YamlSource) -> AnyShape:
    """Data of a file as a typed object. Raises MeshError with a finding for each error."""
    try:
        return shape.model_validate(source.data)
    except ValidationError as error:
        raise MeshError(findings(shape, source, error)) from None


def findings(
    shape: type[BaseModel], source: YamlSource, error: ValidationError
) -> Sequence[Finding]:
    found = []
    items = error.errors()
    for item in items:
        if item["type"] == "too_short" and any(
            _is_below(other["loc"], item["loc"]) for other in items
        ):
            continue  # pydantic does not count the items that are wrong
        path = tuple(part for part in item["loc"] if part != "[key]")
        problem = _SAID.get(item["type"]) or f"{item['msg'].removeprefix('Value error, ')}"
        if item["type"] not in _SAID and isinstance(item.get("input"), str | int | float | bool):
            problem += f", got `{item['input']}`"
        todo = {
            "missing": "Add it.",
            "extra_forbidden": f"Known: {', '.join(known_fields(shape, path))}.",
        }.get(item["type"], "")
        found.append(source.finding(path, problem, todo))
    return found


def _is_below(path: Sequence[str | int], above: Sequence[str | int]) -> bool:
    return len(path) > len(above) and path[: len(above)] == above


def known_fields(shape: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """The names allowed where the path's last part stands."""
    current: type[BaseModel] = shape
    for part in path[:-1]:
        if isinstance(part, int) or part not in current.model_fields:
            continue
        below = _model_of(current.model_fields[part].annotation)
        if below is None:
            break
        current = below
    return sorted(str(info.alias or name) for name, info in current.model_fields.items())


def _model_of(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        found = _model_of(part)
        if found is not None:
            return found
    return None
