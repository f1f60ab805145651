"""The contract benchmark's 27 rules as plain data, its contract and its table; no tool is here.

Every rule is one that all tools have. Only the standard library is imported: other tools' own
environments read this, too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

CARRIERS = ["dhl", "ups", "dpd", "gls", "post", "fedex", "hermes", "tnt"]
COUNTRIES = [
    "de",
    "fr",
    "it",
    "es",
    "pt",
    "nl",
    "be",
    "lu",
    "at",
    "ch",
    "pl",
    "cz",
    "sk",
    "hu",
    "ro",
    "bg",
    "gr",
    "se",
    "no",
    "fi",
    "dk",
    "ie",
    "gb",
    "us",
    "ca",
    "mx",
    "br",
    "ar",
    "jp",
    "cn",
]
TYPES = {
    "order_id": "integer",
    "line": "integer",
    "customer": "integer",
    "carrier": "string",
    "country": "string",
    "reference": "string",
    "email": "string",
    "amount": "number",
    "quantity": "integer",
    "discount": "number",
    "ordered_at": "timestamp",
}


@dataclass(frozen=True)
class Rule:
    """`kind`: key, required, minimum, maximum, enum, minLength, maxLength, pattern, nulls, rows."""

    kind: str
    column: str = ""
    value: Any = None


RULES = [
    Rule("key", value=["order_id", "line"]),
    Rule("minimum", "line", 1),
    Rule("required", "customer"),
    Rule("minimum", "customer", 1),
    Rule("maximum", "customer", 1_000_000),
    Rule("required", "carrier"),
    Rule("enum", "carrier", CARRIERS),
    Rule("required", "country"),
    Rule("enum", "country", COUNTRIES),
    Rule("minLength", "country", 2),
    Rule("maxLength", "country", 2),
    Rule("required", "reference"),
    Rule("pattern", "reference", "^[A-Z]{2}[0-9]{9}$"),
    Rule("maxLength", "reference", 11),
    Rule("pattern", "email", "^[^@ ]+@[^@ ]+[.][a-z]+$"),
    Rule("nulls", "email", 5),
    Rule("required", "amount"),
    Rule("minimum", "amount", 0),
    Rule("maximum", "amount", 10_000),
    Rule("required", "quantity"),
    Rule("minimum", "quantity", 1),
    Rule("maximum", "quantity", 50),
    Rule("minimum", "discount", 0),
    Rule("maximum", "discount", 1),
    Rule("required", "ordered_at"),
    Rule("minimum", "ordered_at", "2016-01-01 00:00:00"),
    Rule("rows", value=0),
]


def contract(path: str) -> dict[str, Any]:
    """The rules as an ODCS contract, with the file as its server."""
    properties: dict[str, dict[str, Any]] = {
        name: {"name": name, "logicalType": type_} for name, type_ in TYPES.items()
    }
    quality: list[dict[str, Any]] = []
    for rule in RULES:
        prop = properties.get(rule.column, {})
        if rule.kind == "key":
            for position, name in enumerate(rule.value, 1):
                properties[name] |= {"primaryKey": True, "primaryKeyPosition": position}
        elif rule.kind == "rows":
            quality.append({"metric": "rowCount", "mustBeGreaterThan": rule.value})
        elif rule.kind == "required":
            prop["required"] = True
        elif rule.kind == "enum":
            prop["enum"] = [{"value": v} for v in rule.value]
        elif rule.kind == "nulls":
            metric = {"metric": "nullValues", "unit": "percent", "mustBeLessThan": rule.value}
            prop["quality"] = [metric]
        else:
            value = f"{rule.value.replace(' ', 'T')}Z" if "_at" in rule.column else rule.value
            prop.setdefault("logicalTypeOptions", {})[rule.kind] = value
    return {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": "urn:benchmark:orders",
        "version": "1.0.0",
        "status": "active",
        "servers": [{"server": "here", "type": "local", "path": path, "format": "parquet"}],
        "schema": [{"name": "orders", "properties": list(properties.values()), "quality": quality}],
    }


def rows(number: int) -> str:
    """DuckDB SQL for a table that keeps every rule."""
    carriers, countries = json.dumps(CARRIERS), json.dumps(COUNTRIES)
    letter = "chr((65 + hash(i, {}) % 26)::INTEGER)"
    return f"""
        SELECT (i // 4)::BIGINT AS order_id, (i % 4 + 1)::INTEGER AS line,
          (1 + hash(i) % 1000000)::INTEGER AS customer,
          ({carriers.replace('"', "'")})[(1 + hash(i, 1) % {len(CARRIERS)})::INTEGER] AS carrier,
          ({countries.replace('"', "'")})[(1 + hash(i, 2) % {len(COUNTRIES)})::INTEGER] AS country,
          {letter.format(3)} || {letter.format(4)}
            || lpad((hash(i, 5) % 1000000000)::VARCHAR, 9, '0') AS reference,
          CASE WHEN hash(i, 6) % 50 > 0 THEN 'user' || (hash(i) % 1000000)::VARCHAR || '@mail'
            || (hash(i, 7) % 100)::VARCHAR || '.example' END AS email,
          (hash(i, 8) % 1000000) / 100.0::DOUBLE AS amount,
          (1 + hash(i, 9) % 50)::INTEGER AS quantity,
          (hash(i, 10) % 100) / 100.0::DOUBLE AS discount,
          TIMESTAMP '2016-01-01' + to_seconds((hash(i, 11) % 63072000)::BIGINT) AS ordered_at
        FROM range({number}) AS r(i)
    """
