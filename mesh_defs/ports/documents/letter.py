"""The mail with which a report goes out: plain text, the same as HTML, the PDF attached."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from html import escape

from mesh_defs.model.report import Report
from mesh_defs.ports.documents.document import About
from mesh_defs.ports.documents.figures import Figures
from mesh_defs.ports.documents.pdf import paragraphs

_STYLE = (
    "body{font:15px/1.5 Georgia,serif;color:#1c2126;max-width:44em;margin:1.5em auto;padding:0 1em}"
    "table{border-collapse:collapse;font-size:13px}th{text-align:left;border-bottom:1px solid #333}"
    "th,td{padding:3px 12px 3px 0}td{border-bottom:1px solid #dde1e5}"
    ".number{text-align:right}h2{font-weight:normal;color:#0b4f7d}footer{color:#5b6570}"
)


@dataclass(frozen=True)
class Letter:
    """What is sent of one snapshot; only who gets it differs."""

    report: Report
    figures: Sequence[Figures]
    about: About
    file: str
    pdf: bytes

    def to(self, consumer: str, recipient: str, sender: str, at: datetime) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = f"{self.report.title} ({self.about.moment:%Y-%m-%d})"
        message["From"] = formataddr((self.about.owner, sender))
        message["To"] = recipient
        message["Date"] = format_datetime(at)
        message["Message-ID"] = self.id(consumer, sender)
        message["Auto-Submitted"] = "auto-generated"
        message["Content-Language"] = self.report.language
        message.set_content(self.text())
        message.add_alternative(self.html(), subtype="html")
        message.add_attachment(
            self.pdf, maintype="application", subtype="pdf", filename=self.file
        )  # fmt: skip
        return message

    def id(self, consumer: str, sender: str) -> str:
        """The same whenever the same snapshot is sent to the same consumer."""
        about = self.about
        key = "\n".join((about.product, about.version, self.file, about.published_at, consumer))
        digest = hashlib.sha256(f"{about.snapshot}\n{key}".encode()).hexdigest()[:32]
        return f"<{digest}@{sender.rpartition('@')[2] or 'mesh'}>"

    def text(self) -> str:
        parts = [self.report.title, *paragraphs(self.report.text)]
        for each in self.figures:
            parts += [each.section.title.upper(), *paragraphs(each.section.text)]
            shown = each.printed
            rows = (" | ".join(row) for row in (shown.columns, *shown.rows))
            parts.append("\n".join(rows))
        parts.append("\n".join(f"{name}: {said}" for name, said in self.about.lines))
        if self._charts:
            parts.append(self._charts)
        return "\n\n".join(parts) + "\n"

    @property
    def _charts(self) -> str:
        return "The charts are in the PDF." if any(f.section.chart for f in self.figures) else ""

    def html(self) -> str:
        report = self.report
        body = [f"<h1>{escape(report.title)}</h1>", *_paragraphs(report.text)]
        for each in self.figures:
            body.append(f"<h2>{escape(each.section.title)}</h2>")
            body += _paragraphs(each.section.text)
            body.append(html_table(each))
        said = "<br>".join(f"{escape(n)}: {escape(s)}" for n, s in self.about.lines)
        body.append(f"<footer><p>{said}</p><p>{self._charts}</p></footer>")
        return (
            f'<!doctype html><html lang="{report.language}"><head><meta charset="utf-8">'
            f"<title>{escape(report.title)}</title><style>{_STYLE}</style></head>"
            f"<body>{''.join(body)}</body></html>"
        )


def html_table(figures: Figures) -> str:
    """A section's rows as a table that screen readers can walk."""
    shown = figures.printed
    kinds = [' class="number"' if kind == "number" else "" for kind in figures.kinds]
    head = "".join(
        f'<th scope="col"{kind}>{escape(name)}</th>'
        for name, kind in zip(shown.columns, kinds, strict=True)
    )
    rows = "".join(
        "<tr>"
        + "".join(f"<td{kind}>{escape(c)}</td>" for c, kind in zip(row, kinds, strict=True))
        + "</tr>"
        for row in shown.rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _paragraphs(text: str) -> list[str]:
    return [f"<p>{escape(part)}</p>" for part in paragraphs(text)]
