"""Say and be heard: a figure is told with its reasons, people accept or object, who leads them answers."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Max
from django.urls import reverse

from sales.models import Account, Activity
from sales.services.guards import name_of
from sales.services.notices import tell
from sales.services.tasks import add_task
from salesmgmt.desk.models import Notice
from salesmgmt.lib import clock
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import Kind
from salesmgmt.lib.periods import Period as PeriodValue
from salesmgmt.lib.refusals import Refused, Stale
from targets.models import (
    AnnouncedFigure,
    Announcement,
    Answer,
    Plan,
    QuotaEntry,
    Response,
    ResponseAccount,
    Strategy,
)
from targets.selectors.changes import is_beyond
from targets.selectors.letters import figures_of, people_in, people_of, strategies_of
from targets.selectors.responses import due_days, last_told, may_answer, reached_by, standings
from targets.services.quotas import adjust_quota
from teams.models import Organisation, Person, Team, User, access_of
from teams.selectors import manager_of, next_working_day

DAYS_TO_HELP = timedelta(days=6)
MOST_PER_WEEK = 500  # activities of a kind
REMINDER = "Reminder: "


# ── Strategy ────────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def change_strategy(
    *, plan: Plan, text: str, reason: str, by: User, at: datetime, version: int | None = None
) -> Strategy:
    """Write a further version of a plan's strategy; the earlier ones stay. `version`: the one that was read."""
    if not access_of(by).sees_all:
        raise Refused("Executives, operations and the admin write a plan's strategy.")
    plan = held(plan)
    stands = strategies_of(plan)
    current = stands[-1] if stands else None
    if version is not None and version != (current.version if current else 0):
        raise Stale("Somebody changed the strategy since you opened it. Read it as it is now, then send yours again.")
    if not text.strip():
        raise Refused("Say the strategy in words.", field="text")
    if current is not None and text.strip() == current.text:
        raise Refused("This is the strategy as it stands.", field="text")
    if current is not None and not reason.strip():
        raise Refused("Say why the strategy changes.", field="reason")
    if current is not None and current.pk is None:  # the plan's own words become its first version
        current.save()
    return Strategy.objects.create(
        plan=plan,
        version=current.version + 1 if current else 1,
        text=text.strip(),
        reason=reason.strip() if current else "",
        at=at,
        by=by,
    )


def held(plan: Plan) -> Plan:
    """The plan as it stands; what is said of it waits until the transaction ends."""
    return Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)


# ── Telling ─────────────────────────────────────────────────────────────────────────────────────────────────────


def letter_url(plan: Plan, person: Person) -> str:
    return reverse("letter", args=[plan.pk, person.pk])


def _told(plan: Plan, people: Sequence[Person], text: str, *, at: datetime, but: User | None) -> None:
    """A notice with the way to their own letter for each with a login."""
    Notice.objects.bulk_create(
        Notice(user_id=person.user_id, text=text[:300], link=letter_url(plan, person), at=at)
        for person in people
        if person.user_id is not None and (but is None or person.user_id != but.pk)
    )


def tell_of_plan(*, plan: Plan, by: User | None, at: datetime, person: Person | None = None) -> int:
    """Everybody in a plan, or somebody who came into it later, is told to read their letter; answers how many."""
    people = list(people_in(plan)) if person is None else [person]
    due = due_days({person.pk: at for person in people}, Organisation.get())
    for day in sorted(set(due.values())):
        text = f"{plan.name}: read your figure and say yes or object by {day:%-d %b}."
        _told(plan, [person for person in people if due[person.pk] == day], text, at=at, but=by)
    return len(people)


def tell_of_changes(entries: Iterable[QuotaEntry], *, by: User | None, at: datetime) -> None:
    """Whose figure of a published plan was changed by an import is told to read their letter."""
    mine: dict[tuple[str, date, date], set[int]] = defaultdict(set)
    for entry in entries:
        if entry.person_id is not None:
            mine[entry.measure, entry.starts_on, entry.during.upper].add(entry.person_id)
    if not mine:
        return
    told: dict[Plan, set[int]] = defaultdict(set)
    for plan in Plan.objects.filter(published_at__isnull=False, measure__in={measure for measure, _, _ in mine}):
        for (measure, start, end), whose in mine.items():
            if plan.measure == measure and plan.starts_on <= start and end <= plan.during.upper:
                told[plan] |= whose
    for plan, ids in told.items():
        people = list(Person.objects.filter(pk__in=ids).order_by("pk"))
        _told(plan, people, f"Your figure of {plan.name} has changed: read it and answer again.", at=at, but=by)


