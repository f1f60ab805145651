"""What a column seems to hold, from its name and a few of its values; nothing is queried here.

Shapes of texts are proposals: the profile checks them on every row. That a column is about a person
stays a guess, and is said to be one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from mesh_defs.contracts.scan.formats import STRING_FORMATS

# A shape that so many of the values have is a guess worth making.
MOST = 0.8


@dataclass(frozen=True)
class Shape:
    """What all texts of a column may look like; `format` is ODCS's word for the pattern."""

    pattern: str
    format: str | None = None
    said: str | None = None


_NAMED = (
    *(Shape(STRING_FORMATS[name], name) for name in ("uuid", "email", "ipv4")),
    Shape(r"^[A-Za-z][A-Za-z0-9+.\-]*://\S+$", "uri"),
    Shape(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", said="a date kept as text"),
    Shape(r"^\+[1-9][0-9]{6,14}$", said="phone numbers as E.164 writes them"),
)
# Codes that a column's name tells: words, length, whose they are.
_CODES = (
    ({"country", "nation", "nationality"}, 2, "countries as ISO 3166 writes them"),
    ({"currency"}, 3, "currencies as ISO 4217 writes them"),
)


def shapes(name: str, values: Collection[str]) -> list[Shape]:
    """Shapes that all of these values have, the most telling first."""
    if not values:
        return []
    found = [s for s in _NAMED if all(re.search(s.pattern, v) for v in values)]
    lengths = {len(v) for v in values}
    if len(lengths) == 1:
        found += _of_length(name, values, lengths.pop())
    if all(re.fullmatch(r"[0-9]+", v) for v in values):
        found.append(Shape("^[0-9]+$"))
    return found


def _of_length(name: str, values: Collection[str], length: int) -> list[Shape]:
    def all_of(letters: str) -> bool:
        return all(re.fullmatch(f"[{letters}]+", v) for v in values)

    found = []
    if all_of("A-Z") and length <= 3:
        found.append(Shape(f"^[A-Z]{{{length}}}$", said=_code(name, length)))
    if all_of("0-9"):
        found.append(Shape(f"^[0-9]{{{length}}}$"))
    if length >= 8:
        found += [Shape(f"^[{a}]{{{length}}}$") for a in ("0-9a-f", "0-9A-F") if all_of(a)]
    return found


def _code(name: str, length: int) -> str | None:
    called = set(words_of(name))
    said = (what for words, letters, what in _CODES if words & called and letters == length)
    return next((f"guessed: {what}" for what in said), None)


# -- names -------------------------------------------------------------------------------------


def words_of(name: str) -> list[str]:
    """`customerEmail`, `Customer E-Mail` and `CUSTOMER_EMAIL` as words."""
    split = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return [word for word in re.split(r"[^a-z0-9]+", split.lower()) if word]


_IDENTIFYING = {"id", "ids", "key", "uuid", "guid", "code", "no", "nr", "num", "number", "ref"}


def names_a_thing(name: str) -> bool:
    """Whether a column is called as identifiers are: its values are names, not amounts."""
    words = words_of(name)
    return bool(words) and (words[-1] in _IDENTIFYING or words[-1] in ("sku", "ean", "upc", "isbn"))


# -- people ------------------------------------------------------------------------------------


def _luhn(value: str) -> bool:
    digits = [int(d) for d in re.sub(r"[ -]", "", value)]
    doubled = (d * 2 - 9 * (d > 4) if i % 2 else d for i, d in enumerate(reversed(digits)))
    return sum(doubled) % 10 == 0


def _card(value: str) -> bool:
    return bool(re.fullmatch(r"[0-9]{4}([ -]?[0-9]{4}){3}", value)) and _luhn(value)


def _iban(value: str) -> bool:
    text = value.replace(" ", "").upper()
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", text):
        return False
    return int("".join(str(int(c, 36)) for c in text[4:] + text[:4])) % 97 == 1


def _phone(value: str) -> bool:
    looks = re.fullmatch(r"(\+|00|\()[0-9 ()./-]{6,20}", value)
    return bool(looks) and 7 <= sum(c.isdigit() for c in value) <= 15


def _matches(pattern: str) -> Callable[[str], bool]:
    return lambda value: bool(re.search(pattern, value))


_TEXT, _NUMBER, _DATE = "string", "integer", "date"
_PERSON = (
    "first|last|given|family|middle|full|maiden|sur|fore|nick|user|person|customer|client|contact|"
    "holder|owner|employee|patient|member|guest|passenger|recipient|subscriber"
)
# (what it is, how columns are called that hold it, of which types, how its values are recognised)
_PERSONAL: tuple[tuple[str, str, tuple[str, ...], Callable[[str], bool] | None], ...] = (
    ("an email address", "e_?mail|mail", (_TEXT,), _matches(STRING_FORMATS["email"])),
    ("an IP address", "ip|ip_addr(ess)?|ipv[46]|remote_addr", (_TEXT,),
     _matches(STRING_FORMATS["ipv4"])),
    ("a bank account", "iban|bank_account(_(no|nr|number))?", (_TEXT, _NUMBER), _iban),
    ("a payment card", "(credit|debit|payment)_?card(_(no|nr|number))?|card_(no|nr|number)|cvv|cvc",
     (_TEXT, _NUMBER), _card),
    ("a phone number", "(tele)?phone|mobile|tel|fax|msisdn", (_TEXT, _NUMBER), _phone),
    ("a person's name", f"({_PERSON})_?name|surname|forename|vorname|nachname", (_TEXT,), None),
    ("a birth date", "birth_?(date|day|year)|(date|day|year)_of_birth|dob|born(_on)?|geburtsdatum",
     (_TEXT, _NUMBER, _DATE, "timestamp"), None),
    ("a device of a person", "imei|mac_addr(ess)?|device_id|cookie(_id)?|advertising_id|user_agent",
     (_TEXT, _NUMBER), None),
    ("a postal address", "addr(ess)?|street|strasse|house_(no|nr|number)|postal_?code|post_?code|"
     "zip|zip_?code|plz", (_TEXT, _NUMBER), None),
    ("a personal number", "ssn|social_security(_(no|nr|number))?|national_id|tax_?(id|no|number)|"
     "passport(_(no|nr|number))?|driving_licen[cs]e|driver_?s?_licen[cs]e",
     (_TEXT, _NUMBER), None),
    ("a protected trait", "gender|sex|ethnicity|religion|nationality|marital_status|disability|"
     "blood_(group|type)|diagnosis|sexual_orientation", (_TEXT, _NUMBER), None),
    ("a secret", "password|passwd|secret|api_key|access_token", (_TEXT,), None),
)  # fmt: skip

# What may still come after the word that tells: `address_line_2`, `street_name`.
_AFTER = r"(_(line|name|text|address|[0-9]+))*"


def personal(name: str, families: Collection[str], values: Sequence[str]) -> str | None:
    """What a column seems to tell about a person, and by what: its values, or its name."""
    called = "_".join(words_of(name))
    for what, names, types, _ in _PERSONAL:
        if set(types) & set(families) and re.search(rf"(^|_)({names}){_AFTER}$", called):
            return f"{what}, by the column's name"
    if _TEXT in families and values:
        for what, _, _, looks in _PERSONAL:
            if looks and sum(map(looks, values)) >= MOST * len(values):
                return f"{what}, by the values"
    return None
