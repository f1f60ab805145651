"""`mesh validate`: every check finds its fault, says where, and leaves a sound mesh alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mesh_defs.contracts.clauses.reading import rules_of
from mesh_defs.governance.sight import Sight
from mesh_defs.governance.validation import CHECKS, validate
from mesh_defs.model import Finding, Mesh
from tests.tiny_mesh import build

REPOSITORY = Path(__file__).resolve().parents[2]
SHOP, INSIGHT = "domains/shop/domain.yaml", "domains/insight/domain.yaml"
ORDERS = "domains/shop/contracts/orders.odcs.yaml"
ORDERS_ODPS = "domains/shop/products/orders.odps.yaml"
BEST = "domains/insight/contracts/best_day.odcs.yaml"
BEST_ODPS = "domains/insight/products/best_day.odps.yaml"
BEST_SQL = "dbt_projects/insight/models/best_day.sql"


@dataclass(frozen=True)
class Room:
    """A mesh of one's own to break."""

    root: Path

    def edit(self, file: str, old: str, new: str, count: int = 1) -> Room:
        path = self.root / file
        text = path.read_text()
        assert old in text, f"{old!r} is not in {file}:\n{text}"
        path.write_text(text.replace(old, new, count))
        return self

    def write(self, file: str, text: str = "") -> Room:
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return self

    def remove(self, file: str) -> Room:
        path = self.root / file
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        return self

    def line(self, file: str, text: str, nth: int = 1) -> int:
        lines = (self.root / file).read_text().splitlines()
        return [i for i, line in enumerate(lines, 1) if text in line][nth - 1]

    def findings(self) -> list[Finding]:
        return validate(Mesh.read(self.root), self.root)

    def only(self, file: str, line: int | str, field: str, *said: str) -> None:
        """There is one finding, here, and it says this. A line may be given by what is on it."""
        found = self.findings()
        assert len(found) == 1, "\n".join(map(str, found)) or "nothing was found"
        assert found[0].file == file
        assert found[0].field == field
        assert found[0].line == (self.line(file, line) if isinstance(line, str) else line)
        for text in said:
            assert text in f"{found[0].problem} | {found[0].todo}"
        assert found[0].todo.endswith((".", "?"))
        assert not found[0].problem.endswith(".")


@pytest.fixture
def mesh(tmp_path: Path) -> Room:
    return Room(build(tmp_path / "mesh").root)


def test_a_sound_mesh_has_no_findings(mesh: Room) -> None:
    assert mesh.findings() == []


def test_the_demo_mesh_has_no_findings() -> None:
    found = validate(Mesh.read(REPOSITORY), REPOSITORY)
    assert not found, "\n".join(map(str, found))


# -- domains


def test_input_of_no_domain(mesh: Room) -> None:
    mesh.edit(INSIGHT, "shop.orders:", "shoop.orders:").edit(BEST_SQL, "'shop'", "'shoop'").only(
        INSIGHT, "shoop.orders:", "inputs.shoop.orders",
        "there is no domain `shoop`", "`insight`, `shop`",
    )  # fmt: skip


def test_input_of_no_product(mesh: Room) -> None:
    mesh.edit(INSIGHT, "shop.orders:", "shop.order:").edit(BEST_SQL, "'orders'", "'order'").only(
        INSIGHT, "shop.order:", "inputs.shop.order", "`shop` has no product `order`",
        "`days`, `orders`",
    )  # fmt: skip


def test_input_at_a_version_that_is_not_there(mesh: Room) -> None:
    mesh.edit(INSIGHT, "version: 1", "version: 2").only(
        INSIGHT, "version: 2", "inputs.shop.orders.version",
        "no version 2 of `shop.orders`", "at 1.0.0", "Write `version: 1`.",
    )  # fmt: skip


def test_input_whose_provider_cannot_be_read_is_said_once(mesh: Room) -> None:
    mesh.edit(ORDERS, "status: active", "statuss: active")
    assert {f.file for f in mesh.findings()} == {ORDERS}


def test_domains_that_wait_for_each_other(mesh: Room) -> None:
    with (mesh.root / SHOP).open("a") as file:
        file.write("inputs:\n  insight.best_day: {version: 1, purpose: To close the circle.}\n")
    mesh.only(
        INSIGHT, "shop.orders:", "inputs.shop.orders",
        "insight → shop → insight", "Take one of these inputs out",
    )  # fmt: skip


def test_two_circles_are_two_findings(mesh: Room) -> None:
    for name, others in {"a": "bd", "b": "c", "c": "a", "d": "ad"}.items():
        shutil.copytree(mesh.root / "domains/shop", mesh.root / "domains" / name)
        shutil.copytree(mesh.root / "dbt_projects/shop", mesh.root / "dbt_projects" / name)
        inputs = "".join(f"  {o}.orders: {{version: 1, purpose: x}}\n" for o in others if o != name)
        mesh.write(
            f"domains/{name}/domain.yaml",
            (mesh.root / SHOP).read_text() + "inputs:\n" + inputs,
        )
    circles = [f.problem for f in mesh.findings() if "wait for each other" in f.problem]
    assert sorted(c.rpartition(": ")[2] for c in circles) == ["a → b → c → a", "a → d → a"]


