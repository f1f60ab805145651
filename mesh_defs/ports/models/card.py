"""A model's card: what it is made of, how good it is, what it is for; as data, and to be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from mesh_defs.model import DataProduct
from mesh_defs.model.training import Training
from mesh_defs.ports.models.measures import METRICS, TOLERANCE
from mesh_defs.ports.port import Audited, Judged

_LIBRARIES = ("scikit-learn", "skl2onnx", "onnxruntime")


def card_of(
    product: DataProduct,
    port: str,
    training: Training,
    audited: Audited,
    figures: Mapping[str, Any],
    verdicts: Sequence[Judged],
) -> dict[str, Any]:
    """`figures` are what was found: rows, inputs, outputs, classes, metrics, parity, drift."""
    contract, about = product.contract, product.contract.odcs.description
    columns = {p.physicalName or p.name or "": p for p in contract.objects[0].properties or []}
    return {
        "title": training.title,
        "model": f"{product.line}.{port}",
        "purpose": _line(training.purpose),
        "limitations": _line(training.limitations),
        "terms": {
            "licence": training.licence,
            "contract": contract.id,
            "usage": _line((about and about.usage) or ""),
            "limitations": _line((about and about.limitations) or ""),
            "notice_period": contract.custom("noticePeriod"),
        },
        "owner": (product.descriptor.team and product.descriptor.team.name) or product.line.domain,
        "data": {
            "product": str(product.line),
            "contract_version": str(contract.version),
            "snapshot": audited.mark.snapshot,
            "published_at": audited.mark.published_at,
            **figures["rows"],
        },
        "task": training.task,
        "features": [
            {
                "name": name,
                "type": kind,
                "description": _line(columns[name].description or ""),
                "classification": columns[name].classification,
            }
            for name, kind in figures["inputs"].items()
        ],
        "target": training.target,
        "outputs": figures["outputs"],
        "classes": figures["classes"],
        "estimator": training.estimator.model_dump(exclude_none=True),
        "split": training.split.model_dump(mode="json", exclude_none=True),
        "seed": training.seed,
        "baseline": training.baseline,
        "metrics": figures["metrics"],
        "rules": [v.to_json() for v in verdicts],
        "parity": {"tolerance": TOLERANCE, **figures["parity"]},
        "drift_baseline": figures["drift"],
        "libraries": {name: version(name) for name in _LIBRARIES},
    }


def markdown_of(card: Mapping[str, Any]) -> str:
    """The same to be read; every figure of it is in the data."""
    data, terms = card["data"], card["terms"]
    said = METRICS[card["task"]]
    held = {True: "kept", False: "broken"}
    named = ", ".join(f"`{name}`" for name in card["classes"])
    facts = [
        ("Model", f"`{card['model']}`, {card['task']}"),
        ("Data", f"`{data['product']}` v{data['contract_version']}, snapshot {data['snapshot']}, "
                 f"published {data['published_at']}"),
        ("Rows", f"{data['learnt']:,} to learn from, {data['held_out']:,} held out"),
        ("Split", ", ".join(f"{name} {value}" for name, value in card["split"].items())),
        ("Estimator", ", ".join(f"{name} {value}" for name, value in card["estimator"].items())),
        ("Seed", card["seed"]),
        ("Tells", f"`{card['target']}`" + (f": {named}" if named else "")),
        ("Baseline", f"`{card['baseline']}`" if card["baseline"] else "the commonest, or the mean"),
        ("Owner", card["owner"]),
    ]  # fmt: skip
    parts = [
        f"# {card['title']}",
        _table(("", ""), facts),
        f"## What it is for\n\n{card['purpose']}",
        f"## Limitations\n\n{card['limitations']}",
        "## How good it is\n\nOn the rows that were held out.\n\n"
        + _table(
            ("metric", "value", "meaning"),
            [(n, f"{v:,.6g}", said[n]) for n, v in card["metrics"].items()],
        ),
        "## Promised\n\n"
        + (
            _table(
                ("rule", "promised", "found", ""),
                [(r["rule"], r["promised"], r["found"], held[r["holds"]]) for r in card["rules"]],
            )
            if card["rules"]
            else "The contract says nothing of this model."
        ),
        "## Features\n\n"
        + _table(
            ("feature", "type", "classification", "meaning"),
            [
                (f"`{f['name']}`", f["type"], f["classification"] or "", f["description"])
                for f in card["features"]
            ],
        ),
        "## What they were like\n\n" + _table(("feature", "learnt from"), _drift(card)),
        "## Parity\n\n"
        f"What was exported says what scikit-learn says of all {card['parity']['rows']:,} rows: "
        f"the largest difference is {card['parity']['largest']:.3g}, where "
        f"{card['parity']['tolerance']:g} is tolerated.",
        "## Terms\n\n"
        + _table(
            ("", ""),
            [(n.replace("_", " ").capitalize(), v) for n, v in terms.items() if v],
        ),
        "Made with " + ", ".join(f"{n} {v}" for n, v in card["libraries"].items()) + ".",
    ]
    return "\n\n".join(parts) + "\n"


def _drift(card: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name, was in card["drift_baseline"].items():
        if was["type"] == "number":
            if was["mean"] is None:
                yield f"`{name}`", "nothing but missing values"
                continue
            said = f"mean {was['mean']:,.6g}, deviation {was['deviation']:,.6g}"
            yield f"`{name}`", f"{said}, {100 * was['shares'][-1]:.1f} % missing"
        else:
            shares = zip(was["words"], was["shares"], strict=False)
            yield f"`{name}`", ", ".join(f"{w or '(none)'} {100 * s:.1f} %" for w, s in shares)


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def _line(text: str) -> str:
    return " ".join(text.split())
