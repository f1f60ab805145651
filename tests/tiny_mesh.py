"""A whole mesh that is as small as one can be: two domains, three products, one CSV file."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parent.parent
ORDERS = "order_id,day,cents\n1,2024-05-01,250\n2,2024-05-01,1000\n3,2024-05-02,40\n"


@dataclass(frozen=True)
class TinyMesh:
    root: Path

    @property
    def home(self) -> Path:
        return self.root / ".mesh"

    @property
    def orders(self) -> Path:
        return self.root / "data" / "orders.csv"


def build(root: Path) -> TinyMesh:
    """Write the files of a tiny mesh. `shop` sells; `insight` reads what `shop` publishes."""
    mesh = TinyMesh(root)
    _write(mesh.orders, ORDERS)
    _domain(
        root,
        "shop",
        "source-aligned",
        """\
        sources:
          orders:
            description: The till's log, one row an order.
            path: data/orders.csv
            columns: {order_id: bigint, day: date, cents: bigint}
        """,
    )
    _model(
        root, "shop", "orders", "select order_id, day, cents from {{ source('landing', 'orders') }}"
    )
    _model(
        root,
        "shop",
        "days",
        "select day, sum(cents)::bigint as cents from {{ ref('orders') }} group by day",
    )
    _product(
        root,
        "shop",
        "orders",
        [
            {"name": "order_id", "description": "The order's number.", "logicalType": "integer",
             "primaryKey": True, "required": True},
            {"name": "day", "description": "When it was made.", "logicalType": "date",
             "required": True},
            {"name": "cents", "description": "What was paid.", "logicalType": "integer",
             "required": True, "classification": "confidential",
             "logicalTypeOptions": {"minimum": 0}},
        ],
    )  # fmt: skip
    _product(
        root,
        "shop",
        "days",
        [
            {"name": "day", "description": "The day.", "logicalType": "date", "primaryKey": True,
             "required": True},
            {"name": "cents", "description": "What was paid that day.", "logicalType": "integer"},
        ],
    )  # fmt: skip
    _domain(
        root,
        "insight",
        "consumer-aligned",
        """\
        inputs:
          shop.orders:
            version: 1
            purpose: To find the best day.
        """,
    )
    approve(root, "shop", "orders", "insight")
    _model(
        root,
        "insight",
        "best_day",
        "select day, sum(cents)::bigint as cents from {{ source('shop', 'orders') }}\n"
        "group by day order by cents desc limit 1",
    )
    _product(
        root,
        "insight",
        "best_day",
        [
            {"name": "day", "description": "The day.", "logicalType": "date", "required": True},
            {"name": "cents", "description": "What was paid.", "logicalType": "integer"},
        ],
    )
    shutil.copytree(REPOSITORY / "dbt_projects" / "mesh_utils", root / "dbt_projects/mesh_utils")
    shutil.copy(REPOSITORY / "dbt_projects" / "profiles.yml", root / "dbt_projects")
    shutil.copy(REPOSITORY / "dagster.yaml", root)
    return mesh


def approve(root: Path, provider: str, product: str, consumer: str, version: int = 1) -> None:
    """Let a domain read a product without asking: a standing approval in the provider's room."""
    path = root / "domains" / provider / "approvals.yaml"
    given = yaml.safe_load(path.read_text())["approvals"] if path.exists() else []
    approval = {"product": product, "version": version, "consumer": consumer,
                "approved_by": ["Ola Nord"], "why": "They are our friends."}  # fmt: skip
    _write(path, yaml.safe_dump({"approvals": [*given, approval]}, sort_keys=False))


def _domain(root: Path, name: str, kind: str, more: str) -> None:
    folder = root / "domains" / name
    _write(
        folder / "domain.yaml",
        dedent(
            f"""\
            title: {name.capitalize()}
            kind: {kind}
            purpose: What {name} is there for.
            team:
              name: {name.capitalize()} team
              email: {name}@example.com
              members: [{{name: Ola Nord, role: owner, email: ola@example.com}}]
            """
        )
        + dedent(more),
    )
    _write(
        folder / "__init__.py",
        f'"""{name.capitalize()}."""\n\nfrom mesh_defs import domain_location\n\n'
        "defs = domain_location(__file__)\n",
    )
    _write(
        root / "dbt_projects" / name / "dbt_project.yml",
        dedent(
            f"""\
            name: {name}
            version: 1.0.0
            config-version: 2
            profile: mesh
            model-paths: [models, "{{{{ env_var('MESH_DBT_SOURCES', 'sources') }}}}"]
            macro-paths: [macros, ../mesh_utils/macros]
            models: {{{name}: {{+materialized: table}}}}
            """
        ),
    )


def _model(root: Path, domain: str, name: str, sql: str) -> None:
    _write(root / "dbt_projects" / domain / "models" / f"{name}.sql", f"{sql}\n")


def _product(root: Path, domain: str, name: str, columns: list[dict[str, Any]]) -> None:
    folder = root / "domains" / domain
    contract_id = f"urn:datacontract:{domain}.{name}"
    team = {"name": f"{domain} team", "members": [{"username": "ola@example.com", "role": "owner"}]}
    support = [{"channel": domain, "url": f"mailto:{domain}@example.com"}]
    contract = {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": contract_id,
        "name": name,
        "version": "1.0.0",
        "status": "active",
        "domain": domain,
        "dataProduct": name,
        "description": {"purpose": f"All about {name}."},
        "schema": [
            {
                "name": name,
                "physicalType": "table",
                "properties": columns,
                "quality": [
                    {
                        "id": "not_empty",
                        "type": "library",
                        "metric": "rowCount",
                        "mustBeGreaterThan": 0,
                    }
                ],
            }
        ],
        "price": {"priceAmount": 0, "priceCurrency": "EUR", "priceUnit": "month"},
        "team": team,
        "support": support,
        "customProperties": [{"property": "noticePeriod", "value": "P30D"}],
    }
    descriptor = {
        "apiVersion": "v1.1.0",
        "kind": "DataProduct",
        "id": f"urn:mesh:{domain}.{name}",
        "name": name,
        "version": "1.0.0",
        "status": "active",
        "domain": domain,
        "description": {"purpose": f"All about {name}."},
        "outputPorts": [
            {"name": name, "type": "delta", "version": "1.0.0", "contractId": contract_id}
        ],
        "support": support,
        "team": team,
    }
    _write_yaml(folder / "contracts" / f"{name}.odcs.yaml", contract)
    _write_yaml(folder / "products" / f"{name}.odps.yaml", descriptor)


def _write_yaml(path: Path, data: Any) -> None:
    _write(path, yaml.safe_dump(data, sort_keys=False))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
