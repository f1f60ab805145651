"""What jobs and tables of BigQuery bear as labels, so that it can be told whose they are, and how
long a description may be; which jobs a mesh has, and what they cost, is in `jobs`. No connection
here.

A label's key begins with a small letter; keys and values have small letters, digits, `_` and `-`,
63 at most (https://cloud.google.com/bigquery/docs/labels-intro#requirements).
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping

MESH, DOMAIN, PRODUCT, MODEL, PORT, RUN = (
    f"mesh_{said}" for said in ("prefix", "domain", "product", "model", "port", "run")
)
_NO_LABEL = re.compile(r"[^a-z0-9_-]")
_LONGEST = 63
OF_A_TABLE, OF_A_COLUMN = 16_384, 1_024
"""How many characters a description has (https://cloud.google.com/bigquery/quotas, table limits).
"""


def label(text: str) -> str:
    """A text as the value of a label. Two texts may have the same one."""
    return _NO_LABEL.sub("_", text.lower())[:_LONGEST]


def job_labels(prefix: str, about: Mapping[str, str]) -> dict[str, str]:
    """The labels of a mesh's job. `about` says what is known: domain, product, model, port, run;
    what is empty is left out."""
    said = {"prefix": prefix, **about}
    return {f"mesh_{name}": label(value) for name, value in said.items() if value}


def table_labels(said: Mapping[str, str]) -> dict[str, str]:
    """The labels of a table, by key; what is empty is left out."""
    return {key: label(value) for key, value in said.items() if value}


def description(said: str, most: int) -> str:
    """A description as BigQuery takes it: what is longer ends at a word. The contract has all."""
    return textwrap.shorten(said, most, placeholder=" …")
