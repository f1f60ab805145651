"""Mail over SMTP: how the server is reached, and what it refuses; not what is written to whom.

The URL in the environment: `smtps://user:password@smtp.example.com:465`, or `smtp://…:587`, where
the connection is turned into TLS before anything is said. Only a server on this machine may do
without. `?from=reports@example.com` says who sends, where the server does not take just anybody.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from ipaddress import ip_address
from urllib.parse import parse_qs, unquote

from mesh_defs.model import MeshError
from mesh_defs.storage.servers import Address

_SECONDS = 30
_PORTS = {"smtps": 465, "smtp": 587}
_LONGEST = 300


class Refused(MeshError):
    """The server takes this message not, or not for this recipient."""


class Mailbox:
    """An open connection, over which mail is handed in."""

    def __init__(self, address: Address, client: smtplib.SMTP) -> None:
        self._address = address
        self._client = client

    def send(self, message: EmailMessage, sender: str, recipient: str) -> None:
        """Hand a message in. Raises Refused, or MeshError where the server is gone."""
        try:
            self._client.send_message(message, sender, [recipient])
        except smtplib.SMTPRecipientsRefused as error:
            ((code, said),) = error.recipients.values()
            raise Refused(self._said(code, said)) from None
        except smtplib.SMTPServerDisconnected as error:
            raise MeshError(f"The mail server hung up: {self._shown(str(error))}") from None
        except smtplib.SMTPResponseException as error:
            raise Refused(self._said(error.smtp_code, error.smtp_error)) from None
        except (smtplib.SMTPException, OSError) as error:
            raise MeshError(f"The mail server did not take it: {type(error).__name__}.") from None

    def _said(self, code: int, said: bytes | str) -> str:
        text = said.decode(errors="replace") if isinstance(said, bytes) else said
        return self._shown(f"{code} {text}")

    def _shown(self, text: str) -> str:
        """Hidden before it is cut: the first half of a secret is one, too."""
        return self._address.hide(" ".join(text.split()))[:_LONGEST]


def sender_of(address: Address, otherwise: str) -> str:
    """Who sends, by the URL."""
    return parse_qs(address.parts.query).get("from", [otherwise])[0]


@contextmanager
def mailbox(address: Address, helo: str) -> Iterator[Mailbox]:
    """Raises MeshError where the server does not answer, is not who it says, or knows us not."""
    parts = address.parts
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    shown = f"{parts.scheme}://{host}:{port}"
    client: smtplib.SMTP | None = None
    try:
        context = ssl.create_default_context()
        if parts.scheme == "smtps":
            client = smtplib.SMTP_SSL(host, port, helo, timeout=_SECONDS, context=context)
        else:
            client = smtplib.SMTP(host, port, helo, timeout=_SECONDS)
            client.ehlo()
            if client.has_extn("starttls"):
                client.starttls(context=context)
            elif not _is_here(host):
                raise MeshError(f"{shown} does not offer TLS: nothing was sent.")
        if parts.username:
            client.login(unquote(parts.username), unquote(parts.password or ""))
    except (smtplib.SMTPException, OSError) as error:
        if client:
            client.close()
        said = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else error
        raise MeshError(
            f"The mail server {shown} can't be used: {address.hide(str(said))[:_LONGEST]}."
        ) from None
    except MeshError:
        assert client
        client.close()
        raise
    try:
        yield Mailbox(address, client)
    finally:
        with suppress(smtplib.SMTPException, OSError):
            client.quit()


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
