"""Changes judged against consumers: who breaks, which step is needed, from when it may be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from mesh_defs.governance.column_use import Use
from mesh_defs.governance.comparison import compare, in_question, readers
from mesh_defs.governance.impact import Judgement, judge
from mesh_defs.model import Mesh, ProductRef
from tests.tiny_mesh import build

TODAY = date(2026, 6, 7)
LEGAL = date(2026, 7, 7)  # the tiny mesh promises P30D
CONTRACT, DESCRIPTOR = "contracts/{}.odcs.yaml", "products/{}.odps.yaml"
Edit = Callable[[dict[str, Any]], None]


class Sides:
    """The same mesh twice; `edit` changes one side's file, `delete` removes a product there."""

    def __init__(self, folder: Path) -> None:
        self.old, self.new = (build(folder / side).root for side in ("old", "new"))

    def edit(self, root: Path, product: str, form: str, change: Edit) -> None:
        domain, name = product.split(".")
        path = root / "domains" / domain / form.format(name)
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        change(data)
        path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")

    def delete(self, product: str) -> None:
        domain, name = product.split(".")
        for form in (CONTRACT, DESCRIPTOR):
            (self.new / "domains" / domain / form.format(name)).unlink()

    def consume(self, root: Path, version: int) -> None:
        path = root / "domains/insight/domain.yaml"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("version: 1", f"version: {version}"), encoding="utf-8")

    def judged(self, *columns: str, document: str = "contract") -> Judgement:
        """What is said of `shop.orders` v1, where `insight` uses these columns of it."""
        old, new = Mesh.read(self.old), Mesh.read(self.new)
        use = Use({column: {"best_day"} for column in columns})
        wanted = (ProductRef("shop", "orders"), 1, document)
        (one,) = [c for c in compare(old, new) if (c.ref, c.major, c.document) == wanted]
        return judge(one, dict.fromkeys(readers(new, one.ref, one.major), use), TODAY)


@pytest.fixture
def sides(tmp_path: Path) -> Sides:
    return Sides(tmp_path)


