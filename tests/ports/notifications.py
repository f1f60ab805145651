"""Notifications as mail servers make them of mail that could not be delivered. No test is here."""

from __future__ import annotations

_POSTFIX = """\
Return-Path: <>
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
To: shop@example.com
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="9F3A.1/mx.example.net"

This is a MIME-encapsulated message.

--9F3A.1/mx.example.net
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--9F3A.1/mx.example.net
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
X-Postfix-Queue-ID: 9F3A
Arrival-Date: Mon,  1 Jun 2026 06:00:01 +0000 (UTC)

Final-Recipient: rfc822; insight@example.com
Original-Recipient: rfc822;insight@example.com
Action: {action}
Status: {status}
Remote-MTA: dns; mail.example.com
Diagnostic-Code: {said}

--9F3A.1/mx.example.net
Content-Description: Undelivered Message
Content-Type: message/rfc822

Message-ID:
 {message}
Subject: Orders
To: insight@example.com

1 | 2024-05-01 | 10
--9F3A.1/mx.example.net--
"""
# Sendmail and Exim return the headers only, where they are asked to.
_HEADERS = """\
From: Mail Delivery Subsystem <MAILER-DAEMON>
Content-Type: multipart/report; report-type=delivery-status; boundary="x"

--x

   ----- The following addresses had permanent fatal errors -----

--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Action: {action}
Final-Recipient: RFC822; insight@example.com
Status: {status} (what it means)
{diagnostic}
--x
Content-Type: text/rfc822-headers

Subject: Orders
Message-Id: {message}

--x--
"""


def whole(message: str, status: str = "5.1.1", action: str = "failed", said: str = "") -> bytes:
    said = said or f"smtp; 550 {status} <insight@example.com>: no such\n    user here"
    return _POSTFIX.format(message=message, status=status, action=action, said=said).encode()


def headers(message: str, status: str = "4.2.2", action: str = "Failed", said: str = "") -> bytes:
    diagnostic = f"Diagnostic-Code: {said}\n" if said else ""
    made = _HEADERS.format(message=message, status=status, action=action, diagnostic=diagnostic)
    return made.replace("\n", "\r\n").encode()
