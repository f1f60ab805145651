"""The formats that a contract may name and the audit can check; other names are said not to be."""

from __future__ import annotations

INTEGER_FORMATS = {
    f"{sign}{bits}": (0, 2**bits - 1) if sign == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    for sign in "iu"
    for bits in (8, 16, 32, 64, 128)
}

# The largest number that a format holds; None where any number fits.
FLOAT_FORMATS = {"f32": "3.4028234663852886e38", "f64": None}

_HEX = "[0-9a-fA-F]{1,4}"
STRING_FORMATS = {
    "uuid": r"^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$",
    "email": r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$",
    "uri": r"^[A-Za-z][A-Za-z0-9+.\-]*:\S+$",
    "ipv4": r"^((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.|$)){4}$",
    # All eight groups, or one run of them left out as `::`; an IPv4 address may be the end.
    "ipv6": r"^("
    rf"({_HEX}:){{7}}{_HEX}|({_HEX}:){{1,7}}:|:((:{_HEX}){{1,7}}|:)|"
    + "|".join(rf"({_HEX}:){{1,{7 - n}}}(:{_HEX}){{1,{n}}}" for n in range(1, 7))
    + rf"|(::(ffff(:0{{1,4}})?:)?|({_HEX}:){{1,4}}:|({_HEX}:){{6}})"
    r"((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
    r")$",
    # Base64, as OpenAPI calls it; `binary` is any sequence of octets.
    "byte": r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
    "binary": r"(?s)^.*$",
    "hostname": r"^([A-Za-z0-9]([A-Za-z0-9\-]{0,61}[A-Za-z0-9])?)"
    r"(\.[A-Za-z0-9]([A-Za-z0-9\-]{0,61}[A-Za-z0-9])?)*$",
}
