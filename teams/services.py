"""Acts on people, teams, postings, calendars, rates and periods. Dated facts are ended or split, never rewritten.

A change that reaches into the past answers the row that now stands; whoever calls lets the ledgers follow for its
person and days (`sales.services.recredit_orders`), quotas follow by marks of topic *presence*.
"""

import re
import secrets
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import holidays
from axes.models import AccessAttempt, AccessFailureLog
from django.conf import settings
from django.contrib.auth.forms import PasswordResetForm
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from salesmgmt.desk.erasure import Forgotten
from salesmgmt.desk.expiry import Expiry
from salesmgmt.desk.models import Delivery, Notice, SavedView, Token
from salesmgmt.desk.tokens import digest
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period as PeriodValue
from salesmgmt.lib.periods import SetUp
from salesmgmt.lib.ranges import half_open, through
from salesmgmt.lib.refusals import Refused

from . import selectors
from .models import (
    DataCopy,
    ExchangeRate,
    FiscalYear,
    Holiday,
    Leadership,
    Leave,
    LeaveKind,
    Look,
    Organisation,
    Pay,
    Period,
    PeriodChange,
    Person,
    Posting,
    Role,
    Showing,
    Skill,
    SkillRating,
    Team,
    Territory,
    User,
    access_of,
)

INVITATION_LASTS = timedelta(hours=72)
HOLIDAY_YEARS = range(2000, 2051)


# ── Teams and people ────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def add_team(
    *, name: str, by: User | None, parent: Team | None = None, external_id: str | None = None, department: str = ""
) -> Team:
    """A new team, below `parent` or a root; a `department` does not sell."""
    if Team.objects.present().filter(name=name).exists():
        raise Refused(f"There is a team called “{name}” already.", field="name")
    team = Team.objects.create(name=name, parent=parent, external_id=external_id, department=department)
    team.refresh_from_db(fields=["path"])
    return team


@transaction.atomic
def change_team(*, team: Team, by: User | None, **changes: Any) -> Team:
    """Rename a team (`name`), move it in the tree (`parent`), give it an `external_id`."""
    team = Team.objects.select_for_update().get(pk=team.pk)
    parent = changes.get("parent")
    if parent and team.pk in Team.objects.get(pk=parent.pk).path:
        raise Refused("A team can't stand below itself.", field="parent")
    if "name" in changes and Team.objects.present().filter(name=changes["name"]).exclude(pk=team.pk).exists():
        raise Refused(f"There is a team called “{changes['name']}” already.", field="name")
    _change(team, changes, {"name", "parent", "department", "external_id"})
    team.refresh_from_db(fields=["path"])
    return team


@transaction.atomic
def add_person(
    *,
    name: str,
    by: User | None,
    email: str = "",
    external_id: str | None = None,
    hired_on: date | None = None,
    left_on: date | None = None,
    birthday: date | None = None,
) -> Person:
    """Somebody new, without a login or a posting yet."""
    return Person.objects.create(
        name=name, email=email, external_id=external_id, hired_on=hired_on, left_on=left_on, birthday=birthday
    )


@transaction.atomic
def change_person(*, person: Person, by: User | None, **changes: Any) -> Person:
    """Change `name`, `email`, `external_id`, `hired_on` or `birthday`; leaving is `end_employment`."""
    person = Person.objects.select_for_update().get(pk=person.pk)
    _change(person, changes, {"name", "email", "external_id", "hired_on", "birthday"})
    return person


@transaction.atomic
def end_employment(*, person: Person, on: date, by: User | None) -> Person:
    """From `on` somebody is no longer here: postings and seats end, the seats are vacant, the numbers stay."""
    person = Person.objects.select_for_update().get(pk=person.pk)
    if person.hired_on and on < person.hired_on:
        raise Refused(f"{person} joined on {person.hired_on:%-d %b %Y}, after that day.", field="left_on")
    _not_oneself(person, by, "end their own employment")
    person.left_on = on
    person.save(update_fields=["left_on"])
    _clear(Posting.objects.filter(person=person), on, None)
    _clear(Leadership.objects.filter(person=person), on, None)
    return person


@transaction.atomic
def take_back(*, person: Person, by: User | None) -> Person:
    """Somebody who had left is here again; a new posting says where."""
    person = Person.objects.select_for_update().get(pk=person.pk)
    person.left_on = None
    person.save(update_fields=["left_on"])
    return person


