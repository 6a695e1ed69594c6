"""Questions about handovers: who may propose one, and who is asked."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q, QuerySet, Sum

from sales.models import Account, Deal, Handover, HandoverItem
from teams.models import Leadership, Person, Posting, User, Viewer, access_of
from teams.selectors import team_on


def leaders_of(person: Person, day: date) -> set[int]:
    """Ids of those who lead a person on a day, however far up; never the person."""
    team = team_on(person, day)
    if team is None:
        return set()
    above = Leadership.objects.on(day).filter(team__in=team.path).exclude(person=person)
    return set(above.values_list("person_id", flat=True))


def may_propose_for(user: User, giver: Person) -> bool:
    """Whoever owns the book, who leads them today, admin and operations."""
    access = access_of(user)
    return access.imports or giver.pk == access.person_id or giver.pk in access.people


def consents_of(user: User, handover: Handover, day: date) -> list[str]:
    """For which sides a user may answer now: whom they lead; the admin where nobody leads."""
    access = access_of(user)
    sides = []
    for side, person, is_given in (
        ("giver", handover.giver, handover.giver_consent_at),
        ("taker", handover.taker, handover.taker_consent_at),
    ):
        if is_given is None:
            leaders = leaders_of(person, day)
            if access.person_id in leaders or (not leaders and access.role == "admin"):
                sides.append(side)
    return sides


def givers(user: User, day: date) -> QuerySet[Person]:
    """Whose book somebody may propose to hand over."""
    access = access_of(user)
    found = Person.objects.present().filter(Q(left_on=None) | Q(left_on__lte=day) | Q(left_on__gt=day))
    if not access.imports:
        found = found.filter(Q(pk__in=access.people) | Q(pk=access.person_id))
    owning = Account.objects.present().filter(owner__isnull=False).values("owner")
    selling = Deal.objects.present().open().values("owner")
    return found.filter(Q(pk__in=owning) | Q(pk__in=selling)).order_by("name", "pk")


def takers(day: date) -> QuerySet[Person]:
    """Everybody posted on a day: a book may go to another team."""
    here = Posting.objects.on(day).filter(role__in=["rep", "manager"]).values("person")
    return Person.objects.present().active(day).filter(pk__in=here).order_by("name", "pk")


@dataclass(frozen=True, slots=True)
class Book:
    """What somebody could hand over."""

    accounts: list[Account]
    deals: list[Deal]


MOST = 500


def book_of(giver: Person) -> Book:
    accounts = Account.objects.present().filter(owner=giver).order_by("name", "pk")[:MOST]
    deals = Deal.objects.present().open().filter(owner=giver).select_related("account", "stage")
    return Book(list(accounts), list(deals.order_by("expected_close_on", "pk")[:MOST]))


def handovers(user: Viewer) -> QuerySet[Handover]:
    return Handover.objects.visible_to(user).select_related("giver", "taker")


@dataclass(frozen=True, slots=True)
class Contents:
    """What a handover takes along; shown by name to all who are concerned, also those who don't see the records yet."""

    accounts: list[str]
    deals: list[tuple[str, Decimal | None, str]]
    amounts: list[tuple[Decimal, str]]


def contents_of(handover: Handover) -> Contents:
    items = HandoverItem.objects.filter(handover=handover)
    accounts = items.filter(account__isnull=False).order_by("account__name").values_list("account__name", flat=True)
    deals = Deal.objects.filter(pk__in=items.values("deal")).order_by("name", "pk")
    sums = deals.values_list("currency").annotate(total=Sum("amount")).order_by("currency")
    return Contents(
        list(accounts),
        list(deals.values_list("name", "amount", "currency")),
        [(total, currency) for currency, total in sums if total],
    )