def test_team_without_an_owner(mesh: Room) -> None:
    mesh.edit(SHOP, "role: owner", "role: engineer").only(
        SHOP, "members:", "team.members", "no owner", "role: owner"
    )


def test_domain_that_is_no_code_location(mesh: Room) -> None:
    file = "domains/shop/__init__.py"
    mesh.remove(file).only(file, 0, "", "code location")


FUNCTION = "function: ingestion.fetch"


@pytest.fixture
def fetching(mesh: Room) -> Room:
    return mesh.edit(SHOP, "path: data/orders.csv", FUNCTION)


def test_function_in_a_module_that_is_missing(fetching: Room) -> None:
    fetching.only(
        SHOP, FUNCTION, "sources.orders.function", "there is no module `domains/shop/ingestion.py`"
    )


def test_pipeline_that_is_missing(mesh: Room) -> None:
    pipeline = "pipeline: pipelines/orders.py"
    mesh.edit(SHOP, "path: data/orders.csv", pipeline).only(
        SHOP, pipeline, "sources.orders.pipeline",
        "there is no file `domains/shop/pipelines/orders.py`",
    )  # fmt: skip


def test_function_that_its_module_does_not_have(fetching: Room) -> None:
    fetching.write("domains/shop/ingestion.py", "def fetched(): ...\ndef _x(): ...\n").only(
        SHOP, FUNCTION, "sources.orders.function",
        "`domains/shop/ingestion.py` has no function `fetch`", "It has: `fetched`.",
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "def fetch(): ...",
        "from elsewhere import get as fetch",
        "from elsewhere import *",
        "fetch = lambda: 1",
        "def (",
    ],
)
def test_function_that_is_there_or_may_be(fetching: Room, text: str) -> None:
    assert fetching.write("domains/shop/ingestion.py", text).findings() == []


def test_function_in_a_package(fetching: Room) -> None:
    fetching.write("domains/shop/ingestion/__init__.py", "async def fetch(): ...")
    assert fetching.findings() == []


# -- products


def test_contract_without_a_descriptor(mesh: Room) -> None:
    mesh.remove("domains/shop/products/days.odps.yaml").only(
        "domains/shop/contracts/days.odcs.yaml", 0, "",
        "a contract for no product", "`domains/shop/products/days.odps.yaml` is missing",
    )  # fmt: skip


def test_descriptor_without_a_contract(mesh: Room) -> None:
    mesh.remove("domains/shop/contracts/days.odcs.yaml").only(
        "domains/shop/contracts/days.odcs.yaml", 0, "", "the file is missing"
    )


def test_product_that_is_described_twice(mesh: Room) -> None:
    text = (mesh.root / ORDERS_ODPS).read_text()
    mesh.write("domains/shop/products/orders.odps.yml", text).only(
        "domains/shop/products/orders.odps.yml", 0, "", "described twice", "`orders.odps.yaml`"
    )


@pytest.mark.parametrize(
    ("file", "form"),
    [
        ("contracts/orders.yaml", "<product>.odcs.yaml"),
        ("contracts/orders.odcs.yml", "<product>.odcs.yaml"),
        ("contracts/old/orders.odcs.yaml", "<product>.odcs.yaml"),
        ("contracts/orders.odps.yaml", "<product>.odcs.yaml"),
        ("products/orders.json", "<product>.odps.yaml"),
        ("products/deep/orders.odps.yaml", "<product>.odps.yaml"),
    ],
)
def test_file_that_nobody_reads(mesh: Room, file: str, form: str) -> None:
    file = f"domains/shop/{file}"
    mesh.write(file, "a: 1\n").only(file, 0, "", "nobody reads this file", form)


def test_notes_may_lie_beside_contracts(mesh: Room) -> None:
    assert mesh.write("domains/shop/contracts/README.md", "Why").findings() == []


def test_two_products_with_one_id(mesh: Room) -> None:
    mesh.edit(ORDERS_ODPS, "id: urn:mesh:shop.orders", "id: urn:mesh:shop.days").only(
        ORDERS_ODPS, "id: urn:mesh", "id", "the product of `shop.days` has the same id"
    )


def test_two_contracts_with_one_id(mesh: Room) -> None:
    for file in (BEST, BEST_ODPS):
        mesh.edit(file, "urn:datacontract:insight.best_day", "urn:datacontract:shop.days")
    file = "domains/shop/contracts/days.odcs.yaml"
    mesh.only(file, "id: urn:datacontract", "id", "the contract of `insight.best_day`")


def port(mesh: Room, contract: str, version: str = "1.0.0") -> Room:
    text = f"inputPorts:\n- name: orders\n  version: {version}\n  contractId: {contract}\n"
    return mesh.write(BEST_ODPS, (mesh.root / BEST_ODPS).read_text() + text)


@pytest.mark.parametrize("version", ["1.0.0", "1", "v1", "'1.4'"])
def test_input_port_that_agrees(mesh: Room, version: str) -> None:
    assert port(mesh, "urn:datacontract:shop.orders", version).findings() == []


def test_input_port_of_the_domains_own_product(mesh: Room) -> None:
    assert port(mesh, "urn:datacontract:insight.best_day").findings() == []


def test_input_port_of_no_contract(mesh: Room) -> None:
    port(mesh, "urn:datacontract:shop.order").only(
        BEST_ODPS, "contractId: urn:datacontract:shop.order", "inputPorts[0].contractId",
        "no product has the contract `urn:datacontract:shop.order`",
        "`urn:datacontract:shop.orders`",
    )  # fmt: skip


