"""Questions about activities, tasks and the quick log."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import F, QuerySet

from sales.models import (
    Account,
    Activity,
    Deal,
)
from salesmgmt.lib.finding import Asked, Holds, Words
from teams.models import Viewer, access_of

from .naming import named


def activities(
    user: Viewer,
    *,
    owner: int | None = None,
    kind: str = "",
    account: int | None = None,
    contact: int | None = None,
    deal: int | None = None,
    start: date | None = None,
    end: date | None = None,
    text: str = "",
) -> QuerySet[Activity]:
    """Activities somebody may see, of days in `[start, end)`."""
    found = Activity.objects.visible_to(user).select_related("owner", "account", "deal", "contact")
    asked = {
        "owner": owner,
        "kind": kind,
        "account": account,
        "contact": contact,
        "deal": deal,
        "occurred_on__gte": start,
        "occurred_on__lt": end,
    }
    found = found.filter(**{name: value for name, value in asked.items() if value})
    # The list goes by the moment: bounds on it too, a day wider for any zone, end the walk along its index.
    if start and start > date.min:
        found = found.filter(occurred_at__gte=_midnight(start - timedelta(days=1)))
    if end and end < date.max:
        found = found.filter(occurred_at__lt=_midnight(end + timedelta(days=1)))
    if text.strip():
        found = found.exclude(notes="").filter(Holds(Words("outcome", "notes"), Asked(text)))
    return found


def activities_before_words(user: Viewer, text: str) -> QuerySet[Activity] | None:
    """For who looks for words in everybody's log: the whole of it. Words that many notes hold are met soon in it."""
    return Activity.objects.visible_to(user) if text.strip() and access_of(user).sees_all else None


def activity_lines() -> QuerySet[Activity]:
    """Activities as a list shows them, for those that were found."""
    found: QuerySet[Activity] = named(Activity.objects.all(), "owner", "account", "deal")
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


@dataclass(frozen=True, slots=True)
class Recent:
    """Somebody a rep is busy with, ready to be tapped."""

    value: str
    title: str
    detail: str


def recent_customers(user: Viewer, *, count: int = 8) -> list[Recent]:
    """Deals and accounts of one's latest activities, then the open deals that close next."""
    me = access_of(user).person_id
    if me is None:
        return []
    latest = Activity.objects.present().filter(owner=me).select_related("deal__account", "account")
    found: dict[str, Recent] = {}
    visible_deals = Deal.objects.visible_to(user)
    for activity in latest.order_by(F("occurred_on").desc(), "-pk")[: 4 * count]:
        if activity.deal is not None and activity.deal.withdrawn_at is None:
            if activity.deal.is_open:
                _add(found, activity.deal)
        elif activity.account is not None and activity.account.withdrawn_at is None and activity.deal is None:
            value = f"account:{activity.account_id}"
            found.setdefault(value, Recent(value, activity.account.name, "Account"))
    for deal in (
        visible_deals.open()
        .filter(owner=me)
        .select_related("account")
        .order_by(F("expected_close_on").asc(nulls_last=True), "pk")[:count]
        if len(found) < count
        else ()
    ):
        _add(found, deal)
    return list(found.values())[:count]


def _add(found: dict[str, Recent], deal: Deal) -> None:
    value = f"deal:{deal.pk}"
    title, detail = (deal.account.name, deal.name) if deal.account else (deal.name, "Deal")
    detail = detail.removeprefix(title).lstrip(" :,–-") or "Deal"
    found.setdefault(value, Recent(value, title, detail))


def asked_first(user: Viewer, *, deal: int | None, account: int | None) -> Recent | None:
    """The customer a link to the log named, if it is one to be seen."""
    found: dict[str, Recent] = {}
    if deal and (named := Deal.objects.visible_to(user).filter(pk=deal).select_related("account").first()):
        _add(found, named)
        return next(iter(found.values()))
    if account and (held := Account.objects.visible_to(user).filter(pk=account).first()):
        return Recent(f"account:{held.pk}", held.name, "Account")
    return None


def withdrawn_activities(user: Viewer) -> QuerySet[Activity]:
    """What was taken out of the log by those who may put it back."""
    access = access_of(user)
    gone = Activity.objects.filter(withdrawn_at__isnull=False).select_related("owner")
    return gone if access.sees_all else gone.filter(owner__in=access.people)


def alike_activities(user: Viewer, activity: Activity) -> QuerySet[Activity]:
    """The same kind with the same customer by the same person on the same day: perhaps logged twice."""
    return (
        Activity.objects.visible_to(user)
        .filter(
            owner=activity.owner_id,
            occurred_on=activity.occurred_on,
            kind=activity.kind,
            account=activity.account_id,
            deal=activity.deal_id,
        )
        .exclude(pk=activity.pk)
    )