@transaction.atomic
def forget_person(*, person: Person, by: User | None, on: date) -> Forgotten:
    """Blank somebody who has left, and their login; postings, leave and numbers stay, of nobody one knows."""
    if person.left_on is None or person.left_on > on:
        raise Refused(f"{person} still works here: say first on which day they left.")
    forgotten, user = Forgotten(), person.user
    names = {person.name, user.get_full_name() if user else ""}
    others = Person.objects.exclude(pk=person.pk)
    forgotten.say(*(name for name in names if " " in name and not others.filter(name__iexact=name).exists()))
    forgotten.say(person.email, user.email if user else "")
    forgotten.know("person", person.external_id, person.email)
    nobody = f"Erased person {person.pk}"
    forgotten.blank(
        Person.objects.filter(pk=person.pk), name=nobody, email="", birthday=None, external_id=None
    )  # fmt: skip
    Look.objects.filter(person=person).delete()
    forgotten.drop(Pay.objects.filter(person=person))
    for copy in DataCopy.objects.filter(person=person):
        copy.file.delete(save=False)
        copy.delete()
    if user:
        AccessAttempt.objects.filter(username=user.username).delete()
        AccessFailureLog.objects.filter(username=user.username).delete()
        for owned in (Delivery, Notice, SavedView, Token):
            owned._base_manager.filter(user=user).delete()
        forgotten.blank(
            User.objects.filter(pk=user.pk), username=f"erased-{user.pk}", first_name="", last_name="", email="",
            is_active=False, is_staff=False, is_superuser=False, password=make_password(None),
        )  # fmt: skip
    return forgotten


@transaction.atomic
def link_login(*, person: Person, user: User | None, by: User | None) -> Person:
    """Say whose login it is; None takes the login away."""
    person = Person.objects.select_for_update().get(pk=person.pk)
    if user and Person.objects.filter(user=user).exclude(pk=person.pk).exists():
        raise Refused(f"The login {user.username} belongs to somebody else.", field="user")
    person.user = user
    person.save(update_fields=["user"])
    return person


# ── Postings and seats ──────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def post_person(
    *,
    person: Person,
    team: Team,
    role: str = Role.REP,
    on: date,
    by: User | None,
    until: date | None = None,
    fte: Decimal | int | str = 1,
    territory: Territory | None = None,
    holiday_region: str = "",
    ramp: str = "",
    working_week: list[int] | None = None,
) -> Posting:
    """Post a person to a team from `on` until `until`, or until the next posting that stands already.

    What stands is ended the day before, and resumed on `until` if it went on. Saying again what stands changes nothing;
    saying it with another `until` moves the end.
    """
    person = Person.objects.select_for_update().get(pk=person.pk)
    fte = Decimal(str(fte)).quantize(Decimal("0.0001"))
    _check_posting(person, team, role, on, until, fte, working_week)
    wanted = {
        "team_id": team.pk,
        "role": role,
        "fte": fte,
        "territory_id": territory and territory.pk,
        "holiday_region": holiday_region,
        "ramp": ramp,
        "working_week": working_week,
    }
    mine = Posting.objects.filter(person=person)
    end = until or _next_start(mine, on)
    standing = mine.on(on).first()
    if standing and all(getattr(standing, field) == value for field, value in wanted.items()):
        if until and standing.starts_on == on and standing.until != until:
            _not_oneself(person, by, "change their own posting")
            _clear(mine.exclude(pk=standing.pk), on, until)
            standing.during = half_open(on, until)
            standing.save(update_fields=["during"])
            return standing
        if standing.until is None or (end is not None and end <= standing.until):
            return standing
    if mine.exists():  # the first admin is posted by nobody else
        _not_oneself(person, by, "change their own posting")
    fill_holidays(region=holiday_region, years=HOLIDAY_YEARS)
    _clear(mine, on, end)
    return Posting.objects.create(person=person, during=half_open(on, end), **wanted)


@transaction.atomic
def change_posting(*, person: Person, on: date, by: User | None, **changes: Any) -> Posting:
    """Open a new posting from `on` that carries over what stands, save for `changes` (re-import, part time)."""
    standing = Posting.objects.on(on).filter(person=person).select_related("team", "territory").first()
    if standing is None:
        if "team" not in changes:
            raise Refused(f"{person} is not posted on {on:%-d %b %Y}; name a team.", field="team")
        return post_person(person=person, on=on, by=by, **changes)
    fields = ("team", "role", "fte", "territory", "holiday_region", "ramp", "working_week")
    carried = {field: getattr(standing, field) for field in fields}
    return post_person(person=person, on=on, by=by, **carried | changes)