def test_input_port_that_the_domain_does_not_declare(mesh: Room) -> None:
    port(mesh, "urn:datacontract:shop.days").only(
        BEST_ODPS, "contractId: urn:datacontract:shop.days", "inputPorts[0].contractId",
        "`shop.days` is no declared input of `insight`", INSIGHT,
    )  # fmt: skip


@pytest.mark.parametrize("version", ["2.0.0", "10", "newest"])
def test_input_port_at_another_version(mesh: Room, version: str) -> None:
    port(mesh, "urn:datacontract:shop.orders", version).only(
        BEST_ODPS, f"version: {version}", "inputPorts[0].version",
        f"version {version} of `shop.orders`", f"{INSIGHT} says 1",
    )  # fmt: skip


def test_input_port_of_a_contract_that_cannot_be_read(mesh: Room) -> None:
    mesh.edit(ORDERS, "status: active", "statuss: active")
    assert {f.file for f in port(mesh, "urn:datacontract:shop.orders").findings()} == {ORDERS}


def test_output_port_at_another_version(mesh: Room) -> None:
    mesh.edit(ORDERS, "version: 1.0.0", "version: 1.1.0").only(
        ORDERS_ODPS, mesh.line(ORDERS_ODPS, "version: 1.0.0", 2), "outputPorts[0].version",
        "version 1.0.0, where the contract is at 1.1.0", "`version: 1.1.0`",
    )  # fmt: skip


def second_port(mesh: Room, name: str, contract: str) -> Room:
    return mesh.edit(
        ORDERS_ODPS,
        "outputPorts:\n",
        f"outputPorts:\n- name: {name}\n  version: 1.0.0\n{contract}",
    )


def test_second_output_port(mesh: Room) -> None:
    contract = "  contractId: urn:datacontract:shop.orders\n"
    assert second_port(mesh, "files", contract).findings() == []


@pytest.mark.parametrize("contract", ["", "  contractId: urn:datacontract:shop.days\n"])
def test_output_port_of_another_contract(mesh: Room, contract: str) -> None:
    second_port(mesh, "files", contract).only(
        ORDERS_ODPS, "contractId: urn:datacontract:shop.days" if contract else "- name: files",
        "outputPorts[0].contractId", "expected `urn:datacontract:shop.orders`",
    )  # fmt: skip


def test_output_ports_of_one_name(mesh: Room) -> None:
    second_port(mesh, "orders", "  contractId: urn:datacontract:shop.orders\n").only(
        ORDERS_ODPS,
        mesh.line(ORDERS_ODPS, "name: orders", 3),
        "outputPorts[1].name",
        "a second port `orders`",
    )


# -- contracts


@pytest.mark.parametrize(
    ("old", "new", "field", "said"),
    [
        ("domain: shop", "domain: shopping", "domain", "expected `shop`, as the domain's folder"),
        ("dataProduct: orders", "dataProduct: order", "dataProduct", "got `order`"),
        ("dataProduct: orders\n", "", "dataProduct", "expected `orders`"),
    ],
)
def test_contract_that_says_it_belongs_elsewhere(
    mesh: Room, old: str, new: str, field: str, said: str
) -> None:
    mesh.edit(ORDERS, old, new).only(ORDERS, new if new else 1, field, said, f"Write `{field}: ")


@pytest.mark.parametrize(
    ("field", "start"), [("team", "team:"), ("support", "support:")], ids=["team", "support"]
)
def test_contract_without(mesh: Room, field: str, start: str) -> None:
    lines = (mesh.root / ORDERS).read_text().splitlines(keepends=True)
    first = lines.index(f"{start}\n")
    after = next((i for i in range(first + 1, len(lines)) if lines[i][0] not in " -"), len(lines))
    mesh.write(ORDERS, "".join(lines[:first] + lines[after:])).only(ORDERS, 1, field, f"`{field}`")


@pytest.mark.parametrize("purpose", ["purpose: ''", "purpose: '  '", "usage: Any."])
def test_contract_without_a_purpose(mesh: Room, purpose: str) -> None:
    mesh.edit(ORDERS, "purpose: All about orders.", purpose).only(
        ORDERS, purpose if "purpose" in purpose else "description:", "description.purpose",
        "Say what the data is for",
    )  # fmt: skip


def test_column_that_is_not_described(mesh: Room) -> None:
    mesh.edit(ORDERS, "    description: When it was made.\n", "").only(
        ORDERS, "- name: day", "schema[0].properties[1].description", "`day` is not described"
    )


def test_column_within_a_column_that_is_not_described(mesh: Room) -> None:
    inner = "logicalType: object\n    properties:\n    - name: hour\n      logicalType: integer\n"
    mesh.edit(ORDERS, "logicalType: date\n", inner).only(
        ORDERS, "- name: hour", "schema[0].properties[1].properties[0].description", "`hour`"
    )


@pytest.mark.parametrize("name", ["Day", "the day", "7th", "täg"])
def test_column_with_another_kind_of_name(mesh: Room, name: str) -> None:
    mesh.edit(ORDERS, "- name: day\n", f"- name: {name}\n").only(
        ORDERS, f"- name: {name}", "schema[0].properties[1].name", "lower case letters", name
    )


