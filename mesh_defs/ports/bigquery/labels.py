"""What is written on a table in BigQuery as labels: whose it is, and which snapshot readers see. No
connection here.

What a label may hold is in `storage.bigquery.labels`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesh_defs.ports.port import Audited, Mark
from mesh_defs.storage.bigquery.labels import table_labels

if TYPE_CHECKING:
    from google.cloud.bigquery import Table

NEXT = "mesh_next"
"""Whose value names the snapshot that is about to be shown, and the table it is copied from."""
_SNAPSHOT, _MOMENT = "mesh_snapshot", "mesh_published_at"
_NEXT_MOMENT = "mesh_next_published_at"
_WRITTEN = str.maketrans({"T": "t", ":": "_", ".": "p", "+": "u"})
_READ = str.maketrans({"t": "T", "_": ":", "p": ".", "u": "+"})


def labels_of(audited: Audited) -> dict[str, str]:
    """Whose the table is."""
    return table_labels(
        {
            "domain": audited.product.domain,
            "product": audited.product.product,
            "version": audited.version,
            "owner": audited.owner,
        }
    )


def marked(mark: Mark | None) -> dict[str, str]:
    """That a snapshot stands; nothing for none."""
    if mark is None:
        return {}
    return {_SNAPSHOT: str(mark.snapshot), _MOMENT: mark.published_at.translate(_WRITTEN)}


def announced(mark: Mark, token: str) -> dict[str, str]:
    """That a snapshot is about to be shown. The token begins with its number."""
    return {NEXT: token, _NEXT_MOMENT: mark.published_at.translate(_WRITTEN)}


def standing_mark(table: Table) -> Mark | None:
    """What stood when the labels were written last."""
    told = table.labels
    if _SNAPSHOT not in told:
        return None
    return Mark(told.get(_MOMENT, "").translate(_READ), int(told[_SNAPSHOT]))


def next_mark(table: Table) -> Mark | None:
    """What is about to stand."""
    told = table.labels
    if NEXT not in told:
        return None
    moment = told.get(_NEXT_MOMENT, "").translate(_READ)
    return Mark(moment, int(told[NEXT].partition("_")[0]))
