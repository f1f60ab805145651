"""LookML as a port: its files as Looker would read them, parsed by lkml, and what becomes of them.

What Looker asks with them is in `test_looker_queries`. After a change that is meant to be seen:
`GOLDEN=write python -m pytest -k as_they_were` writes the files anew; read them.
"""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import lkml
import pytest
import yaml

from mesh_defs.model import MeshError
from mesh_defs.ports.documents import looker
from mesh_defs.ports.kinds import ports_of, problems
from tests.ports.document_labs import REPORT
from tests.ports.lab import CONTRACT, DESCRIPTOR, FIRST, SECOND
from tests.ports.lookml_lab import BOARD, NAME, LookmlLab

GOLDEN = Path(__file__).with_name("golden") / "lookml"
MEASURES = [
    {"name": "revenue", "businessName": "Revenue", "description": "All that was paid.",
     "logicalType": "integer", "semanticType": "measure", "transformLogic": "sum(cents)"},
    {"name": "a day", "logicalType": "number", "semanticType": "measure",
     "transformLogic": "sum(cents) / count(distinct day)"},
]  # fmt: skip


@pytest.fixture
def lab(tmp_path: Path) -> LookmlLab:
    found = LookmlLab(tmp_path / "mesh")
    found.build()
    return found


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> LookmlLab:
    """A product with a report, measures and a restricted key, published once. Read only."""
    found = LookmlLab(tmp_path_factory.mktemp("lookml") / "mesh", report=True)
    found.build()

    def change(contract: dict[str, Any]) -> None:
        contract["schema"][0]["properties"][0]["classification"] = "restricted"
        contract["schema"][0]["properties"] += MEASURES

    found.change(change)
    found.publish(FIRST)
    return found


def test_the_files_are_as_they_were(shown: LookmlLab) -> None:
    files = shown.files()
    if os.environ.get("GOLDEN") == "write":
        GOLDEN.mkdir(exist_ok=True)
        for name, text in files.items():
            (GOLDEN / name).write_text(text)
    assert {*files} == {p.name for p in GOLDEN.iterdir()}
    for name, text in files.items():
        assert text == (GOLDEN / name).read_text(), name


def test_the_view_has_the_contracts_columns(shown: LookmlLab) -> None:
    """Held against the contract's own YAML, by a parser that is not ours."""
    contract = yaml.safe_load((shown.root / CONTRACT).read_text())["schema"][0]["properties"]
    view = shown.views()[NAME]
    assert view["sql_table_name"] == '"shop"."orders_v1"'
    fields = {f["name"]: f for f in [*view["dimensions"], *view["dimension_groups"]]}
    stored = {c["name"]: c for c in contract if c.get("semanticType") != "measure"}
    assert {*fields} == {*stored}
    for name, column in stored.items():
        assert fields[name]["description"] == column["description"]
        assert fields[name]["sql"] == f'${{TABLE}}."{name}"'
    assert [(n, f["type"], f.get("hidden"), f.get("primary_key")) for n, f in fields.items()] == [
        ("order_id", "number", "yes", "yes"),
        ("cents", "number", None, None),
        ("day", "time", None, None),
    ]
    assert fields["day"]["datatype"] == "date"


def test_measures_are_those_that_the_contract_declares(shown: LookmlLab) -> None:
    count, revenue, a_day = shown.views()[NAME]["measures"]
    assert count == {"name": "count", "type": "count"}
    assert revenue == {
        "name": "revenue", "label": "Revenue", "description": "All that was paid.", "type": "sum",
        "sql": '${TABLE}."cents"',
    }  # fmt: skip
    assert (a_day["name"], a_day["type"]) == ("a_day", "number")
    assert a_day["sql"].startswith("CAST(SUM(")


def test_the_dashboard_has_the_reports_sections(shown: LookmlLab) -> None:
    report = yaml.safe_load((shown.root / BOARD).read_text())
    (board,) = yaml.safe_load(shown.files()[f"{NAME}_board.dashboard.lookml"])
    assert [t["title"] for t in board["elements"]] == [s["title"] for s in report["sections"]]
    assert [f["name"] for f in board["filters"]] == report["filters"]
    sold, short = board["elements"]
    assert (sold["type"], short["type"]) == ("looker_column", "looker_grid")
    assert sold["pivots"] == [sold["listen"]["Size"]] == [f"{NAME}_sold_each_day.size"]
    assert sold["sorts"] == [f"{NAME}_sold_each_day.day desc"]
    assert sold["note_text"] == 'In cents, by "size". Bars of what was sold.'
    assert short["listen"] == {}
    labels = [d["label"] for d in shown.views()[f"{NAME}_sold_each_day"]["dimensions"]]
    assert labels == ["Day", "Size", "Cents (USD)"]


