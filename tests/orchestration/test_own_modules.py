"""A file dropped into a domain's folder: what the platform adds to it, and what it leaves alone."""

from __future__ import annotations

import sys
from collections.abc import Callable
from textwrap import dedent

import dagster as dg
import pytest

from mesh_defs.model import MeshError, read_room
from mesh_defs.orchestration.dbt_project import prepare
from mesh_defs.orchestration.location import domain_definitions
from mesh_defs.orchestration.own_modules import own_definitions
from mesh_defs.orchestration.site import Site
from mesh_defs.storage.state import State
from tests.orchestration.conftest import Edit
from tests.tiny_mesh import TinyMesh

Drop = Callable[..., dg.Definitions]


@pytest.fixture
def drop(my_mesh: TinyMesh, edit: Edit) -> Drop:
    """`drop(code)`: what a file with this code makes of `shop`'s own definitions."""

    def dropped(code: str, **more: str) -> dg.Definitions:
        folder = my_mesh.root / "domains/shop"
        for name, text in {"extra": code, **more}.items():
            edit(folder / f"{name}.py", dedent(text))
        return own_definitions(site(my_mesh), {"shop", "insight"})

    return dropped


def site(mesh: TinyMesh) -> Site:
    state, room = State.of(mesh.root), read_room(mesh.root / "domains/shop", mesh.root)
    return Site(mesh.root, state, room, prepare(mesh.root, state, room))


def defs_of(mesh: TinyMesh) -> dg.Definitions:
    """All of `shop`, the platform's part and its own."""
    found = site(mesh)
    return domain_definitions(found.root, found.state, found.room, {"shop", "insight"})


def specs(found: dg.Definitions) -> dict[str, dg.AssetSpec]:
    """Of what was defined; Dagster makes up stubs for what that depends on."""
    defined = [a for a in found.assets or () if isinstance(a, dg.AssetsDefinition)]
    return {spec.key.to_user_string(): spec for asset in defined for spec in asset.specs}


def test_an_asset_becomes_the_domains(drop: Drop) -> None:
    found = drop(
        """
        import dagster as dg


        @dg.asset(deps=[["products", "orders"], ["insight", "products", "best_day"]])
        def letters() -> None:
            '''Letters to those who bought most.'''
        """
    )
    ((key, spec),) = specs(found).items()
    assert key == "shop/letters"
    assert {d.asset_key.to_user_string() for d in spec.deps} == {
        "shop/products/orders", "insight/products/best_day",
    }  # fmt: skip
    assert spec.group_name == "shop"
    assert list(spec.owners) == ["team:shop"]
    assert spec.kinds == {"python"}
    assert spec.tags["mesh/domain"] == "shop"
    assert spec.tags["mesh/kind"] == "source-aligned"
    assert spec.description == "Letters to those who bought most."
    (asset,) = found.assets or ()
    assert isinstance(asset, dg.AssetsDefinition)
    assert asset.op.pool == "shop"


def test_what_a_team_said_itself_stays(drop: Drop) -> None:
    found = drop(
        """
        import dagster as dg


        @dg.asset(key=["shop", "letters"], owners=["ola@example.com"], kinds={"pdf"},
                  tags={"tone": "friendly"}, pool="printer", group_name="mail")
        def letters() -> None: ...
        """
    )
    ((key, spec),) = specs(found).items()
    assert key == "shop/letters", "a key that begins with a domain's name is left alone"
    assert list(spec.owners) == ["ola@example.com"]
    assert spec.kinds == {"pdf"}
    assert spec.tags["tone"] == "friendly"
    assert spec.tags["mesh/domain"] == "shop"
    assert spec.group_name == "shop", "a domain is one group"
    (asset,) = found.assets or ()
    assert isinstance(asset, dg.AssetsDefinition)
    assert asset.op.pool == "printer"


@pytest.mark.parametrize(
    ("code", "keys"),
    [
        ("things = dg.AssetSpec('things')", {"shop/things"}),
        ("things = dg.AssetSpec(['shelf', 'things'], deps=['other'])", {"shop/shelf/things"}),
        ("@dg.multi_asset(specs=[dg.AssetSpec('a'), dg.AssetSpec('b', deps=['a'])])\n"
         "def both(): ...", {"shop/a", "shop/b"}),
        ("@dg.asset(key_prefix='p')\ndef a(): ...\n\n\n@dg.asset\ndef b(c): ...\n",
         {"shop/p/a", "shop/b"}),
        ("@dg.graph_asset\ndef drawn():\n    return one()\n", {"shop/drawn"}),
    ],
)  # fmt: skip
def test_every_way_to_write_an_asset(drop: Drop, code: str, keys: set[str]) -> None:
    found = drop(f"import dagster as dg\n\n\n@dg.op\ndef one():\n    return 1\n\n\n{code}\n")
    assert set(specs(found)) >= keys
    for key in keys:
        spec = specs(found)[key]
        assert (spec.group_name, list(spec.owners)) == ("shop", ["team:shop"])
        assert all(d.asset_key.path[0] in ("shop", "insight") for d in spec.deps)


def test_checks_follow_their_asset(drop: Drop) -> None:
    found = drop(
        """
        import dagster as dg


        @dg.asset(check_specs=[dg.AssetCheckSpec("inside", asset="letters")])
        def letters(): ...


        @dg.asset_check(asset="letters")
        def outside(): ...


        @dg.asset_check(asset=["products", "orders"])
        def of_a_product(): ...


        @dg.asset_check(asset=["shop", "products", "days"])
        def named_in_full(): ...
        """
    )
    graph = found.resolve_asset_graph()
    assert {(k.asset_key.to_user_string(), k.name) for k in graph.asset_check_keys} == {
        ("shop/letters", "inside"),
        ("shop/letters", "outside"),
        ("shop/products/orders", "of_a_product"),
        ("shop/products/days", "named_in_full"),
    }


