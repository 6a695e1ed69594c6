"""Writes how they work together: 1:1s with what was promised, a case, notes, awards and kudos."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
from django.db import transaction
from django.db.models import Sum

from coaching.models import ActionItem, AgendaItem, Case, CaseChange, Note, OneOnOne
from performance.models import Flag
from recognition.models import Applause, Award, AwardKind, Kudos
from sales.models import Credit, Task
from salesmgmt.lib.periods import Period
from targets.selectors import quota_of
from teams.models import Leadership, Leave, Person, Posting, Role, Team

from .loading import Moments
from .organisation import ZONE

TOPICS = (
    "Two deals that have stood in Proposal for a month",
    "How to get the plant manager to the table",
    "Vacation in summer, and who covers",
    "The new price list",
    "First visit with the service colleagues",
    "Reference visit for the dairy customers",
)
PROMISES = (
    "Call the three oldest proposals and ask for a decision",
    "Join a first meeting and give feedback",
    "Plan five plant visits for next month",
    "Send the reference list for food and drink",
    "Prepare a demo with the Ex version",
    "Ask purchasing for a framework contract",
)
NOTES = (
    "Good preparation; asks about the budget too late. We practise that next time.",
    "Likes the new gateway demo. Wants to present it to the team.",
    "Busy with one large customer; we agreed on two mornings a week for new ones.",
)
THANKS = (
    "for taking over my visit in Graz on a day's notice",
    "for the comparison sheet: it settled the discussion about accuracy",
    "for explaining the calibration contract to my customer",
    "for staying late to finish the quote with me",
    "for the warm introduction to the waterworks",
    "for sharing your way to ask about budgets",
    "for catching the wrong currency before the customer did",
    "for the kindest handover I have ever had",
)
PRAISE = (
    "Steady from the first week on, and always ready to help the others with their quotes.",
    "Kept every promise to the customers, and the figures followed.",
    "A quarter built on patient visits, not on discounts.",
    "Turned three old proposals into orders, one call at a time.",
)


@transaction.atomic
def write_talks(*, seed: int, today: date) -> None:
    """Past and coming talks of every pair, one case at work, and a wall; after flags were raised."""
    random = np.random.default_rng([seed, today.toordinal(), 2])
    moments = Moments(today, ZONE, earliest=-400, latest=60)
    pairs = _pairs(today)
    _write_one_on_ones(random, moments, today, pairs)
    _write_case(moments, today)
    _write_wall(random, moments, today, pairs)


def _pairs(today: date) -> list[tuple[Person, Person]]:
    """Each rep who is here, with who leads their team."""
    leads = {seat.team_id: seat.person for seat in Leadership.objects.on(today).select_related("person")}
    postings = Posting.objects.on(today).filter(role=Role.REP).select_related("person").order_by("person__external_id")
    return [(posting.person, leads[posting.team_id]) for posting in postings if posting.team_id in leads]


def _write_one_on_ones(
    random: np.random.Generator, moments: Moments, today: date, pairs: list[tuple[Person, Person]]
) -> None:
    """Two talks held, with a promise kept and one that is due; the next one for every other pair."""
    for place, (person, manager) in enumerate(pairs):
        for back in (37, 16):
            day = _weekday(today - timedelta(days=back + place % 4))
            at = _at(moments, today, day, 9 * 60 + 30 * (place % 10))
            talk = OneOnOne.objects.create(
                person=person,
                manager=manager,
                starts_at=at,
                state=OneOnOne.State.HELD,
                planned_at=at - timedelta(days=6),
                held_at=at + timedelta(minutes=30),
                version=2,
            )
            AgendaItem.objects.bulk_create(
                AgendaItem(one_on_one=talk, text=_of(random, TOPICS), position=position, is_done=True, added_by=manager)
                for position in (1, 2)
            )
            is_kept = back == 37 or place % 3 > 0
            promise = ActionItem.objects.create(
                one_on_one=talk,
                person=person,
                coach=manager,
                owner=person,
                text=_of(random, PROMISES),
                due_on=day + timedelta(days=10),
                made_at=at + timedelta(minutes=25),
                done_at=at + timedelta(days=8) if is_kept else None,
            )
            Task.objects.create(
                owner=person,
                text="What you promised in your 1:1",
                due_on=promise.due_on,
                source="action_item",
                reason=f"action-item:{promise.pk}",
                link=f"/one-on-ones/{talk.pk}/",
                done_at=promise.done_at,
            )
        if place % 3 == 0:
            Note.objects.create(
                person=person, author=manager, one_on_one=talk, text=_of(random, NOTES), at=at + timedelta(hours=1)
            )
        if place % 2 == 0:
            soon = _weekday(today + timedelta(days=2 + place % 5))
            coming = OneOnOne.objects.create(
                person=person,
                manager=manager,
                starts_at=_at(moments, today, soon, 14 * 60),
                planned_at=_at(moments, today, _weekday(today - timedelta(days=3)), 600),
            )
            AgendaItem.objects.create(one_on_one=coming, text=_of(random, TOPICS), position=1, added_by=person)


def _write_case(moments: Moments, today: date) -> None:
    """The work that a flag about a smaller deal size opened; the other flags wait for somebody."""
    flag = Flag.objects.open().filter(person__external_id="E-103").select_related("person").first()
    manager = Person.objects.filter(external_id="E-100").first()
    if flag is None or manager is None:
        return
    at = _at(moments, today, _weekday(today - timedelta(days=1)), 660)
    due = _weekday(today + timedelta(days=14))
    case = Case.objects.create(
        person=flag.person, owner=manager, flag=flag, subject=flag.sentence, opened_at=at, due_on=due
    )
    CaseChange.objects.create(case=case, at=at, by=manager.user, what=f"Opened, due {due:%d %b %Y}")
    ActionItem.objects.create(
        case=case,
        person=flag.person,
        owner=manager,
        coach=manager,
        text="Go through the five largest open deals together: which of them could take the Ex version?",
        due_on=_weekday(today + timedelta(days=5)),
        made_at=at,
    )
    Note.objects.create(
        person=flag.person,
        author=manager,
        case=case,
        text="Sells the small meters very well since the trade fair; the larger systems got out of sight.",
        at=at + timedelta(minutes=5),
    )


def _write_wall(random: np.random.Generator, moments: Moments, today: date, pairs: list[tuple[Person, Person]]) -> None:
    """Awards for the quarter before, from those of the managers who log in, and thanks between colleagues."""
    before = Period.of(today, "quarter").shift(-1)
    givers = {manager.pk: manager.user for _, manager in pairs if manager.user}
    root = (
        Leadership.objects.on(today)
        .filter(team__in=Team.objects.filter(parent=None))
        .select_related("person__user")
        .first()
    )
    top_giver = root.person.user if root else None
    credited: dict[int, Decimal] = defaultdict(Decimal)
    for person_id, total in (
        Credit.objects.filter(occurred_on__gte=before.start, occurred_on__lt=before.end, kind="primary")
        .values_list("person")
        .annotate(total=Sum("reporting_amount"))
    ):
        credited[person_id] = total
    quotas = quota_of(person_ids=[person.pk for person, _ in pairs], start=before.start, end=before.end)
    reached = sorted(
        (
            (credited[person.pk] / quotas[person.pk], person, manager)
            for person, manager in pairs
            if quotas.get(person.pk)
        ),
        key=lambda found: (-found[0], found[1].pk),
    )
    awards = []
    for place, (attained, person, manager) in enumerate([found for found in reached if found[0] >= 1][:8]):
        giver = givers.get(manager.pk, top_giver)
        if giver is None:
            continue
        day = _weekday(before.end + timedelta(days=3 + place))
        if day >= today:
            continue
        awards.append(
            Award(
                person=person,
                kind=AwardKind.QUOTA_REACHED,
                title=f"{attained:.0%} of quota in {before.label}",
                sentence=PRAISE[place % len(PRAISE)],
                given_by=giver,
                given_at=_at(moments, today, day, 960),
            )
        )
    Award.objects.bulk_create(awards)
    away = set(Leave.objects.on(today).filter(kind__is_protected=True).values_list("person", flat=True))
    everyone = [person for person, _ in pairs if person.pk not in away]
    thanks = []
    for place in range(min(12, 3 * len(everyone))):
        giver, receiver = (everyone[number] for number in random.integers(0, len(everyone), 2))
        if giver != receiver:
            at = _at(moments, today, _weekday(today - timedelta(days=1 + 4 * place)), 700 + 7 * place)
            thanks.append(Kudos(giver=giver, receiver=receiver, text=f"Thank you {_of(random, THANKS)}.", at=at))
    Kudos.objects.bulk_create(thanks)
    claps = {
        (int(number), row) for row in range(len(awards)) for number in random.integers(0, max(len(everyone), 1), 5)
    }
    Applause.objects.bulk_create(
        Applause(person=everyone[number], award=awards[row])
        for number, row in sorted(claps)
        if everyone[number] != awards[row].person
    )
    Applause.objects.bulk_create(Applause(person=kudos.receiver, kudos=kudos) for kudos in thanks)


def _at(moments: Moments, today: date, day: date, minute: int) -> datetime:
    return moments.moment((day - today).days, minute)


def _weekday(day: date) -> date:
    """The day itself, or the Friday before."""
    return day - timedelta(days=max(0, day.isoweekday() - 5))


def _of(random: np.random.Generator, values: tuple[str, ...]) -> str:
    return values[int(random.integers(0, len(values)))]