def test_the_model_reaches_every_view_and_hides_the_sections(shown: LookmlLab) -> None:
    model = lkml.load(shown.files()[f"{NAME}.model.lkml"])
    assert model["connection"] == "analytics"
    assert {*model["includes"]} == {*shown.files()} - {f"{NAME}.model.lkml"}
    assert [(e["name"], e.get("hidden")) for e in model["explores"]] == [
        (NAME, None), (f"{NAME}_sold_each_day", "yes"), (f"{NAME}_in_short", "yes"),
    ]  # fmt: skip


def test_readers_get_all_files_in_one_and_the_same_bytes(shown: LookmlLab) -> None:
    made = shown.shelved().handout()
    assert made is not None
    assert (made.name, made.media) == ("orders.exit.zip", "application/zip")
    with zipfile.ZipFile(io.BytesIO(made.data)) as files:
        assert {n: files.read(n).decode() for n in files.namelist()} == shown.files()
    again = shown.shelved().handout()
    assert again is not None
    assert again.data == made.data


# -- as a port ------------------------------------------------------------------------------------


def test_a_snapshot_is_published_and_the_next_takes_its_place(lab: LookmlLab) -> None:
    made = lab.publish(FIRST)
    lab.verify(made)
    assert lab.standing == made.mark
    again = lab.publish(SECOND)
    assert lab.standing == again.mark
    lab.verify(again)
    assert lab.leftovers() == []


def test_another_contract_is_other_lookml_without_a_new_snapshot(lab: LookmlLab) -> None:
    lab.publish(FIRST)

    def change(contract: dict[str, Any]) -> None:
        contract["schema"][0]["properties"][1]["businessName"] = 'The "day"'

    lab.change(change)
    assert lab.stands.status == "waiting"
    assert lab.deliver().status == "published"
    assert 'label: "The \\"day\\""' in lab.files()[f"{NAME}.view.lkml"]
    assert lab.deliver().status == "published"


def test_a_column_that_nobody_promised_is_not_shown_and_one_that_is_gone_neither(
    lab: LookmlLab,
) -> None:
    lab.publish("select 1::bigint as order_id, 2 as cents, 'x' as secret")
    view = lab.views()[NAME]
    assert [d["name"] for d in view["dimensions"]] == ["order_id", "cents"]
    assert "dimension_groups" not in view


def test_what_was_changed_behind_the_platforms_back_is_found(lab: LookmlLab) -> None:
    made = lab.publish(FIRST)
    lab.tamper()
    said = rf"in `{NAME}.view.lkml`: `views.{NAME}.dimensions.order_id.type` is another"
    with pytest.raises(MeshError, match=said):
        lab.verify(made)
    (lab.latest / f"{NAME}.view.lkml").write_text("view: {")
    with pytest.raises(MeshError, match="can't be read back"):
        lab.verify(made)