@transaction.atomic
def announce(
    *,
    plan: Plan,
    headline: str,
    by: User,
    at: datetime,
    team: Team | None = None,
    person: Person | None = None,
    results: str = "",
    economy: str = "",
    competition: str = "",
    figures: Mapping[int, Decimal] | None = None,
    strategy: str = "",
    seen: Mapping[int, Decimal] | None = None,
    is_approved: bool = False,
) -> Announcement:
    """Tell of a change during the period: what changed, the figures as they are from now on, the strategy if it moved.

    `figures` are new ones by person, entered here with the headline as reason; what others have changed since people
    were last told is told along. `seen`: the figures that the author had before them. The author is never reached. A
    figure that moves by more than they may change alone is refused unless `is_approved`: the next manager up said yes.
    """
    plan = held(plan)
    may_announce(plan, by, team, person)
    said = what_changed(headline, results, economy, competition)
    people = reached_by(plan, by, team=team, person=person)
    if not people:
        raise Refused("This plan holds nobody there beside yourself.", field="team" if team else "person")
    reached = {one.pk: one for one in people}
    if wrong := [pk for pk in figures or {} if pk not in reached]:
        raise Refused(f"Person {wrong[0]} is not among those this reaches.", field="figures")
    stands = figures_of(plan, list(reached))
    for pk, amount in (seen or {}).items():
        if pk in reached and stands.get(pk, Decimal(0)) != amount:
            sentence = f"The figure of {reached[pk]} changed meanwhile: it is {stands.get(pk, Decimal(0)):,.2f} now."
            raise Stale(sentence, field="figures")
    for pk, amount in sorted((figures or {}).items()):
        if to_cents(amount) != (was := stands.get(pk, Decimal(0))):
            if not is_approved and is_beyond(plan, pk, was=was, amount=amount, by=by):
                sentence = f"{reached[pk]}: this moves it by more than you may change alone; ask on their quota page."
                raise Refused(sentence, field="figures")
            adjust_quota(
                person=reached[pk],
                period=_range_of(plan),
                amount=amount,
                reason=headline.strip(),
                by=by,
                at=at,
                measure=plan.measure,
            )
    version = None
    if strategy.strip():
        version = change_strategy(plan=plan, text=strategy, reason=headline.strip(), by=by, at=at)
    before, after = last_told(plan, list(reached)), figures_of(plan, list(reached))
    made = Announcement.objects.create(
        plan=plan, team=team, person=person, headline=headline.strip(), strategy=version, at=at, by=by, **said
    )
    AnnouncedFigure.objects.bulk_create(
        AnnouncedFigure(
            announcement=made, person_id=pk, before=before.get(pk, Decimal(0)), after=after.get(pk, Decimal(0))
        )
        for pk in reached
    )
    _told(plan, people, f"{headline.strip()} Read your letter and answer again.", at=at, but=by)
    return made


def _range_of(plan: Plan) -> PeriodValue:
    """The plan's own days: they stay, whatever its key means in a calendar that has changed since."""
    kind: Kind = "year" if plan.period.endswith("FY") else "quarter" if "Q" in plan.period else "month"
    return PeriodValue(plan.starts_on, plan.until or plan.starts_on, kind, plan.period)


def what_changed(headline: str, results: str, economy: str, competition: str) -> dict[str, str]:
    """What is said of a change: why, in at least one of three respects."""
    said = {"results": results.strip(), "economy": economy.strip(), "competition": competition.strip()}
    if not headline.strip():
        raise Refused("Say in one line what changes.", field="headline")
    if not any(said.values()):
        raise Refused("Say what changed: in results, in the economy or in competition.", field="results")
    return said


def may_announce(plan: Plan, by: User, team: Team | None, person: Person | None) -> None:
    """Refuse whoever doesn't lead those it is about, and anybody about themselves."""
    if not plan.is_published:
        raise Refused("Publish the plan first: a draft is changed, not announced.")
    access = access_of(by)
    if person is not None and person.pk == access.person_id:
        raise Refused("Nobody announces a change of their own figure: ask your manager.", field="person")
    if access.sees_all:
        return
    if person is not None and access.leads and access.sees_person(person.pk):
        return
    if team is not None and set(team.path) & set(access.led_team_ids):
        return
    raise Refused("You announce to the teams and people you lead.", field="team")


