"""A real mail server on a port of its own, with TLS, that keeps what it is given."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

USER, PASSWORD = "mesh", "s3cret&more"


class Post:
    """What came in, and whom the server will not take mail for."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, EmailMessage]] = []
        self.refused: dict[str, str] = {}
        self.port = 0

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, to: str, _: Any) -> str:
        if said := self.refused.get(to):
            return said
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails += [(to, mail) for to in envelope.rcpt_tos]
        return "250 taken"

    def url(self, scheme: str, host: str = "localhost", password: str = "s3cret%26more") -> str:
        return f"{scheme}://{USER}:{password}@{host}:{self.port}"

    @property
    def recipients(self) -> list[str]:
        return sorted(to for to, _ in self.mails)


@contextmanager
def post(folder: Path, tls: str = "smtps") -> Iterator[Post]:
    """`tls`: `smtps`, `starttls`, or `none`."""
    found = Post()

    class AtItsPort(Controller):
        def _trigger_server(self) -> None:
            # It looks whether it answers at the port it was asked for, not at the one it got.
            assert isinstance(self.server, asyncio.Server)
            found.port = self.port = self.server.sockets[0].getsockname()[1]
            super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd: no types

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(folder))
    ways: dict[str, dict[str, Any]] = {
        "smtps": {"ssl_context": context, "auth_require_tls": False},
        "starttls": {"tls_context": context, "require_starttls": True},
        "none": {"auth_require_tls": False},
    }
    controller = AtItsPort(
        found, hostname="localhost", port=0, authenticator=_knows, auth_required=True, **ways[tls]
    )
    controller.start()
    try:
        yield found
    finally:
        controller.stop()


def _knows(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
    right = isinstance(given, LoginPassword) and (given.login, given.password) == (
        USER.encode(), PASSWORD.encode(),
    )  # fmt: skip
    return AuthResult(success=right, handled=False)  # the server says so, not we


def certificate(folder: Path) -> Path:
    """A key and a certificate of `localhost` that signs itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    path = folder / "localhost.pem"
    if path.exists():
        return path
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    pem, raw = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(
        key.private_bytes(pem, raw, serialization.NoEncryption()) + made.public_bytes(pem)
    )
    return path
