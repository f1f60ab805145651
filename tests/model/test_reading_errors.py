"""What is wrong with a file is said with its file, line and field, and what to do.

That this holds for any file whatever is in `test_reading_anything`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from mesh_defs.model import (
    Finding,
    Mesh,
    MeshError,
    ProductRef,
    read_room,
)
from tests.tiny_mesh import build

DOMAIN = """\
title: Shop
kind: source-aligned
purpose: What was sold.
team:
  name: Tills
  email: tills@example.com
  members:
    - {name: Ola Nord, role: owner}
schedule: "15 5 * * *"
timezone: Europe/Oslo
sources:
  orders:
    description: The till's log.
    path: data/orders.csv
    columns:
      order_id: bigint
inputs:
  stock.articles:
    version: 1
    purpose: To know what it was.
"""


def findings_of(folder: Path, text: str | bytes, file: str = "domain.yaml") -> list[Finding]:
    path = folder / "domains" / "shop" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return list(read_room(folder / "domains" / "shop", folder).findings)


def test_a_sound_file(tmp_path: Path) -> None:
    assert findings_of(tmp_path, DOMAIN) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "said"),
    [
        # missing, misspelt, doubled
        ("title: Shop\n", "", 1, "title", "required, and missing. Add it."),
        ("  name: Tills\n", "", 4, "team.name", "required, and missing. Add it."),
        ("title:", "titel:", 1, "titel",
         "not a field that is known here. Known: as_of, budget, inputs, kind, purpose, schedule, "
         "sources, team, timezone, title."),
        ("    path:", "    paht:", 14, "sources.orders.paht",
         "not a field that is known here. Known: columns, description, format, function, path, "
         "pipeline."),
        ("email: tills", "e-mail: tills", 6, "team.e-mail", "Known: email, members, name."),
        ("role: owner", "rolle: owner", 8, "team.members[0].rolle", "Known: email, name, role."),
        ("kind: source-aligned\n", "kind: source-aligned\ntitle: Again\n", 3, "title",
         "this field stands twice. Keep one of them."),
        ("    version: 1\n", "    version: 1\n    version: 2\n", 20,
         "inputs.stock.articles.version", "this field stands twice"),
        # of another type or form
        ("title: Shop", "title: [Shop]", 1, "title", "should be a valid string"),
        ("title: Shop", "title: 7", 1, "title", "should be a valid string, got `7`"),
        ("version: 1", "version: one", 19, "inputs.stock.articles.version",
         "should be a valid integer, unable to parse string as an integer, got `one`"),
        ("version: 1", "version: 0", 19, "inputs.stock.articles.version",
         "greater than or equal to 1, got `0`"),
        ("version: 1", "version: 1.5", 19, "inputs.stock.articles.version", "got `1.5`"),
        ("To know what it was.", "''", 20, "inputs.stock.articles.purpose", "at least 1 character"),
        ("team:\n", "team: Tills\nold:\n", 4, "team", "got `Tills`"),
        ("kind: source-aligned", "kind: source", 2, "kind",
         "'source-aligned', 'aggregate' or 'consumer-aligned', got `source`"),
        ("Europe/Oslo", "Oslo", 10, "timezone",
         "expected a time zone such as `Europe/Berlin`, got `Oslo`"),
        ("timezone: Europe/Oslo", "as_of: yesterday", 10, "as_of",
         "expected a moment such as `2018-01-02T00:00:00Z`, got `yesterday`"),
        ("    path: data/orders.csv\n", "", 12, "sources.orders",
         "expected `path`, `function` or `pipeline`, one of them"),
        ("    path: data/orders.csv\n", "    path: a.csv\n    function: m.f\n", 12,
         "sources.orders", "expected `path`, `function` or `pipeline`, one of them"),
        ("path: data/orders.csv", "function: fetch", 14, "sources.orders.function", "got `fetch`"),
        ("    path:", "    format: xml\n    path:", 14, "sources.orders.format", "got `xml`"),
        # names
        ("  orders:", "  Orders:", 12, "sources.Orders",
         "expected lower case letters, digits and underscores, starting with a letter"),
        ("stock.articles:", "stock:", 18, "inputs.stock", "`stock` is not `domain.product`"),
        ("stock.articles:", "main.articles:", 18, "inputs.main.articles",
         "is not `domain.product`"),
        ("stock.articles:", "shop.articles:", 18, "inputs.shop.articles",
         "a domain is no input of its own"),
        # cron
        ("15 5 * * *", "15 5 * *", 9, "schedule", 'five fields, such as "15 5 * * *"'),
        ("15 5 * * *", "0 15 5 * * *", 9, "schedule", "five fields"),
        ("15 5 * * *", "@daily", 9, "schedule", "five fields"),
        ("15 5 * * *", "60 5 * * *", 9, "schedule", "`60` is no minute (0 to 59)"),
        ("15 5 * * *", "15 24 * * *", 9, "schedule", "`24` is no hour (0 to 23)"),
        ("15 5 * * *", "15 5 0 * *", 9, "schedule", "`0` is no day of the month (1 to 31)"),
        ("15 5 * * *", "15 5 * foo *", 9, "schedule", "`foo` is no month (1 to 12)"),
        ("15 5 * * *", "15 5 * * 1-8", 9, "schedule", "`8` is no day of the week (0 to 7)"),
        ("15 5 * * *", "*/0 5 * * *", 9, "schedule", "`*/0` has no step"),
        ("15 5 * * *", "15 5,, * * *", 9, "schedule", "`` is no hour"),
        ("15 5 * * *", "15 5 30,31 2 *", 9, "schedule", "day 30 never comes in that month"),
        # not YAML, not text
        ("  name: Tills", "\tname: Tills", 5, "",
         "found character that cannot start any token. There is a tab on this line"),
        ("  name: Tills", "  name: Tills: Inc", 5, "", "mapping values are not allowed"),
        ("title: Shop", "title: [Shop", 2, "", "Mend the YAML on or just above this line."),
        ("title: Shop", 'title: "Shop', 9, "", "not valid YAML"),
        ("title: Shop", "title: *shop", 1, "", "found undefined alias"),
        ("title: Shop", "title: {{ title }}", 1, "title",
         "the name of a field is not a word. If it is a template, put `{{ … }}` in quotes."),
        ("title: Shop", "title: &t [*t]", 1, "title[0]", "an alias to what it stands in"),
        ("title: Shop", "title: !!int Shop", 1, "", "invalid literal for int"),
        ("title: Shop", "title: !!python/name:os.system x", 1, "", "not valid YAML"),
        ("title: Shop", "title: Shop\n---\nmore: 1", 2, "", "found another document"),
        ("Tills\n", "Til\0ls\n", 5, "", "the character U+0000 is not allowed. Remove it."),
        ("title: Shop", f"title: {'[' * 2000}{']' * 2000}", 1, "", "nested too deeply"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else None,
)  # fmt: skip
def test_domain_file(old: str, new: str, line: int, field: str, said: str, tmp_path: Path) -> None:
    assert DOMAIN.count(old) == 1
    found = findings_of(tmp_path, DOMAIN.replace(old, new))
    match = [f for f in found if (f.line, f.field) == (line, field)]
    assert len(match) == 1, "\n".join(map(str, found))
    assert match[0].file == "domains/shop/domain.yaml"
    assert said in str(match[0])
    # A misspelt field is also a missing one; nothing else is reported twice.
    assert len(found) == 1 or {f.field for f in found} <= {
        field, "title", "old", "sources.orders", "team.email", "team.members[0].role"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (b"", 1, "expected a mapping of fields. Write `field: value` lines."),
        (b"# nothing yet\n\n", 1, "expected a mapping of fields"),
        (b"- title: Shop\n", 1, "expected a mapping of fields"),
        (b"Shop\n", 1, "expected a mapping of fields"),
        (b"null\n", 1, "expected a mapping of fields"),
        (b"title: Shop\nkind: caf\xe9\n", 2, "not UTF-8 text (invalid continuation byte)"),
        ("title: Shop\n".encode("utf-16"), 1, "not UTF-8 text"),
    ],
)
def test_file_that_is_no_mapping_of_fields(
    content: bytes, line: int, said: str, tmp_path: Path
) -> None:
    (found,) = findings_of(tmp_path, content)
    assert (found.file, found.line, found.field) == ("domains/shop/domain.yaml", line, "")
    assert said in str(found)


def test_file_that_is_not_there_or_is_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "domains" / "shop"
    folder.mkdir(parents=True)
    (found,) = read_room(folder, tmp_path).findings
    assert str(found) == "domains/shop/domain.yaml: the file is missing. Create it."
    (folder / "domain.yaml").mkdir()
    (found,) = read_room(folder, tmp_path).findings
    assert "the file can't be read (Is a directory)" in str(found)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_lines_whatever_the_editor_writes(ending: str, start: bytes, tmp_path: Path) -> None:
    text = DOMAIN.replace("role: owner", "rolle: owner").replace("\n", ending)
    found = findings_of(tmp_path, start + text.encode())
    assert {f.line for f in found} == {8}


def test_every_error_of_a_file_at_once(tmp_path: Path) -> None:
    text = DOMAIN.replace("title:", "titel:").replace("Europe/Oslo", "Oslo").replace(": 1", ": x")
    assert [(f.line, f.field) for f in sorted(findings_of(tmp_path, text))] == [
        (1, "titel"),
        (1, "title"),
        (10, "timezone"),
        (19, "inputs.stock.articles.version"),
    ]


def test_a_folder_with_another_kind_of_name(tmp_path: Path) -> None:
    for name in ("Shop", "main"):
        folder = tmp_path / "domains" / name
        folder.mkdir(parents=True)
        (folder / "domain.yaml").write_text(DOMAIN)
        (found,) = read_room(folder, tmp_path).findings
        assert str(found).startswith(f"domains/{name}: a domain's folder is called lower case")


# -- contracts and descriptors

CONTRACT = "domains/shop/contracts/orders.odcs.yaml"
DESCRIPTOR = "domains/shop/products/orders.odps.yaml"
DAY = "  - name: day\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return build(tmp_path / "mesh").root


def mesh_findings(root: Path, file: str, old: str, new: str) -> list[Finding]:
    path = root / file
    text = path.read_text()
    assert old in text, text
    path.write_text(text.replace(old, new, 1))
    return list(Mesh.read(root).findings)


def line_of(root: Path, file: str, text: str) -> int:
    lines = (root / file).read_text().splitlines()
    return next(i for i, line in enumerate(lines, 1) if text in line)


COLUMN = "schema[0].properties[1]"


@pytest.mark.parametrize(
    ("old", "new", "where", "field", "said"),
    [
        ("id: urn:datacontract:shop.orders\n", "", "apiVersion", "", "`id` is required"),
        ("kind: DataContract", "kind: Contract", "kind:", "kind",
         "expected `DataContract`, got `Contract`"),
        ("apiVersion: v3.2.0", "apiVersion: v9", "v9", "apiVersion", ", got `v9`"),
        ("version: 1.0.0", "version: 1.0", "version: 1.0", "version",
         "expected text, got `1.0`. Put it in quotes."),
        ("version: 1.0.0", "version: '1.0'", "version: '1.0'", "version",
         "expected major.minor.patch, got `1.0`"),
        ("version: 1.0.0", "version: v1.0.0", "version: v1", "version", "major.minor.patch"),
        ("version: 1.0.0", "version: 01.0.0", "version: 01", "version", "major.minor.patch"),
        ("status: active", "statuss: active", "statuss", "statuss",
         "not a field that is known here. Did you mean `status`?"),
        ("required: true", "requird: true", "requird", "schema[0].properties[0].requird",
         "Did you mean `required`?"),
        ("required: true", "required: 'yes'", "'yes'", "schema[0].properties[0].required",
         "expected `true` or `false`, got `yes`"),
        ("    logicalType: date\n", "", "- name: day", COLUMN,
         "`logicalType` is required, and missing"),
        ("logicalType: date", "logicalType: dat", "logicalType: dat", f"{COLUMN}.logicalType",
         "expected one of `string`, `date`,"),
        ("metric: rowCount", "metric: rowsCount", "rowsCount", "schema[0].quality[0].metric",
         "got `rowsCount`"),
        ("minimum: 0", "minimun: 0", "minimun",
         "schema[0].properties[2].logicalTypeOptions.minimun", "Did you mean `minimum`?"),
        ("logicalType: date", "logicalType: date\n    logicalTypeOptions: {minLength: 3}",
         "minLength", f"{COLUMN}.logicalTypeOptions.minLength", "See ODCS v3.2.0."),
        (DAY, f"{DAY}    relationships: [{{type: foreignKey}}]\n", "foreignKey",
         f"{COLUMN}.relationships[0]", "`to` is required, and missing"),
        (DAY, f"{DAY}    enum: [{{value: a, description: So, by what.}}]\n", "by what",
         f"{COLUMN}.enum[0].by what.", "not a field that is known here"),
        (DAY, f"{DAY}    1: x\n", "1: x", f"{COLUMN}.1", "not a field that is known here"),
        ("schema:\n- name: orders", "schema:\n  name: orders", "schema:", "schema",
         "expected a list, got a mapping"),
        ("description:\n", "description: []\nnote:\n", "description: []", "description",
         "expected a mapping, got a list"),
    ],
    ids=lambda value: value[:30],
)  # fmt: skip
def test_contract(root: Path, old: str, new: str, where: str, field: str, said: str) -> None:
    found = mesh_findings(root, CONTRACT, old, new)
    match = [f for f in found if f.field == field]
    assert len(match) == 1, "\n".join(map(str, found))
    assert match[0].file == CONTRACT
    assert match[0].line == line_of(root, CONTRACT, where)
    assert said in str(match[0])
    assert len(found) == 1 or field == "description", "\n".join(map(str, found))
    assert len(str(match[0])) < 400


def test_contract_of_no_schema(root: Path) -> None:
    text = (root / CONTRACT).read_text()
    start, end = text.index("schema:\n"), text.index("price:\n")
    found = mesh_findings(root, CONTRACT, text[start:end], "")
    assert [f.field for f in found] == ["schema"]


def test_a_field_that_is_unknown_only_because_another_is_wrong_is_not_reported(root: Path) -> None:
    found = mesh_findings(root, CONTRACT, "metric: rowCount", "metrik: rowCount")
    assert sorted((f.field, f.todo) for f in found) == [
        ("schema[0].quality[0]", "See ODCS v3.2.0."),
        ("schema[0].quality[0].metrik", "Did you mean `metric`?"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "where", "field", "said"),
    [
        ("kind: DataProduct", "kind: DataContract", "kind:", "kind", "got `DataContract`"),
        ("apiVersion: v1.1.0", "apiVersion: v2.0.0", "apiVersion", "apiVersion", "got `v2.0.0`"),
        ("name: orders\n", "name: order\n", "name: order", "name",
         "expected `orders`, as the file is called"),
        ("domain: shop", "domain: shopp", "domain:", "domain", "expected `shop`"),
        ("status: active", "status: live", "status:", "status", "got `live`"),
        ("version: 1.0.0", "version: 1.1", "version: 1.1", "version", "got `1.1`"),
        ("contractId: urn:datacontract:shop.orders", "contractId: urn:other", "contractId",
         "outputPorts[0].contractId", "expected `urn:datacontract:shop.orders`"),
        ("  type: delta\n", "  typ: delta\n", "typ:", "outputPorts[0].typ", "Known: "),
    ],
    ids=lambda value: value[:30],
)  # fmt: skip
def test_descriptor(root: Path, old: str, new: str, where: str, field: str, said: str) -> None:
    (found,) = mesh_findings(root, DESCRIPTOR, old, new)
    assert (found.file, found.field) == (DESCRIPTOR, field)
    assert found.line == line_of(root, DESCRIPTOR, where)
    assert said in str(found)


def test_a_broken_domain_leaves_the_others_alone(root: Path) -> None:
    mesh_findings(root, CONTRACT, "status: active", "statuss: active")
    mesh = Mesh.read(root)
    assert list(mesh.domains) == ["insight"]
    assert list(mesh.products) == [ProductRef("insight", "best_day")]
    assert "days" in mesh.rooms["shop"].products
    with pytest.raises(MeshError, match="statuss"):
        mesh.product("shop.orders")
    with pytest.raises(MeshError, match="statuss"):
        mesh.rooms["shop"].need()
    with pytest.raises(MeshError, match=r"No product `best` in `insight`\. Products: best_day\."):
        mesh.product("insight.best")
    with pytest.raises(MeshError, match=r"No domain `sho`\. Domains: insight, shop\."):
        mesh.product("sho.orders")
    with pytest.raises(MeshError, match=r"`orders` is not `domain\.product`"):
        mesh.product("orders")