# ── Responses ───────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def respond(
    *,
    plan: Plan,
    person: Person,
    stance: str,
    by: User,
    at: datetime,
    approach: str = "",
    accounts: Sequence[Account] = (),
    activities: Mapping[str, int] | None = None,
    help_needed: str = "",
    statement: str = "",
    quota: Decimal | None = None,
    version: int | None = None,
) -> Response:
    """Say how one will get there, and accept the figure or object. Only for oneself.

    `quota` and `version` (of the strategy) are what was read: another figure since then is refused. Help that is needed
    becomes a task of the manager, or of the next one up.
    """
    if access_of(by).person_id != person.pk:
        raise Refused("Everybody answers for themselves.", field="person")
    plan = _held_for(plan, person)
    if not people_of(plan, by).filter(pk=person.pk).exists():
        raise Refused("This plan holds no figure of yours.", field="plan")
    organisation = Organisation.get()
    today = clock.day_of(at, organisation.time_zone)
    stands = standings(plan, [person.pk], as_of=today)[person.pk]
    figure = stands.figure or Decimal(0)
    strategies = strategies_of(plan)
    current = strategies[-1].version if strategies else 0
    if quota is not None and quota != figure:
        raise Stale(f"Your figure has changed since you opened this page: it is {figure:,.2f} now. Read it first.")
    if version is not None and version != current:
        raise Stale("The strategy has changed since you opened this page. Read it again first.")
    if stance not in Response.Stance.values:
        raise Refused("Accept, or object.", field="stance")
    if stance == Response.Stance.OBJECTS and not statement.strip():
        raise Refused("Say what you object to.", field="statement")
    last = stands.response
    if last is not None and stands.state == "accepted" and stance == Response.Stance.ACCEPTS:
        raise Refused("You have accepted this figure already.", field="stance")
    if stands.needs_an_answer and stance == Response.Stance.OBJECTS:
        raise Refused("Your objection waits for its answer; say more after it.", field="stance")
    planned = {kind: count for kind, count in (activities or {}).items() if count}
    if wrong := sorted(planned.keys() - set(Activity.Kind.values)):
        raise Refused(f"There is no kind of activity “{wrong[0][:30]}”.", field="activities")
    if any(not 0 < count <= MOST_PER_WEEK for count in planned.values()):
        raise Refused(f"Plan 1 to {MOST_PER_WEEK} of a kind per week.", field="activities")
    for account in accounts:
        if account.owner_id != person.pk or account.withdrawn_at is not None:
            raise Refused(f"{account} is not one of your accounts.", field="accounts")
    made = Response.objects.create(
        plan=plan,
        announcement_id=stands.announcement_id,
        person=person,
        stance=stance,
        quota=figure,
        strategy_version=current,
        approach=approach.strip(),
        activities=planned,
        help_needed=help_needed.strip(),
        statement=statement.strip(),
        at=at,
        by=by,
    )
    ResponseAccount.objects.bulk_create(
        ResponseAccount(response=made, account=account) for account in dict.fromkeys(accounts)
    )
    manager = manager_of(person, today)
    link = letter_url(plan, person)
    if made.help_needed and manager is not None:
        add_task(
            owner=manager,
            text=f"Help {person.name}: {made.help_needed}"[:300],
            due_on=next_working_day(manager, today + DAYS_TO_HELP),
            by=None,
            source="response",
            reason=f"response:{made.pk}",
            link=link,
        )
    word = "accepts" if stance == Response.Stance.ACCEPTS else "objects to"
    tell([manager], f"{person.name} {word} the figure of {plan.name}.", link=link, at=at, but=by)
    return made


def _held_for(plan: Plan, person: Person) -> Plan:
    """One response or answer at a time for a person; their ledger waits meanwhile."""
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    found = Plan.objects.get(pk=plan.pk)
    if not found.is_published:
        raise Refused("This plan is not published yet.", field="plan")
    return found


