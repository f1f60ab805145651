"""What changes of contracts do to the consumers there are, and whether they may be made today.

Plain data in, plain data out: files, git and dbt are read by others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from mesh_defs.contracts.changes import Bump, Change, after, made, needed
from mesh_defs.governance.column_use import Use
from mesh_defs.governance.comparison import Compared, Document
from mesh_defs.model import Finding
from mesh_defs.model.period import Period

ANYTHING = "?"
"""Stands for the models of a domain where nobody could tell what they use."""


@dataclass(frozen=True)
class Effect:
    """What the changes of a product are to one domain that reads it.

    `changes` are the breaking ones that touch it; `columns` the changed columns that it uses, each
    with the models, tests and products that do; `unclear` the models that nobody could read.
    """

    domain: str
    breaks: bool
    changes: tuple[Change, ...]
    columns: Mapping[str, list[str]]
    unclear: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "domain": self.domain,
            "breaks": self.breaks,
            "changes": [change.element for change in self.changes],
            "columns": {column: list(users) for column, users in self.columns.items()},
            "unclear": list(self.unclear),
        }


@dataclass(frozen=True)
class Judgement:
    """One compared document: the step it needs, who is touched, what is wrong with that."""

    compared: Compared
    needed: Bump
    effects: tuple[Effect, ...]
    earliest: date
    problems: tuple[Finding, ...]

    @property
    def broken(self) -> list[str]:
        return [effect.domain for effect in self.effects if effect.breaks]

    def to_json(self) -> dict[str, Any]:
        old, new, follower = (
            self.compared.old, self.compared.new, self.compared.follower
        )  # fmt: skip
        there = new or old
        return {
            "product": str(self.compared.ref),
            "document": self.compared.document,
            "major": self.compared.major,
            "file": there.source.shown if there else None,
            "old_version": old.version if old else None,
            "new_version": new.version if new else None,
            "followed_by": follower.version if follower else None,
            "needed": str(self.needed),
            "changes": [change.to_json() for change in self.compared.changes],
            "consumers": [effect.to_json() for effect in self.effects],
            "notice_period": self.compared.notice,
            "earliest_legal_date": self.earliest.isoformat() if self.broken else None,
            "problems": [finding.to_json() for finding in self.problems],
        }


def judge(compared: Compared, uses: Mapping[str, Use | None], today: date) -> Judgement:
    """What may be made of one document's changes today.

    `uses` are the domains that read this major version, each with what it uses of the product;
    None where nobody could tell.
    """
    effects = tuple(_effect(compared, domain, use) for domain, use in sorted(uses.items()))
    found, problem = Bump.NONE, ""
    if compared.old and compared.new:
        try:
            found = needed(compared.changes, compared.old.version)
            made(compared.old.version, compared.new.version)
        except ValueError:
            problem = f"expected major.minor.patch, got `{compared.new.version}`"
    judged = Judgement(compared, found, effects, _earliest(compared.notice, today), ())
    if problem and compared.new:
        problems = [compared.new.source.finding(("version",), problem, "Mend it.")]
    else:
        problems = list(_problems(judged, today))
    return Judgement(compared, found, effects, judged.earliest, tuple(problems))


def _earliest(notice: str | None, today: date) -> date:
    """What was promised counts, not what is promised from now on."""
    try:
        return Period.parse(notice).after(today) if notice else today
    except ValueError:
        return today  # `mesh validate` finds a notice that cannot be read


def _effect(compared: Compared, domain: str, use: Use | None) -> Effect:
    """A change without columns is felt by everybody, one of columns by those who use them."""
    hits: list[Change] = []
    columns: dict[str, list[str]] = {}
    for change in compared.breaking:
        found = {c: [ANYTHING] for c in change.columns} if use is None else use.of(change.columns)
        if found or not change.columns:
            hits.append(change)
            columns |= found
    unclear = (ANYTHING,) if use is None else tuple(sorted(use.unclear))
    return Effect(domain, compared.gone or bool(hits), tuple(hits), columns, unclear)


def _problems(judged: Judgement, today: date) -> Iterator[Finding]:
    compared = judged.compared
    old, new = compared.old, compared.new
    if compared.gone:
        yield from _gone(judged, today)
    elif old and new:
        yield from _too_small(judged, old, new)
        yield from _too_soon(judged, old, new)
        if compared.document == "descriptor":
            yield from _closed(judged, old, new, today)


def _too_small(judged: Judgement, old: Document, new: Document) -> Iterator[Finding]:
    """The version has to say what the changes are."""
    step, bump, major = made(old.version, new.version), judged.needed, judged.compared.major
    wanted = after(old.version, bump)
    if step is None:
        yield new.source.finding(
            ("version",),
            f"{new.version} is older than {old.version}, which was there before",
            f"Write `version: {wanted}`, or a later one.",
        )
    elif step < bump:
        todo = f"Write `version: {wanted}`."
        if bump is Bump.MAJOR and judged.broken and judged.compared.document == "contract":
            todo = (
                f"It breaks {_listed(judged.broken)}, and may not before {judged.earliest}. "
                f"Publish {wanted} beside v{major}, which stays as it was until then."
            )
        yield new.source.finding(
            ("version",),
            f"{judged.compared.changes[0].level} changes need {wanted}, got {new.version}",
            todo,
        )


def _too_soon(judged: Judgement, old: Document, new: Document) -> Iterator[Finding]:
    """An end that is announced leaves every consumer its notice."""
    for what, (path, day) in new.ends.items():
        before = old.ends.get(what)
        if judged.effects and day < judged.earliest and (not before or before[1] > day):
            yield new.source.finding(
                path,
                f"{what or f'v{judged.compared.major}'} ends on {day}, and "
                f"{_listed(effect.domain for effect in judged.effects)} was promised a notice of "
                f"{judged.compared.notice}",
                f"Write {judged.earliest} or a later day.",
            )


def _closed(judged: Judgement, old: Document, new: Document, today: date) -> Iterator[Finding]:
    """A port that goes or changes leaves nobody behind, unless its end was announced."""
    for change in judged.compared.breaking:
        port = ".".join(change.element.split(".")[:2])
        end = old.ends.get(port)
        if judged.broken and change.kind.startswith("port.") and not (end and end[1] <= today):
            yield new.source.finding(
                ("outputPorts",),
                f"{change.element}: {change.kind}, and {_listed(judged.broken)} may read there",
                f"Keep the port, with a custom property `endOfLife` of {judged.earliest} or later.",
            )


def _gone(judged: Judgement, today: date) -> Iterator[Finding]:
    """A major version that is gone leaves nobody behind, unless its end was announced."""
    compared = judged.compared
    assert compared.old
    end = compared.old.ends.get("")
    if not judged.broken or (end and end[1] <= today):
        return
    until = f"{end[1]}, as was announced" if end else f"{judged.earliest} or later"
    file = compared.old.source.shown
    keep = file
    if compared.follower and f".v{compared.major}." not in file:
        keep = file.replace(".odcs.yaml", f".v{compared.major}.odcs.yaml")
    yield Finding(
        file,
        0,
        "",
        f"v{compared.major} of `{compared.ref}` is gone, and {_listed(judged.broken)} "
        f"{'reads' if len(judged.broken) == 1 else 'read'} it",
        f"Keep its contract as {keep}, deprecated, with an `endOfLife` of {until}.",
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{n}`" for n in names)
