"""How things are called: one domain name answers every question; no files and no engine here."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

NAME = re.compile(r"^[a-z][a-z0-9_]{0,62}$")
NAME_RULE = "lower case letters, digits and underscores, starting with a letter"
# Words that already mean something inside a workshop or in Dagster, so no domain may be called so.
RESERVED = frozenset(
    {"landing", "main", "mesh", "mesh_secrets", "temp", "system", "information_schema"}
)


def is_name(text: str) -> bool:
    return bool(NAME.match(text)) and text not in RESERVED


# What a screen does not show, or shows in another place: lines, escapes, turned text.
_HIDDEN = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]")


def somebody(text: str) -> str:
    """The name of a person, a team or an app, as it is kept: letters composed, no blanks around.

    Raises ValueError for one that is blank, or that has what nobody can see.
    """
    if _HIDDEN.search(text):
        raise ValueError("it has characters that nobody can see")
    if not text.strip():
        raise ValueError("it is blank")
    return unicodedata.normalize("NFC", text.strip())


def folded(name: str) -> str:
    """A name as it is compared: in whichever case, in whichever way letters were composed."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


@dataclass(frozen=True, order=True)
class ProductRef:
    """A data product's address, written `domain.product`."""

    domain: str
    product: str

    @classmethod
    def parse(cls, text: str) -> ProductRef:
        """Raises ValueError unless the text is `domain.product`."""
        domain, dot, product = text.partition(".")
        if not dot or not is_name(domain) or not is_name(product):
            raise ValueError(f"`{text}` is not `domain.product` ({NAME_RULE})")
        return cls(domain, product)

    def __str__(self) -> str:
        return f"{self.domain}.{self.product}"

    def older(self, major: int) -> ProductRef:
        """Where an older major version is found that is published beside the current one."""
        return ProductRef(self.domain, f"{self.product}_v{major}")

    @property
    def asset_path(self) -> tuple[str, str, str]:
        return (self.domain, "products", self.product)


def source_variable(domain: str, source: str) -> str:
    """The environment variable that overrides where a source lives."""
    return f"MESH_SOURCE__{domain.upper()}__{source.upper()}"
