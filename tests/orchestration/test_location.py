"""A domain, and the whole mesh, as Dagster sees them: what is said of every asset, and when."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from mesh_defs.contracts.clauses.reading import rules_of
from mesh_defs.contracts.rules import check_name
from mesh_defs.model import DataProduct, Mesh
from mesh_defs.orchestration.location import mesh_definitions
from tests.orchestration.conftest import Edit
from tests.tiny_mesh import REPOSITORY, TinyMesh

HEAVY = [
    "dagster", "dagster_dbt", "dbt", "duckdb", "deltalake", "sqlglot", "pydantic", "yaml", "pandas",
    "pyarrow", "great_expectations", "multiprocessing",
]  # fmt: skip
ENGINES = [
    "dbt.cli.main", "duckdb", "deltalake", "pandas", "pyarrow", "great_expectations",
]  # fmt: skip
GOLDEN = Path(__file__).with_name("demo_definitions.txt")
TESTS = """\
models:
  - name: orders
    columns:
      - {name: order_id, data_tests: [unique, {not_null: {config: {severity: warn}}}]}
"""


def imported_by(code: str, root: Path, names: list[str]) -> list[str]:
    """Which of the modules are there after the code ran in a process of its own."""
    tell = f"import sys, json; print(json.dumps([m for m in {names!r} if m in sys.modules]))"
    said = subprocess.run(
        [sys.executable, "-c", f"{code}\n{tell}"],
        cwd=root,
        env={"PYTHONPATH": f"{REPOSITORY}:{root}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[str] = json.loads(said.stdout)
    return found


def test_the_platform_imports_nothing_heavy(tmp_path: Path) -> None:
    assert imported_by("import mesh_defs", tmp_path, HEAVY) == []


def test_importing_a_domain_does_no_work(unpublished_mesh: TinyMesh) -> None:
    """Dagster is there to be told; nothing of the domain is read before it asks."""
    root = unpublished_mesh.root
    (root / "domains/shop/domain.yaml").write_text("not: [read", encoding="utf-8")
    (root / "domains/shop/extra.py").write_text("raise RuntimeError", encoding="utf-8")
    assert imported_by("import domains.shop, mesh_defs.definitions", root, ENGINES) == []
    assert not unpublished_mesh.home.exists()


def test_loading_a_prepared_domain_opens_no_engine(my_mesh: TinyMesh) -> None:
    mesh_definitions(my_mesh.root)  # prepares what the copy has changed
    before = {p: p.stat().st_mtime_ns for p in my_mesh.home.rglob("*") if p.suffix != ".lock"}
    code = "from domains.shop import defs\nassert defs().get_repository_def()"
    assert imported_by(code, my_mesh.root, ENGINES) == []
    assert before == {
        p: p.stat().st_mtime_ns for p in my_mesh.home.rglob("*") if p.suffix != ".lock"
    }


def test_a_domain_alone_and_in_the_whole_mesh_is_the_same(
    my_mesh: TinyMesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(my_mesh.root))
    whole = mesh_definitions(my_mesh.root).get_repository_def()
    for name in ("shop", "insight"):
        alone = import_module(f"domains.{name}").defs().get_repository_def()
        theirs = lines(whole, f"{name}/")
        assert theirs
        assert lines(alone, f"{name}/") == theirs


@pytest.fixture
def shop(my_mesh: TinyMesh, edit: Edit) -> dg.RepositoryDefinition:
    edit(my_mesh.root / "dbt_projects/shop/models/shop.yml", TESTS)
    return mesh_definitions(my_mesh.root).get_repository_def()


def node(repository: dg.RepositoryDefinition, key: str) -> Any:
    return repository.asset_graph.get(dg.AssetKey(key.split("/")))


ASSETS = {
    "shop/landing/orders": ({"delta", "csv"}, set()),
    "shop/orders": ({"dbt", "duckdb"}, {"shop/landing/orders"}),
    "shop/days": ({"dbt", "duckdb"}, {"shop/orders"}),
    "shop/products/orders": ({"delta", "product"}, {"shop/orders"}),
    # and after its sibling, from whose model it is made: it is published with it, or neither is
    "shop/products/days": ({"delta", "product"}, {"shop/days", "shop/products/orders"}),
    "insight/best_day": ({"dbt", "duckdb"}, {"shop/products/orders"}),
    "insight/products/best_day": ({"delta", "product"}, {"insight/best_day"}),
}


def test_every_asset_is_its_domains(shop: dg.RepositoryDefinition) -> None:
    keys = {k.to_user_string() for k in shop.asset_graph.get_all_asset_keys()}
    assert keys == {*ASSETS, "mesh/agreements"}
    for key, (kinds, parents) in ASSETS.items():
        domain = key.partition("/")[0]
        found = node(shop, key)
        assert found.group_name == domain
        assert found.owners == [f"team:{domain}"]
        assert found.kinds == kinds, key
        assert found.pools == {domain}
        assert found.tags["mesh/domain"] == domain
        assert found.tags["mesh/kind"] in ("source-aligned", "consumer-aligned")
        assert {p.to_user_string() for p in found.parent_keys} == parents, key


def test_a_product_shows_its_contract(shop: dg.RepositoryDefinition) -> None:
    found = node(shop, "shop/products/orders")
    assert found.description == "All about orders."
    assert found.code_version == "1.0.0"
    metadata = found.metadata
    columns = {c.name: c for c in metadata["dagster/column_schema"].columns}
    assert list(columns) == ["order_id", "day", "cents"]
    assert (columns["cents"].type, columns["cents"].description) == ("integer", "What was paid.")
    assert columns["cents"].tags == {"classification": "confidential"}
    assert metadata["contract_version"] == "1.0.0"
    text = metadata["contract"].md_str
    assert "| `order_id` |" in text
    assert "cents.minimum" in text


def checks(repository: dg.RepositoryDefinition, key: str) -> dict[str, Any]:
    graph = repository.asset_graph
    return {
        k.name: graph.get(k) for k in graph.asset_check_keys if k.asset_key.to_user_string() == key
    }


def test_one_check_a_rule(shop: dg.RepositoryDefinition, my_mesh: TinyMesh) -> None:
    for product in Mesh.read(my_mesh.root).products.values():
        found = checks(shop, "/".join(product.ref.asset_path))
        rules = {check_name(r): r for r in rules_of(product.contract)}
        assert set(found) == set(rules)
        assert len(rules) == len(rules_of(product.contract)), "no two rules share a check"
        for name, rule in rules.items():
            assert found[name].blocking is (rule.severity == "error")
            assert rule.promised in found[name].description


def test_a_landing_has_a_check_of_its_columns(shop: dg.RepositoryDefinition) -> None:
    ((name, check),) = checks(shop, "shop/landing/orders").items()
    assert (name, check.blocking) == ("columns", True)
    assert "order_id bigint, day date, cents bigint" in check.description


def test_dbt_tests_are_checks(shop: dg.RepositoryDefinition) -> None:
    assert set(checks(shop, "shop/orders")) == {
        "unique_orders_order_id",
        "not_null_orders_order_id",
    }
    assert checks(shop, "shop/days") == {}


def test_a_domain_is_one_job(shop: dg.RepositoryDefinition) -> None:
    for domain in ("shop", "insight"):
        job = shop.get_job(domain)
        keys = {k.to_user_string() for k in job.asset_layer.executable_asset_keys}
        assert keys == {k for k in ASSETS if k.startswith(f"{domain}/")}
        assert job.executor_def is dg.in_process_executor
        assert job.tags["mesh/domain"] == domain


BROKEN = {
    "yaml": ("domains/shop/domain.yaml", "kind: odd", "domains/shop/domain.yaml:1: kind"),
    "contract": ("domains/shop/contracts/days.odcs.yaml", "id: [", "days.odcs.yaml"),
    "model": ("dbt_projects/shop/models/days.sql", "{{ ref('nothing') }}", "does not parse"),
    "module": ("domains/shop/extra.py", "raise RuntimeError('no such luck')", "no such luck"),
    "package": ("domains/shop/__init__.py", "raise RuntimeError('no such luck')", "no such luck"),
    "job": ("domains/shop/extra.py", "import dagster as dg\n\n"
            "odd = dg.define_asset_job('odd', selection=['nothing'])\n", "asset job odd"),
}  # fmt: skip


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_domain_stands_among_the_others_by_name(
    my_mesh: TinyMesh, edit: Edit, how: str
) -> None:
    file, text, said = BROKEN[how]
    edit(my_mesh.root / file, text)
    found = mesh_definitions(my_mesh.root).get_repository_def()
    keys = {k.to_user_string() for k in found.asset_graph.get_all_asset_keys()}
    assert {k for k in keys if k.startswith("insight/")} == {
        k for k in ASSETS if k.startswith("insight/")
    }
    assert "insight" in {j.name for j in found.get_all_jobs()}
    broken = node(found, "shop/broken")
    assert broken.group_name == "shop"
    assert said in broken.description
    (check,) = checks(found, "shop/broken").values()
    assert check.blocking


def test_the_check_of_a_broken_domain_fails(my_mesh: TinyMesh, edit: Edit) -> None:
    edit(my_mesh.root / "domains/shop/domain.yaml", "kind: odd")
    defs = mesh_definitions(my_mesh.root)
    job = defs.resolve_implicit_global_asset_job_def()
    keys = [dg.AssetCheckKey(dg.AssetKey(["shop", "broken"]), "loads")]
    result = job.get_subset(asset_check_selection=set(keys)).execute_in_process(
        raise_on_error=False
    )
    (found,) = result.get_asset_check_evaluations()
    assert not found.passed
    error = found.metadata["error"].value
    assert isinstance(error, str)
    assert "domains/shop/domain.yaml:1: kind" in error


CLASHES = {
    "job": "@dg.job\ndef weekly(): ...",
    "schedule": "it = dg.ScheduleDefinition(name='it', cron_schedule='0 6 * * 1', job_name='{}')",
    "sensor": "@dg.sensor(job_name='{}')\ndef post_box(): ...",
    "resource": "printer = dg.ResourceDefinition.hardcoded_resource('{}')",
}


@pytest.mark.parametrize("what", CLASHES)
def test_two_domains_with_one_name_lose_one_domain_at_most(
    my_mesh: TinyMesh, edit: Edit, what: str
) -> None:
    for domain in ("insight", "shop"):
        code = f"import dagster as dg\n\n\n{CLASHES[what].format(domain)}\n"
        edit(my_mesh.root / f"domains/{domain}/extra.py", code)
    found = mesh_definitions(my_mesh.root).get_repository_def()
    assert "insight" in {j.name for j in found.get_all_jobs()}
    description = node(found, "shop/broken").description
    assert "Another domain of this code location has that name, too." in description
    assert "Traceback" not in description


def test_the_demo_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All keys, jobs, schedules and sensors, assets with the number of their checks.

    If a difference is meant: put what was found, as the failed test writes it, in its place.
    """
    monkeypatch.setenv("MESH_HOME", str(tmp_path))
    found = lines(mesh_definitions(REPOSITORY).get_repository_def())
    (tmp_path / GOLDEN.name).write_text("\n".join(found) + "\n", encoding="utf-8")
    assert found == GOLDEN.read_text(encoding="utf-8").splitlines(), tmp_path / GOLDEN.name


