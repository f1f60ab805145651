"""Addresses of servers: from the environment, and never shown with what opens them."""

from __future__ import annotations

import base64
from email.message import EmailMessage
from smtplib import SMTP, SMTPDataError, SMTPServerDisconnected
from typing import Any

import pytest

from mesh_defs.model import MeshError
from mesh_defs.storage.mail import Mailbox
from mesh_defs.storage.servers import Address, address_of, variable_of

SECRET = "hunter2!/ö"
QUOTED = "hunter2%21%2F%C3%B6"


@pytest.mark.parametrize(
    ("server", "variable"),
    [("apps", "MESH_SERVER__APPS"), ("our apps-2", "MESH_SERVER__OUR_APPS_2")],
)
def test_a_servers_variable(server: str, variable: str) -> None:
    assert variable_of(server) == variable


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://me:{QUOTED}@db/apps",
        f"postgresql://me:{QUOTED.lower()}@db/apps",
        f"postgresql://db/apps?user=me&password={QUOTED}",
        f"postgresql://me@db/apps?sslpassword={QUOTED}",
        f"postgresql://me@db/apps?oauth_client_secret={QUOTED}",
        f"https://account.blob.example.com?sv=2024&sig={QUOTED}",
    ],
)
def test_an_address_shows_no_secret(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESH_SERVER__APPS", url)
    found = address_of("apps", ("postgresql", "https"))
    assert found is not None
    assert "hunter2" not in repr(found)
    assert found.hide(f"no {SECRET} and no {QUOTED} and no {QUOTED.lower()}") == (
        "no *** and no *** and no ***"
    )
    assert found.hide(f"no {encoded(SECRET)}.") == "no ***."
    with pytest.raises(MeshError, match="expected s3://") as caught:
        address_of("apps", ("s3",))
    assert "hunter2" not in str(caught.value)
    assert address_of("nobody", ("s3",)) is None


@pytest.mark.parametrize("login", [f"me:{SECRET}", f"\0me\0{SECRET}"], ids=["basic", "plain"])
def test_a_login_as_it_was_sent_is_hidden(login: str) -> None:
    address = Address("MESH_SERVER__APPS", f"smtps://me:{QUOTED}@mail")
    assert address.hide(f"535 AUTH {encoded(login)} is unknown") == "535 AUTH *** is unknown"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hunt@er2@db/apps",  # libpq would look for the host er2@db, and say so
        "postgresql://me:12/hunter2@db/apps",
        "postgresql://me:12?hunter2@db/apps",
        "postgresql://me:12?a=hunter2@db/apps",
        "postgresql://me:12#hunter2@db/apps",
        "postgresql://me:hunter2#@db/apps",
        "postgresql://me:12[hunter2@db/apps",
    ],
)
def test_a_password_that_ends_before_its_end_is_refused(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MESH_SERVER__APPS", url)
    with pytest.raises(MeshError, match="percent-encoded") as caught:
        address_of("apps", ("postgresql",))
    assert not any(part in str(caught.value) for part in ("hunt", "er2", "12"))


@pytest.mark.parametrize(
    "url",
    [
        "smtp://localhost:25?from=reports@example.com",
        "smtps://me%40example.com:hunter2@mail?from=reports@example.com",
        "postgresql://me:hunter2@/apps?host=%2Ftmp",
        "https://account.blob.example.com?sv=2024&sig=a%2Fb",
    ],
)
def test_what_is_well_written_is_taken(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESH_SERVER__APPS", url)
    found = address_of("apps", ("smtp", "smtps", "postgresql", "https"))
    assert found is not None
    assert found.url == url


@pytest.mark.parametrize(
    "refusal",
    [
        # What is said is cut, and the secret lies where the cut is.
        SMTPDataError(554, f"{'x' * 290} {SECRET}".encode()),
        SMTPServerDisconnected(f"Connection unexpectedly closed: {SECRET}"),
    ],
    ids=["cut", "hung up"],
)
def test_what_a_mail_server_says_has_no_secret_not_even_a_part(refusal: Exception) -> None:
    class Client(SMTP):
        def send_message(self, *_: Any, **__: Any) -> Any:
            raise refusal

    box = Mailbox(Address("MESH_SERVER__APPS", f"smtps://me:{QUOTED}@mail"), Client())
    with pytest.raises(MeshError) as caught:
        box.send(EmailMessage(), "a@example.com", "b@example.com")
    assert "hunt" not in str(caught.value)
