"""`mesh contract diff` and `mesh contract check-changes`: a breaking change is stopped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.repository import commit
from tests.tiny_mesh import TinyMesh
from tests.two_majors import DESCRIPTOR, OLDER, next_major, read, write

ORDERS = "domains/shop/contracts/orders.odcs.yaml"
DAYS = "domains/shop/contracts/days.odcs.yaml"


@pytest.fixture
def mesh(in_unpublished_mesh: TinyMesh) -> TinyMesh:
    """A mesh whose files are committed, and the current folder."""
    commit(in_unpublished_mesh.root)
    return in_unpublished_mesh


def replace(root: Path, name: str, old: str, new: str, times: int = 1) -> None:
    path = root / name
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1, f"{old!r} is not in {name}"
    path.write_text(text.replace(old, new, times), encoding="utf-8")


def legal() -> str:
    return (datetime.now(UTC).date() + timedelta(days=30)).isoformat()


def check(shell: Shell) -> str:
    said = shell("contract", "check-changes", "--against", "HEAD")
    return f"{said.code}\n{said.out}{said.err}"


def test_nothing_changed(shell: Shell, mesh: TinyMesh) -> None:
    assert check(shell) == "0\nNo promise changed since HEAD: 3 contracts compared.\n"
    assert not mesh.home.exists()


def test_breaking_change_is_stopped(shell: Shell, mesh: TinyMesh) -> None:
    """The story: it is stopped with who breaks and when it may be; then it is done properly."""
    replace(mesh.root, ORDERS, "      minimum: 0\n", "      minimum: -100\n")
    replace(mesh.root, ORDERS, "name: order_id", "name: order_number")
    said = check(shell)
    assert said.startswith("1\n")
    assert "breaking  orders.cents.minimum" in said
    assert "values.loosened: Values come that were promised not to." in said
    assert "orders.order_id → orders.order_number" in said
    assert f"insight breaks: cents (best_day); not before {legal()}." in said
    assert f"{ORDERS}:5: version: breaking changes need 2.0.0, got 1.0.0. It breaks" in said
    assert said.endswith("1 problem.\n")
    assert not mesh.home.exists()

    told = shell("contract", "check-changes", "--against", "HEAD", "--json").json
    (product,) = told["products"]
    assert (told["ok"], told["compared"]) == (False, 6)
    assert (product["product"], product["needed"]) == ("shop.orders", "major")
    assert product["earliest_legal_date"] == legal()
    (consumer,) = product["consumers"]
    assert consumer["columns"] == {"cents": ["best_day"]}

    # A new major alone leaves its consumer behind.
    replace(mesh.root, ORDERS, "version: 1.0.0", "version: 2.0.0")
    replace(mesh.root, "domains/shop/products/orders.odps.yaml", "version: 1.0.0\n  c",
            "version: 2.0.0\n  c")  # fmt: skip
    said = check(shell)
    assert said.startswith("1\n")
    assert f"insight is left behind: moving changes cents (best_day); not before {legal()}" in said
    assert "v1 of `shop.orders` is gone, and `insight` reads it" in said

    # Nobody is left behind where the consumer moved with it.
    replace(mesh.root, "domains/insight/domain.yaml", "version: 1", "version: 2")
    said = check(shell)
    assert said.startswith("0\n")
    assert "These changes since HEAD can be made." in said


def test_new_major_beside_the_old_one_passes(shell: Shell, mesh: TinyMesh) -> None:
    next_major(mesh.root)
    said = check(shell)
    assert said.startswith("0\nshop.orders v1: 1.0.0 → 1.1.0  domains/shop/contracts/orders.v1")
    assert "end.announced: Consumers have to move until then." in said
    # Once it has ended, and only then, it may go.
    commit(mesh.root)
    (mesh.root / OLDER).unlink()
    descriptor = read(mesh.root, DESCRIPTOR)
    write(mesh.root, DESCRIPTOR, {**descriptor, "outputPorts": descriptor["outputPorts"][:1]})
    assert "`endOfLife` of 2030-01-01, as was announced" in check(shell)


def test_who_does_not_use_the_column_goes_on(shell: Shell, mesh: TinyMesh) -> None:
    replace(mesh.root, ORDERS, "name: order_id", "name: order_number")
    said = check(shell)
    assert "insight goes on: it uses nothing that breaks." in said
    assert "Write `version: 2.0.0`" in said


def test_consumer_that_does_not_compile_may_use_anything(shell: Shell, mesh: TinyMesh) -> None:
    replace(mesh.root, ORDERS, "name: order_id", "name: order_number")
    model = mesh.root / "dbt_projects/insight/models/best_day.sql"
    model.write_text("select * from {{ ref('nowhere') }}\n", encoding="utf-8")
    said = check(shell)
    assert "insight breaks: order_id (?)" in said
    assert "It is taken to use every column of its inputs." in said


def test_safe_change_with_its_version_passes(shell: Shell, mesh: TinyMesh) -> None:
    replace(mesh.root, DAYS, "description: The day.", "description: The day of the orders.")
    assert "safe changes need 1.0.1, got 1.0.0. Write `version: 1.0.1`." in check(shell)
    replace(mesh.root, DAYS, "version: 1.0.0", "version: 1.0.1")
    said = check(shell)
    assert said.startswith("0\nshop.days v1: 1.0.0 → 1.0.1")
    assert "words.changed" in said


def test_product_without_consumers_may_go(shell: Shell, mesh: TinyMesh) -> None:
    for name in ("contracts/days.odcs.yaml", "products/days.odps.yaml"):
        (mesh.root / "domains/shop" / name).unlink()
    said = check(shell)
    assert said.startswith("0\nshop.days v1: 1.0.0 → gone")
    assert "No domain of this mesh reads it." in said


def test_new_product_is_nobodys_change(shell: Shell, mesh: TinyMesh) -> None:
    assert shell("new", "product", "insight", "worst_day").code == 0
    assert check(shell).startswith("0\nNo promise changed")


def test_what_was_broken_before_is_not_compared(shell: Shell, mesh: TinyMesh) -> None:
    replace(mesh.root, DAYS, "kind: DataContract", "kind: Contract")
    commit(mesh.root)
    replace(mesh.root, DAYS, "kind: Contract", "kind: DataContract")
    said = check(shell)
    assert said.startswith("0\nnot compared: it was broken at HEAD: domains/shop/contracts/days")
    assert "2 contracts compared" in said


def test_what_is_broken_now_is_mended_first(shell: Shell, mesh: TinyMesh) -> None:
    replace(mesh.root, DAYS, "kind: DataContract", "kind: Contract")
    said = shell("contract", "check-changes", "--against", "HEAD")
    assert (said.code, said.out) == (1, "")
    assert f"{DAYS}:2: kind:" in said.err


def test_before_there_was_a_mesh(shell: Shell, in_unpublished_mesh: TinyMesh) -> None:
    root = in_unpublished_mesh.root
    (root / "domains").rename(root / "later")
    commit(root)
    (root / "later").rename(root / "domains")
    assert check(shell).startswith("0\nNo promise changed since HEAD: 0 contracts compared.")


@pytest.mark.parametrize("ref", ["nowhere", "--all", "HEAD:domains"])
def test_unknown_revision(shell: Shell, mesh: TinyMesh, ref: str) -> None:
    said = shell("contract", "check-changes", f"--against={ref}")
    assert said.code == 1
    assert f"Git knows no revision `{ref}` here." in said.err


def test_no_repository(shell: Shell, in_unpublished_mesh: TinyMesh) -> None:
    said = shell("contract", "check-changes", "--against", "HEAD")
    assert said.code == 1
    assert "is not in a git repository: there is nothing to compare." in said.err


def test_diff_of_a_contract_with_itself(shell: Shell, mesh: TinyMesh) -> None:
    said = shell("contract", "diff", ORDERS, ORDERS)
    assert (said.code, said.out) == (0, "Nothing changed; 1.0.0 → 1.0.0.\n")


def test_diff_with_a_revision(shell: Shell, mesh: TinyMesh) -> None:
    replace(mesh.root, ORDERS, "priceAmount: 0", "priceAmount: 25")
    said = shell("contract", "diff", f"HEAD:{ORDERS}", ORDERS)
    assert said.code == 0
    assert "breaking  price.priceAmount" in said.out
    assert said.out.endswith("1 breaking: 1.0.0 → 2.0.0 needed, 1.0.0 is not enough.\n")
    told = shell("contract", "diff", f"HEAD:{ORDERS}", ORDERS, "--json").json
    assert (told["needed"], told["made"], told["enough"]) == ("major", "none", False)
    assert [(c["element"], c["old"], c["new"]) for c in told["changes"]] == [
        ("price.priceAmount", 0, 25)
    ]


def test_diff_of_what_is_not_there(shell: Shell, mesh: TinyMesh) -> None:
    assert "the file is missing" in shell("contract", "diff", "nowhere.yaml", ORDERS).err
    said = shell("contract", "diff", "HEAD:nowhere.yaml", ORDERS)
    assert (said.code, "There is no `nowhere.yaml` at `HEAD`" in said.err) == (1, True)