def test_no_contract_of_the_demo_has_two_rules_of_one_check() -> None:
    products: list[DataProduct] = list(Mesh.read(REPOSITORY).products.values())
    for product in products:
        names = Counter(check_name(r) for r in rules_of(product.contract))
        assert [n for n, times in names.items() if times > 1] == [], str(product)


def lines(repository: dg.RepositoryDefinition, prefix: str = "") -> list[str]:
    """What a repository defines, a line each, for people to compare."""
    graph = repository.asset_graph
    checked = Counter(k.asset_key for k in graph.asset_check_keys)
    blocking = Counter(k.asset_key for k in graph.asset_check_keys if graph.get(k).blocking)
    found = [
        f"asset     {key.to_user_string()}  {', '.join(sorted(graph.get(key).kinds))}"
        f"  {checked[key]} checks, {blocking[key]} blocking"
        for key in sorted(graph.get_all_asset_keys())
        if key.to_user_string().startswith(prefix)
    ]
    if not prefix:
        jobs = (j for j in repository.get_all_jobs() if not j.name.startswith("__"))
        found += [
            f"job       {j.name}  {len(set(j.asset_layer.executable_asset_keys))} assets"
            for j in jobs
        ]
        found += [
            f"schedule  {s.name}  {s.cron_schedule}  {s.execution_timezone}"
            for s in repository.schedule_defs
        ]
        found += [f"sensor    {s.name}" for s in repository.sensor_defs]
    return found
