"""`mesh validate` as a whole: sound is left alone, broken is checked as far as it goes."""

from __future__ import annotations

from collections.abc import Iterator

from mesh_defs.governance.sight import Sight
from mesh_defs.governance.validation import CHECKS, validate
from mesh_defs.model import Finding, Mesh
from tests.governance.room import INSIGHT, ORDERS, REPOSITORY, SHOP, Room


def test_a_sound_mesh_has_no_findings(mesh: Room) -> None:
    assert mesh.findings() == []


def test_the_demo_mesh_has_no_findings() -> None:
    found = validate(Mesh.read(REPOSITORY), REPOSITORY)
    assert not found, "\n".join(map(str, found))


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


def test_nothing_heavy_is_imported_where_no_report_asks_in_sql(mesh: Room) -> None:
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path; from mesh_defs.model import Mesh; "
        "from mesh_defs.governance.validation import validate; root = Path(sys.argv[1]); "
        "validate(Mesh.read(root), root); heavy = {'dagster', 'dbt', 'duckdb', 'deltalake', "
        "'sqlglot', 'pandas', 'pyarrow'} & set(sys.modules); print(sorted(heavy))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(mesh.root)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