def column(data: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(p for p in data["schema"][0]["properties"] if p["name"] == name)
    return found


def nullable(name: str) -> Edit:
    return lambda data: column(data, name).pop("required")


def version(text: str) -> Edit:
    return lambda data: data.update(version=text)


def dear(data: dict[str, Any]) -> None:
    data["price"]["priceAmount"] = 25


def described(data: dict[str, Any]) -> None:
    column(data, "day")["description"] = "The day of the order."


def wordier(data: dict[str, Any]) -> None:
    data["description"]["usage"] = "Sum it."


def ends(day: str) -> Edit:
    return lambda data: data.update(slaProperties=[{"property": "endOfLife", "value": day}])


def problems(judgement: Judgement) -> str:
    return "\n".join(map(str, judgement.problems))


def test_nothing_changed(sides: Sides) -> None:
    judgement = sides.judged("day", "cents")
    assert (judgement.compared.changes, judgement.problems) == ((), ())
    assert not in_question([judgement.compared], Mesh.read(sides.new))


def test_who_uses_the_column_breaks(sides: Sides) -> None:
    sides.edit(sides.new, "shop.orders", CONTRACT, nullable("cents"))
    judgement = sides.judged("day", "cents")
    (effect,) = judgement.effects
    assert (effect.domain, effect.breaks) == ("insight", True)
    assert effect.columns == {"cents": ["best_day"]}
    assert (str(judgement.needed), judgement.earliest) == ("major", LEGAL)
    (problem,) = judgement.problems
    assert (problem.file, problem.line, problem.field) == (
        "domains/shop/contracts/orders.odcs.yaml", 5, "version"
    )  # fmt: skip
    assert "breaking changes need 2.0.0, got 1.0.0" in problem.problem
    assert "`insight`" in problem.todo
    assert "2026-07-07" in problem.todo
    assert in_question([judgement.compared], Mesh.read(sides.new)) == {"insight"}


def test_who_does_not_use_it_goes_on_but_the_version_says_it(sides: Sides) -> None:
    sides.edit(sides.new, "shop.orders", CONTRACT, nullable("day"))
    judgement = sides.judged("cents")
    assert judgement.broken == []
    assert judgement.effects[0].columns == {}
    assert judgement.problems[0].todo == "Write `version: 2.0.0`."


def test_nobody_knows_what_they_use(sides: Sides) -> None:
    sides.edit(sides.new, "shop.orders", CONTRACT, nullable("day"))
    one = sides.judged().compared
    assert judge(one, {"insight": None}, TODAY).broken == ["insight"]
    unclear = judge(one, {"insight": Use(unclear={"magic"})}, TODAY).effects[0]
    assert (unclear.breaks, unclear.columns) == (True, {"day": ["magic"]})


def test_a_price_is_everybodys(sides: Sides) -> None:
    sides.edit(sides.new, "shop.orders", CONTRACT, dear)
    judgement = sides.judged()
    assert judgement.broken == ["insight"]
    assert [c.element for c in judgement.effects[0].changes] == ["price.priceAmount"]
    assert not in_question([judgement.compared], Mesh.read(sides.new))


@pytest.mark.parametrize(
    ("change", "enough", "too_small"),
    [(described, "1.0.1", "1.0.0"), (wordier, "1.1.0", "1.0.1"), (dear, "", "1.9.9")],
)
def test_version_says_what_changed(sides: Sides, change: Edit, enough: str, too_small: str) -> None:
    sides.edit(sides.new, "shop.orders", CONTRACT, change)
    sides.edit(sides.new, "shop.orders", CONTRACT, version(too_small))
    assert "changes need" in problems(sides.judged())
    if enough:
        sides.edit(sides.new, "shop.orders", CONTRACT, version(enough))
        assert problems(sides.judged()) == ""


def test_version_does_not_go_back(sides: Sides) -> None:
    sides.edit(sides.old, "shop.orders", CONTRACT, version("1.2.0"))
    assert "1.0.0 is older than 1.2.0" in problems(sides.judged())


def test_the_old_notice_counts(sides: Sides) -> None:
    def hasty(data: dict[str, Any]) -> None:
        data["customProperties"] = [{"property": "noticePeriod", "value": "P1D"}]

    sides.edit(sides.new, "shop.orders", CONTRACT, hasty)
    assert sides.judged().earliest == LEGAL


def test_a_new_major_leaves_nobody_behind(sides: Sides) -> None:
    sides.edit(sides.new, "shop.orders", CONTRACT, nullable("cents"))
    sides.edit(sides.new, "shop.orders", CONTRACT, version("2.0.0"))
    judgement = sides.judged("cents")
    assert judgement.compared.gone
    assert judgement.effects[0].columns == {"cents": ["best_day"]}
    assert "v1 of `shop.orders` is gone, and `insight` reads it" in problems(judgement)
    assert "contracts/orders.v1.odcs.yaml" in problems(judgement)
    assert "2026-07-07" in problems(judgement)


def test_a_new_major_that_its_consumers_moved_to(sides: Sides) -> None:
    sides.edit(sides.new, "shop.orders", CONTRACT, nullable("cents"))
    sides.edit(sides.new, "shop.orders", CONTRACT, version("2.0.0"))
    sides.consume(sides.new, 2)
    assert (sides.judged().effects, sides.judged().problems) == ((), ())


def test_a_deleted_product(sides: Sides) -> None:
    sides.delete("shop.orders")
    judgement = sides.judged()
    assert "is gone, and `insight` reads it" in problems(judgement)
    assert "Keep its contract as domains/shop/contracts/orders.odcs.yaml" in problems(judgement)


@pytest.mark.parametrize(("day", "legal"), [("2026-06-07", True), ("2026-06-08", False)])
def test_what_was_announced_may_end(sides: Sides, day: str, legal: bool) -> None:
    sides.edit(sides.old, "shop.orders", CONTRACT, ends(day))
    sides.delete("shop.orders")
    found = problems(sides.judged())
    assert (found == "") is legal
    assert legal or f"{day}, as was announced" in found


@pytest.mark.parametrize(("day", "legal"), [("2026-07-07", True), ("2026-07-06", False)])
def test_an_end_is_announced_in_time(sides: Sides, day: str, legal: bool) -> None:
    sides.edit(sides.new, "shop.orders", CONTRACT, ends(day))
    sides.edit(sides.new, "shop.orders", CONTRACT, version("1.1.0"))
    judgement = sides.judged()
    assert (not judgement.problems) is legal
    if not legal:
        assert judgement.problems[0].field == "slaProperties[0].value"
        assert judgement.problems[0].todo == "Write 2026-07-07 or a later day."


def test_an_end_that_was_announced_before_needs_no_new_notice(sides: Sides) -> None:
    for side in (sides.old, sides.new):
        sides.edit(side, "shop.orders", CONTRACT, ends("2026-06-10"))
    assert problems(sides.judged()) == ""


def test_without_consumers_it_may_end_at_once(sides: Sides) -> None:
    sides.delete("shop.days")
    compared = compare(Mesh.read(sides.old), Mesh.read(sides.new))
    (gone,) = [c for c in compared if c.gone]
    assert (str(gone.ref), judge(gone, {}, TODAY).problems) == ("shop.days", ())


def port(data: dict[str, Any], **more: Any) -> None:
    data["outputPorts"].append(
        {**data["outputPorts"][0], "name": "files", "type": "parquet", **more}
    )


def test_a_port_that_goes_leaves_nobody_behind(sides: Sides) -> None:
    sides.edit(sides.old, "shop.orders", DESCRIPTOR, port)
    found = problems(sides.judged(document="descriptor"))
    assert "breaking changes need 2.0.0, got 1.0.0. Write `version: 2.0.0`" in found
    assert "outputPorts.files: port.removed, and `insight` may read there" in found


def test_a_port_may_go_when_it_said_so(sides: Sides) -> None:
    def ending(data: dict[str, Any]) -> None:
        port(data, customProperties=[{"property": "endOfLife", "value": "2026-06-01"}])

    sides.edit(sides.old, "shop.orders", DESCRIPTOR, ending)
    sides.edit(sides.new, "shop.orders", DESCRIPTOR, version("2.0.0"))
    assert problems(sides.judged(document="descriptor")) == ""


def test_a_ports_end_is_announced_in_time(sides: Sides) -> None:
    def ending(data: dict[str, Any]) -> None:
        end = [{"property": "endOfLife", "value": "2026-07-01"}]
        data["outputPorts"][0]["customProperties"] = end
        data["version"] = "1.1.0"

    sides.edit(sides.new, "shop.orders", DESCRIPTOR, ending)
    (problem,) = sides.judged(document="descriptor").problems
    assert problem.field == "outputPorts[0].customProperties[0].value"


def test_a_descriptors_version_is_a_version(sides: Sides) -> None:
    sides.edit(sides.new, "shop.orders", DESCRIPTOR, lambda data: data.update(version="soon"))
    assert "expected major.minor.patch, got `soon`" in problems(sides.judged(document="descriptor"))


def test_judgement_as_json(sides: Sides) -> None:
    sides.edit(sides.new, "shop.orders", CONTRACT, nullable("cents"))
    said = sides.judged("cents").to_json()
    assert said["earliest_legal_date"] == "2026-07-07"
    assert said["consumers"] == [
        {
            "domain": "insight",
            "breaks": True,
            "changes": ["orders.cents.required"],
            "columns": {"cents": ["best_day"]},
            "unclear": [],
        }
    ]