@transaction.atomic
def appoint_manager(
    *, team: Team, person: Person | None, on: date, by: User | None, until: date | None = None
) -> Leadership | None:
    """`person` leads `team` from `on`, until `until` or the next who is appointed already; None vacates the seat."""
    Team.objects.select_for_update().get(pk=team.pk)
    seat = Leadership.objects.filter(team=team)
    until = until or _next_start(seat, on)
    standing = seat.on(on).first()
    if standing and person and standing.person_id == person.pk:
        return standing
    if person and person.left_on and person.left_on <= on:
        raise Refused(f"{person} left on {person.left_on:%-d %b %Y}.", field="manager")
    if person:
        _not_oneself(person, by, "appoint themselves")
    _clear(seat, on, until)
    return Leadership.objects.create(team=team, person=person, during=half_open(on, until)) if person else None


@transaction.atomic
def record_leave(*, person: Person, kind: LeaveKind | str, start: date, last: date, by: User | None) -> Leave:
    """A person is away from `start` to `last`, both included. Saying it again changes nothing."""
    if last < start:
        raise Refused("The last day away is before the first.", field="until")
    person = Person.objects.select_for_update().get(pk=person.pk)
    if isinstance(kind, str):
        found = LeaveKind.objects.filter(Q(key=kind) | Q(name__iexact=kind)).first()
        if found is None:
            keys = ", ".join(LeaveKind.objects.order_by("pk").values_list("key", flat=True))
            raise Refused(f"“{kind}” is no kind of leave; there are {keys}.", field="kind")
        kind = found
    days = through(start, last)
    standing = Leave.objects.filter(person=person, during__overlap=days).select_related("kind").first()
    if standing and (standing.kind_id, standing.starts_on, standing.until) == (kind.pk, days.lower, days.upper):
        return standing
    if standing:
        end = standing.until - timedelta(days=1)  # type: ignore[operator]
        raise Refused(f"{person} is away from {standing.starts_on:%-d %b %Y} to {end:%-d %b %Y} already.", field="from")
    return Leave.objects.create(person=person, kind=kind, during=days)


# ── Pay ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def set_pay(*, person: Person, yearly: Decimal, currency: str, on: date, by: User, until: date | None = None) -> Pay:
    """Base pay from `on` until `until`, or until the next that stands already. Saying it again changes nothing."""
    if access_of(by).role != Role.HR:
        raise Refused("Only HR enters pay.")
    _not_oneself(person, by, "enter their own pay")
    if yearly <= 0:
        raise Refused("Pay is more than zero.", field="yearly")
    if until is not None and until <= on:
        raise Refused("Pay ends after it starts.", field="until")
    person = Person.objects.select_for_update().get(pk=person.pk)
    mine = Pay.objects.filter(person=person)
    end = until or _next_start(mine, on)
    standing = mine.on(on).first()
    if standing and (standing.yearly, standing.currency, standing.until) == (yearly, currency, end):
        return standing
    _clear(mine, on, end)
    return Pay.objects.create(person=person, yearly=yearly, currency=currency, during=half_open(on, end))


def _forget_pay(before: datetime, forgotten: Forgotten) -> None:
    over = Q(during__endswith__lt=before.date()) | Q(person__left_on__lt=before.date())
    forgotten.drop(Pay.objects.filter(over))


# ── People's rights ─────────────────────────────────────────────────────────────────────────────────────────────


def note_looks(*, viewer: User, person_ids: Iterable[int], page: str, at: datetime, on: date) -> None:
    """Somebody opened pages about these people; at oneself, and once more on the same day, is no further row."""
    me = access_of(viewer).person_id
    rows = [Look(viewer=viewer, person_id=pk, page=page, on=on, at=at) for pk in set(person_ids) if pk != me]
    Look.objects.bulk_create(rows, ignore_conflicts=True)


def _forget_looks(before: datetime, forgotten: Forgotten) -> None:
    forgotten.drop(Look.objects.filter(on__lt=before.date()))