def test_jobs_schedules_sensors_and_resources_are_taken_as_they_are(drop: Drop) -> None:
    found = drop(
        """
        import dagster as dg


        class Printer(dg.ConfigurableResource):
            paper: int = 1


        @dg.asset
        def letters(): ...


        weekly = dg.define_asset_job("weekly", selection=dg.AssetSelection.groups("shop"))
        monday = dg.ScheduleDefinition(name="monday", cron_schedule="0 6 * * 1", job=weekly)
        printer = Printer()


        @dg.sensor(job=weekly)
        def post_box(): ...
        """
    )
    assert [j.name for j in found.jobs or ()] == ["weekly"]
    assert [s.name for s in found.schedules or ()] == ["monday"]
    assert [s.name for s in found.sensors or ()] == ["post_box"]
    assert list(found.resources or {}) == ["printer"]


@pytest.mark.parametrize(
    "code",
    [
        "it = dg.define_asset_job('it', selection=[letters])",
        "it = dg.define_asset_job('it', selection='letters')",
        "it = dg.define_asset_job('it', selection=dg.AssetSelection.assets(letters))\n"
        "monday = dg.ScheduleDefinition(cron_schedule='0 6 * * 1', job=it)\n\n\n"
        "@dg.sensor(job=it)\ndef post_box(): ...",
        "it = dg.ScheduleDefinition(name='it', cron_schedule='0 6 * * 1', target=[letters])",
        "@dg.schedule(cron_schedule='0 6 * * 1', target=letters)\ndef it(): ...",
        "@dg.sensor(target=letters)\ndef it(): ...",
        "it = dg.define_asset_job('it', selection=dg.AssetSelection.keys('shop/letters'))",
    ],
)
def test_what_starts_the_files_own_assets_starts_them_by_their_new_keys(
    my_mesh: TinyMesh, edit: Edit, code: str
) -> None:
    asset = "import dagster as dg\n\n\n@dg.asset\ndef letters(): ...\n\n\n"
    edit(my_mesh.root / "domains/shop/extra.py", f"{asset}{code}\n")
    repository = defs_of(my_mesh).get_repository_def()
    letters = [k for k in repository.asset_graph.get_all_asset_keys() if k.path[-1] == "letters"]
    assert letters == [dg.AssetKey(["shop", "letters"])]
    (job,) = (j for j in repository.get_all_jobs() if j.name in ("it", "__anonymous_asset_job_it"))
    assert job.asset_layer.executable_asset_keys == {dg.AssetKey(["shop", "letters"])}


def test_a_job_of_ops_is_left_alone(drop: Drop) -> None:
    found = drop(
        """
        import dagster as dg


        @dg.job
        def sweep(): ...


        nightly = dg.ScheduleDefinition(name="nightly", cron_schedule="0 1 * * *", job=sweep)


        @dg.sensor(job_name="shop")
        def post_box(): ...
        """
    )
    module = sys.modules["domains.shop.extra"]
    assert list(found.jobs or ()) == [module.sweep]
    assert list(found.schedules or ()) == [module.nightly]
    assert list(found.sensors or ()) == [module.post_box]


def test_one_name_for_two_resources_is_refused(drop: Drop) -> None:
    code = "import dagster as dg\n\nprinter = dg.ResourceDefinition.hardcoded_resource(1)\n"
    with pytest.raises(MeshError, match="another module has a resource `printer`, too"):
        drop(code, more=code)


def test_a_resource_may_be_imported(drop: Drop) -> None:
    code = "import dagster as dg\n\nprinter = dg.ResourceDefinition.hardcoded_resource(1)\n"
    found = drop(code, more="from domains.shop.extra import printer\n")
    assert list(found.resources or {}) == ["printer"]


def test_a_module_without_dagster_is_no_harm(drop: Drop) -> None:
    found = drop("def fetch():\n    raise RuntimeError\n", helpers="NUMBER = 1\n")
    assert specs(found) == {}


def test_modules_of_a_domain_may_share_code(drop: Drop) -> None:
    code = "import dagster as dg\n\nfrom domains.shop.helpers import NAME\n\n" \
        "named = dg.AssetSpec(NAME)\n"  # fmt: skip
    assert set(specs(drop(code, helpers="NAME = 'shared'\n"))) == {"shop/shared"}


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("raise RuntimeError('no such luck')", RuntimeError),
        ("import nothing_of_this_name", ModuleNotFoundError),
        ("def (", SyntaxError),
    ],
)
def test_what_a_module_raises_is_raised(drop: Drop, code: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        drop(code)


def test_a_name_the_platform_uses_is_refused(my_mesh: TinyMesh, edit: Edit) -> None:
    code = "import dagster as dg\n\n\n@dg.asset(key=['products', 'orders'])\ndef mine(): ...\n"
    edit(my_mesh.root / "domains/shop/extra.py", code)
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="orders"):
        defs_of(my_mesh).get_repository_def()


def test_the_domains_job_takes_them_along(my_mesh: TinyMesh, edit: Edit) -> None:
    edit(
        my_mesh.root / "domains/shop/extra.py",
        "import dagster as dg\n\n\n@dg.asset\ndef letters(): ...\n",
    )
    keys = defs_of(my_mesh).resolve_job_def("shop").asset_layer.executable_asset_keys
    assert dg.AssetKey(["shop", "letters"]) in keys
    assert dg.AssetKey(["shop", "products", "orders"]) in keys
