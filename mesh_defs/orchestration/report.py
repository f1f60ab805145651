"""What a headless run says: events while it goes, results when it ends. Plain data, no Dagster."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Status = Literal["published", "unchanged", "failed", "skipped"]
Stage = Literal["waiting", "planning", "landing", "models", "publishing", "done"]


@dataclass(frozen=True)
class Progress:
    """Something that happened: in a domain, maybe to one of its products or sources."""

    domain: str
    stage: Stage
    item: str = ""
    rows: int | None = None
    status: Status | None = None
    text: str = ""


@dataclass(frozen=True)
class ProductResult:
    """What became of one product. Snapshot and rows are of what stands published now."""

    product: str
    domain: str
    status: Status
    version: str = ""
    snapshot: int | None = None
    rows: int | None = None
    rules_passed: int | None = None
    rules_failed: int | None = None
    published_at: str | None = None
    seconds: float = 0.0
    reason: str = ""
    rows_quarantined: int = 0
    rules_not_executable: int | None = None
    ports: tuple[dict[str, Any], ...] = ()

    @property
    def failed_ports(self) -> list[dict[str, Any]]:
        return [port for port in self.ports if port["status"] == "failed"]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class DomainResult:
    """What became of one domain's run; `error` is what went wrong outside any product."""

    domain: str
    products: tuple[ProductResult, ...] = ()
    error: str = ""
    seconds: float = 0.0
    run_id: str = ""


@dataclass(frozen=True)
class RunReport:
    """A whole run: ok only if every product is published, or was already, at every port."""

    domains: tuple[DomainResult, ...] = ()
    seconds: float = 0.0

    @property
    def products(self) -> list[ProductResult]:
        return [p for d in self.domains for p in d.products]

    @property
    def errors(self) -> dict[str, str]:
        return {d.domain: d.error for d in self.domains if d.error}

    @property
    def ok(self) -> bool:
        settled = all(
            p.status in ("published", "unchanged") and not p.failed_ports for p in self.products
        )
        return settled and not self.errors

    def to_json(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "seconds": round(self.seconds, 3),
            "products": [p.to_json() for p in self.products],
            "errors": self.errors,
        }
