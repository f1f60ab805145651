"""The PDF port: a report in the state folder, and by mail to everybody who was granted it.

Mail goes out after the file was proven, once a snapshot and recipient. What became of each is put
down at once, so that a run that is repeated writes only to those who did not get it. So is what
comes back later: mail refused for now is sent again, mail refused for good with the next snapshot.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mesh_defs.model import DataProduct, Mesh, MeshError
from mesh_defs.model.report import WEEK, Declared
from mesh_defs.ports.documents.bounces import Bounce
from mesh_defs.ports.documents.document import About, Document
from mesh_defs.ports.documents.figures import Figures, Printed
from mesh_defs.ports.documents.letter import Letter
from mesh_defs.ports.documents.pdf import read_pdf, render_pdf
from mesh_defs.ports.documents.recipients import mail_of
from mesh_defs.ports.port import Audited, Mark
from mesh_defs.storage.mail import Mailbox, mailbox, sender_of
from mesh_defs.storage.servers import Address, variable_of
from mesh_defs.storage.state import read_json, write_json


class PdfPort(Document):
    suffix = ".pdf"
    media = "application/pdf"

    def __init__(self, product: DataProduct, port: str, address: Address | None) -> None:
        super().__init__(product, port)
        self.address = address

    def render(self, declared: Declared, figures: Sequence[Figures], about: About) -> bytes:
        return render_pdf(declared, figures, about)

    def read(self, data: bytes) -> Sequence[Printed]:
        return read_pdf(data)

    @property
    def note(self) -> str:
        return "" if self.address else f"mail is not configured: set {variable_of(self.port)}"

    def can_read(self, consumer: str) -> None:
        mail_of(Mesh.read(self.root), consumer)

    def unfinished(self, mark: Mark) -> bool:
        return super().unfinished(mark) or bool(self._due(mark))

    def trouble(self, mark: Mark) -> str:
        """Whose mail came back after the server had taken it."""
        mailed = self._mailed()
        back = [
            f"{consumer} ({told['bounced']['said']})"
            for consumer in self.readers()
            if (told := mailed.get(consumer)) and "bounced" in told and _mark(told) >= mark
        ]
        return f"The PDF is there, and mail came back from {'; '.join(back)}." if back else ""

    def mailed_to(self, message: str) -> str | None:
        """Whose newest mail has this Message-ID."""
        mailed = self._mailed()
        return next((c for c, told in mailed.items() if told["message"] == message), None)

    def put_down(self, consumer: str, bounce: Bounce) -> None:
        mailed = self._mailed()
        told = {"passes": bounce.passes, "said": bounce.said}
        write_json(self._record, {**mailed, consumer: {**mailed[consumer], "bounced": told}})

    def hand_out(self, audited: Audited) -> None:
        due = self._due(audited.mark)
        if not due or self.address is None:
            return
        mesh = Mesh.read(self.root)
        team = mesh.domains[self.product.line.domain].file.team
        sender = sender_of(self.address, team.email)
        letter = self._letter(audited)
        missed: dict[str, str] = {}
        with mailbox(self.address, sender.rpartition("@")[2]) as box:
            for consumer in due:
                try:
                    self._send(box, letter, mesh, consumer, sender, audited.mark)
                except MeshError as error:
                    missed[consumer] = str(error)
        if missed:
            who = "; ".join(f"{consumer} ({said})" for consumer, said in missed.items())
            raise MeshError(f"The PDF is there, and was not mailed to {who}.")

    def _send(
        self, box: Mailbox, letter: Letter, mesh: Mesh, consumer: str, sender: str, mark: Mark
    ) -> None:
        recipient, now = mail_of(mesh, consumer), _now()
        message = letter.to(consumer, recipient, sender, now)
        box.send(message, sender, recipient)
        told = {
            "published_at": mark.published_at, "snapshot": mark.snapshot,
            "at": now.isoformat(timespec="seconds"), "message": message["Message-ID"],
            "to": recipient,
        }  # fmt: skip
        write_json(self._record, {**self._mailed(), consumer: told})

    def _letter(self, audited: Audited) -> Letter:
        declared = self._declared
        mark, pdf = self.content()
        if mark != audited.mark:
            raise MeshError(f"Readers see {mark} there, where {audited.name} was to be mailed.")
        figures = self._figures(declared, audited)
        return Letter(declared.report, figures, self.about(mark), self.file, pdf)

    def _due(self, mark: Mark) -> list[str]:
        """Who has not got this snapshot; where a day is said, also not since that day."""
        if self.address is None:
            return []
        mailed, day = self._mailed(), self._declared.report.mailed
        return [c for c in self.readers() if self._wants(c, mailed.get(c), mark, day)]

    def _wants(
        self, consumer: str, told: dict[str, Any] | None, mark: Mark, day: str | None
    ) -> bool:
        if told is None:
            return True
        if _mark(told) < mark:
            return day is None or datetime.fromisoformat(told["at"]) < begun(day, _now())
        back = told.get("bounced")
        return back is not None and (back["passes"] or self._moved(consumer, told["to"]))

    def _moved(self, consumer: str, address: str) -> bool:
        """Whether a consumer has another address than that."""
        try:
            return mail_of(Mesh.read(self.root), consumer) != address
        except MeshError:
            return False

    @property
    def _record(self) -> Path:
        return self.shelf.place / "mailed.json"

    def _mailed(self) -> dict[str, Any]:
        return dict(read_json(self._record) or {})


def _mark(told: dict[str, Any]) -> Mark:
    return Mark(told["published_at"], told["snapshot"])


def begun(day: str, now: datetime) -> datetime:
    """When the newest such day of the week began, in UTC."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=(midnight.weekday() - WEEK.index(day)) % 7)


def _now() -> datetime:
    return datetime.now(UTC)
