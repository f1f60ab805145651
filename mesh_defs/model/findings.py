"""What is wrong with a file, said so that its owner can mend it; not how anything is checked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, order=True)
class Finding:
    """One thing wrong in one place: file, line, field, what was expected, what to do."""

    file: str
    line: int
    field: str
    problem: str
    todo: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        field = f" {self.field}:" if self.field else ""
        todo = f" {self.todo}" if self.todo else ""
        return f"{place}:{field} {self.problem}.{todo}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class MeshError(Exception):
    """An error meant for a person: every message says where, what and what to do."""

    def __init__(self, findings: Iterable[Finding] | Finding | str) -> None:
        if isinstance(findings, str):
            findings = [Finding("", 0, "", findings)]
        elif isinstance(findings, Finding):
            findings = [findings]
        self.findings = tuple(findings)
        super().__init__("\n".join(str(f) if f.file else f.problem for f in self.findings))

    def __reduce__(self) -> Any:
        return (type(self), (self.findings,))
