"""`mesh query`: how answers look. What a query may not do is in tests/access."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Shell, steady
from tests.tiny_mesh import TinyMesh


@pytest.fixture(autouse=True)
def as_shop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESH_ACTOR", "Shop team")


ALL = "select * from shop.orders order by order_id"


def test_a_table(shell: Shell, in_tiny_mesh: TinyMesh) -> None:
    said = shell("query", ALL)
    assert said.code == 0
    assert steady(said.out) == (
        "order_id  day         cents\n"
        "       1  2024-05-01    250\n"
        "       2  2024-05-01   1000\n"
        "       3  2024-05-02     40\n"
    )
    assert said.err == "(3 rows; shop.orders snapshot 0)\n"


def test_rows_on_bigquery_are_asked_for_there(
    shell: Shell, in_tiny_mesh: TinyMesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MESH_TARGET", "bigquery")
    said = shell("query", ALL)
    assert (said.code, said.out) == (1, "")
    assert "Ask BigQuery: `mesh show DOMAIN.PRODUCT` names the table." in said.err


def test_json_and_csv(shell: Shell, in_tiny_mesh: TinyMesh) -> None:
    assert shell("query", ALL, "--json").json[0] == {
        "order_id": 1,
        "day": "2024-05-01",
        "cents": 250,
    }
    assert shell("query", ALL, "--csv", "--limit", "1").out == (
        "order_id,day,cents\n1,2024-05-01,250\n"
    )
    assert shell("query", f"select * from ({ALL}) limit 0", "--json").json == []
    assert shell("query", ALL, "--json", "--csv").code == 2


def test_values_of_every_kind_are_json(shell: Shell, in_tiny_mesh: TinyMesh) -> None:
    sql = (
        "select 1.50::decimal(9,2) as a, 'NaN'::double as b, [1, null] as c, {'x': true} as d,"
        " timestamptz '2024-01-01 00:00:00+00' as e, '\\x01'::blob as f, null as g, 7 as a,"
        " 170141183460469231731687303715884105727::hugeint as h"
    )
    assert shell("query", sql, "--json").json == [
        {
            "a": 1.5,
            "b": "nan",
            "c": [1, None],
            "d": {"x": True},
            "e": "2024-01-01 00:00:00+00:00",
            "f": "01",
            "g": None,
            "a_2": 7,
            "h": 170141183460469231731687303715884105727,
        }
    ]


def test_limit_says_that_there_is_more(shell: Shell, in_tiny_mesh: TinyMesh) -> None:
    said = shell("query", ALL, "--limit", "2")
    assert said.out.count("\n") == 3
    assert said.err.startswith("(the first 2 rows; --limit shows more")


def test_from_stdin(shell: Shell, in_tiny_mesh: TinyMesh) -> None:
    assert shell("query", "-", "--csv", input="select count(*) as n from shop.orders;").out == (
        "n\n3\n"
    )


def test_errors_are_messages(shell: Shell, in_tiny_mesh: TinyMesh) -> None:
    for sql, said in (
        ("selekt 1", "syntax error"),
        ("select nope from shop.orders", "nope"),
        ("select cast('x' as int) from shop.orders", "Conversion Error"),
        ("drop table shop.orders", "can only be read, and DROP is no query"),
    ):
        found = shell("query", sql)
        assert (found.code, found.out) == (1, ""), sql
        assert said in found.err, sql
        assert "Traceback" not in found.err


def test_one_reads_for_whom_one_speaks(
    shell: Shell, in_tiny_mesh: TinyMesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MESH_ACTOR")
    for who in ("shop", "domain:shop", "shop team", "Ola Nord", "ola@example.com"):
        assert shell("query", "--as", who, ALL, "--csv").code == 0, who
    for who in ("person:Ola Nord", "app:till", "somebody"):
        said = shell("query", "--as", who, ALL)
        assert (said.code, said.out) == (1, "")
        assert "`shop.orders` is no product that you may read" in said.err
    assert shell("query", ALL).code == 1
    assert "There is no domain `nowhere`" in shell("query", "--as", "domain:nowhere", ALL).err


def test_an_agreement_opens_and_its_end_closes(shell: Shell, in_unpublished_mesh: TinyMesh) -> None:
    from mesh_defs.orchestration.headless import run_mesh

    governance = in_unpublished_mesh.root / "governance.yaml"
    governance.write_text("team: {name: Gov, email: g@example.com, members: []}\n", "utf-8")
    assert run_mesh(in_unpublished_mesh.root, ["shop.days"]).ok
    reading = ("query", "select count(*) as n from shop.days", "--json", "--as", "app:till")
    before = shell(*reading)
    nowhere = shell("query", "select count(*) as n from shop.nope", "--json", "--as", "app:till")
    assert before.err.replace("days", "nope") == nowhere.err
    asked = shell("access", "request", "shop.days", "--for", "app:till", "--purpose", "Refunds",
                  "--as", "Till crew", "--json").json  # fmt: skip
    assert shell(*reading).err == before.err
    assert shell("access", "approve", asked["id"], "--as", "Shop team").code == 0
    assert shell(*reading).json == [{"n": 2}]
    assert shell("access", "suspend", asked["id"], "--why", "leak", "--as", "Gov").code == 0
    assert shell(*reading).err == before.err
