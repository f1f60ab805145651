"""A bill of a mesh: what accounts and charges need is brought here from files, ledger and BigQuery.

What a mesh on DuckDB computes, nobody bills; what consumers owe by agreements is the same there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from mesh_defs.access.agreements import LAKE, Agreement, Entry
from mesh_defs.access.agreements.spans import agreed_prices, open_spans
from mesh_defs.access.agreements.terms import price_of
from mesh_defs.access.costing.accounts import (
    Datasets,
    Made,
    Reading,
    Version,
    making,
    products_of,
    reading,
)
from mesh_defs.access.costing.charges import UNKNOWN, Owed, Read, Use, owed
from mesh_defs.access.offers import offered
from mesh_defs.access.register import Register
from mesh_defs.model import Mesh, MeshError, ProductRef
from mesh_defs.model.governance import Rate, read_rate
from mesh_defs.storage.bigquery.jobs import Job, jobs_of
from mesh_defs.storage.bigquery.labels import label
from mesh_defs.storage.bigquery.warehouse import Warehouse
from mesh_defs.storage.ledger import Ledger, Sisters
from mesh_defs.storage.state import BIGQUERY, State

_TIB = 2**40


@dataclass(frozen=True)
class Bill:
    """Of the days of a period, both included. `rate` is what a TiB costs, if anybody said it."""

    since: date
    until: date
    engine: str
    rate: Rate | None
    made: list[Made]
    read: list[Reading]
    owed: list[Owed]

    def cost(self, billed: int) -> Fraction | None:
        return Fraction(billed, _TIB) * Fraction(self.rate.price_per_tib) if self.rate else None

    def about(self, name: str) -> Bill:
        """Only what is about a domain or a product: what it makes, reads, is read for and owes."""
        domain, _, product = name.partition(".")

        def read(consumer: str | None, products: Iterable[str]) -> bool:
            if product:
                return name in products
            return consumer == name or any(p.partition(".")[0] == name for p in products)

        return Bill(
            self.since, self.until, self.engine, self.rate,
            [m for m in self.made if (m.product == name if product else m.domain == domain)],
            [r for r in self.read if read(r.consumer, [v.product for v in r.products])],
            [o for o in self.owed if read(o.consumer.removeprefix("domain:"), [o.product])],
        )  # fmt: skip


def bill(mesh: Mesh, state: State, since: date, until: date, now: datetime) -> Bill:
    """Raises MeshError where jobs can't be listed, or a file that counts is wrong."""
    rate = read_rate(mesh.root)
    jobs: list[Job] = []
    datasets = None
    if state.target == BIGQUERY:
        warehouse = Warehouse.of_environment()
        datasets = _datasets(mesh, warehouse)
        jobs = list(jobs_of(warehouse, since, until))
    uses = _uses(mesh, state, jobs, datasets, now)
    return Bill(
        since, until, state.target, rate,
        making(jobs, datasets) if datasets else [],
        reading(jobs, datasets) if datasets else [],
        owed(uses, since, until),
    )  # fmt: skip


def _datasets(mesh: Mesh, warehouse: Warehouse) -> Datasets:
    domains = list(mesh.rooms)
    return Datasets(
        warehouse.prefix,
        {label(d): d for d in domains},
        {warehouse.published(d): d for d in domains},
        {warehouse.inputs(d): _mounted(mesh, d) for d in domains},
        frozenset(warehouse.quarantined(d) for d in domains),
    )


def _mounted(mesh: Mesh, domain: str) -> dict[str, Version]:
    """The inputs of a domain, as its files declare them, by the views that they are mounted as."""
    inputs = mesh.domains[domain].inputs if domain in mesh.domains else {}
    return {
        f"{ref.domain}__{ref.product}": Version(str(ref), given.version)
        for ref, given in inputs.items()
    }


def _uses(
    mesh: Mesh,
    state: State,
    jobs: Iterable[Job],
    datasets: Datasets | None,
    now: datetime,
) -> list[Use]:
    register = Register(Ledger.open(state), lambda: now)
    book, entries = register.book(), defaultdict[str, list[Entry]](list)
    for entry in register.entries():
        entries[entry.agreement].append(entry)
    spans = {id: tuple(open_spans(of)) for id, of in entries.items()}
    if datasets is None:
        reads = _reads_handed_out(state)
    else:
        reads = _reads_by_jobs(jobs, datasets, book, spans)
    return [
        Use(
            id, agreement.consumer, agreement.product, agreement.version,
            tuple((begin, min(end or now, now)) for begin, end in spans[id]),
            tuple(agreed_prices(entries[id], _price_today(mesh, agreement), UNKNOWN)),
            tuple(reads.get(id, ())), _unseen(mesh, agreement, datasets),
        )
        for id, agreement in book.items()
    ]  # fmt: skip


def _price_today(mesh: Mesh, agreement: Agreement) -> str | None:
    try:
        return price_of(offered(mesh, agreement.product, agreement.version).contract)
    except MeshError:
        return UNKNOWN


def _unseen(mesh: Mesh, agreement: Agreement, datasets: Datasets | None) -> str:
    """Why the reads of an agreement are not all known, if so."""
    kind, _, name = agreement.consumer.partition(":")
    if agreement.kind != LAKE:
        return f"nobody counts what is read of its port `{agreement.port}`"
    if datasets is not None:
        return "" if kind == "domain" else "BigQuery does not say which of its jobs are theirs"
    declared = mesh.domains[name].inputs if name in mesh.domains and kind == "domain" else {}
    if ProductRef.parse(agreement.product) in declared:
        return f"what runs of `{name}` read is in their workshop, where nobody counts it"
    return ""


def _reads_handed_out(state: State) -> dict[str, list[Read]]:
    """By agreement, from the audit of reads."""
    found = defaultdict[str, list[Read]](list)
    for row in Sisters.open(state).reads():
        if row.agreement is not None:
            # `mesh query` counts rows only.
            counted = None if row.rows and not row.bytes else row.bytes
            day = datetime.fromisoformat(row.at).date()
            found[row.agreement].append(Read(day, row.rows, counted))
    return found


def _reads_by_jobs(
    jobs: Iterable[Job],
    datasets: Datasets,
    book: Mapping[str, Agreement],
    spans: Mapping[str, tuple[tuple[datetime, datetime | None], ...]],
) -> dict[str, list[Read]]:
    """By agreement, from the jobs of domains: the newest one that had begun by the job's day."""
    found = defaultdict[str, list[Read]](list)
    for job in jobs:
        domain = datasets.domain_of(job)
        products, alone = products_of(job, datasets)
        for version in products if domain else ():
            mine = [
                id for id, a in book.items()
                if (a.consumer, a.product, a.version, a.kind)
                == (f"domain:{domain}", version.product, version.major, LAKE)
                and any(begin.date() <= job.day for begin, _ in spans[id])
            ]  # fmt: skip
            if mine:
                found[mine[-1]].append(Read(job.day, None, job.billed if alone else None))
    return found
