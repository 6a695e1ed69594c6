"""Questions about handovers: who may propose one, and who is asked."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q, QuerySet, Sum

from sales.models import Account, Deal, Handover, HandoverItem
from teams.models import Leadership, Person, Posting, User, Viewer, access_of
from teams.selectors import team_on


def leaders_of(person: Person, day: date) -> set[int]:
    """Ids of those who lead a person on a day, however far up; never the person. Of a leaver: who leads their team."""
    team = team_on(person, day)
    if team is None:
        last = Posting.objects.filter(person=person).select_related("team").order_by("during").last()
        if last is None:
            return set()
        team = last.team
    above = Leadership.objects.on(day).filter(team__in=team.path).exclude(person=person)
    return set(above.values_list("person_id", flat=True))


def may_propose_for(user: User, giver: Person, day: date) -> bool:
    """Whoever owns the book, who leads them, admin and operations."""
    access = access_of(user)
    if access.imports or giver.pk == access.person_id:
        return True
    return access.person_id is not None and access.person_id in leaders_of(giver, day)


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
    found = Person.objects.present()
    if not access.imports:
        gone = Posting.objects.under(access.led_team_ids).values("person")  # whom they led until they left
        found = found.filter(
            Q(pk__in=access.people) | Q(pk=access.person_id) | Q(left_on__lte=day, pk__in=gone if access.leads else [])
        )
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


MOST = 500  # listed one by one; the whole book goes over by one box


def whole_book(giver: Person | None) -> tuple[QuerySet[Account], QuerySet[Deal]]:
    """All that somebody could hand over: their accounts and open deals."""
    owner = giver.pk if giver else 0
    return (
        Account.objects.present().filter(owner=owner).order_by("name", "pk"),
        Deal.objects.present().open().filter(owner=owner).order_by("expected_close_on", "pk"),
    )


def book_of(giver: Person) -> Book:
    accounts, deals = whole_book(giver)
    return Book(list(accounts[:MOST]), list(deals.select_related("account", "stage")[:MOST]))


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