def test_columns_of_one_name(mesh: Room) -> None:
    mesh.edit(ORDERS, "- name: day\n", "- name: cents\n").only(
        ORDERS, mesh.line(ORDERS, "- name: cents", 2), "schema[0].properties[2].name", "twice"
    )


@pytest.mark.parametrize("period", ["P30D", "P6W", "P3M", "P1M15D", "P0D"])
def test_notice_period(mesh: Room, period: str) -> None:
    assert mesh.edit(ORDERS, "value: P30D", f"value: {period}").findings() == []


@pytest.mark.parametrize(
    "period", ["30", "30 days", "P", "P1Y", "PT12H", "P1W2D", "p30d", "P30D.", "P-1D", "P2D1M"]
)
def test_notice_period_that_is_none(mesh: Room, period: str) -> None:
    mesh.edit(ORDERS, "value: P30D", f"value: {period}").only(
        ORDERS, f"value: {period}", "customProperties[0].value", f"got `{period}`", "`P30D`"
    )


@pytest.mark.parametrize(
    ("level", "why"),
    [
        ("{property: latency, value: soon}", "`soon` is not a time span"),
        ("{property: tr, value: 5, unit: percent}", "`5 percent` is not a time span"),
        ("{property: retention, value: 2, unit: y, element: orders.date}", "no property date"),
        ("{property: endOfLife, value: 2026-02-30}", "is not a date"),
        ("{property: frequency, value: 1, customProperties: [{property: objective, value: x}]}",
         "the objective `x` is not a percentage"),
    ],
)  # fmt: skip
def test_level_that_nobody_can_measure(mesh: Room, level: str, why: str) -> None:
    mesh.edit(ORDERS, "price:\n", f"slaProperties:\n- {level}\nprice:\n").only(
        ORDERS, level, "slaProperties[0]", "can't be measured", why
    )


def test_levels_that_are_measured_or_somebody_s_own(mesh: Room) -> None:
    levels = "- {property: ly, value: PT6H, element: day}\n- {property: ourOwn, value: soon}\n"
    assert mesh.edit(ORDERS, "price:\n", f"slaProperties:\n{levels}price:\n").findings() == []


def refer(mesh: Room, to: str, file: str = BEST) -> Room:
    relation = f"relationships:\n    - type: foreignKey\n      to: {to}\n    "
    return mesh.edit(file, "- name: day\n    ", f"- name: day\n    {relation}")


@pytest.mark.parametrize(
    "to",
    [
        "shop.orders.day",
        "shop.orders.orders.day",
        "domains/shop/contracts/orders.odcs.yaml#/schema/orders/properties/day",
        "best_day.cents",
    ],
)
def test_reference_that_stands(mesh: Room, to: str) -> None:
    assert refer(mesh, to).findings() == []


def test_reference_within_the_domain_needs_no_input(mesh: Room) -> None:
    assert refer(mesh, "shop.days.day", ORDERS).findings() == []


def test_reference_to_a_physical_name(mesh: Room) -> None:
    mesh.edit(ORDERS, "- name: day\n", "- name: day\n    physicalName: order_day\n")
    assert refer(mesh, "shop.orders.order_day").findings() == []
    assert referred(mesh) == ["order_day"]
    mesh.edit(BEST, "shop.orders.order_day", "shop.orders.day")
    assert mesh.findings() == []
    assert referred(mesh) == ["order_day"]


def referred(mesh: Room) -> list[str]:
    contract = Mesh.read(mesh.root).product("insight.best_day").contract
    (rule,) = (r for r in rules_of(contract) if r.kind == "foreignKey")
    return list(rule.params["to"])


@pytest.mark.parametrize(
    ("to", "problem", "todo"),
    [
        ("shop.order.day", "there is no product `shop.order`", "`shop.orders`"),
        ("shoop.orders.day", "there is no product `shoop.orders`", "`shop.orders`"),
        ("shop.orders.days", "`shop.orders` has no column `days`", "`cents`, `day`, `order_id`"),
        ("shop.orders.lines.day", "`shop.orders` has no object `lines`", "It has `orders`"),
        ("shop.days.day", "`shop.days` is no declared input of `insight`", INSIGHT),
        ("Shop.orders.day", "is not `domain.product`", "domain.product.column"),
        ("orders.day", "this contract has no object orders", "domain.product.column"),
        ("best_day.week", "has no property week", "domain.product.column"),
    ],
)
def test_reference_that_does_not_stand(mesh: Room, to: str, problem: str, todo: str) -> None:
    refer(mesh, to).only(
        BEST, f"to: {to}", "schema[0].properties[0].relationships[0].to", problem, todo
    )


def test_second_reference_of_a_column_and_of_an_object(mesh: Room) -> None:
    refer(mesh, "shop.orders.day").edit(
        BEST, "to: shop.orders.day\n", "to: shop.orders.day\n    - to: shop.orders.noon\n"
    )
    mesh.edit(
        BEST,
        "- name: best_day\n",
        "- name: best_day\n  relationships:\n"
        "  - {type: foreignKey, from: best_day.day, to: shop.orders.dawn}\n",
    )
    found = mesh.findings()
    assert [(f.field, f.line) for f in found] == [
        ("schema[0].relationships[0].to", mesh.line(BEST, "dawn")),
        ("schema[0].properties[0].relationships[1].to", mesh.line(BEST, "noon")),
    ]


