"""Mail that came back: what notifications tell, and what becomes of the report's mail."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from mesh_defs.cli.main import app
from mesh_defs.model import MeshError
from mesh_defs.ports.documents.bounces import Bounce, read_bounce
from tests.ports.document_labs import PdfLab
from tests.ports.lab import FIRST, SECOND
from tests.ports.notifications import headers, whole
from tests.post import Post

ID, INSIGHT = "<abc@example.com>", "insight@example.com"


@pytest.mark.parametrize(
    ("mail", "bounce"),
    [
        (whole(ID), Bounce(ID, "5.1.1", "550 5.1.1 <insight@example.com>: no such user here")),
        (whole(ID).replace(b"\n", b"\r\n"),
         Bounce(ID, "5.1.1", "550 5.1.1 <insight@example.com>: no such user here")),
        (headers(ID), Bounce(ID, "4.2.2", "4.2.2")),
        (headers(ID, said="smtp; 452 mailbox full"), Bounce(ID, "4.2.2", "4.2.2 452 mailbox full")),
        (whole(ID, said="x-unix; \x1b[31mred\x07 " + "long " * 200),
         Bounce(ID, "5.1.1", ("5.1.1 [31mred " + "long " * 200)[:300])),
        (whole(ID, action="delayed", status="4.4.1"), None),
        (whole(ID, action="delivered", status="2.0.0"), None),
    ],
    ids=["whole", "as on the wire", "headers", "no status in it", "somebody's words", "late",
         "arrived"],
)  # fmt: skip
def test_what_a_notification_tells(mail: bytes, bounce: Bounce | None) -> None:
    assert read_bounce(mail) == bounce


@pytest.mark.parametrize(
    ("mail", "said"),
    [
        (b"", "no delivery status notification"),
        (b"\xff\xfe\x00 not a mail", "no delivery status notification"),
        (b"Subject: I am on holiday\n\nUntil Monday.\n", "no delivery status notification"),
        (whole(ID).replace(b"Message-ID:", b"X-Other:"), "returns no Message-ID"),
        (whole(ID).partition(b"Content-Description: Undelivered")[0], "returns no Message-ID"),
    ],
)
def test_other_mail_is_refused(mail: bytes, said: str) -> None:
    with pytest.raises(MeshError, match=said):
        read_bounce(mail)


# -- whole stories ---------------------------------------------------------------------------------


@pytest.fixture
def lab(server: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PdfLab:
    """One snapshot, which the insight team and Ola got."""
    lab = PdfLab(tmp_path / "mesh")
    lab.build()
    lab.mail = server.url("smtps")
    monkeypatch.setenv(lab.variable, lab.url())
    monkeypatch.setenv("MESH_ROOT", str(lab.root))
    for consumer in ("domain:insight", "person:Ola Nord"):
        lab.grants.grant(lab.wanted(consumer))
    lab.publish(FIRST)
    assert server.recipients == [INSIGHT, "ola@example.com"]
    return lab


def taken_in(mail: bytes) -> Result:
    return CliRunner().invoke(app, ["bounced", "-"], input=mail)


def mailed(server: Post) -> str:
    """The id of the insight team's newest mail."""
    return [str(mail["Message-ID"]) for to, mail in server.mails if to == INSIGHT][-1]


def test_refused_for_good_it_is_seen_and_the_next_snapshot_is_sent(
    lab: PdfLab, server: Post
) -> None:
    result = taken_in(whole(mailed(server)))
    assert result.exit_code == 0, result.output
    assert result.stdout == (
        "-: mail of shop.orders at exit to domain:insight came back: 550 5.1.1 "
        "<insight@example.com>: no such user here. It is sent again with the next snapshot, or to "
        "another address.\n"
    )
    for _ in range(2):  # and a run changes nothing
        assert lab.stands.status == "failed"
        assert lab.stands.error == (
            "The PDF is there, and mail came back from domain:insight (550 5.1.1 "
            "<insight@example.com>: no such user here)."
        )
        lab.deliver()
    assert server.recipients == [INSIGHT, "ola@example.com"]
    lab.publish(SECOND)
    assert server.recipients == [INSIGHT, INSIGHT, "ola@example.com", "ola@example.com"]


def test_refused_for_good_it_is_sent_to_another_address(lab: PdfLab, server: Post) -> None:
    taken_in(whole(mailed(server)))
    path = lab.root / "domains/insight/domain.yaml"
    domain = yaml.safe_load(path.read_text())
    domain["team"]["email"] = "moved@example.com"
    path.write_text(yaml.safe_dump(domain))
    assert lab.deliver().status == "published"
    assert server.recipients == [INSIGHT, "moved@example.com", "ola@example.com"]


def test_refused_for_now_it_is_sent_again_by_the_next_run(lab: PdfLab, server: Post) -> None:
    result = taken_in(headers(mailed(server)))
    assert "It is sent again by the next run." in result.stdout
    assert lab.stands.status == "failed"
    assert lab.deliver().status == "published"
    assert server.recipients == [INSIGHT, INSIGHT, "ola@example.com"]


def test_what_is_not_of_the_newest_mail_changes_nothing(lab: PdfLab, server: Post) -> None:
    old = mailed(server)
    lab.publish(SECOND)
    for message in (old, "<other@example.net>"):
        result = taken_in(whole(message))
        assert result.exit_code == 0
        assert "is the newest mail of no report here" in result.stdout
    assert lab.stands.status == "published"


def test_each_mail_is_taken_in_whatever_another_is(
    lab: PdfLab, server: Post, tmp_path: Path
) -> None:
    holiday, back = tmp_path / "holiday.eml", tmp_path / "back.eml"
    holiday.write_text("Subject: I am on holiday\n\nUntil Monday.\n")
    back.write_bytes(whole(mailed(server)))
    files = [str(holiday), str(tmp_path / "none.eml"), str(back)]
    result = CliRunner().invoke(app, ["bounced", *files])
    assert result.exit_code == 1
    assert f"{holiday}: This is no delivery status notification" in result.stderr
    assert f"{files[1]}: It can't be read: No such file or directory." in result.stderr
    assert lab.stands.status == "failed"