def _forget_ratings(before: datetime, forgotten: Forgotten) -> None:
    """Of each skill the latest rating stays, while the person works here."""
    standing = SkillRating.objects.standing().values("pk")
    old = SkillRating.objects.filter(at__lt=before)
    forgotten.drop(old.filter(~Q(pk__in=standing) | Q(person__left_on__lt=before.date())))


EXPIRIES = [
    Expiry("looks", "Who looked at whose figures", 12, _forget_looks),
    Expiry("pay", "Base pay since replaced, or of people who left", 36, _forget_pay),
    Expiry("skill_ratings", "Ratings of skills since replaced, or of people who left", 36, _forget_ratings),
]


# ── Organisation, calendar, rates ───────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def change_organisation(*, by: User | None, **changes: Any) -> Organisation:
    """Set how the organisation counts days and money; fills the public holidays of a new region."""
    organisation = Organisation.objects.select_for_update().get(pk=1)
    fields = {"name", "currency", "time_zone", "fiscal_month", "holiday_region", "working_week"}
    fields |= {"follow_up_days", "gift_limit", "free_change"}
    fill_holidays(region=changes.get("holiday_region", ""), years=HOLIDAY_YEARS)
    switches = {what.switch for what in Showing}
    for field in {what.countries for what in Showing} & changes.keys():
        changes[field] = countries_of(changes[field], field=field)
    _change(organisation, changes, fields | switches | {what.countries for what in Showing} | {"is_demo"})
    return organisation


def countries_of(codes: Iterable[str], *, field: str) -> list[str]:
    """Countries by their two letters, each once. Raises Refused naming the one that is none."""
    told = [code.strip() for code in codes]
    if odd := [code for code in told if not (len(code) == 2 and code.isascii() and code.isalpha())]:
        raise Refused(f"“{odd[0][:40]}” is no country: write its two letters, like DE.", field=field)
    return sorted({code.upper() for code in told})


@transaction.atomic
def fill_holidays(*, region: str, years: Iterable[int]) -> int:
    """Public holidays of a region (DE, DE-BY) for the years that have none yet; answers how many were added."""
    if not region:
        return 0
    wanted = set(years) - set(Holiday.objects.of(region).values_list("on__year", flat=True).distinct())
    if not wanted:
        return 0
    country, _, subdivision = region.partition("-")
    try:
        found = holidays.country_holidays(country, subdiv=subdivision or None, years=wanted)
        if "en_US" in found.supported_languages:
            found = holidays.country_holidays(country, subdiv=subdivision or None, years=wanted, language="en_US")
    except NotImplementedError:
        raise Refused(
            f"There is no holiday calendar “{region}”; it reads like DE, or DE-BY for a part of a country.",
            field="holiday_region",
        ) from None
    rows = [Holiday(region=region, on=day, name=name[:200]) for day, name in found.items()]
    return len(Holiday.objects.bulk_create(rows, ignore_conflicts=True))


@transaction.atomic
def set_rate(
    *,
    currency: str,
    rate: Decimal,
    on: date,
    by: User | None,
    kind: str = ExchangeRate.Kind.ACTUAL,
    until: date | None = None,
) -> ExchangeRate:
    """One unit of `currency` is worth `rate` from `on` until `until`, or until the next rate that stands already."""
    if rate <= 0:
        raise Refused("A rate is more than zero.", field="rate")
    rate = Decimal(rate).quantize(Decimal("0.00000001"))
    same = ExchangeRate.objects.select_for_update().filter(currency=currency, kind=kind)
    until = until or _next_start(same, on)
    standing = same.on(on).first()
    if standing and standing.rate == rate:
        return standing
    _clear(same, on, until)
    return ExchangeRate.objects.create(currency=currency, kind=kind, rate=rate, during=half_open(on, until))