def test_reference_to_what_cannot_be_read(mesh: Room) -> None:
    refer(mesh, "shop.orders.day").edit(ORDERS, "status: active", "statuss: active")
    assert {f.file for f in mesh.findings()} == {ORDERS}


def test_rule_that_nobody_could_check(mesh: Room) -> None:
    mesh.edit(ORDERS, "metric: rowCount", "metric: rowCount\n    unit: dozen").only(
        ORDERS, "- id: not_empty", "schema[0].quality[0]", "`not_empty` can't be checked", "dozen"
    )


def test_rule_of_a_column_that_nobody_could_check(mesh: Room) -> None:
    mesh.edit(ORDERS, "logicalType: date\n", "logicalType: date\n    unique: true\n").edit(
        ORDERS,
        "unique: true\n",
        "unique: true\n    quality:\n    - {metric: nullValues, mustBe: some}\n",
    ).only(
        ORDERS, "- {metric: nullValues", "schema[0].properties[1].quality[0]",
        "can't be checked", "`some`",
    )  # fmt: skip


def test_rule_inside_a_column_that_nobody_could_check(mesh: Room) -> None:
    mesh.edit(
        ORDERS,
        "logicalType: date\n",
        "logicalType: array\n    items:\n      logicalType: date\n"
        "      logicalTypeOptions: {format: qqqq}\n",
    ).only(
        ORDERS,
        "logicalTypeOptions: {format",
        "schema[0].properties[1].items.logicalTypeOptions.format",
        "`day.items.format` can't be checked",
        "`qqqq`",
    )


def test_promise_in_words_is_no_fault(mesh: Room) -> None:
    mesh.edit(ORDERS, "metric: rowCount", "description: Orders are real.")
    mesh.edit(ORDERS, "type: library", "type: text").edit(ORDERS, "    mustBeGreaterThan: 0\n", "")
    assert mesh.findings() == []


# -- models


def test_domain_without_a_dbt_project(mesh: Room) -> None:
    mesh.remove("dbt_projects/insight").only(
        "dbt_projects/insight", 0, "", "the dbt project of `insight` is missing"
    )


def test_dbt_project_without_its_file(mesh: Room) -> None:
    file = "dbt_projects/insight/dbt_project.yml"
    mesh.remove(file).only(file, 0, "", "the file is missing")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("name: insight", "name: insights", "name"),
        ("profile: mesh", "profile: my_own", "profile"),
        ("profile: mesh\n", "", "profile"),
    ],
)
def test_dbt_project_that_is_called_otherwise(mesh: Room, old: str, new: str, field: str) -> None:
    file = "dbt_projects/insight/dbt_project.yml"
    mesh.edit(file, old, new).only(
        file, new if new else 1, field, f"expected `{old.strip()[-4:]}"[:9]
    )


def test_models_of_no_domain(mesh: Room) -> None:
    mesh.write("dbt_projects/left_over/models/x.sql", "select 1 as a").only(
        "dbt_projects/left_over", 0, "", "models of no domain: `x`", "domains/left_over"
    )


def test_product_that_no_model_makes(mesh: Room) -> None:
    sql = "dbt_projects/shop/models/orders.sql"
    mesh.edit("dbt_projects/shop/models/days.sql", "ref('orders')", "ref('order')")
    (mesh.root / sql).rename(mesh.root / "dbt_projects/shop/models/order.sql")
    mesh.only(
        ORDERS, mesh.line(ORDERS, "- name: orders"), "schema[0].name",
        "no model, seed or snapshot `orders` in dbt_projects/shop", "Did you mean `order`?",
    )  # fmt: skip


def test_physical_name_that_no_model_has(mesh: Room) -> None:
    mesh.edit(ORDERS, "- name: orders\n", "- name: orders\n  physicalName: order_lines\n")
    assert [(f.file, f.field) for f in mesh.findings()] == [
        ("dbt_projects/shop/models/orders.sql", ""),
        (ORDERS, "schema[0].physicalName"),
    ]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("models/deep/down/orders.sql", "select 1"),
        ("models/orders.py", "def model(dbt, session): ..."),
        ("seeds/orders.csv", "order_id\n1\n"),
        ("snapshots/any.sql", "{%- snapshot orders -%} select 1 {% endsnapshot %}"),
        ("snapshots/any.yml", "snapshots:\n  - {name: orders, relation: ref('x')}\n"),
    ],
)
def test_what_can_make_a_product(mesh: Room, file: str, text: str) -> None:
    mesh.remove("dbt_projects/shop/models/orders.sql").write(f"dbt_projects/shop/{file}", text)
    assert mesh.findings() == []


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("models/orders.txt", "select 1"),
        ("models/orders.csv", "a\n1\n"),
        ("seeds/orders.sql", "select 1"),
        ("analyses/orders.sql", "select 1"),
        ("target/models/orders.sql", "select 1"),
        ("models/target/orders.sql", "select 1"),
        ("snapshots/orders.sql", "{% snapshot others %} select 1 {% endsnapshot %}"),
        ("snapshots/any.yml", "snapshots:\n  - {name: orders, description: Only said.}\n"),
    ],
)
def test_what_makes_no_product(mesh: Room, file: str, text: str) -> None:
    mesh.remove("dbt_projects/shop/models/orders.sql").write(f"dbt_projects/shop/{file}", text)
    assert ORDERS in {f.file for f in mesh.findings()}


