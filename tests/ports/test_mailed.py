"""Reports by mail: who gets what, once, over TLS, on a real server; what is seen of a refusal."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from mesh_defs.model import MeshError
from mesh_defs.ports.documents import mailed
from mesh_defs.ports.documents.mailed import begun
from mesh_defs.ports.documents.pdf import render_pdf
from tests.ports.document_labs import PdfLab
from tests.ports.lab import FIRST, SECOND
from tests.post import PASSWORD, Post, post

OLA, INSIGHT = "ola@example.com", "insight@example.com"


@pytest.fixture
def lab(server: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PdfLab:
    lab = PdfLab(tmp_path / "mesh")
    lab.build()
    lab.mail = server.url("smtps")
    monkeypatch.setenv(lab.variable, lab.url())
    return lab


def grant(lab: PdfLab, *consumers: str) -> None:
    for consumer in consumers:
        lab.grants.grant(lab.wanted(consumer))


def test_whoever_was_granted_it_gets_the_proven_pdf_and_its_figures_as_text(
    lab: PdfLab, server: Post
) -> None:
    grant(lab, "domain:insight", "person:Ola Nord", "team:Shop team", "person:eve@example.org")
    lab.publish(FIRST)
    assert server.recipients == ["eve@example.org", INSIGHT, OLA, "shop@example.com"]
    mail = dict(server.mails)[INSIGHT]
    assert mail["From"] == "shop team <shop@example.com>"
    assert mail["Subject"] == "Orders (2026-01-01)"
    (pdf,) = mail.iter_attachments()
    assert pdf.get_content() == lab.path.read_bytes()
    assert pdf.get_filename() == "orders.exit.pdf"
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert "2 | 2024-05-01 | 20\n" in plain.get_content().replace("\r", "")
    assert "<td>2024-05-01</td>" in html.get_content()
    for text in (plain.get_content(), html.get_content()):
        assert "shop.orders, version 1.0.0" in text
        assert "published 2026-01-01 00:00 UTC" in text
        assert "urn:datacontract:shop.orders" in text


def test_a_snapshot_is_mailed_once_and_the_next_one_again(lab: PdfLab, server: Post) -> None:
    grant(lab, "domain:insight")
    lab.publish(FIRST)
    lab.deliver()
    (lab.state.ports(lab.product.line, 1)).unlink()  # all is delivered once more
    assert lab.deliver().status == "published"
    assert server.recipients == [INSIGHT]
    lab.publish(SECOND)
    assert server.recipients == [INSIGHT, INSIGHT]
    one, two = (mail["Message-ID"] for _, mail in server.mails)
    assert one != two


def test_who_comes_later_gets_the_snapshot_that_stands_and_who_went_gets_none(
    lab: PdfLab, server: Post
) -> None:
    grant(lab, "domain:insight")
    lab.publish(FIRST)
    grant(lab, "person:Ola Nord")
    lab.grants.revoke(lab.wanted("domain:insight"))
    assert lab.stands.status == "waiting"
    assert lab.deliver().status == "published"
    assert server.recipients == [INSIGHT, OLA]
    lab.publish(SECOND)
    assert server.recipients == [INSIGHT, OLA, OLA]


def test_who_is_refused_is_named_and_tried_again_alone(lab: PdfLab, server: Post) -> None:
    grant(lab, "domain:insight", "person:Ola Nord")
    server.refused[OLA] = "550 no such mailbox here"
    made = lab.snapshot(FIRST)
    stands = lab.deliver()
    assert (stands.status, stands.snapshot) == ("failed", made.mark.snapshot)
    assert "person:Ola Nord (550 no such mailbox here)" in stands.error
    assert "domain:insight" not in stands.error
    lab.verify(made)
    server.refused.clear()
    assert lab.deliver().status == "published"
    assert server.recipients == [INSIGHT, OLA]


def test_killed_after_a_mail_was_sent_the_others_get_theirs(
    lab: PdfLab, server: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant(lab, "domain:insight", "person:Ola Nord")
    lab.snapshot(FIRST)
    assert lab.dying("mesh_defs.ports.documents.mailed", "PdfPort._send", True) == -9
    assert lab.deliver().status == "published"
    assert server.recipients == [INSIGHT, OLA]


def test_the_same_mail_has_the_same_id(
    lab: PdfLab, server: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent, and killed before that was put down: mail programs show such a pair as one."""
    grant(lab, "domain:insight")
    lab.snapshot(FIRST)
    assert lab.dying("mesh_defs.storage.mail", "Mailbox.send", True) == -9
    assert lab.deliver().status == "published"
    one, two = (mail["Message-ID"] for _, mail in server.mails)
    assert one == two