# ── Fiscal calendar ─────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def change_calendar(*, setup: SetUp, by: User | None, at: datetime, reason: str) -> FiscalYear:
    """From a fiscal year on the calendar goes by another set-up. Nothing is deleted.

    The year before ends where this one starts. Stored periods that would move are superseded by others; refused where
    one of them is closed. What was planned for a period keeps its own dates.
    """
    _operations_only(by, "change the fiscal calendar")
    if not reason.strip():
        raise Refused("Say why the calendar changes.", field="reason")
    organisation = Organisation.objects.select_for_update().get(pk=1)
    standing = FiscalYear.objects.standing().filter(number=setup.year).first()
    says = {
        "number": setup.year,
        "starts_on": setup.starts_on,
        "layout": setup.layout,
        "is_nearest": setup.nearest,
    }
    if standing and all(getattr(standing, field) == value for field, value in says.items()):
        return standing
    change = selectors.calendar_change(organisation.calendar, setup)
    moved = list(Period.objects.select_for_update().filter(pk__in=[row.pk for row in change.moved]).order_by("pk"))
    if closed := next((row for row in moved if row.is_closed), None):
        sentence = f"{closed} is closed and would move: choose a later fiscal year, or open it again with a reason."
        raise Refused(sentence, field="year")
    Period.objects.filter(pk__in=[row.pk for row in moved]).update(superseded_at=at)
    _store_months(change.made)
    FiscalYear.objects.filter(pk=standing.pk if standing else 0).update(superseded_at=at)
    return FiscalYear.objects.create(**says, made_at=at, made_by=by, reason=reason.strip())


def _operations_only(by: User | None, what: str) -> None:
    """Who counts the days is not in the selling line (rules, "Who")."""
    if by is not None and not access_of(by).imports:
        raise Refused(f"Only admin and operations {what}.")


# ── Periods ─────────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def close_period(*, key: str, by: User | None, at: datetime, reason: str = "") -> list[Period]:
    """Close every open month of a period; from now on late facts post to the next open month."""
    return _turn(key, by, at, reason, is_closing=True)


@transaction.atomic
def reopen_period(*, key: str, by: User | None, at: datetime, reason: str) -> list[Period]:
    """Open every closed month of a period again, for a stated reason."""
    if not reason.strip():
        raise Refused("Say why the period is opened again.", field="reason")
    return _turn(key, by, at, reason, is_closing=False)


def _turn(key: str, by: User | None, at: datetime, reason: str, *, is_closing: bool) -> list[Period]:
    _operations_only(by, "close and reopen periods")
    try:
        months = selectors.period(key).months()
    except ValueError as error:
        raise Refused(str(error), field="period") from None
    if not months:
        raise Refused(f"{key} is a week, which may lie in two months: close the month.", field="period")
    _store_months(months)
    rows = list(
        Period.objects.standing()
        .select_for_update()
        .filter(key__in=[month.key for month in months], closed_at__isnull=is_closing)
        .order_by("pk")
    )
    if not rows:
        raise Refused(f"{key} is {'closed' if is_closing else 'open'} already.", field="period")
    for row in rows:
        row.closed_at = at if is_closing else None
    Period.objects.bulk_update(rows, ["closed_at"])
    PeriodChange.objects.bulk_create(
        [PeriodChange(period=row, at=at, by=by, is_closing=is_closing, reason=reason) for row in rows]
    )
    return rows


def _store_months(months: Iterable[PeriodValue]) -> None:
    Period.objects.bulk_create(
        [Period(key=month.key, during=half_open(month.start, month.end)) for month in months], ignore_conflicts=True
    )


# ── Logins ──────────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def invite_person(*, person: Person, by: User | None, at: datetime) -> str:
    """A link with which a person without a login makes one: 72 hours, one use; an earlier link no longer works."""
    if by is not None and not access_of(by).imports:
        raise Refused("Only admin and operations invite.")
    person = Person.objects.select_for_update().get(pk=person.pk)
    if person.left_on and person.left_on <= at.date():
        raise Refused(f"{person} has left.")
    user = person.user
    if user and user.has_usable_password():
        raise Refused(f"{person} has a login already.")
    if user is None:
        user = User(username=_free_username(person), email=person.email, first_name=person.name[:150])
        user.set_unusable_password()
        user.save()
        person.user = user
        person.save(update_fields=["user"])
    return _invitation(user, at)


@transaction.atomic
def invite_first_admin(*, at: datetime, username: str = "admin") -> str:
    """A link for the first admin of a new installation; refused once an admin can log in."""
    if any(user.has_usable_password() for user in User.objects.filter(is_superuser=True, is_active=True)):
        raise Refused("There is an admin already.")
    user, _ = User.objects.get_or_create(username=username, defaults={"is_staff": True, "is_superuser": True})
    if not user.is_superuser:
        raise Refused(f"“{username}” is taken by somebody who is no admin.", field="username")
    user.set_unusable_password()
    user.save(update_fields=["password"])
    return _invitation(user, at)


