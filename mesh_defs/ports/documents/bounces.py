"""Mail that came back, as mail servers tell the sender: delivery status notifications (RFC 3464).

What they say is read here; whose mail it was, and what becomes of it, is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string, policy
from email.message import Message

from mesh_defs.model import MeshError

_LONGEST = 300
_STATUS = "message/delivery-status"


@dataclass(frozen=True)
class Bounce:
    """A mail that its recipient did not get."""

    message: str
    """Its Message-ID, with the angle brackets."""
    status: str
    """RFC 3463: `5.1.1` is for good, `4.2.2` for now."""
    said: str
    """The status, and what the server that refused it said, in a line."""

    @property
    def passes(self) -> bool:
        """Whether it may be taken another time."""
        return self.status.startswith("4")


def read_bounce(data: bytes) -> Bounce | None:
    """What a notification tells; None of a mail that arrived, or is only late.

    Raises MeshError for any other mail, and for one that does not say which mail it is about.
    """
    # Notifications are made by all kinds of servers: the lenient policy leaves headers as they are.
    mail = message_from_bytes(data, policy=policy.compat32)
    parts = list(mail.walk())
    if not any(part.get_content_type() == _STATUS for part in parts):
        raise MeshError(
            "This is no delivery status notification: a mail of the type multipart/report that "
            "has a part message/delivery-status (RFC 3464)."
        )
    failed = next((b for b in _recipients(parts) if _field(b, "Action") == "failed"), None)
    if failed is None:
        return None
    message = next(_about(parts), "")
    if not message:
        raise MeshError(
            "The notification does not say which mail it is about: it returns no Message-ID. "
            "Let the mail server return headers at least (RET=HDRS)."
        )
    status = _field(failed, "Status").split(" ")[0]
    # "smtp; 550 5.1.1 <eve@example.com>: no such user" says first whose words these are.
    words = str(failed.get("Diagnostic-Code", "")).partition(";")[2]
    return Bounce(message, status, _in_a_line(words if status in words else f"{status} {words}"))


def _recipients(parts: list[Message]) -> Iterator[Message]:
    """What is said of each recipient: the first block is about the notification as a whole."""
    for part in parts:
        if part.get_content_type() == _STATUS:
            blocks = part.get_payload()
            yield from (b for b in blocks if isinstance(b, Message) and b.get("Action"))


def _about(parts: list[Message]) -> Iterator[str]:
    """The Message-ID of the mail that came back."""
    for part in parts:
        payload = part.get_payload()
        if part.get_content_type() == "message/rfc822":
            found = [mail for mail in payload if isinstance(mail, Message)]
        elif part.get_content_type() == "text/rfc822-headers":
            found = [message_from_string(str(payload), policy=policy.compat32)]
        else:
            continue
        yield from (
            "".join(str(mail["Message-ID"]).split()) for mail in found if mail["Message-ID"]
        )


def _field(block: Message, name: str) -> str:
    return str(block.get(name, "")).strip().lower()


def _in_a_line(text: str) -> str:
    """Somebody else's words: no control characters, and not too many."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(printable.split())[:_LONGEST]
