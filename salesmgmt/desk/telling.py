"""Tell users something, in the way each has chosen for its topic."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.contrib.auth import get_user_model

from .digests import is_mail_set_up, stop_url_of
from .models import Delivery, Notice, NoticeChoice
from .notices import topic_of


def tell_users(told: Iterable[tuple[int | None, str, str]], *, at: datetime, must: bool = False) -> None:
    """User, text and link of each notice; who chose none of its topic gets none. Two queries, for e-mails four.

    `must`: it asks for an answer within days, so nobody is left untold by having chosen not to hear of the topic.
    """
    said = [(user, text[:300], link) for user, text, link in told if user is not None]
    chosen = NoticeChoice.objects.filter(user__in={user for user, *_ in said}).values_list("user_id", "topic", "way")
    ways = {(user, topic): way for user, topic, way in chosen}
    made = Notice.objects.bulk_create(
        Notice(user_id=user, text=text, link=link, at=at)
        for user, text, link in said
        if must or ways.get((user, topic_of(link))) != NoticeChoice.Way.NONE
    )
    by_mail = [one for one in made if ways.get((one.user_id, topic_of(one.link))) == NoticeChoice.Way.MAIL]
    if not by_mail or not is_mail_set_up():
        return
    users = get_user_model().objects.in_bulk({one.user_id for one in by_mail})
    mails = []
    for notice in by_mail:
        user, topic = users[notice.user_id], topic_of(notice.link)
        if user.email:
            stop_url = stop_url_of(user, topic)
            mails.append(
                Delivery(
                    key=f"notice-{notice.pk}", user=user, topic=topic, due_at=at, stop_url=stop_url,
                    subject=notice.text[:200],
                    text=f"{notice.text}\n\n{settings.BASE_URL}{notice.link}\n\nNo more of these: {stop_url}\n",
                )
            )  # fmt: skip
    Delivery.objects.bulk_create(mails, ignore_conflicts=True)