def test_model_paths_of_its_own(mesh: Room) -> None:
    file = "dbt_projects/shop/dbt_project.yml"
    mesh.edit(file, "model-paths: [models,", "model-paths: [sql,")
    assert len(mesh.findings()) == 2
    (mesh.root / "dbt_projects/shop/models").rename(mesh.root / "dbt_projects/shop/sql")
    assert mesh.findings() == []


@pytest.mark.parametrize("name", ["Best", "best-day", "1st"])
def test_model_with_another_kind_of_name(mesh: Room, name: str) -> None:
    file = f"dbt_projects/insight/models/{name}.sql"
    mesh.write(file, "select 1 as a").only(file, 0, "", "lower case letters")


@pytest.mark.parametrize("name", ["landing", "products"])
def test_model_with_a_name_that_is_taken(mesh: Room, name: str) -> None:
    file = f"dbt_projects/insight/models/{name}.sql"
    mesh.write(file, "select 1 as a").only(file, 0, "", f"no model can be called `{name}`")


def test_models_of_one_name(mesh: Room) -> None:
    mesh.write("dbt_projects/insight/seeds/best_day.csv", "a\n1\n").only(
        "dbt_projects/insight/seeds/best_day.csv", 0, "", "already the name of", BEST_SQL
    )


def test_model_called_as_a_product_that_is_made_of_another(mesh: Room) -> None:
    mesh.write("dbt_projects/insight/models/best.sql", "select 1 as a")
    mesh.edit(BEST, "- name: best_day\n", "- name: best_day\n  physicalName: best\n").only(
        BEST_SQL, 0, "", "called as the product `insight.best_day`", "made of `best`"
    )


UNDECLARED = "select 1\nfrom\n  {{ source('shop', 'days') }}\n"


@pytest.mark.parametrize(
    ("file", "text", "line"),
    [
        ("models/x.sql", UNDECLARED, 3),
        ("models/x.sql", "{# a\nb\n#}\n" + UNDECLARED, 6),
        ("models/x.sql", "{{\n config() }} {% set a =\n source (\"shop\",\n 'days') %}", 3),
        ("models/x.sql", "-- {{ source('shop', 'days') }} is rendered even here", 1),
        ("tests/x.sql", UNDECLARED, 3),
        ("models/x.py", "def model(dbt, s):\n    return dbt.source('shop', 'days')\n", 2),
        ("models/x.yml", "a: 1\nb:\n  - to: source('shop', 'days')\n", 3),
    ],
)
def test_source_that_is_not_declared(mesh: Room, file: str, text: str, line: int) -> None:
    file = f"dbt_projects/insight/{file}"
    mesh.write(file, text).only(
        file, line, "source('shop', 'days')", "`insight` declares no such source",
        f"Declare `shop.days` in {INSIGHT} under `inputs` (there: `shop.orders`).",
    )  # fmt: skip


def test_landing_source_that_is_not_declared(mesh: Room) -> None:
    file = "dbt_projects/shop/models/x.sql"
    mesh.write(file, "from {{ source('landing', 'order') }}").only(
        file, 1, "source('landing', 'order')",
        f"Declare `order` in {SHOP} under `sources` (there: `orders`).",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("models/x.sql", "{# {{ source('shop', 'days') }} #} select 1 as a"),
        ("models/x.sql", "-- was source('shop', 'days') once"),
        ("models/x.sql", "from {{ my_source('shop', 'days') }}"),
        ("models/x.sql", "from {{ source(which, 'days') }}"),
        ("models/x.py", "x = 1  # source('shop', 'days')"),
        ("target/x.sql", UNDECLARED),
        ("seeds/x.csv", UNDECLARED),
    ],
)
def test_what_is_no_source(mesh: Room, file: str, text: str) -> None:
    assert mesh.write(f"dbt_projects/insight/{file}", text).findings() == []


def test_sql_that_is_not_utf8(mesh: Room) -> None:
    path = mesh.root / "dbt_projects/insight/models/x.sql"
    path.write_bytes(b"-- caf\xe9\n{{ source('a', 'b') }}")
    assert [f.line for f in mesh.findings()] == [2]


# -- as a whole


def test_a_broken_domain_is_checked_as_far_as_it_could_be_read(mesh: Room) -> None:
    mesh.edit(ORDERS, "status: active", "statuss: active")
    mesh.edit("domains/shop/contracts/days.odcs.yaml", "value: P30D", "value: soon")
    mesh.edit(SHOP, "role: owner", "role: boss")
    mesh.edit(INSIGHT, "title: ", "titel: ")
    assert [(f.file.rpartition("/")[2], f.field) for f in mesh.findings()] == [
        ("domain.yaml", "titel"),
        ("domain.yaml", "title"),
        ("days.odcs.yaml", "customProperties[0].value"),
        ("orders.odcs.yaml", "statuss"),
        ("domain.yaml", "team.members"),
    ]


