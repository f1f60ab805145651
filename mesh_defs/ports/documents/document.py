"""What every document is: one file of figures, in the state folder, read back to prove it.

How it looks, and how it is read back, is for each kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mesh_defs.model import MeshError
from mesh_defs.model.report import Declared, Section, read_report
from mesh_defs.ports.documents.figures import (
    Figures,
    Printed,
    classified,
    differences,
    figures_of,
)
from mesh_defs.ports.port import Audited, Mark, Shown
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

    def choices(self, data: bytes) -> Mapping[str, Sequence[str]]:
        """Of each filter what a reader can choose."""
        return {}

    def also_wrong(self, figures: Sequence[Figures], data: bytes) -> Sequence[str]:
        """What a document shows beside its tables, and not as the snapshot has it."""
        return ()

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
        return Made({self.file: data}, lambda folder: self._prove(audited, figures, folder))

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
        return figures_of(self.state, declared.report.sections, name, columns, audited.files)

    def _prove(self, audited: Audited, figures: Sequence[Figures], folder: Path) -> None:
        """The written file is read as whoever gets it would, and what is read there is judged."""
        data = (folder / self.file).read_bytes()
        found = self.read(data)
        wrong = differences([f.printed for f in figures], found) or self.also_wrong(figures, data)
        if wrong:
            raise MeshError(f"It is not what was audited: {'; '.join(wrong)}.")
        sections = {s.title: [dict(zip(s.columns, r, strict=True)) for r in s.rows] for s in found}

        def ask(query: str) -> Sequence[str]:
            name, columns = self.product.line.product, classified(self.product.contract)
            asked = Section(title="this rule", query=query)
            (answer,) = figures_of(self.state, [asked], name, columns, audited.files)
            if len(answer.columns) != 1:
                raise MeshError("The query of this rule does not give one column.")
            return [row[0] for row in answer.printed.rows]

        audited.held(self.port, Shown(sections, self.choices(data), ask))
