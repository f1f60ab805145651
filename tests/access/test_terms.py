"""Who approves, and how long a notice runs, as a contract says it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mesh_defs.access.agreements.terms import terms_of
from mesh_defs.model import DataContract, Mesh, MeshError, read_contract, read_yaml
from tests.tiny_mesh import REPOSITORY


@pytest.fixture
def contract(tmp_path: Path) -> Any:
    def made(**more: Any) -> DataContract:
        path = tmp_path / "c.odcs.yaml"
        data = {"apiVersion": "v3.2.0", "kind": "DataContract", "id": "urn:c", "version": "1.0.0",
                "status": "active"}  # fmt: skip
        path.write_text(yaml.safe_dump({**data, **more}), encoding="utf-8")
        return read_contract(read_yaml(path))

    return made


def role(first: str | None = None, second: str | None = None, **more: str) -> dict[str, str]:
    given = {"firstLevelApprovers": first, "secondLevelApprovers": second}
    return {"role": "r", **{k: v for k, v in given.items() if v}, **more}


def custom(**said: str) -> list[dict[str, str]]:
    return [{"property": name, "value": value} for name, value in said.items()]


@pytest.mark.parametrize(
    ("given", "approvers"),
    [
        ({}, (("Team",),)),
        ({"roles": [role()]}, (("Team",),)),
        ({"roles": [role(" , ")]}, (("Team",),)),
        ({"roles": [role("Ana")]}, (("Ana",),)),
        ({"roles": [role("Ana, Bo; Cy ")]}, (("Ana", "Bo", "Cy"),)),
        ({"roles": [role("Ana", "Bo")]}, (("Ana",), ("Bo",))),
        ({"roles": [role(None, "Bo")]}, (("Bo",),)),
        ({"roles": [role("Ana", "Ana")]}, (("Ana",),)),
        ({"roles": [role("Ana", access="read"), role("Bo", access="write")]}, (("Ana",),)),
        ({"roles": [role("Bo", access="write")]}, (("Team",),)),
        ({"customProperties": custom(accessApproval="automatic")}, ()),
        ({"roles": [role("Ana")], "customProperties": custom(accessApproval="automatic")}, ()),
        ({"customProperties": custom(accessApproval="yes")}, (("Team",),)),
    ],
)
def test_who_approves(contract: Any, given: Any, approvers: Any) -> None:
    assert terms_of(contract(**given), "Team").approvers == approvers


def test_periods_and_price(contract: Any) -> None:
    terms = terms_of(
        contract(
            price={"priceAmount": 3, "priceCurrency": "EUR", "priceUnit": "month"},
            customProperties=custom(noticePeriod="P30D", reassessmentPeriod="P12M"),
        ),
        "Team",
    )
    assert (terms.contract, terms.version) == ("urn:c", "1.0.0")
    assert (terms.notice, terms.reassessment) == ("P30D", "P12M")
    assert terms.price in ("3 EUR month", "3.0 EUR month")
    assert terms_of(contract(), "Team").notice is None


def test_a_period_that_cannot_be_read_is_named(contract: Any) -> None:
    with pytest.raises(MeshError, match=r"customProperties noticePeriod: `soon` is not a period"):
        terms_of(contract(customProperties=custom(noticePeriod="soon")), "Team")


def test_the_demo_says_who_approves_each_of_its_products() -> None:
    mesh = Mesh.read(REPOSITORY)
    people = {m.name for d in mesh.domains.values() for m in d.file.team.members}
    for product in mesh.products.values():
        team = mesh.domains[product.ref.domain].file.team
        terms = terms_of(product.contract, team.name)
        assert terms.notice
        assert {name for level in terms.approvers for name in level} <= people | {team.name}
