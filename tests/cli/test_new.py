"""`mesh new`: what it writes runs as it is, and it never writes over anything."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mesh_defs.cli.scaffold import new_domain
from mesh_defs.model import Mesh, MeshError
from tests.cli.conftest import Shell
from tests.tiny_mesh import TinyMesh

WORKSPACE = """\
# Ours.
load_from:
  - python_module: {module_name: domains.shop, location_name: shop}  # the first
  - python_module:
      module_name: domains.insight
      location_name: insight
# The end.
"""


def contents(root: Path) -> dict[Path, str]:
    return {p: p.read_text(encoding="utf-8") for p in root.rglob("*") if p.is_file()}


def test_a_new_domain_and_two_products_run_as_they_are(
    shell: Shell, in_unpublished_mesh: TinyMesh
) -> None:
    root = in_unpublished_mesh.root
    said = shell("new", "domain", "weather", "--kind", "aggregate")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "wrote domains/weather/domain.yaml",
        "wrote domains/weather/__init__.py",
        "wrote dbt_projects/weather/dbt_project.yml",
        "wrote workspace.yaml",
        "Next: `mesh new product weather PRODUCT` for something to publish.",
    ]
    for product in ("daily", "hourly_rain"):
        assert shell("new", "product", "weather", product).code == 0
    mesh = Mesh.read(root)
    assert mesh.findings == ()
    assert mesh.domains["weather"].file.kind == "aggregate"
    said = shell("run", "weather", "--json")
    assert said.code == 0, said
    assert {p["product"]: p["status"] for p in said.json["products"]} == {
        "weather.daily": "published",
        "weather.hourly_rain": "published",
    }
    assert shell("query", "from weather.daily", "--as", "weather", "--json").json == [{"id": 1}]
    assert shell("check", "weather.daily").code == 0


def test_nothing_is_ever_written_over(shell: Shell, in_unpublished_mesh: TinyMesh) -> None:
    root = in_unpublished_mesh.root
    shell("new", "domain", "weather")
    shell("new", "product", "weather", "daily")
    before = contents(root)
    for again, said in (
        (("domain", "weather"), "domains/weather is there already"),
        (("domain", "shop"), "domains/shop is there already"),
        (("domain", "mesh_utils"), "dbt_projects/mesh_utils is there already"),
        (("product", "weather", "daily"), "daily.sql is there already"),
        (("product", "shop", "orders"), "dbt_projects/shop/models/orders.sql is there already"),
    ):
        found = shell("new", *again)
        assert found.code == 1
        assert said in found.err
        assert contents(root) == before


def test_half_a_product_stops_the_other_half(shell: Shell, in_unpublished_mesh: TinyMesh) -> None:
    contract = in_unpublished_mesh.root / "domains/shop/contracts/daily.odcs.yaml"
    contract.write_text("kept", encoding="utf-8")
    before = contents(in_unpublished_mesh.root)
    said = shell("new", "product", "shop", "daily")
    assert said.code == 1
    assert "domains/shop/contracts/daily.odcs.yaml. Nothing written." in said.err
    assert contents(in_unpublished_mesh.root) == before


@pytest.mark.parametrize("name", ["Weather", "9lives", "my-domain", "a.b", "../up", "", "landing"])
def test_bad_names_say_what_is_expected(
    shell: Shell, in_unpublished_mesh: TinyMesh, name: str
) -> None:
    before = contents(in_unpublished_mesh.root)
    for what in (("domain",), ("product", "shop")):
        said = shell("new", *what, "--", name)
        assert said.code == 2
        assert "lower case letters, digits and underscores" in said.err or name == "landing"
        assert "can't be the name" in said.err
    assert contents(in_unpublished_mesh.root) == before


def test_an_unknown_domain_is_named(shell: Shell, in_unpublished_mesh: TinyMesh) -> None:
    said = shell("new", "product", "wether", "daily")
    assert said.code == 1
    assert said.err == (
        "No domain `wether`. Domains: insight, shop. `mesh new domain wether` makes one.\n"
    )


def test_a_workspace_keeps_its_comments(shell: Shell, in_unpublished_mesh: TinyMesh) -> None:
    file = in_unpublished_mesh.root / "workspace.yaml"
    file.write_text(WORKSPACE, encoding="utf-8")
    assert shell("new", "domain", "weather").code == 0
    added = "  - python_module: {module_name: domains.weather, location_name: weather}\n"
    assert file.read_text(encoding="utf-8") == WORKSPACE.replace("# The end.", f"{added}# The end.")


def test_a_missing_workspace_is_written_for_every_domain(
    shell: Shell, in_unpublished_mesh: TinyMesh
) -> None:
    assert shell("new", "domain", "weather").code == 0
    text = (in_unpublished_mesh.root / "workspace.yaml").read_text(encoding="utf-8")
    locations = [entry["python_module"] for entry in yaml.safe_load(text)["load_from"]]
    assert locations == [
        {"module_name": "mesh_defs.platform", "location_name": "mesh"},
        *(
            {"module_name": f"domains.{n}", "location_name": n}
            for n in ("insight", "shop", "weather")
        ),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "load_from:\n- python_file: x.py\n",
        "load_from:\n    - python_module: domains.shop\n",
        "load_from:\n  - python_file: x.py",
        "load_from:\n  - python_module: domains.weather\n\n# after\nother: 1\n",
    ],
)
def test_a_workspace_of_any_shape_gains_one_entry(in_unpublished_mesh: TinyMesh, text: str) -> None:
    file = in_unpublished_mesh.root / "workspace.yaml"
    file.write_text(text, encoding="utf-8")
    before = yaml.safe_load(text)
    new_domain(in_unpublished_mesh.root, "weather", "aggregate", None, None, None)
    after = yaml.safe_load(file.read_text(encoding="utf-8"))
    if "domains.weather" in text:
        assert file.read_text(encoding="utf-8") == text
    else:
        assert after["load_from"][:-1] == before["load_from"]
        assert after["load_from"][-1]["python_module"]["module_name"] == "domains.weather"


def test_a_workspace_that_cannot_be_read_stops_it_before_anything_is_written(
    in_unpublished_mesh: TinyMesh,
) -> None:
    root = in_unpublished_mesh.root
    (root / "workspace.yaml").write_text("load_from: []\n", encoding="utf-8")
    before = contents(root)
    with pytest.raises(MeshError, match="no list `load_from` to add to"):
        new_domain(root, "weather", "aggregate", None, None, None)
    assert contents(root) == before


def test_any_words_make_a_sound_domain(shell: Shell, in_unpublished_mesh: TinyMesh) -> None:
    words = 'It\'s: "all" [of] {it} # and – more'  # noqa: RUF001
    assert (
        shell(
            "new", "domain", "weather", "--purpose", words, "--owner", words, "--email", "a@b.org"
        ).code
        == 0
    )
    assert shell("new", "product", "weather", "daily").code == 0
    mesh = Mesh.read(in_unpublished_mesh.root)
    assert mesh.findings == ()
    assert mesh.domains["weather"].file.purpose == words
    product = mesh.product("weather.daily")
    assert product.descriptor.team is not None
    assert product.descriptor.team.members[0].name == words
