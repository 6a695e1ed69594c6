"""A mail as it came (RFC 5322) taken to pieces: whom, what about, what it says. Whatever the bytes, never an error."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import getaddresses, parsedate_to_datetime
from html.parser import HTMLParser
from typing import Any

LARGEST = 25 * 1024 * 1024
LONGEST_HEAD = 256 * 1024
LONGEST_TEXT = 9000
MOST_PARTS = 200
MOST_ADDRESSES = 200
READ = 1024 * 1024  # characters of a body that are looked at
DELIVERED = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "bcc", "to", "cc")
AUTOMATIC = {"bulk", "junk", "auto_reply", "list"}


@dataclass(frozen=True, slots=True)
class Mail:
    message_id: str
    sender: str
    recipients: tuple[str, ...]
    """To and Cc, in their order, small letters."""
    delivered_to: tuple[str, ...]
    """Every address this copy may have been meant for."""
    subject: str
    text: str
    sent_at: datetime | None
    attachments: tuple[str, ...] = ()
    is_automatic: bool = False
    problem: str = field(default="")


def parse(raw: bytes) -> Mail:
    """The pieces of a mail. Of one that is too large or can't be read, the head alone, and why."""
    head = raw[: LONGEST_HEAD + 1]
    end = min((at for at in (head.find(b"\r\n\r\n"), head.find(b"\n\n")) if at >= 0), default=len(head))
    problem = ""
    if end > LONGEST_HEAD:
        raw, problem = raw[:LONGEST_HEAD], "Its head is longer than any real mail's."
    elif len(raw) > LARGEST:
        raw, problem = raw[:end], f"It is larger than {LARGEST // 1024 // 1024} MB; its text was not read."
    try:
        message = message_from_bytes(raw, policy=policy.default)
        text, attachments = ("", ()) if problem else _body(message)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError, IndexError, KeyError):
        message = BytesHeaderParser(policy=policy.default).parsebytes(raw[:end])
        text, attachments, problem = "", (), problem or "Its text can't be read."
    heads = {name: _all(message, name) for name in {*DELIVERED, "from", "return-path"}}
    sent_by = _addresses(heads["from"])
    found_id = _clean("".join(_all(message, "message-id")[:1]), 400)
    return Mail(
        message_id=found_id or f"sha256:{hashlib.sha256(raw).hexdigest()}",
        sender=sent_by[0] if sent_by else "",
        recipients=_addresses(heads["to"] + heads["cc"]),
        delivered_to=_addresses([value for name in DELIVERED for value in heads[name]]),
        subject=_clean("".join(_all(message, "subject")[:1]), 300),
        text=text,
        sent_at=_moment("".join(_all(message, "date")[:1])),
        attachments=attachments,
        is_automatic=_is_automatic(message, heads["return-path"], sent_by),
        problem=problem,
    )


def _is_automatic(message: EmailMessage, return_path: list[str], sent_by: tuple[str, ...]) -> bool:
    """An answer of a machine (RFC 3834), a bounce, or a list's."""
    submitted = "".join(_all(message, "auto-submitted")).strip().lower()
    precedence = "".join(_all(message, "precedence")).strip().lower()
    who = sent_by[0].partition("@")[0] if sent_by else ""
    return (
        bool(submitted and not submitted.startswith("no"))
        or precedence in AUTOMATIC
        or bool(_all(message, "x-autoreply") or _all(message, "x-autorespond") or _all(message, "x-loop"))
        or any(value.strip() == "<>" for value in return_path)
        or "".join(_all(message, "content-type")[:1]).strip().lower().startswith("multipart/report")
        or who in {"mailer-daemon", "postmaster"}
        or who.startswith("log+")
    )


def _body(message: EmailMessage) -> tuple[str, tuple[str, ...]]:
    plain, markup, attachments = "", "", []
    for count, part in enumerate(message.walk()):
        if count >= MOST_PARTS:
            break
        if part.is_multipart():
            continue
        name = part.get_filename()
        if name or part.get_content_disposition() == "attachment":
            attachments.append(_clean(str(name or part.get_content_type()), 200))
        elif part.get_content_type() == "text/plain" and not plain:
            plain = _decoded(part)
        elif part.get_content_type() == "text/html" and not markup:
            markup = _decoded(part)
    text = plain if plain.strip() else _without_markup(markup)
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return "\n".join(lines).strip()[:LONGEST_TEXT], tuple(attachments[:20])


def _decoded(part: Any) -> str:
    content: bytes = part.get_payload(decode=True) or b""
    try:
        text = content[: 4 * READ].decode(part.get_content_charset() or "utf-8", "replace")
    except (LookupError, ValueError):
        text = content[: 4 * READ].decode("utf-8", "replace")
    return text[:READ].replace("\x00", "")


class _Text(HTMLParser):
    BREAKS = frozenset({"p", "br", "div", "tr", "li", "h1", "h2", "h3", "table", "blockquote"})
    SILENT = frozenset({"script", "style", "head", "title"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.silent += tag in self.SILENT
        if tag in self.BREAKS:
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.silent = max(self.silent - (tag in self.SILENT), 0)

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(" ".join(data.split()) + " " if data.strip() else "")


def _without_markup(markup: str) -> str:
    reader = _Text()
    reader.feed(markup)
    reader.close()
    lines = [line.strip() for line in "".join(reader.found).split("\n")]
    return "\n".join(line for line, before in zip(lines, ["x", *lines], strict=False) if line or before)


def _all(message: EmailMessage, name: str) -> list[str]:
    """A header's values as texts; what the parser chokes on is left out."""
    values = []
    try:
        for value in message.get_all(name, [])[:20]:
            values.append(str(value)[:20_000])
    except (ValueError, IndexError, AttributeError, TypeError, LookupError, RecursionError):
        return []
    return values


def _addresses(values: list[str]) -> tuple[str, ...]:
    found = (address.strip().lower() for _, address in getaddresses(values[:20]))
    return tuple(dict.fromkeys(one for one in found if "@" in one and len(one) <= 254 and one.isprintable()))[
        :MOST_ADDRESSES
    ]


def _clean(text: str, longest: int) -> str:
    kept = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(kept.encode("utf-8", "replace").decode().split())[:longest]


def _moment(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo is not None else None