def test_what_can_not_be_read_back_is_never_shown(
    lab: LookmlLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = lab.publish(FIRST)
    before = lab.files()
    lab.snapshot(SECOND)
    real = looker._written
    monkeypatch.setattr(looker, "_written", lambda n, told: real(n, told).replace("cents", "sents"))
    stands = lab.deliver()
    assert (stands.status, stands.snapshot) == ("failed", 0)
    assert "is another" in stands.error
    assert (lab.files(), lab.standing, lab.leftovers()) == (before, made.mark, [])


LOOSE = [
    ("dashboard.lookml", "_in_short.orders", "_in_short.nothing", "no field"),
    ("model.lkml", "explore: shop_orders_v1 {", "explore: shop_orders_v2 {", "are others"),
    ("model.lkml", f'"{NAME}.view.lkml"', '"nowhere.view.lkml"', "no file nowhere"),
]


@pytest.mark.parametrize(("file", "old", "new", "said"), LOOSE)
def test_every_name_leads_somewhere(
    shown: LookmlLab, file: str, old: str, new: str, said: str, tmp_path: Path
) -> None:
    found = {}
    for name, text in shown.files().items():
        (tmp_path / name).write_text(text.replace(old, new) if name.endswith(file) else text)
        found[name] = looker._parsed(tmp_path / name)
    assert any(said in each for each in looker._loose(found))


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", ["Shelf.put", "Shelf.show"])
def test_killed_anywhere_readers_see_one_snapshot_whole(
    lab: LookmlLab, name: str, after: bool
) -> None:
    first = lab.publish(FIRST)
    lab.snapshot(SECOND)
    assert lab.dying("mesh_defs.storage.shelf", name, after) == -9
    assert {*lab.files()} == {f"{NAME}.model.lkml", f"{NAME}.view.lkml"}
    assert lab.standing is not None
    assert lab.standing >= first.mark
    made = lab.publish(SECOND)
    lab.verify(made)
    assert lab.leftovers() == []


def test_a_grant_is_listed_and_a_revoke_ends_it(lab: LookmlLab) -> None:
    lab.publish(FIRST)
    wanted = lab.wanted("team:Größe")
    lab.grants.grant(wanted)
    assert lab.grants.grants() == {wanted}
    lab.publish(SECOND)
    assert lab.grants.grants() == {wanted}
    lab.grants.revoke(wanted)
    assert not lab.grants.grants()


def test_looker_reads_at_bigquery_too(lab: LookmlLab) -> None:
    """Nothing of it is asked there: the port need not be configured."""
    server = {"server": "wh", "type": "bigquery", "project": "p-1", "dataset": "shop"}
    lab.declare(DESCRIPTOR, "outputPorts", {"name": "wh", "type": "bigquery"})
    lab.change(lambda contract: contract["servers"].append(server))
    lab.report_of("exit", connection="bq", port="wh")
    lab.publish(FIRST)
    view = lab.views()[NAME]
    assert view["sql_table_name"] == "`p-1`.`shop`.`orders_v1`"
    assert view["dimensions"][0]["sql"] == "${TABLE}.`order_id`"


DECLARED = [
    # (the port's declaration, its report's query, the file and the field, what is said)
    ({"port": "nope"}, None, (REPORT, "port"), "no port `nope` at which Looker can read"),
    ({"port": "orders"}, None, (REPORT, "port"), "no port `orders` at which Looker can read"),
    ({"report": "apps"}, None, (REPORT, "report"), "no port `apps` with a report"),
    ({"connection": "a b"}, None, (REPORT, "connection"), "match pattern"),
    ({"sections": []}, None, (REPORT, "sections"), "not a field"),
    ({}, "select list_position([1], cents) as p from orders", (BOARD, "sections[0].query"),
     "asks `list_position()`"),
    ({}, "select '{{ day }}' as p, count(*) as n from orders", (BOARD, "sections[0].query"),
     "has `{{` in it"),
    ({}, "select ';;' as p, count(*) as n from orders", (BOARD, "sections[0].query"),
     "has `;;` in it"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "query", "place", "problem"), DECLARED)
def test_what_can_not_be_is_found_by_file_and_line(
    said: dict[str, Any], query: str | None, place: tuple[str, str], problem: str, tmp_path: Path
) -> None:
    lab = LookmlLab(tmp_path / "mesh", report=True)
    lab.build()
    lab.report_of("exit", **{"connection": "analytics", "port": "apps", "report": "board", **said})
    if query:
        lab.report_of("board", title="A", sections=[{"title": "A", "query": query}])
    port = next(p for p in ports_of(lab.product) if p.name == "exit")
    (finding,) = problems(port)
    assert (finding.file, finding.field) == place
    assert finding.line > 0
    assert problem in finding.problem
    with pytest.raises(MeshError):
        port.open()


@pytest.mark.parametrize(
    ("logic", "said"),
    [("cents", "is no aggregate"), ("sum(euros)", "has not"), ("max(order_id)", "restricted"),
     ("sum(", "can't be read"), ("sum(cents), 1", "not one expression"),
     ("list_sum(list(cents))", "asks `list_sum()`"), ("", "does not say how")],
)  # fmt: skip
def test_a_measure_that_can_not_be_is_found(lab: LookmlLab, logic: str, said: str) -> None:
    def change(contract: dict[str, Any]) -> None:
        properties = contract["schema"][0]["properties"]
        properties[0]["classification"] = "restricted"
        properties.append(
            {
                "name": "m",
                "logicalType": "number",
                "semanticType": "measure",
                "transformLogic": logic,
            }
        )

    lab.change(change)
    found = list(problems(next(p for p in ports_of(lab.product) if p.name == "exit")))
    assert [f.field for f in found] == ["schema[0].properties[3].transformLogic"]
    assert said in found[0].problem, found[0]
