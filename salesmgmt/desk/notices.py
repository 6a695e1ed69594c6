"""What a user was told, the latest first, and how they want to be told."""

from datetime import datetime
from typing import Any

from django.db.models import CharField, Exists, F, Func, OuterRef, QuerySet, Value

from .models import Notice, NoticeChoice

SHOWN = 99  # a mark in a bar: more than that is many


def notices_of(user: Any) -> QuerySet[Notice]:
    """One's own notices; nobody reads another's."""
    return Notice.objects.filter(user=user)


def unseen_count(user: Any) -> int:
    """How many one has not looked at, up to `SHOWN` and one."""
    return notices_of(user).filter(seen_at=None)[: SHOWN + 1].count()


def see_notices(*, user: Any, until: int, at: datetime) -> int:
    """Mark as seen what was on the page: what came meanwhile stays new."""
    return notices_of(user).filter(seen_at=None, pk__lte=until).update(seen_at=at)


# ── Ways ────────────────────────────────────────────────────────────────────────────────────────────────────────


def topic_of(link: str) -> str:
    """What a notice is about: the first word of its address."""
    return link.strip("/").partition("/")[0][:40]


def ways_of(user: Any) -> dict[str, str]:
    """What a user has chosen, by topic."""
    return dict(NoticeChoice.objects.filter(user=user).values_list("topic", "way"))


def way_of(user: Any, topic: str) -> str:
    """How a user is told of a topic."""
    found = NoticeChoice.objects.filter(user=user, topic=topic).values_list("way", flat=True).first()
    return found or NoticeChoice.Way.DIGEST


def choose_way(*, user: Any, topic: str, way: str) -> None:
    """Be told of a topic in one way from now on."""
    NoticeChoice.objects.update_or_create(user=user, topic=topic, defaults={"way": way})


def in_digests(notices: QuerySet[Notice]) -> QuerySet[Notice]:
    """Without those of topics that the user wants no daily e-mail of."""
    its_topic = Func(F("link"), Value("/"), Value(2), function="split_part", output_field=CharField())
    ways = NoticeChoice.objects.filter(user=OuterRef("user"), topic=OuterRef("its_topic"))
    return notices.annotate(its_topic=its_topic).filter(~Exists(ways.exclude(way=NoticeChoice.Way.DIGEST)))