def test_without_a_server_the_file_is_published_and_a_note_says_so(
    lab: PdfLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(lab.variable)
    grant(lab, "domain:insight")
    lab.publish(FIRST)
    assert lab.stands.note == "mail is not configured: set MESH_SERVER__EXIT"


def test_what_was_not_proven_is_not_mailed(
    lab: PdfLab, server: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant(lab, "domain:insight")
    lab.snapshot(FIRST)
    monkeypatch.setattr(
        mailed,
        "render_pdf",
        lambda declared, figures, about: render_pdf(declared, wrong(figures), about),
    )
    stands = lab.deliver()
    assert (stands.status, stands.snapshot) == ("failed", None)
    assert "column `cents` has other values" in stands.error
    assert server.mails == []


def wrong(figures: Any) -> Any:
    from dataclasses import replace

    return [replace(f, rows=tuple((*row[:-1], 7) for row in f.rows)) for f in figures]


@pytest.mark.parametrize(
    "consumer", ["app:till", "person:Nobody Known", "domain:nowhere", "person:a@b.c\nBcc: x@y.z"]
)
def test_who_has_no_address_is_not_granted_it(lab: PdfLab, consumer: str) -> None:
    with pytest.raises(MeshError, match="no address for mail"):
        grant(lab, consumer)
    assert not lab.grants.grants()


def test_starttls_is_used(lab: PdfLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with post(tmp_path, "starttls") as server:
        monkeypatch.setenv(lab.variable, f"{server.url('smtp')}?from=reports@example.com")
        grant(lab, "domain:insight")
        lab.publish(FIRST)
        ((to, mail),) = server.mails
    assert (to, mail["From"]) == (INSIGHT, "shop team <reports@example.com>")
    assert mail["Message-ID"].endswith("@example.com>")


def test_no_word_is_said_to_another_machine_without_tls(
    lab: PdfLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mesh_defs.storage import mail

    with post(tmp_path, "none") as server:
        monkeypatch.setenv(lab.variable, server.url("smtp"))
        grant(lab, "domain:insight")
        lab.publish(FIRST)
        assert server.recipients == [INSIGHT], "on this machine it may be said"
        monkeypatch.setattr(mail, "_is_here", lambda host: False)
        lab.snapshot(SECOND)
        assert "does not offer TLS: nothing was sent" in lab.deliver().error
        assert server.recipients == [INSIGHT]


@pytest.mark.parametrize("wrong", ["certificate", "password", "nobody"])
def test_a_server_that_cannot_be_used_fails_the_port_and_shows_no_password(
    wrong: str, lab: PdfLab, server: Post, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if wrong == "certificate":
        monkeypatch.delenv("SSL_CERT_FILE")
    elif wrong == "password":
        monkeypatch.setenv(lab.variable, server.url("smtps", password="hunter2"))
    else:
        monkeypatch.setenv(lab.variable, f"smtps://mesh:{PASSWORD}@localhost:1")
    grant(lab, "domain:insight")
    made = lab.snapshot(FIRST)
    stands = lab.deliver()
    assert (stands.status, stands.snapshot) == ("failed", made.mark.snapshot)
    assert "can't be used" in stands.error
    assert "hunter2" not in stands.error
    assert PASSWORD not in stands.error
    assert server.mails == []


MONDAY = datetime(2026, 6, 8, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "since"),
    [
        (MONDAY, "2026-06-08"),
        (datetime(2026, 6, 7, 23, 59, tzinfo=UTC), "2026-06-01"),
        (datetime(2026, 6, 14, tzinfo=UTC), "2026-06-08"),
    ],
)
def test_when_monday_began(now: datetime, since: str) -> None:
    assert begun("monday", now) == datetime.fromisoformat(f"{since}T00:00:00+00:00")


def test_from_monday_on_the_newest_snapshot_is_mailed_once_a_week(
    lab: PdfLab, server: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = {"title": "All orders", "query": "select * from orders"}
    lab.report(title="Orders", mailed="monday", sections=[section])
    grant(lab, "domain:insight")

    def on(day: int) -> None:
        monkeypatch.setattr(mailed, "_now", lambda: MONDAY.replace(day=day))

    on(8)
    lab.publish(FIRST)
    on(9)
    lab.publish(SECOND)
    on(14)
    early = lab.stands
    assert early.status == "published", "nothing is due before Monday"
    assert len(server.mails) == 1
    on(15)
    due = lab.stands
    assert due.status == "waiting"
    lab.deliver()
    on(16)
    lab.deliver()
    assert len(server.mails) == 2
    (pdf,) = server.mails[1][1].iter_attachments()
    assert "snapshot 1" in PdfReader(io.BytesIO(pdf.get_content())).pages[0].extract_text()