@transaction.atomic
def answer_response(
    *,
    response: Response,
    kind: str,
    text: str,
    by: User,
    at: datetime,
    amount: Decimal | None = None,
    seen: int | None = None,
) -> Answer:
    """Answer what somebody said: the figure stands, is changed to `amount`, or the next manager up is asked.

    `seen` is how many answers were read: a further one since then is refused. Nobody answers their own.
    """
    plan = _held_for(response.plan, response.person)
    person = response.person
    if access_of(by).person_id == person.pk:
        raise Refused("Nobody answers their own objection: your manager does.")
    if not may_answer(by, response):
        raise Refused("Who leads this person answers; once the next manager up is asked, they do.")
    newer = Response.objects.filter(plan=plan, person=person).aggregate(last=Max("pk"))["last"]
    if newer != response.pk:
        raise Stale(f"{person.name} has said something since. Read that first.")
    if seen is not None and seen != response.answers.count():
        raise Stale("Somebody answered since you opened this page. Read that first.")
    if kind not in Answer.Kind.values:
        raise Refused("The figure stands, is changed, or the next manager up is asked.", field="kind")
    if not text.strip():
        raise Refused("Give your reasons.", field="text")
    was, asked = None, None
    today = clock.day_of(at, Organisation.get().time_zone)
    if kind == Answer.Kind.CHANGED:
        if amount is None:
            raise Refused("Say the new figure.", field="amount")
        amount, was = to_cents(amount), figures_of(plan, [person.pk]).get(person.pk, Decimal(0))
        if amount == was:
            raise Refused("This is the figure as it stands: choose that it stands.", field="amount")
        if not _is_asked(by, response) and is_beyond(plan, person.pk, was=was, amount=amount, by=by):
            raise Refused("This moves it by more than you may change alone: ask the next manager up.", field="amount")
        adjust_quota(
            person=person,
            period=_range_of(plan),
            amount=amount,
            reason=text.strip()[:200],
            by=by,
            at=at,
            measure=plan.measure,
        )
    elif amount is not None:
        raise Refused("A new figure goes with “changed” only.", field="amount")
    if kind == Answer.Kind.ASKED_UP:
        mine: Person | None = getattr(by, "person", None)
        asked = manager_of(mine, today) if mine is not None else None
        if asked is None or asked.pk == person.pk:
            raise Refused("There is nobody above you to ask.", field="kind")
    made = Answer.objects.create(
        response=response, kind=kind, text=text.strip(), was=was, amount=amount, asked=asked, at=at, by=by
    )
    link = letter_url(plan, person)
    said = {
        Answer.Kind.STANDS: "the figure stands",
        Answer.Kind.CHANGED: f"the figure is {amount or 0:,.2f} from now on",
        Answer.Kind.ASKED_UP: f"{asked} is asked",
    }[Answer.Kind(kind)]
    tell([person], f"{name_of(by)} answered you: {said}.", link=link, at=at, but=by)
    if asked is not None:
        tell([asked], f"{name_of(by)} asks you about the figure of {person.name}.", link=link, at=at, but=by)
    return made


def _is_asked(by: User, response: Response) -> bool:
    """Whether somebody who leads the person has asked for this answer: then two decide."""
    last = response.answers.order_by("at", "pk").last()
    return last is not None and last.asked_id is not None and last.asked_id == access_of(by).person_id


# ── Reminders ───────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def remind_of_letters(*, at: datetime) -> int:
    """Remind who has not answered and is past their day, once for each asking, however often it is run."""
    today = clock.day_of(at, Organisation.get().time_zone)
    told = 0
    for plan in Plan.objects.filter(published_at__lte=at, during__endswith__gt=today).order_by("pk"):
        named = people_in(plan).filter(withdrawn_at=None)
        people = {person.pk: person for person in Person.objects.active(today).filter(pk__in=named.values("pk"))}
        late = {pk: one for pk, one in standings(plan, people, as_of=today).items() if one.is_overdue}
        links = {letter_url(plan, people[pk]): pk for pk in late}
        reminded = Notice.objects.filter(link__in=links, text__startswith=REMINDER)
        had = {
            links[link]
            for user, link, when in reminded.values_list("user_id", "link", "at")
            if people[links[link]].user_id == user and when >= late[links[link]].asked_at
        }
        waiting = [people[pk] for pk in late if pk not in had]
        _told(plan, waiting, f"{REMINDER}say yes or object to your figure of {plan.name}.", at=at, but=None)
        told += len([person for person in waiting if person.user_id is not None])
    return told
