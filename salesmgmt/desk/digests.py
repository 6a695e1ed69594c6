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

from .models import Delivery, MailChoice, Notice

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
    unread = Notice.objects.filter(user=OuterRef("pk"), seen_at=None, sent_at=None, at__gte=at - OLDEST)
    silent = MailChoice.objects.filter(user=OuterRef("pk"), digest=False)
    users = get_user_model()._default_manager.filter(Exists(unread), ~Exists(silent), is_active=True).exclude(email="")
    return sum(_make(user, on, at) for user in users)


@transaction.atomic
def _make(user: Any, on: date, at: datetime) -> bool:
    waiting = Notice.objects.filter(user=user, seen_at=None, sent_at=None, at__gte=at - OLDEST)
    notices = list(waiting.select_for_update(skip_locked=True).order_by("-at", "-pk"))
    if not notices:
        return False
    stop_url = settings.BASE_URL + reverse("unsubscribe", args=[SIGNER.sign(str(user.pk))])
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
    if not one.user.is_active or not one.user.email or MailChoice.objects.filter(user=one.user, digest=False).exists():
        one.delete()
        return 1
    headers = {
        "Message-ID": f"<{one.key}@{urlsplit(settings.BASE_URL).hostname}>",
        "List-Unsubscribe": f"<{one.stop_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
    }
    mail = EmailMultiAlternatives(one.subject, one.text, to=[one.user.email], headers=headers)
    mail.attach_alternative(one.html, "text/html")
    one.tries += 1
    try:
        mail.send()
    except (SMTPException, OSError) as error:
        one.problem, one.due_at = str(error)[:300], at + timedelta(minutes=2**one.tries)
        logger.warning("mail_not_sent", delivery=one.pk, tries=one.tries)
    else:
        one.sent_at, one.problem, one.text, one.html = at, "", "", ""
    one.save()
    return 1


def choose_digest(*, user: Any, wanted: bool) -> None:
    """Have the daily e-mail, or have it no more."""
    MailChoice.objects.update_or_create(user=user, defaults={"digest": wanted})


def wants_digest(user: Any) -> bool:
    return not MailChoice.objects.filter(user=user, digest=False).exists()


def user_of_signed(signed: str) -> Any | None:
    """Whose unsubscribe address it is."""
    try:
        number = SIGNER.unsign(signed)
    except signing.BadSignature:
        return None
    return get_user_model()._default_manager.filter(pk=number, is_active=True).first()