@transaction.atomic
def make_first_admin(*, username: str, password: str) -> User:
    """The first admin with a name and password from the environment; refused once there is one."""
    if User.objects.filter(is_superuser=True).exists():
        raise Refused("There is an admin already.")
    return User.objects.create_superuser(username=username, password=password)


def _invitation(user: User, at: datetime) -> str:
    invitations = Token.objects.filter(user=user, purpose=Token.Purpose.INVITATION, used_at=None, revoked_at=None)
    invitations.update(revoked_at=at)
    secret = secrets.token_urlsafe(32)
    Token.objects.create(
        user=user,
        purpose=Token.Purpose.INVITATION,
        digest=digest(secret),
        made_at=at,
        expires_at=at + INVITATION_LASTS,
    )
    return settings.BASE_URL + reverse("invitation", args=[secret])


@transaction.atomic
def accept_invitation(*, secret: str, password: str, at: datetime) -> User:
    """Set the password an invitation asks for; the link is used up."""
    token = selectors.invitation(secret, at=at, lock=True)
    if token is None:
        raise Refused("This link was used before, or is too old. Ask for a new one.")
    user = token.user
    token.used_at = at
    token.save(update_fields=["used_at"])
    user.set_password(password)
    user.save(update_fields=["password"])
    return user


@transaction.atomic
def make_api_token(*, user: User, name: str, at: datetime, expires_at: datetime | None = None) -> str:
    """A secret for an API client, shown once; only its hash is kept."""
    secret = secrets.token_urlsafe(32)
    Token.objects.create(
        user=user,
        purpose=Token.Purpose.API,
        name=name,
        digest=digest(secret),
        made_at=at,
        expires_at=expires_at,
    )
    return secret


@transaction.atomic
def revoke_api_token(*, token: Token, at: datetime) -> None:
    """The secret no longer opens anything."""
    Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=at)


@transaction.atomic
def make_address(*, user: User, purpose: str, at: datetime) -> str:
    """The secret of a user's one calendar or mail address; one made before opens nothing from now on."""
    if purpose not in {Token.Purpose.CALENDAR, Token.Purpose.MAIL}:
        raise TypeError(f"{purpose} is no address.")
    secret = secrets.token_hex(16)  # mail programs write addresses in small letters
    User.objects.select_for_update().only("pk").get(pk=user.pk)
    revoke_address(user=user, purpose=purpose, at=at)
    Token.objects.create(user=user, purpose=purpose, digest=digest(secret), made_at=at)
    return secret


@transaction.atomic
def revoke_address(*, user: User, purpose: str, at: datetime) -> bool:
    """Take a calendar or mail address out of use; False where there was none."""
    return bool(Token.objects.filter(user=user, purpose=purpose, revoked_at=None).update(revoked_at=at))


@transaction.atomic
def change_profile(*, user: User, name: str, email: str, time_zone: str, keys_off: bool) -> User:
    """What somebody may change about themselves; the login and the person behind it say the same."""
    _change(user, {"first_name": name, "last_name": "", "email": email}, {"first_name", "last_name", "email"})
    _change(user, {"time_zone": time_zone, "keys_off": keys_off}, {"time_zone", "keys_off"})
    person = selectors.person_of(user)
    if person:
        change_person(person=person, by=user, name=name, email=email)
    return user


def mail_password_reset(*, email: str) -> None:
    """Mail a link to whoever has this address and a login; silently nothing where nobody has."""
    form = PasswordResetForm({"email": email})
    if form.is_valid():
        base = urlsplit(settings.BASE_URL)
        form.save(
            domain_override=base.netloc,
            use_https=base.scheme == "https",
            email_template_name="registration/password_reset_email.txt",
            subject_template_name="registration/password_reset_subject.txt",
        )


def _free_username(person: Person) -> str:
    base = re.sub(r"[^\w.+-]", "", (person.email.partition("@")[0] or person.name.replace(" ", ".")).lower())[:100]
    base = base or f"person-{person.pk}"
    taken = set(User.objects.filter(username__startswith=base).values_list("username", flat=True))
    return next(name for name in (base, *(f"{base}{n}" for n in range(2, len(taken) + 3))) if name not in taken)


