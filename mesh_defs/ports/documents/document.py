"""What every document is: one file of figures, in the state folder, read back to prove it.

How it looks, and how it is read back, is for each kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mesh_defs.model import MeshError
from mesh_defs.model.report import Declared, read_report
from mesh_defs.ports.documents.figures import (
    Figures,
    Printed,
    classified,
    differences,
    figures_of,
)
from mesh_defs.ports.port import Audited, Mark
from mesh_defs.ports.shelved import Made, Shelved
from mesh_defs.storage.state import State

HOW_TO_INSTALL = "What makes documents is not installed: `pip install 'mesh-defs[reports]'`."


@dataclass(frozen=True)
class About:
    """What a document says of where its figures come from."""

    product: str
    version: str
    snapshot: int
    published_at: str
    contract: str
    owner: str
    contact: str

    @property
    def moment(self) -> datetime:
        found = datetime.fromisoformat(self.published_at)
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)

    @property
    def lines(self) -> list[tuple[str, str]]:
        return [
            ("Product", f"{self.product}, version {self.version}"),
            ("Snapshot", f"{self.snapshot}, published {self.moment:%Y-%m-%d %H:%M} UTC"),
            ("Contract", self.contract),
            ("Owner", f"{self.owner}, {self.contact}" if self.contact else self.owner),
        ]

    @property
    def line(self) -> str:
        return (
            f"{self.product} v{self.version}, snapshot {self.snapshot}, "
            f"published {self.moment:%Y-%m-%d %H:%M} UTC"
        )


class Document(Shelved):
    """A port that people look at."""

    # -- for each kind ----------------------------------------------------------------------------

    def render(self, declared: Declared, figures: Sequence[Figures], about: About) -> bytes:
        raise NotImplementedError

    def read(self, data: bytes) -> Sequence[Printed]:
        """The figures that a reader finds in a document."""
        raise NotImplementedError

    # -- the same for all -------------------------------------------------------------------------

    def place(self, state: State) -> Path:
        return state.documents(self.product.line, self.product.contract.major)

    @property
    def digest(self) -> str:
        return self._declared.digest

    def make(self, audited: Audited) -> Made:
        declared = self._declared
        figures = self._figures(declared, audited)
        data = self.render(declared, figures, self.about(audited.mark))
        return Made({self.file: data}, lambda folder: self._prove(figures, folder))

    def about(self, mark: Mark) -> About:
        team = self.product.descriptor.team
        support = self.product.descriptor.support
        contact = next((s.url.removeprefix("mailto:") for s in support), "")
        return About(
            str(self.product.line),
            str(self.product.contract.version),
            mark.snapshot,
            mark.published_at,
            self.product.contract.id,
            (team and team.name) or self.product.line.domain,
            contact,
        )

    # -- inside -----------------------------------------------------------------------------------

    @property
    def _declared(self) -> Declared:
        return read_report(self.product, self.port)

    def _figures(self, declared: Declared, audited: Audited) -> tuple[Figures, ...]:
        name, columns = self.product.line.product, classified(self.product.contract)
        return figures_of(self.state, declared.report, name, columns, audited.files)

    def _prove(self, figures: Sequence[Figures], folder: Path) -> None:
        found = self.read((folder / self.file).read_bytes())
        if wrong := differences([f.printed for f in figures], found):
            raise MeshError(f"It is not what was audited: {'; '.join(wrong)}.")