def test_a_policy_of_ones_own(mesh: Room) -> None:
    def shouting(sight: Sight) -> Iterator[Finding]:
        for room in sight.rooms:
            yield sight.in_domain_file(room, ("title",), "titles are in capitals", "Shout.")

    read = Mesh.read(mesh.root)
    assert len(validate(read, mesh.root, (*CHECKS, shouting))) == 2
    assert [f.line for f in validate(read, mesh.root, [shouting])] == [1, 1]


def test_nothing_heavy_is_imported() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path; from mesh_defs.model import Mesh; "
        "from mesh_defs.governance.validation import validate; root = Path(sys.argv[1]); "
        "validate(Mesh.read(root), root); heavy = {'dagster', 'dbt', 'duckdb', 'deltalake', "
        "'sqlglot', 'pandas', 'pyarrow'} & set(sys.modules); print(sorted(heavy))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(REPOSITORY)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


# -- quarantine

DAYS_SQL = "dbt_projects/shop/models/days.sql"


def quarantining(mesh: Room, said: str, budget: str = '"1%"') -> Room:
    """`shop.orders` with something said of a breach, and no other product made from its rows."""
    mesh.edit(DAYS_SQL, "ref('orders')", "source('landing', 'orders')")
    customs = "  customProperties:\n" + f"  - property: onBreach\n    value: {said}\n"
    if budget:
        customs += f"  - property: quarantineBudget\n    value: {budget}\n"
    return mesh.edit(ORDERS, "  quality:\n", f"{customs}  quality:\n")


def test_a_quarantine_with_a_budget_is_sound(mesh: Room) -> None:
    assert quarantining(mesh, "quarantine").findings() == []
    mesh.edit(ORDERS, "value: quarantine", "value: {minimum: quarantine, required: warn}")
    assert mesh.findings() == []


def test_a_breach_that_does_an_unknown_thing(mesh: Room) -> None:
    quarantining(mesh, "quarantene").only(
        ORDERS, "value: quarantene", "schema[0].customProperties[0].value",
        "expected one of `block`, `quarantine`, `warn`, got `quarantene`", "the rule blocks",
    )  # fmt: skip


def test_a_quarantine_of_rows_that_a_rule_cannot_name(mesh: Room) -> None:
    quarantining(mesh, "{rowCount: quarantine}").only(
        ORDERS, "value: {rowCount", "schema[0].customProperties[0].value",
        "a rule of the kind `rowCount` cannot say which rows break it",
        "values, keys and references",
    )  # fmt: skip


def test_a_quarantine_without_a_budget(mesh: Room) -> None:
    quarantining(mesh, "quarantine", budget="").only(
        ORDERS, "customProperties:", "schema[0].customProperties",
        "there is no budget, so the rules block", "quarantineBudget",
    )  # fmt: skip


def test_a_budget_that_is_none(mesh: Room) -> None:
    quarantining(mesh, "quarantine", budget="plenty").only(
        ORDERS, "value: plenty", "schema[0].customProperties[1].value",
        "expected a number of rows or a percentage, got `plenty`", "Write `100`",
    )  # fmt: skip


def test_a_quarantine_whose_rows_another_product_would_keep(mesh: Room) -> None:
    quarantining(mesh, "quarantine")
    mesh.edit(DAYS_SQL, "source('landing', 'orders')", "ref('orders')")
    mesh.only(
        ORDERS, "customProperties:", "schema[0].customProperties",
        "`shop.days` is made from the same model", "make `shop.days` from other models",
    )  # fmt: skip
    mesh.edit(DAYS_SQL, "ref('orders')", "source('landing', 'orders') {# ref('orders') #}")
    assert mesh.findings() == []


# -- custom properties


def saying(mesh: Room, *customs: str) -> Room:
    """`shop.orders` with these custom properties on its object."""
    said = "".join(f"  - {item}\n" for item in customs)
    return mesh.edit(ORDERS, "  quality:\n", f"  customProperties:\n{said}  quality:\n")


def test_a_custom_property_that_is_nearly_one_of_ours(mesh: Room) -> None:
    saying(mesh, "{property: onBreech, value: warn}").only(
        ORDERS, "onBreech", "schema[0].customProperties[0].property",
        "`onBreech` means nothing here", "Did you mean `onBreach`?",
    )  # fmt: skip
    mesh.edit(ORDERS, "onBreech", "dataSteward")
    assert mesh.findings() == []


def test_a_custom_property_at_a_place_where_nobody_looks(mesh: Room) -> None:
    budget = "  customProperties:\n  - {property: quarantineBudget, value: 3}\n"
    mesh.edit(ORDERS, "  quality:\n", budget + "  quality:\n")
    assert mesh.findings() == []
    mesh.edit(ORDERS, budget, "")
    mesh.edit(
        ORDERS, "customProperties:\n", "customProperties:\n- {property: tolerance, value: 3}\n"
    )
    mesh.only(
        ORDERS, "property: tolerance", "customProperties[0].property",
        "`tolerance` says nothing on the contract", "an object, a column",
    )  # fmt: skip


def test_softening_that_speaks_of_a_kind_of_rule_that_is_not_there(mesh: Room) -> None:
    saying(mesh, "{property: severity, value: {minimun: warning}}").only(
        ORDERS, "minimun", "schema[0].customProperties[0].value",
        "no rule of the kind `minimun`", "`minimum`",
    )  # fmt: skip
    mesh.edit(ORDERS, "minimun", "maxLength")
    assert ["`maxLength`" in f.problem for f in mesh.findings()] == [True]


