"""The daily e-mail of what one has not read: made as rows, sent by a task, ended by one click."""

from datetime import date, datetime, timedelta
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.template.loader import render_to_string
from django.urls import reverse

from .models import Delivery, MailChoice, Notice, NoticeChoice
from .notices import in_digests, way_of

logger = structlog.get_logger(__name__)
MOST = 30  # notices of a digest; the page has them all
OLDEST = timedelta(days=14)
MOST_TRIES = 8  # the last some four hours after the first
SIGNER = signing.Signer(salt="paceline.unsubscribe")


def is_mail_set_up() -> bool:
    """Without a mail server nothing is made: a log is no place for what people are told."""
    return "console" not in settings.EMAIL_BACKEND


def make_digests(*, on: date, at: datetime) -> int:
    """One e-mail a day for each who has unread notices that no e-mail told of. Answers how many were made."""
    unread = in_digests(Notice.objects.filter(user=OuterRef("pk"), seen_at=None, sent_at=None, at__gte=at - OLDEST))
    silent = MailChoice.objects.filter(user=OuterRef("pk"), digest=False)
    users = get_user_model()._default_manager.filter(Exists(unread), ~Exists(silent), is_active=True).exclude(email="")
    return sum(_make(user, on, at) for user in users)


@transaction.atomic
def _make(user: Any, on: date, at: datetime) -> bool:
    waiting = in_digests(Notice.objects.filter(user=user, seen_at=None, sent_at=None, at__gte=at - OLDEST))
    notices = list(waiting.select_for_update(skip_locked=True, of=("self",)).order_by("-at", "-pk"))
    if not notices:
        return False
    stop_url = stop_url_of(user)
    said = {
        "groups": _grouped(notices[:MOST]), "more": len(notices[MOST:]), "base": settings.BASE_URL,
        "stop_url": stop_url, "user": user,
    }  # fmt: skip
    count = f"{len(notices)} new notices" if len(notices) > 1 else "A new notice"
    made = Delivery(
        key=f"digest-{on:%Y-%m-%d}-{user.pk}", user=user, subject=f"{count} at Paceline", due_at=at, stop_url=stop_url,
        text=render_to_string("desk/digest.txt", said), html=render_to_string("desk/digest.html", said),
    )  # fmt: skip
    Delivery.objects.bulk_create([made], ignore_conflicts=True)
    if not Delivery.objects.filter(key=made.key, due_at=at, tries=0, text=made.text).exists():
        return False  # today's went out before: these wait for tomorrow's
    Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(sent_at=at)
    return True


def _grouped(notices: list[Notice]) -> list[tuple[str, list[Notice]]]:
    """By what they are about, as the first word of their address says; the newest first."""
    groups: dict[str, list[Notice]] = {}
    for notice in notices:
        groups.setdefault(notice.link.strip("/").partition("/")[0], []).append(notice)
    plain = groups.pop("", [])
    named = [(name.replace("-", " ").capitalize(), found) for name, found in groups.items()]
    return [*named, *([("Else", plain)] if plain and named else [("", plain)] if plain else [])]


@transaction.atomic
def send_next(*, at: datetime) -> int:
    """Send one e-mail that waits; its message id is the row's, so that a retry after a crash is known as the same."""
    due = Delivery.objects.filter(sent_at=None, due_at__lte=at, tries__lt=MOST_TRIES).order_by("due_at")
    one = due.select_for_update(skip_locked=True, of=("self",)).select_related("user").first()
    if one is None:
        return 0
    if one.user is not None and (not one.user.is_active or not one.user.email or _is_unwanted(one)):
        one.delete()
        return 1
    headers = {
        "Message-ID": f"<{one.key}@{urlsplit(settings.BASE_URL).hostname}>",
        "Auto-Submitted": "auto-generated",
    }
    if one.stop_url:
        headers |= {"List-Unsubscribe": f"<{one.stop_url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    mail = EmailMultiAlternatives(one.subject, one.text, to=[one.user.email if one.user else one.to], headers=headers)
    if one.html:
        mail.attach_alternative(one.html, "text/html")
    if one.calendar:
        method = "CANCEL" if "METHOD:CANCEL" in one.calendar else "REQUEST"
        mail.attach_alternative(one.calendar, f"text/calendar; method={method}")
    one.tries += 1
    try:
        mail.send()
    except (SMTPException, OSError) as error:
        one.problem, one.due_at = str(error)[:300], at + timedelta(minutes=2**one.tries)
        logger.warning("mail_not_sent", delivery=one.pk, tries=one.tries)
    else:
        one.sent_at, one.problem, one.to, one.text, one.html, one.calendar = at, "", "", "", "", ""
    one.save()
    return 1


def _is_unwanted(one: Delivery) -> bool:
    """Whether its user has chosen otherwise since it was written: by its topic, or the daily e-mail as a whole."""
    if not one.topic:
        return MailChoice.objects.filter(user=one.user, digest=False).exists()
    way = way_of(one.user, one.topic)
    return way != NoticeChoice.Way.MAIL and not (one.calendar and way == NoticeChoice.Way.DIGEST)


def stop_url_of(user: Any, topic: str = "") -> str:
    """Where somebody ends the daily e-mail, or those of a topic, without a login."""
    return settings.BASE_URL + reverse("unsubscribe", args=[SIGNER.sign(f"{user.pk}.{topic}" if topic else user.pk)])


def choose_digest(*, user: Any, wanted: bool) -> None:
    """Have the daily e-mail, or have it no more."""
    MailChoice.objects.update_or_create(user=user, defaults={"digest": wanted})


def wants_digest(user: Any) -> bool:
    return not MailChoice.objects.filter(user=user, digest=False).exists()


def user_of_signed(signed: str) -> Any | None:
    """Whose unsubscribe address it is."""
    found = _unsigned(signed)
    return get_user_model()._default_manager.filter(pk=found[0], is_active=True).first() if found else None


def topic_of_signed(signed: str) -> str:
    """Of which topic an unsubscribe address is; empty: of the daily e-mail."""
    found = _unsigned(signed)
    return found[1] if found else ""


def _unsigned(signed: str) -> tuple[str, str] | None:
    try:
        number, _, topic = SIGNER.unsign(signed).partition(".")
    except signing.BadSignature:
        return None
    return number, topic
