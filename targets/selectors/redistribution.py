"""Who could take on a part of somebody's quota, and how much: values in, values out (R8)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction

from django.db import connection
from django.db.models import Sum

from salesmgmt.lib.money import CENT, to_cents
from targets.analysis import FULL, ramp_factors, split
from targets.models import BOOKINGS, Offer, Redistribution
from targets.selectors.proposals import decider_of, leaders_of
from targets.selectors.quotas import moved
from targets.selectors.shapes import ramps
from teams.models import Leadership, Person, Posting, Role, Team, User, access_of
from teams.selectors import presence

HALF, TENTH, ZERO = Decimal("0.5"), Decimal("0.1"), Decimal(0)
TWO_YEARS = timedelta(days=730)
Prefer = Redistribution.Prefer


@dataclass(frozen=True, slots=True)
class Landing:
    """Where somebody is expected to end against their quota, which is the one before any redistribution."""

    quota: Decimal
    credited: Decimal
    landing: Decimal


@dataclass(frozen=True, slots=True)
class Room:
    """How much somebody on track may take on, or why nothing."""

    person: Person
    team: Team
    quota: Decimal
    landing: Decimal
    room: Decimal
    tier: int
    why_not: str = ""
    fit: Decimal = ZERO
    """How much of what the giver sold, by product family and industry, they have sold too; from 0 to 1."""


def room_by_rule(landing: Landing) -> Decimal:
    """min(50 % of what the landing exceeds the quota by, 10 % of the quota), in whole cents; nothing below it."""
    if landing.quota <= 0 or landing.landing < landing.quota:
        return ZERO
    return min((landing.landing - landing.quota) * HALF, landing.quota * TENTH).quantize(CENT, rounding=ROUND_FLOOR)


def shortfall(*, giver: Person, landing: Landing, start: date, end: date, measure: str = BOOKINGS) -> Decimal:
    """What may still be offered: the quota less the landing, less what was given or is being offered already."""
    given = -moved(person_ids=[giver.pk], start=start, end=end, measure=measure).get(giver.pk, ZERO)
    asked = Offer.objects.waiting().filter(
        candidate__redistribution__giver=giver,
        candidate__redistribution__measure=measure,
        candidate__redistribution__during__overlap=(start, end),
    )
    offered: Decimal = asked.aggregate(total=Sum("amount"))["total"] or ZERO
    return to_cents(max(landing.quota - landing.landing - max(given, ZERO) - offered, ZERO))


def rooms(
    *,
    giver: Person,
    landings: Mapping[int, Landing],
    to: tuple[date, date],
    on: date,
    prefer: str = Prefer.ALL,
    defers: Decimal = ZERO,
    measure: str = BOOKINGS,
) -> list[Room]:
    """Everybody of these who could be asked, by name, with their room; in a fixed number of queries.

    On track, not ramping, not on leave; what they have taken or are being asked for lowers it. Nobody who leads the
    giver: they would know whose shortfall it is. With `defers` the giver may take as much on in the later period.
    """
    day = min(max(on, to[0]), date.max)
    postings = {
        posting.person_id: posting
        for posting in Posting.objects.on(day).filter(person__in=[*landings, giver.pk]).select_related("team", "person")
    }
    seat = postings.get(giver.pk)
    seats = [seat, Posting.objects.on(on).filter(person=giver).select_related("team").first()]
    above = {team for each in seats if each for team in each.team.path}
    leaders = set(Leadership.objects.on(on).filter(team__in=above).values_list("person_id", flat=True))
    people = [pk for pk in landings if pk in postings]
    days = presence(person_ids=people, start=day, end=to[1])
    profiles, busy, fits = ramps(), committed(people, to, measure), fits_of(giver, people, on)
    found = []
    for pk in people:
        posting, landing = postings[pk], landings[pk]
        here, is_giver = days[pk], pk == giver.pk
        room = min(defers, landing.quota) if is_giver else room_by_rule(landing)
        why = ""
        if is_giver and not defers:
            continue
        if not is_giver:
            if pk in leaders or posting.role not in (Role.REP, Role.MANAGER):
                continue
            if landing.landing < landing.quota:
                why = "not on track"
            elif (ramp_factors(here, profiles)[here.employed] < FULL).any():
                why = "still ramping"
            elif here.relieved.any() or (len(here) and here.away[0]):
                why = "on leave"
        left = max(room - busy[pk], ZERO)
        if not why and not left:
            why = "has taken on all there is room for" if busy[pk] else "no room"
        near = {
            Prefer.TEAM: seat is not None and posting.team_id == seat.team_id,
            Prefer.TERRITORY: seat is not None
            and seat.territory_id is not None
            and posting.territory_id == seat.territory_id,
            Prefer.SOLD: fits[pk] >= HALF,
        }
        tier = 0 if near.get(Prefer(prefer), True) else 1
        found.append(
            Room(
                posting.person, posting.team, landing.quota, landing.landing, ZERO if why else left, tier, why, fits[pk]
            )
        )
    return sorted(found, key=lambda room: (room.person.external_id or "", room.person.name, room.person.pk))


# What each has sold, by product family and by industry of the account.
SOLD = """
    SELECT c.person_id, sold.kind, sold.name, sum(c.reporting_amount)
      FROM sales_credit c
      JOIN sales_order o ON o.id = c.order_id
      LEFT JOIN sales_deal d ON d.id = o.deal_id
      LEFT JOIN sales_product p ON p.id = coalesce(o.product_id, d.product_id)
      LEFT JOIN sales_account a ON a.id = o.account_id
     CROSS JOIN LATERAL (VALUES ('family', p.family), ('industry', a.industry)) AS sold(kind, name)
     WHERE c.kind = 'primary' AND c.person_id = ANY(%s) AND c.occurred_on >= %s AND c.occurred_on < %s
       AND sold.name <> ''
     GROUP BY 1, 2, 3 HAVING sum(c.reporting_amount) > 0
