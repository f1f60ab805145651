"""Every kind of change with its level for consumers and the reason shown to people: one table.

How a change is recognised is in the modules beside this one. Three ideas decide the level:

- What a field has room for (length, width of its type): less cuts values, so it breaks; more is
  felt only by those who copied the size.
- Which values come (limits, patterns, lists): a value that was promised not to come breaks; a
  value that comes no more is worth a look.
- What is promised about rows, service and terms: promising less breaks, promising more is safe.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """What a change is to those who read the product."""

    BREAKING = "breaking"
    RISKY = "risky"
    SAFE = "safe"


@dataclass(frozen=True)
class Kind:
    """A row of the table. `when` says what happened, `why` why it has its level."""

    name: str
    level: Level
    when: str
    why: str


_B, _R, _S = Level.BREAKING, Level.RISKY, Level.SAFE

SECTIONS: dict[str, tuple[tuple[str, Level, str, str], ...]] = {
    "Objects and columns": (
        ("object.removed", _B, "an object is removed", "Whoever reads it finds nothing."),
        ("object.added", _S, "an object is added", "Nobody reads it yet."),
        ("object.renamed", _B, "an object gets another name", "Queries that name it fail."),
        ("object.stored", _R, "an object's `physicalName` or `physicalType`",
         "It is stored otherwise. Who reads the product sees no difference, who reads the table "
         "may."),
        ("object.grain", _R, "`dataGranularityDescription`",
         "What one row stands for may have changed, and with it every count."),
        ("object.clustering", _R, "`clustering`", "Queries that relied on it get slower."),
        ("extraColumns.allowed", _R, "columns outside of the contract are allowed",
         "`select *` may bring columns that nobody describes."),
        ("extraColumns.refused", _R, "columns outside of the contract are refused",
         "A column that was there without a promise goes away."),
        ("column.removed", _B, "a column is removed", "Queries that name it fail."),
        ("column.added", _S, "a column is added", "Queries that do not name it go on."),
        ("column.renamed", _B, "a stored column gets another name", "Queries that name it fail."),
        ("column.title", _R, "a column's `name`, but not the stored one",
         "Queries go on; tools that take names from the contract do not."),
        ("column.order", _S, "the order of columns", "Queries name columns."),
        ("column.stored", _B, "a column becomes a measure, or a measure a column",
         "A measure is a formula: nothing is stored under its name."),
        ("column.meaning", _R, "`semanticType`, `transformLogic` or `encryptedName`",
         "The same name may stand for something else."),
        ("column.partition", _R, "partitioning", "Queries that relied on it get slower."),
        ("deprecated.stated", _R, "`deprecated: true`", "It is going to be removed."),
        ("deprecated.withdrawn", _S, "no longer `deprecated`", "It stays."),
    ),
    "Types": (
        ("type.changed", _B, "another `logicalType`",
         "Comparisons, joins and typed copies of the column fail."),
        ("type.removed", _B, "`logicalType` is left out", "Values of any type may come."),
        ("type.added", _S, "`logicalType` where there was none", "It promises more."),
        ("physicalType.wider", _R, "`physicalType` with room for more",
         "Queries go on; who copied the type has too little room."),
        ("physicalType.narrower", _B, "`physicalType` with room for less",
         "Values are cut, rounded or held back."),
        ("physicalType.changed", _B, "another `physicalType`",
         "Comparisons, joins and typed copies of the column fail."),
        ("physicalType.spelled", _S, "`physicalType` in other words", "It is the same type."),
        ("physicalType.removed", _B, "`physicalType` is left out",
         "Values of another size or precision may come."),
        ("physicalType.added", _S, "`physicalType` where there was none", "It promises more."),
        ("timezone.changed", _B, "`timezone` or `defaultTimezone`",
         "Moments shift, and comparisons with them."),
        ("format.wider", _R, "`format` with room for more (`i32` to `i64`)",
         "Queries go on; who copied the size has too little room."),
        ("format.narrower", _B, "`format` with room for less", "Values are cut or held back."),
        ("format.changed", _B, "another `format`, or none",
         "Whoever takes the value apart gets something else."),
        ("format.added", _R, "`format` where there was none",
         "Values of another form, if there were any, are changed or held back."),
        ("vector.changed", _B, "anything about vectors (`dimensions`, the model, the metric)",
         "New vectors cannot be compared with old ones."),
    ),
    "Values": (
        ("room.lowered", _B, "`maxLength`, `maxItems` or `maxProperties` is lowered",
         "What is longer is cut or held back: it no longer matches what consumers keep."),
        ("room.raised", _R, "one of these is raised",
         "Queries go on; who copied the limit has too little room."),
        ("room.removed", _B, "one of these is left out", "Values of any length may come."),
        ("room.added", _R, "one of these where there was none",
         "What is longer, if there was any, is cut or held back."),
        ("values.loosened", _B,
         "a limit (`minimum`, `maximum`, `multipleOf`, `minLength`, `minItems` …) is loosened or "
         "left out", "Values come that were promised not to."),
        ("values.tightened", _R, "a limit is tightened, or new",
         "Rows beyond it are changed or held back: totals may move."),
        ("values.changed", _B, "another `pattern`, or a limit of another kind",
         "Nobody can tell that it lets no more through than the old one."),
        ("enum.value_added", _B, "a value is added to `enum`",
         "A value comes that was promised not to: filters and consumers' own lists miss it."),
        ("enum.value_removed", _B, "a value is removed from `enum`",
         "Queries that look for it find nothing, and nobody tells them."),
        ("enum.removed", _B, "`enum` is left out", "Any value may come."),
        ("enum.added", _R, "`enum` where there was none",
         "Rows with other values, if there were any, are changed or held back."),
        ("enum.words", _S, "what is said about a value", "The values are the same."),
    ),
    "Rows": (
        ("required.removed", _B, "`required` is taken back", "Nulls come where none were."),
        ("required.added", _S, "`required` is promised", "It promises more."),
        ("unique.removed", _B, "`unique` or `uniqueItems` is taken back",
         "Joins on it multiply rows."),
        ("unique.added", _S, "`unique` or `uniqueItems` is promised", "It promises more."),
        ("primaryKey.changed", _B, "other columns are the key",
         "A row stands for something else; joins multiply or lose rows."),
        ("primaryKey.removed", _B, "the key is taken back", "Joins on it multiply rows."),
        ("primaryKey.added", _S, "a key is promised", "It promises more."),
        ("primaryKey.order", _S, "`primaryKeyPosition`", "The same columns identify a row."),
        ("relationship.removed", _B, "a relationship is taken back", "Joins along it lose rows."),
        ("relationship.added", _S, "a relationship is promised", "It promises more."),
        ("relationship.changed", _B, "a relationship leads elsewhere",
         "Joins along the old one lose rows."),
    ),
    "Quality": (
        ("quality.removed", _B, "a rule is removed", "Nobody watches over it any more."),
        ("quality.added", _S, "a rule is added", "It promises more."),
        ("quality.loosened", _B, "a rule lets more through",
         "Consumers get what they were promised not to."),
        ("quality.tightened", _S, "a rule lets less through", "It promises more."),
        ("quality.changed", _B, "a rule promises something else",
         "What it promised before is promised no more."),
        ("quality.rewritten", _R, "a rule's SQL, text or implementation",
         "Nobody can tell from the text whether it promises less."),
        ("quality.silenced", _B, "a rule becomes words that no engine checks",
         "Nobody watches over it any more."),
        ("quality.schedule", _R, "when a rule is checked", "It may be found out later."),
        ("quality.words", _S, "what is said about a rule", "It promises the same."),
        ("severity.lowered", _B, "a rule's severity is lowered",
         "What blocked a publication is published."),
        ("severity.raised", _S, "a rule's severity is raised", "It promises more."),
        ("tolerance.grown", _B, "more rows may break a rule",
         "Consumers get what they were promised not to."),
        ("tolerance.shrunk", _S, "fewer rows may break a rule", "It promises more."),
        ("quarantine.grown", _R, "rows that break a rule go to quarantine, or more of them may",
         "Rows are left out where nothing was published before: totals may move."),
        ("quarantine.shrunk", _S, "fewer rows may go to quarantine, or none", "It promises more."),
    ),
    "Service": (
        ("level.looser", _B, "a service level is loosened", "Consumers planned with the old one."),
        ("level.tighter", _S, "a service level is tightened", "It promises more."),
        ("level.removed", _B, "a service level is taken back", "Nobody promises it any more."),
        ("level.added", _S, "a service level is promised", "It promises more."),
        ("level.changed", _B, "a service level in other units or of another element",
         "Nobody can tell that it promises as much."),
        ("level.words", _S, "what is said about a service level", "It promises the same."),
        ("end.announced", _R, "`endOfSupport` or `endOfLife` is announced",
         "Consumers have to move until then."),
        ("end.sooner", _B, "an announced end comes sooner", "Consumers planned with the old one."),
        ("end.later", _S, "an announced end comes later, or never", "There is more time."),
    ),
    "Terms": (
        ("price.raised", _B, "the price is raised", "Nobody agreed to pay it."),
        ("price.lowered", _S, "the price is lowered", "Consumers pay less."),
        ("price.changed", _B, "another currency or unit", "Nobody agreed to pay it."),
        ("price.withdrawn", _R, "the price is left out", "Nobody knows what it costs."),
        ("notice.shorter", _B, "`noticePeriod` is shortened or taken back",
         "Consumers have less time than they were promised."),
        ("notice.longer", _S, "`noticePeriod` is lengthened", "Consumers have more time."),
        ("notice.changed", _B, "`noticePeriod` that cannot be read",
         "Nobody can tell how much time there is."),
        ("terms.changed", _R, "`description.usage` or `limitations`",
         "What consumers do may be said to be wrong now."),
        ("role.removed", _B, "a role is removed", "Whoever has it loses access."),
        ("role.added", _S, "a role is added", "Nobody has it yet."),
        ("role.access", _B, "a role's `access`", "Whoever has it may do something else."),
        ("role.approvers", _R, "a role's approvers",
         "Requests wait for somebody else than those who were told."),
        ("classification.raised", _B, "a column gets another `classification`, not `public`",
         "What consumers made of it has to be protected, too."),
        ("classification.lowered", _S, "a column becomes `public`, or less sensitive",
         "There is less to protect."),
        ("status.deprecated", _R, "`status: deprecated`", "It is going to end."),
        ("status.ended", _B, "`status` takes the promise back (`retired`, `draft`, `proposed`)",
         "Nobody promises it any more."),
        ("status.promised", _S, "`status` promises more", "It promises more."),
        ("identity.changed", _B, "`id`, `domain`, `dataProduct` or `tenant`",
         "Agreements and references name the old one."),
        ("server.removed", _B, "a server is removed", "Whoever reads there finds nothing."),
        ("server.added", _S, "a server is added", "Nobody reads there yet."),
        ("server.changed", _B, "a server's address or format",
         "Whoever reads there finds nothing."),
        ("support.removed", _R, "a support channel is removed or moved",
         "Whoever asks there gets no answer."),
        ("support.added", _S, "a support channel is added", "There is one place more to ask."),
        ("team.changed", _S, "the team", "Other people, the same promise."),
        ("custom.changed", _R, "a custom property that mesh does not know",
         "Nobody here can tell what it means."),
        ("words.changed", _S, "a description, a tag, an example, a link",
         "Only words. If the meaning changed with them, say so by a new version."),
        ("other.changed", _R, "anything else", "Nobody here can tell what it means."),
    ),
    "Descriptor": (
        ("port.removed", _B, "an output port is removed", "Whoever reads there finds nothing."),
        ("port.added", _S, "an output port is added", "Nobody reads there yet."),
        ("port.renamed", _B, "an output port gets another name", "Readers name the old one."),
        ("port.type", _B, "an output port's `type`", "Readers cannot open it any more."),
        ("port.contract", _B, "an output port keeps another contract",
         "It promises something else under the same name."),
        ("lineage.changed", _S, "input ports", "What it is made from is the provider's affair."),
    ),
}  # fmt: skip

KINDS: dict[str, Kind] = {row[0]: Kind(*row) for rows in SECTIONS.values() for row in rows}


def table() -> Iterator[str]:
    """The table as the documentation has it, line by line."""
    for section, rows in SECTIONS.items():
        yield f"### {section}"
        yield ""
        yield "| kind | level | what changed | why |"
        yield "|---|---|---|---|"
        for name, level, when, why in rows:
            yield f"| `{name}` | {level} | {when} | {why} |"
        yield ""
