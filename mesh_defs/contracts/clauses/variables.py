"""Variables in a contract's texts: `${NAME}` and `${NAME:-default}`, from the environment.

ODCS v3.2: a variable that is not set and has no default is never replaced by nothing. The rule that
needs it says so instead. In a query, `${table}` and the like are placeholders, and stay.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from open_data_contract_standard.model import OpenDataContractStandard

PLACEHOLDERS = {
    **dict.fromkeys(("object", "table", "model"), "table"),
    **dict.fromkeys(("property", "column", "field"), "column"),
}
VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


def resolved(
    odcs: OpenDataContractStandard, environment: Mapping[str, str] | None = None
) -> OpenDataContractStandard:
    """The contract with every variable replaced that is set or has a default."""
    known = os.environ if environment is None else environment
    if "${" not in odcs.model_dump_json(include={"schema_", "slaProperties", "servers"}):
        return odcs
    return type(odcs)(**_each(odcs.model_dump(by_alias=True, exclude_unset=True), known))


def unset(value: Any) -> str | None:
    """The first variable in some plain data that is not set, but for placeholders."""
    for text in _texts(value):
        for match in VARIABLE.finditer(text):
            if match[1] not in PLACEHOLDERS:
                return match[1]
    return None


def _each(value: Any, known: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _each(item, known) for name, item in value.items()}
    if isinstance(value, list):
        return [_each(item, known) for item in value]
    return VARIABLE.sub(lambda m: _one(m, known), value) if isinstance(value, str) else value


def _one(match: re.Match[str], known: Mapping[str, str]) -> str:
    name, default = match.groups()
    if name in PLACEHOLDERS:
        return match.group()
    return known.get(name) or (match.group() if default is None else default)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