"""


def fits_of(giver: Person, people: Collection[int], on: date) -> dict[int, Decimal]:
    """Whose own sales of two years show that they can sell what the giver sells, to whom the giver sells it.

    The share of the giver's sales in families and industries in which they have sold as well: the mean of the two.
    Where the giver has sold nothing yet, everybody fits.
    """
    with connection.cursor() as cursor:
        cursor.execute(SOLD, [[giver.pk, *people], on - TWO_YEARS, on])
        rows = cursor.fetchall()
    own = {(kind, name): total for person, kind, name, total in rows if person == giver.pk}
    wholes: dict[str, Decimal] = defaultdict(Decimal)
    for (kind, _), total in own.items():
        wholes[kind] += total
    found = dict.fromkeys(people, ZERO if own else Decimal(1))
    for person, kind, name, _ in rows:
        if person in found and (kind, name) in own:
            found[person] += own[kind, name] / wholes[kind] / len(wholes)
    return found


def committed(people: Collection[int], to: tuple[date, date], measure: str = BOOKINGS) -> dict[int, Decimal]:
    """What each has taken on or is being asked for in these days."""
    found: dict[int, Decimal] = defaultdict(Decimal)
    for pk, taken in moved(person_ids=people, start=to[0], end=to[1], measure=measure).items():
        found[pk] += max(taken, ZERO)
    asked = Offer.objects.waiting().filter(
        candidate__person__in=people,
        candidate__redistribution__to__overlap=to,
        candidate__redistribution__measure=measure,
    )
    for pk, total in asked.values_list("candidate__person").annotate(total=Sum("amount")):
        found[pk] += total
    return found


def shared(total: Decimal, rooms: Sequence[tuple[int, int, Decimal]]) -> dict[int, Decimal]:
    """`total` over (key, tier, room) in proportion to room, tier by tier, none beyond it; the rest stays."""
    found: dict[int, Decimal] = {}
    for tier in sorted({tier for _, tier, _ in rooms}):
        mine = {key: room for key, at, room in rooms if at == tier and room > 0}
        part = min(total - sum(found.values(), ZERO), sum(mine.values(), ZERO))
        if part > 0:
            found |= split(part, {key: Fraction(room) for key, room in mine.items()})
    return {key: amount for key, amount in found.items() if amount}


def delivered(*, taken: Decimal, credited: Decimal, original: Decimal) -> Decimal:
    """What of the part taken on was brought: beyond one's own quota, and no more than was taken."""
    return min(max(taken, ZERO), max(ZERO, credited - original))


def offers_to_agree(user: User, on: date) -> list[Offer]:
    """Offers across teams that wait for the user as the manager of who is asked, the first one first."""
    me = access_of(user).person_id
    if me is None or not access_of(user).leads:
        return []
    waiting = Offer.objects.visible_to(user).waiting().filter(needs_agreement=True, agreed_at=None)
    offers = list(waiting.select_related("candidate__person", "candidate__team").order_by("pk")[:200])
    leaders = leaders_of({offer.candidate.team for offer in offers}, on)
    return [
        offer
        for offer in offers
        if (who := decider_of(offer.candidate.team, offer.candidate.person, leaders)) and who.pk == me
    ]
