"""Jobs → what making each product took, and what each consumer read; pure, in bytes and slot time.

Every job is in exactly one account of each kind of account that it belongs to, so sums are kept.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mesh_defs.storage.bigquery.jobs import LOAD, Job
from mesh_defs.storage.bigquery.labels import DOMAIN, MESH, PORT, PRODUCT, label

MODEL, AUDIT, PUBLICATION, MOUNT, DELIVERY = "model", "audit", "publication", "mount", "delivery"
UNLABELLED = "unlabelled"
_DBT = "dbt_invocation_id"
_LANDED = "landing__"
_PUBLISHED = re.compile(r"(?P<line>.+)_v(?P<major>\d+)(?:__\d+)?")


@dataclass(frozen=True, order=True)
class Version:
    """A product in a major version."""

    product: str
    major: int

    def __str__(self) -> str:
        return f"{self.product} v{self.major}"


@dataclass(frozen=True)
class Datasets:
    """Which labels and datasets are of this mesh: `prefix` as labels have it; domains by their
    labels, and by the datasets that they publish in; the products that are mounted in a dataset of
    inputs, by their views; the datasets of rows held back."""

    prefix: str
    domains: Mapping[str, str]
    published: Mapping[str, str]
    inputs: Mapping[str, Mapping[str, Version]] = field(default_factory=dict)
    quarantined: frozenset[str] = frozenset()

    def domain_of(self, job: Job) -> str | None:
        """Whose job it is; None where it does not say that it is one of this mesh."""
        said = job.labels.get(DOMAIN)
        if not said or job.labels.get(MESH) != label(self.prefix):
            return None
        return self.domains.get(said, said)


@dataclass(frozen=True)
class Took:
    """What jobs took together. `billed`: bytes."""

    jobs: int = 0
    billed: int = 0
    slot_ms: int = 0

    def __add__(self, other: Took) -> Took:
        return Took(
            self.jobs + other.jobs, self.billed + other.billed, self.slot_ms + other.slot_ms
        )


@dataclass(frozen=True)
class Made:
    """The jobs of one kind for a product; of a domain, where they are for no one product; of
    nobody, where they bear no labels of this mesh."""

    domain: str | None
    product: str | None
    kind: str
    took: Took


@dataclass(frozen=True)
class Reading:
    """The jobs of a consumer that read products of others. A job that reads several is told once,
    with all of them: BigQuery does not say which of its bytes were whose."""

    consumer: str | None
    products: tuple[Version, ...]
    took: Took


def making(jobs: Iterable[Job], of: Datasets) -> list[Made]:
    """Each job once."""
    found: dict[tuple[str, str, str], Took] = defaultdict(Took)
    for job in jobs:
        domain = of.domain_of(job)
        if domain is None:
            key = ("", "", UNLABELLED)
        else:
            product = job.labels.get(PRODUCT)
            key = (domain, f"{domain}.{product}" if product else "", _kind(job, of))
        found[key] += _took(job)
    # Those of nobody last.
    ordered = sorted(found.items(), key=lambda item: (not item[0][0], item[0]))
    return [Made(d or None, p or None, kind, took) for (d, p, kind), took in ordered]


def reading(jobs: Iterable[Job], of: Datasets) -> list[Reading]:
    """Each job that read a product which is not of its own domain, once."""
    found: dict[tuple[str, tuple[Version, ...]], Took] = defaultdict(Took)
    for job in jobs:
        products, _ = products_of(job, of)
        if products:
            found[of.domain_of(job) or "", products] += _took(job)
    ordered = sorted(found.items(), key=lambda item: (not item[0][0], item[0]))
    return [Reading(consumer or None, products, took) for (consumer, products), took in ordered]


def products_of(job: Job, of: Datasets) -> tuple[tuple[Version, ...], bool]:
    """The products of others that a job read, and whether it read nothing else.

    A view that they are read through, and what is behind a view, are no other tables: some say the
    one, some the other, some both.
    """
    own, alone = of.domain_of(job), True
    products, mounted = set[Version](), set[Version]()
    for dataset, table in job.tables:
        domain, named = of.published.get(dataset), _PUBLISHED.fullmatch(table)
        if domain is not None and domain != own and named:
            products.add(Version(f"{domain}.{named['line']}", int(named["major"])))
        elif dataset in of.inputs and not table.startswith(_LANDED):
            mounted |= {of.inputs[dataset][table]} if table in of.inputs[dataset] else set()
        else:
            alone = False
    seen = {version.product for version in products}
    found = tuple(sorted(products | {v for v in mounted if v.product not in seen}))
    return found, alone and len(found) == 1


def total(of: Iterable[Made]) -> Took:
    return sum((made.took for made in of), Took())


def _kind(job: Job, of: Datasets) -> str:
    if PORT in job.labels:
        return DELIVERY
    if job.kind == LOAD:
        return LOAD
    if _DBT in job.labels:
        return MODEL
    if job.into in of.published or job.into in of.quarantined:
        return PUBLICATION
    return AUDIT if PRODUCT in job.labels else MOUNT


def _took(job: Job) -> Took:
    return Took(1, job.billed, job.slot_ms)
