"""The size of a package, from the free text in which the master spells it.

A range of weights (18-22 LB), a size grade (80/88 CT), a dimension (3/4 X 18 IN) and a word (LARGE)
are not an amount, and pieces with a weight are two: 10 CT/12 OZ is the weight of ten biscuits,
5 CT/24 OZ the size of one box. They stay text.
"""

import re
from decimal import ROUND_HALF_UP, Decimal

UNITS = {
    "oz": "OZ|OZS|Z", "fl_oz": "FL OZ", "lb": "LB|LBS", "g": "G|GM|GR", "kg": "KG",
    "ml": "ML", "l": "L|LT|LTR", "pt": "PT", "qt": "QT", "gal": "GAL|GA",
    "ct": "CT|PK|PC|EA", "dz": "DZ", "stem": "STEM|STEMS", "load": "LOAD|LOADS|LD|LDS",
    "roll": "ROLL|ROLLS", "sheet": "SHEET|SHEETS", "in": "IN", "ft": "FT", "sq_ft": "SQ FT",
    "yd": "YD", "cm": "CM",
}  # fmt: skip
NAMES = {spelling: name for name, all_ in UNITS.items() for spelling in all_.split("|")}
# Around the size stand a line code (P 26 OZ), a six-digit item code, the shipping case in brackets
# (2.7 OZ(6)) and the kind of container (12 OZ BTL): none of them is the size.
AROUND = (
    (r"^\([0-9A-Z]+\) ?| ?/?\([^)]*\)$|\*$", ""),
    (r"^(?:\d{6}|[A-Z]{1,3}) ([\d.])", r"\1"),
    (r" (?:\d{6}|BTL|CAN|CANS|CN|BAG|BOX|PET|NR|PLST|LOOSE|CUP|JAR|TUB|RW)$", ""),
    (r"^HALF ", "1/2 "),
)
UNIT = rf"(?P<unit>{'|'.join(NAMES)})"
# Braces stand alone: two of them would be Jinja's, through which dbt puts this file for BigQuery.
WHOLE = r"(?P<whole>\d{1,3})"
COUNT = r"(?P<count>\d{1,3})"
AMOUNT = r"(?P<amount>\d{1,4}(?:\.\d{1,4})?|\.\d{1,4})"
CONTENT = r"(?P<unit>OZ|OZS|Z|FL OZ|LB|LBS|G|GM|GR|ML|L|LT|LTR|PT|QT|GAL|GA)"
# The first that fits the whole text.
FORMS = [
    re.compile(form)
    for form in (
        rf"{AMOUNT}[ -]?{UNIT}",  # 22 LB
        rf"(?:{WHOLE} )?(?P<part>1/[2-9]|2/3|3/4|[357]/8) ?{UNIT}",  # 1 1/2 LB
        rf"{COUNT} ?(?:PK? ?/? ?|/ ?){AMOUNT} ?{CONTENT}",  # 6 PK/12 OZ
        rf"{COUNT} ?- ?{AMOUNT} ?(?P<unit>OZ)",  # 6-12 OZ
        rf"{AMOUNT} ?{CONTENT} ?/? ?{COUNT} ?PK?",  # 12 OZ 6 PK
        r"(?P<unit>GAL|QT|PT|LB|DZ|PK|EA)",  # GAL
    )
]


def main(text):
    """How many packages, how much in each, of what; None for a text that is no size."""
    size = (text or "").upper()
    for pattern, by in AROUND:
        size = re.sub(pattern, by, size)
    found = next((m.groupdict() for form in FORMS if (m := form.fullmatch(size))), None)
    if found is None:
        return None
    count, amount = int(found.get("count") or 1), _amount(found)
    unit = NAMES[found["unit"]]
    if unit == "dz":
        amount, unit = amount * 12, "ct"
    amount = amount.quantize(Decimal("0.001"), ROUND_HALF_UP)
    return {"number": count, "amount": amount, "unit": unit} if count and amount else None


def _amount(found):
    if part := found.get("part"):
        over, under = part.split("/")
        return Decimal(found.get("whole") or 0) + Decimal(over) / Decimal(under)
    return Decimal(found.get("amount") or 1)