def test_a_tolerance_that_is_none_is_found_once(mesh: Room) -> None:
    saying(mesh, "{property: tolerance, value: lots}").only(
        ORDERS, "value: lots", "schema[0].customProperties[0].value",
        "expected a number of rows or a percentage, got `lots`", "Write `100`",
    )  # fmt: skip


def test_a_policy_of_extra_columns_that_is_none(mesh: Room) -> None:
    saying(mesh, "{property: extraColumns, value: alow}").only(
        ORDERS, "value: alow", "schema[0].customProperties[0].value",
        "expected one of `allow`, `refuse`, got `alow`", "refused",
    )  # fmt: skip


def test_terms_of_agreements_that_nobody_can_read(mesh: Room) -> None:
    def terms(property: str, value: str) -> str:
        return f"customProperties:\n- {{property: {property}, value: {value}}}\n"

    given = terms("accessApproval", "everybody")
    mesh.edit(ORDERS, "customProperties:\n", given).only(
        ORDERS, "everybody", "customProperties[0].value",
        "expected `automatic`, got `everybody`", "the approvers decide",
    )  # fmt: skip
    mesh.edit(ORDERS, given, terms("reassessmentPeriod", "yearly")).only(
        ORDERS, "yearly", "customProperties[0].value", "expected a period", "`P30D`",
    )  # fmt: skip
    mesh.edit(ORDERS, "yearly", "P12M")
    assert mesh.findings() == []


@pytest.mark.parametrize(
    ("custom", "said"),
    [
        ("property: readableColumns, value: [day, dya]", "there is no column `dya`; it has"),
        ("property: readableRows, value: cents <", "this is no condition on rows"),
    ],
)
def test_a_role_that_narrows_to_what_is_not_there(mesh: Room, custom: str, said: str) -> None:
    role = f"roles:\n- role: analyst\n  customProperties:\n  - {{{custom}}}\n"
    mesh.edit(ORDERS, "customProperties:\n", f"{role}customProperties:\n").only(
        ORDERS, custom, "roles[0].customProperties[0].value", said, "nobody can read it",
    )  # fmt: skip


def test_a_narrowing_outside_a_role_says_nothing(mesh: Room) -> None:
    saying(mesh, "{property: readableColumns, value: [day]}").only(
        ORDERS, "property: readableColumns", "schema[0].customProperties[0].property",
        "`readableColumns` says nothing on an object", "It is read on a role",
    )  # fmt: skip


BY_SQL = """\
  - id: few
    type: sql
    query: select count(*) from {object}
    mustBe: 3
    customProperties:
    - property: onBreach
      value: quarantine
"""
BY_GX = """\
  - id: few
    type: custom
    engine: greatExpectations
    implementation: "type: expect_column_values_to_not_be_null\\nkwargs: {column: cents}"
    customProperties:
    - property: onBreach
      value: quarantine
"""


@pytest.mark.parametrize(("clause", "kind"), [(BY_SQL, "sql"), (BY_GX, "custom")])
def test_a_clause_that_cannot_quarantine_says_so(mesh: Room, clause: str, kind: str) -> None:
    quarantining(mesh, "{minimum: quarantine}")
    mesh.edit(ORDERS, "  quality:\n", f"  quality:\n{clause}")
    mesh.only(
        ORDERS, "      value: quarantine", "schema[0].quality[0].customProperties[0].value",
        f"a rule of the kind `{kind}` cannot say which rows break it", "so it blocks",
    )  # fmt: skip


def test_a_key_inside_a_list_cannot_quarantine(mesh: Room) -> None:
    quarantining(mesh, "{minimum: quarantine}")
    mesh.edit(
        ORDERS,
        "  - name: cents\n",
        "  - name: parts\n    description: Its parts.\n    logicalType: array\n"
        "    items:\n      logicalType: string\n      unique: true\n      customProperties:\n"
        "      - property: onBreach\n        value: {unique: quarantine}\n  - name: cents\n",
    )
    (found,) = mesh.findings()
    assert found.field == "schema[0].properties[2].items.customProperties[0].value"
    assert "a `unique` inside a list or map cannot say which rows break it" in found.problem


def test_a_second_object_is_not_published(mesh: Room) -> None:
    mesh.write("dbt_projects/shop/models/tills.sql", "select 1 as till\n")
    mesh.edit(
        ORDERS,
        "price:\n",
        "- name: tills\n  properties:\n  - name: till\n    description: Its number.\n"
        "    logicalType: integer\nprice:\n",
    ).only(
        ORDERS, "name: tills", "schema[1].name",
        "`tills` would be checked, but never published", "a contract and a descriptor of its own",
    )  # fmt: skip


def test_a_finding_about_a_quality_clause_is_where_it_stands(mesh: Room) -> None:
    clause = "  - {id: odd, type: library, metric: missingValues, mustBe: 0,\n"
    clause += "     arguments: {properties: [cents], missingvalues: [0]}}\n"
    mesh.edit(ORDERS, "  quality:\n", f"  quality:\n{clause}").only(
        ORDERS, "id: odd", "schema[0].quality[0]",
        "the rule `odd` can't be checked", "`arguments.missingvalues` is not known",
        "missingValues",
    )  # fmt: skip