# ── Making room in time ─────────────────────────────────────────────────────────────────────────────────────────


def _next_start(rows: Any, on: date) -> date | None:
    """The first day of the next row that starts after `on`."""
    later = rows.filter(during__startswith__gt=on).order_by("during").first()
    return later.starts_on if later else None


def _clear(rows: Any, start: date, until: date | None) -> None:
    """Make `[start, until)` free of `rows`: end what begins before, resume on `until` what goes on after."""
    for row in rows.select_for_update().filter(during__overlap=half_open(start, until)):
        first, end = row.starts_on, row.until
        rest = half_open(until, end) if until and (end is None or end > until) else None
        if first < start:
            row.during = half_open(first, start)
            row.save(update_fields=["during"])
            if rest:
                row.pk, row._state.adding = None, True
                row.during = rest
                row.save(force_insert=True)
        elif rest:
            row.during = rest
            row.save(update_fields=["during"])
        else:
            row.delete()


def _check_posting(
    person: Person, team: Team, role: str, on: date, until: date | None, fte: Decimal, week: list[int] | None
) -> None:
    if role not in Role.values:
        raise Refused(f"“{role}” is no role; there are {', '.join(Role.values)}.", field="role")
    if not 0 < fte <= 1:
        raise Refused("The share of a full week is more than 0 and at most 1.", field="fte")
    if until is not None and until <= on:
        raise Refused("A posting ends after it starts.", field="until")
    if team.withdrawn_at is not None:
        raise Refused(f"The team {team} was withdrawn.", field="team")
    if week is not None and (not week or not set(week) <= set(range(1, 8))):
        raise Refused("A working week lists days from 1 (Monday) to 7.", field="working_week")
    if person.left_on is not None and on >= person.left_on:
        raise Refused(f"{person} left on {person.left_on:%-d %b %Y}.", field="from")


def _not_oneself(person: Person, by: User | None, act: str) -> None:
    if by is not None and person.user_id == by.pk:
        raise Refused(f"Nobody can {act}; ask somebody else.")


def _change(row: Any, changes: dict[str, Any], allowed: set[str]) -> None:
    unknown = changes.keys() - allowed
    if unknown:
        raise TypeError(f"{type(row).__name__} has no {', '.join(sorted(unknown))} to change here.")
    different = [field for field, value in changes.items() if getattr(row, field) != value]
    for field in different:
        setattr(row, field, changes[field])
    if different:
        row.save(update_fields=different)


# ── Skills ──────────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def add_skill(*, name: str, by: User, description: str = "") -> Skill:
    """Something that people are rated on from now on."""
    if not access_of(by).sees_all:
        raise Refused("Executives, operations and the admin say which skills are rated.")
    if Skill.objects.filter(name__iexact=name.strip()).exists():
        raise Refused(f"There is a skill called “{name}” already.", field="name")
    return Skill.objects.create(name=name.strip(), description=description)


@transaction.atomic
def rate_skill(*, person: Person, skill: Skill, score: int, by: User, at: datetime, note: str = "") -> SkillRating:
    """How good somebody is at a skill, 1 to 5: their own view, or that of who leads them. Only the latter counts."""
    access, on = access_of(by), clock.day_of(at, Organisation.get().time_zone)
    is_own = access.person_id == person.pk
    if not (is_own or (access.leads and selectors.reads_ratings(access, person, on))):
        raise Refused(f"Only {person} and who leads them rate these skills.", field="score")
    if not 1 <= score <= 5:
        raise Refused("A score is from 1 to 5.", field="score")
    return SkillRating.objects.create(
        person=person, skill=skill, is_own=is_own, score=score, note=note.strip(), at=at, by=by
    )


@transaction.atomic
def contest_rating(*, rating: SkillRating, reason: str, by: User, at: datetime) -> SkillRating:
    """Say that a rating of oneself is wrong: it counts in nothing until who leads them rates the skill again."""
    rating = SkillRating.objects.select_for_update().get(pk=rating.pk)
    if access_of(by).person_id != rating.person_id or rating.is_own:
        raise Refused("Only a rating that somebody else gave you can be contested.")
    if not reason.strip():
        raise Refused("Say what is wrong with it.", field="reason")
    if rating.contested_at is None:
        rating.contested_at, rating.contest = at, reason.strip()[:500]
        rating.save(update_fields=["contested_at", "contest"])
    return rating
