"""Messages that transcripts find in the Inbox, by name."""

__all__ = ["LETTERS"]

_PLAIN = b"""\
From: "A. Sender" <a@sender.example>
To: mox@mox.example
Cc: b@other.example
Subject: plain letter
Date: Tue, 1 Jan 2030 10:00:00 +0100
Message-ID: <plain@sender.example>

Hello,
this is a letter.
"""

_SECOND = b"""\
From: c@sender.example
To: mox@mox.example
Subject: second
Date: Wed, 2 Jan 2030 10:00:00 +0100
Message-ID: <second@sender.example>
In-Reply-To: <plain@sender.example>

Second text.
"""

_REPLY = b"""\
From: c@sender.example
To: mox@mox.example
Subject: Re: plain letter
Message-ID: <reply@sender.example>
References: <plain@sender.example>

An answer.
"""

_MULTIPART = b"""\
From: d@sender.example
To: mox@mox.example
Subject: parts
Message-ID: <parts@sender.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

preamble
--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: base64

R3LDvMOfZQ==
--b
Content-Type: message/rfc822

From: e@sender.example
Subject: inner

inner text
--b
Content-Type: application/octet-stream
Content-Transfer-Encoding: x-unknown
Content-Disposition: attachment; filename=a.bin

????
--b--
"""

_UTF8 = """\
From: Jürgen <j@sender.example>
To: mox@mox.example
Subject: Grüße

Ä
"""


def _wired(text: bytes) -> bytes:
    return text.replace(b"\n", b"\r\n")


LETTERS = {
    "plain": _wired(_PLAIN),
    "second": _wired(_SECOND),
    "reply": _wired(_REPLY),
    "multipart": _wired(_MULTIPART),
    "utf8": _wired(_UTF8.encode()),
}
