"""Who sells, where, since when? And who may see whose records."""

import json
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache, cached_property, lru_cache
from typing import Any, Self

import pgtrigger
from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, GistIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import JSONObject

from salesmgmt.desk.audit import audited
from salesmgmt.lib import clock
from salesmgmt.lib.periods import WEEKS, FiscalCalendar, SetUp
from salesmgmt.lib.ranges import Dated, DatedQuerySet, half_open, is_a_range, one_at_a_time
from salesmgmt.lib.statements import Statement


class Role(models.TextChoices):
    """What a posting lets a person do (contract, "Roles"; rules, "Who")."""

    REP = "rep", "Rep"
    MANAGER = "manager", "Manager"
    EXECUTIVE = "executive", "Executive"
    OPERATIONS = "operations", "Operations"
    HR = "hr", "HR"
    DEPARTMENT = "department", "Department member"


class User(AbstractUser):
    """A login. What it may see follows from the postings of its person; `is_superuser` is the admin."""

    time_zone = models.CharField(max_length=64, blank=True, help_text="Of moments shown; empty: the organisation's")
    keys_off = models.BooleanField("Single-key shortcuts off", default=False)

    # Worked out once per object, that is once per request.
    _access: "Access"
    _organisation: "Organisation"
    _person: "Person | None"

    class Meta(AbstractUser.Meta):
        triggers = audited("password", "last_login")

    def __str__(self) -> str:
        return self.get_full_name() or self.username


Viewer = User | AnonymousUser


# ── Records ─────────────────────────────────────────────────────────────────────────────────────────────────────


class RecordQuerySet(models.QuerySet):
    """Verbs of records that somebody owns; subclasses widen `seen_by`."""

    owner_path = "owner"

    def present(self) -> Self:
        """Without what was withdrawn (an import undone, a record deleted)."""
        return self.filter(withdrawn_at=None)

    def seen_by(self, access: "Access") -> Q:
        return Q(**{f"{self.owner_path}__in": access.people})

    def visible_to(self, user: Viewer) -> Self:
        """What `user` may see today: everything, the records of people posted under them, or their own."""
        access = access_of(user)
        present = self.present()
        return present if access.sees_all else present.filter(self.seen_by(access))


class Record(models.Model):
    """A record with a history of its own; undoing an import withdraws it from every list, search and figure."""

    # NULL, not empty: rows without one must not clash under the unique constraint.
    external_id = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True


def external_id_is_unique(label: str) -> models.UniqueConstraint:
    """One present record per external id."""
    return models.UniqueConstraint(
        fields=["external_id"], condition=Q(withdrawn_at=None), name=f"{label}_external_id_is_unique"
    )


# ── People's rights ─────────────────────────────────────────────────────────────────────────────────────────────


class Showing(models.TextChoices):
    """What may be shown of a single person, or not: by a switch for all, and by country (works councils, law)."""

    RANKS = "ranks", "Places among colleagues"
    CHANCES = "chances", "Probabilities of missing a quota"
    SELLING_TIME = "selling_time", "Share of time that goes into selling"
    PAY = "pay", "Pay below that of comparable people, as a sign to the manager"

    @property
    def switch(self) -> str:
        """The organisation's field that says whether it is shown at all."""
        return "shows_selling_time" if self is Showing.SELLING_TIME else f"shows_individual_{self}"

    @property
    def countries(self) -> str:
        """The organisation's field of the countries where it is not."""
        return f"countries_without_{self}"


# ── The organisation and its calendar ───────────────────────────────────────────────────────────────────────────


def monday_to_friday() -> list[int]:
    return [1, 2, 3, 4, 5]


class Organisation(models.Model):
    """The one company this installation serves, and how it counts days and money."""

    fiscal_years: list[dict[str, Any]]  # as `get` reads them beside
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3, default="EUR", help_text="Reporting currency, ISO 4217")
    time_zone = models.CharField(max_length=64, default="UTC", help_text="Decides the day, IANA name")
    fiscal_month = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(12)],
        help_text="First month of the fiscal year, until a set-up of the calendar says otherwise",
    )
    holiday_region = models.CharField(max_length=16, blank=True, help_text="Country, or country-subdivision: DE, DE-BY")
    working_week = ArrayField(models.PositiveSmallIntegerField(), default=monday_to_friday, help_text="ISO weekdays")
    is_demo = models.BooleanField(default=False, editable=False)
    shows_individual_ranks = models.BooleanField(default=True)
    countries_without_ranks = ArrayField(
        models.CharField(max_length=2),
        default=list,
        blank=True,
        db_default=[],
        help_text="Nobody posted there stands on a board of people: DE, FR",
    )
    shows_individual_chances = models.BooleanField(
        default=True, db_default=True, help_text="How likely each person is to reach an amount"
    )
    countries_without_chances = ArrayField(
        models.CharField(max_length=2),
        default=list,
        blank=True,
        db_default=[],
        help_text="Of nobody posted there is it shown: DE, FR",
    )
    shows_selling_time = models.BooleanField(
        default=True, db_default=True, help_text="Share of time that goes into selling, per person"
    )
    countries_without_selling_time = ArrayField(
        models.CharField(max_length=2),
        default=list,
        blank=True,
        db_default=[],
        help_text="Of nobody posted there is it shown: DE, FR",
    )
    shows_individual_pay = models.BooleanField(
        default=True,
        db_default=True,
        help_text="An early sign that pay lies below comparable people’s, without amounts",
    )
    countries_without_pay = ArrayField(
        models.CharField(max_length=2),
        default=list,
        blank=True,
        db_default=[],
        help_text="Of nobody posted there is it shown: DE, FR",
    )
    follow_up_days = models.PositiveSmallIntegerField(
        default=7, db_default=7, help_text="After the delivery, a task asks how it went"
    )
    gift_limit = models.DecimalField(
        max_digits=10, decimal_places=2, default=50, db_default=50, help_text="Per recipient and year (R27)"
    )
    free_change = models.PositiveSmallIntegerField(
        "Free change of a figure",
        default=10,
        db_default=10,
        validators=[MaxValueValidator(100)],
        help_text="Percent of a published figure that a manager may change without the yes of the next manager up",
    )

    class Meta:
        triggers = audited()
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="there_is_one_organisation"),
            models.CheckConstraint(condition=Q(fiscal_month__range=(1, 12)), name="fiscal_month_is_a_month"),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def get(cls) -> "Organisation":
        """The organisation, made by the first migration, with its calendar; read it once per request and hand it on."""
        found: Organisation
        for found in _organisation().models(cls):
            found.fiscal_years = [json.loads(row) for row in found.__dict__.pop("years")]
            return found
        raise cls.DoesNotExist

    def shows(self, what: Showing) -> bool:
        """Whether it is shown of anybody."""
        return bool(getattr(self, what.switch))

    def countries_without(self, what: Showing) -> frozenset[str]:
        return frozenset(getattr(self, what.countries))

    @cached_property
    def calendar(self) -> FiscalCalendar:
        """Its fiscal calendar; without a set-up, years of months from `fiscal_month` on."""
        plain = FiscalCalendar.from_month(self.fiscal_month)
        rows = getattr(self, "fiscal_years", None)
        if rows is None:
            rows = list(FiscalYear.objects.standing().values(*FiscalYear.SAYS))
        for row in rows:
            starts_on = row["starts_on"]
            day = date.fromisoformat(starts_on) if isinstance(starts_on, str) else starts_on
            plain = plain.changed(SetUp(row["number"], day, row["layout"], row["is_nearest"]))
        return plain


@cache
def _organisation() -> Statement:
    years = FiscalYear.objects.standing().values(row=JSONObject(**{name: name for name in FiscalYear.SAYS}))
    return Statement.of(Organisation.objects.annotate(years=ArraySubquery(years)).filter(pk=1))


class FiscalYearQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Those that stand, for who sees all."""
        return self.standing() if access_of(user).sees_all else self.none()

    def standing(self) -> Self:
        return self.filter(superseded_at=None).order_by("number")


class FiscalYear(models.Model):
    """From this fiscal year on the calendar goes by another set-up; a later word on the same year supersedes it."""

    SAYS = ("number", "starts_on", "layout", "is_nearest")

    number = models.PositiveSmallIntegerField(validators=[MinValueValidator(1901), MaxValueValidator(9998)])
    starts_on = models.DateField()
    layout = models.CharField(max_length=6, choices=[("months", "Calendar months"), *((key, key) for key in WEEKS)])
    is_nearest = models.BooleanField(
        default=True, help_text="Of years of weeks: nearest to the first of the month, else the last one not after it"
    )
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    superseded_at = models.DateTimeField(null=True, editable=False)

    objects = FiscalYearQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            models.UniqueConstraint(
                fields=["number"], condition=Q(superseded_at=None), name="one_set_up_per_fiscal_year"
            ),
            models.CheckConstraint(condition=Q(number__range=(1901, 9998)), name="fiscal_year_has_four_digits"),
        ]

    def __str__(self) -> str:
        return f"FY {self.number}"


class HolidayQuerySet(models.QuerySet):
    def of(self, region: str) -> Self:
        return self.filter(region=region)


class Holiday(models.Model):
    """A day on which a region does not work: filled from a library, added to by the admin."""

    region = models.CharField(max_length=16)
    on = models.DateField()
    name = models.CharField(max_length=200)

    objects = HolidayQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [models.UniqueConstraint(fields=["region", "on"], name="one_holiday_per_region_and_day")]

    def __str__(self) -> str:
        return f"{self.name} ({self.region}, {self.on:%d %b %Y})"


class PeriodQuerySet(DatedQuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Those that stand, for who sees all."""
        return self.standing() if access_of(user).sees_all else self.none()

    def standing(self) -> Self:
        """Without those that a change of the calendar has put others in the place of."""
        return self.filter(superseded_at=None)


class Period(Dated):
    """A stored month, the smallest period, which is what closes. Quarters and years are values above it.

    A change of the fiscal calendar supersedes open periods and never deletes one.
    """

    key = models.CharField(max_length=8)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    superseded_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = PeriodQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            is_a_range("period_is_a_range"),
            one_at_a_time("periods_do_not_overlap", condition=Q(superseded_at=None)),
            models.UniqueConstraint(fields=["key"], condition=Q(superseded_at=None), name="one_period_per_key"),
            models.CheckConstraint(
                condition=Q(superseded_at=None) | Q(closed_at=None), name="no_closed_period_is_superseded"
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None


class PeriodChange(models.Model):
    """A closing or reopening of a period: who, when and why."""

    period = models.ForeignKey(Period, models.PROTECT, related_name="changes")
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    is_closing = models.BooleanField()
    reason = models.CharField(max_length=200, blank=True)


class ExchangeRate(Dated):
    """What one unit of a currency is worth in the reporting currency while the rate holds."""

    class Kind(models.TextChoices):
        ACTUAL = "actual", "Actual"
        PLAN = "plan", "Plan"

    currency = models.CharField(max_length=3)
    kind = models.CharField(max_length=6, choices=Kind, default=Kind.ACTUAL)
    rate = models.DecimalField(max_digits=18, decimal_places=8)

    objects = DatedQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            is_a_range("rate_is_a_range"),
            one_at_a_time("one_rate_at_a_time", "currency", "kind"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="rate_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.rate} ({self.kind})"


# ── People, teams, postings ─────────────────────────────────────────────────────────────────────────────────────


class TeamQuerySet(models.QuerySet):
    def present(self) -> Self:
        return self.filter(withdrawn_at=None)

    def under(self, team_ids: tuple[int, ...] | list[int]) -> Self:
        """These teams and all below them."""
        return self.filter(path__overlap=list(team_ids))

    def visible_to(self, user: Viewer) -> Self:
        """All; the subtree one leads; the team one is posted to."""
        access = access_of(user)
        present = self.present()
        if access.sees_all:
            return present
        ids = [*access.led_team_ids]
        return present.filter(Q(path__overlap=ids) if ids else Q(pk=access.team_id))


class Team(Record):
    """A node of the tree of teams. One that does not sell says which department it is."""

    class Department(models.TextChoices):
        PRODUCT = "product", "Product"
        MARKETING = "marketing", "Marketing"
        PRODUCTION = "production", "Production"
        DELIVERY = "delivery", "Delivery"
        SERVICE = "service", "Service"

    name = models.CharField(max_length=200)
    department = models.CharField(
        max_length=10, choices=Department, blank=True, db_default="", help_text="Empty: it sells"
    )
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    path = ArrayField(
        models.BigIntegerField(),
        default=list,
        editable=False,
        help_text="Ids from the root to itself, kept by a trigger",
    )

    objects = TeamQuerySet.as_manager()

    class Meta:
        indexes = [GinIndex(fields=["path"], name="team_path")]
        constraints = [
            external_id_is_unique("team"),
            models.UniqueConstraint(fields=["name"], condition=Q(withdrawn_at=None), name="team_name_is_unique"),
        ]
        triggers = [
            *audited("path"),
            pgtrigger.Trigger(
                name="keep_path",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("parent_id"),
                func="""
                    IF NEW.parent_id IS NULL THEN
                        NEW.path := ARRAY[NEW.id];
                    ELSE
                        SELECT path || NEW.id INTO NEW.path FROM teams_team WHERE id = NEW.parent_id;
                        IF NEW.id = ANY(NEW.path[:cardinality(NEW.path) - 1]) THEN
                            RAISE EXCEPTION 'A team can''t stand below itself.' USING ERRCODE = 'check_violation',
                                CONSTRAINT = 'team_tree_has_no_circle';
                        END IF;
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="move_subtree",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("parent_id"),
                condition=pgtrigger.Condition("NEW.path IS DISTINCT FROM OLD.path"),
                func="""
                    UPDATE teams_team SET path = NEW.path || path[cardinality(OLD.path) + 1:]
                     WHERE path @> ARRAY[NEW.id] AND id <> NEW.id;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PersonQuerySet(RecordQuerySet):
    owner_path = "pk"

    def active(self, day: date) -> Self:
        """Not yet left on a day."""
        return self.filter(Q(left_on=None) | Q(left_on__gt=day))


class Person(Record):
    """Somebody who works here, with or without a login. Leavers stay, and so do their numbers."""

    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    user = models.OneToOneField(User, models.SET_NULL, null=True, blank=True, related_name="person")
    hired_on = models.DateField(null=True, blank=True)
    left_on = models.DateField(null=True, blank=True, help_text="First day no longer here")
    birthday = models.DateField(null=True, blank=True)

    objects = PersonQuerySet.as_manager()

    class Meta:
        triggers = audited()
        verbose_name_plural = "people"
        indexes = [models.Index(fields=["name"], name="person_by_name")]
        constraints = [
            external_id_is_unique("person"),
            models.CheckConstraint(
                condition=Q(left_on=None) | Q(hired_on=None) | Q(left_on__gte=models.F("hired_on")),
                name="person_leaves_after_joining",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Territory(models.Model):
    """A part of the market that postings and accounts name."""

    name = models.CharField(max_length=200, unique=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")

    class Meta:
        triggers = audited()
        verbose_name_plural = "territories"

    def __str__(self) -> str:
        return self.name


class PostingQuerySet(DatedQuerySet):
    def under(self, team_ids: tuple[int, ...] | list[int]) -> Self:
        return self.filter(team__path__overlap=list(team_ids))

    def visible_to(self, user: Viewer) -> Self:
        """Those of the people one sees."""
        return self.filter(person__in=Person.objects.visible_to(user))


class Posting(Dated):
    """Where a person works from a day until another: team, role, share of a full week, territory, calendar."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="postings")
    team = models.ForeignKey(Team, models.PROTECT, related_name="postings")
    role = models.CharField(max_length=12, choices=Role, default=Role.REP)
    fte = models.DecimalField(max_digits=5, decimal_places=4, default=1, help_text="1 is a full week")
    territory = models.ForeignKey(Territory, models.PROTECT, null=True, blank=True, related_name="postings")
    holiday_region = models.CharField(max_length=16, blank=True, help_text="Empty: the organisation's")
    working_week = ArrayField(models.PositiveSmallIntegerField(), null=True, blank=True)
    ramp = models.CharField(max_length=100, blank=True, help_text="Name of a ramp profile, counted from hired_on")

    objects = PostingQuerySet.as_manager()

    class Meta:
        triggers = audited()
        indexes = [
            GistIndex(fields=["during"], name="posting_during"),
            models.Index(fields=["team"], name="posting_team"),
        ]
        constraints = [
            is_a_range("posting_is_a_range"),
            one_at_a_time("one_posting_at_a_time", "person"),
            models.CheckConstraint(condition=Q(fte__gt=0, fte__lte=1), name="fte_is_a_share_of_one"),
        ]

    def __str__(self) -> str:
        return f"{self.person} in {self.team} from {self.starts_on}"


class Leadership(Dated):
    """Who leads a team from a day until another; without a row the seat of the manager is vacant."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="leaderships")
    person = models.ForeignKey(Person, models.CASCADE, related_name="leaderships")

    objects = DatedQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            is_a_range("leadership_is_a_range"),
            one_at_a_time("one_manager_at_a_time", "team"),
        ]

    def __str__(self) -> str:
        return f"{self.person} leads {self.team} from {self.starts_on}"


class LeaveKind(models.Model):
    """What a kind of leave does (R3): does it relieve quota, is it protected from flags?"""

    key = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    relieves_quota = models.BooleanField()
    is_protected = models.BooleanField(default=False)

    class Meta:
        triggers = audited()

    def __str__(self) -> str:
        return self.name


class LeaveQuerySet(DatedQuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """HR sees all; everybody else that of the people they see, without its kind."""
        access = access_of(user)
        if access.sees_all or access.role == Role.HR:
            return self.all()
        return self.filter(person__in=access.people)


class Leave(Dated):
    """Days on which a person is away. Below HR only the dates and whether it relieves quota are shown."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="leaves")
    kind = models.ForeignKey(LeaveKind, models.PROTECT, related_name="leaves")

    objects = LeaveQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            is_a_range("leave_is_a_range"),
            models.CheckConstraint(condition=Q(during__endswith__isnull=False), name="leave_has_a_last_day"),
            one_at_a_time("one_leave_at_a_time", "person"),
        ]

    def __str__(self) -> str:
        return f"{self.person} away from {self.starts_on}"

    def kind_for(self, user: Viewer) -> str:
        """Its kind, for HR and the person themselves; nobody else reads it."""
        access = access_of(user)
        may_read = access.role == Role.HR or access.person_id == self.person_id
        return self.kind.name if may_read else ""


class PayQuerySet(DatedQuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """HR sees all; everybody else their own; nobody that of people they lead."""
        access = access_of(user)
        return self.all() if access.role == Role.HR else self.filter(person=access.person_id)


class Pay(Dated):
    """What somebody is paid before commission, for HR and the person alone."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="pays")
    yearly = models.DecimalField(
        "Base pay of a fiscal year", max_digits=14, decimal_places=2, help_text="For a full week, without commission"
    )
    currency = models.CharField(max_length=3)

    objects = PayQuerySet.as_manager()

    class Meta:
        triggers = audited("yearly")
        constraints = [
            is_a_range("pay_is_a_range"),
            one_at_a_time("one_pay_at_a_time", "person"),
            models.CheckConstraint(condition=Q(yearly__gt=0), name="pay_is_positive"),
        ]

    def __str__(self) -> str:
        return f"Pay of {self.person} from {self.starts_on}"


# ── Access ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Access:
    """What a user may see today. `people` holds person ids and is empty where `sees_all`."""

    person_id: int | None
    role: str
    sees_all: bool
    people: frozenset[int]
    team_id: int | None
    led_team_ids: tuple[int, ...]
    department: str = ""
    on: date | None = None
    """The day it is worked out for."""

    def sees_person(self, person_id: int | None) -> bool:
        return self.sees_all or (person_id is not None and person_id in self.people)

    @property
    def leads(self) -> bool:
        return bool(self.led_team_ids)

    @property
    def imports(self) -> bool:
        """Only admin and operations import."""
        return self.role in {"admin", Role.OPERATIONS}

    @property
    def delivers(self) -> bool:
        """Makes or carries what was ordered, and says when; admin and operations may too."""
        return self.imports or self.department in {Team.Department.PRODUCTION, Team.Department.DELIVERY}


def access_of(user: Viewer) -> Access:
    """The access of a user, worked out once per user object, that is once per request (at most three queries).

    Admins, executives and operations see all; a manager sees the people posted today in the teams they lead and
    below; everybody sees themselves. Somebody anonymous or deactivated sees nothing.
    """
    if not isinstance(user, User):
        return NOBODY
    if not hasattr(user, "_access"):
        user._access = _work_out_access(user)
    return user._access


NOBODY = Access(None, "none", sees_all=False, people=frozenset(), team_id=None, led_team_ids=())


def _work_out_access(user: User) -> Access:
    if not user.is_active:
        return NOBODY
    organisation = Organisation.get()
    user._organisation = organisation
    today = clock.today(organisation.time_zone)
    person: Any = next(iter(_behind(today).models(Person, {ME: user.pk})), None)
    user._person = person
    if user.is_superuser:
        me, led = (person.pk, tuple(person.led)) if person else (None, ())  # whom they lead is their own figure too
        return Access(me, "admin", sees_all=True, people=frozenset(), team_id=None, led_team_ids=led, on=today)
    if person is None:
        return NOBODY
    role, team_id, led = person.role or "none", person.team_id, tuple(person.led)
    here = person.department or ""
    if role in {Role.EXECUTIVE, Role.OPERATIONS}:
        return Access(person.pk, role, True, frozenset(), team_id, led, here, today)
    people = {person.pk}
    if led:
        people.update(pk for (pk,) in _posted_under(led, today).rows())
    return Access(person.pk, role, False, frozenset(people), team_id, led, here, today)


ME, MY_TEAM = -1, -2  # stand for whoever asks in a statement that is kept


def shared_access(access: Access) -> tuple[Access, dict[int, int | None]]:
    """The access that all who lead nobody have in common, for a statement that is kept for all of them; and whom and
    which team to put in.
    """
    if access.led_team_ids or access.person_id is None:
        return access, {}
    people = frozenset([ME]) if access.people else access.people
    team = None if access.team_id is None else MY_TEAM
    return replace(access, person_id=ME, people=people, team_id=team), {ME: access.person_id, MY_TEAM: access.team_id}


@lru_cache(maxsize=4)
def _behind(day: date) -> Statement:
    """The person of a login, present and active on a day, with role, team, department and the teams they lead."""
    posting = Posting.objects.on(day).filter(person=OuterRef("pk"))
    led = Leadership.objects.on(day).filter(person=OuterRef("pk"), team__withdrawn_at=None)
    return Statement.of(
        Person.objects.present()
        .active(day)
        .filter(user=ME)
        .annotate(
            role=Subquery(posting.values("role")[:1]),
            team_id=Subquery(posting.values("team")[:1]),
            department=Subquery(posting.values("team__department")[:1]),
            led=ArraySubquery(led.order_by("team").values("team")),
        )
    )


@lru_cache(maxsize=512)
def _posted_under(led: tuple[int, ...], day: date) -> Statement:
    return Statement.of(Posting.objects.on(day).under(led).values_list("person_id", flat=True))


def led_by_others(access: Access) -> PersonQuerySet:
    """Who isn't led by somebody today though posted where they lead: those who lead there themselves, and above.

    Whoever stands in for a manager doesn't judge that manager, and an executive nobody whose team they are in: these
    answer to the next one up. Somebody posted as manager of the very team counts as one who leads there.
    """
    today = access.on or clock.today(Organisation.get().time_zone)
    led = list(access.led_team_ids)
    mine = Q(pk__in=led) | Q(pk=access.team_id)
    topmost = Team.objects.filter(mine).exclude(parent__path__overlap=led)
    around = topmost.annotate(above=models.Func("path", function="unnest", output_field=models.BigIntegerField()))
    heads = Leadership.objects.filter(team__in=around.values("above"), during__overlap=half_open(today))
    found = Q(pk__in=heads.values("person"))  # today or later
    if access.role != Role.EXECUTIVE:
        posted = Posting.objects.on(today).filter(team__in=led, role__in=[Role.MANAGER, Role.EXECUTIVE])
        found |= Q(pk__in=posted.filter(team__in=topmost.values("pk")).values("person"))
    return Person.objects.filter(found).exclude(pk__in=[access.person_id]).order_by()


def led_by(access: Access, path: str = "person") -> Q:
    """The people a user sees for leading them, and themselves; of who leads nobody only themselves."""
    seen = Q(**{f"{path}__in": access.people})
    return seen & ~Q(**{f"{path}__in": led_by_others(access).values("pk")}) if access.leads else seen


# ── Skills ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Skill(models.Model):
    """Something that people who sell or support are good at, to be rated from 1 to 5."""

    name = models.CharField(max_length=100, unique=True)
    description = models.CharField(max_length=300, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        triggers = audited()

    def __str__(self) -> str:
        return self.name


class SkillRatingQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Those of the people one sees."""
        return self.filter(person__in=Person.objects.visible_to(user))

    def standing(self) -> Self:
        """The latest of each person, skill and source."""
        return self.order_by("person", "skill", "is_own", "-at", "-pk").distinct("person", "skill", "is_own")


class SkillRating(models.Model):
    """How good somebody is at a skill, as they or who leads them see it; rated again by a further row.

    Only the manager's counts in anything, and not while the person contests it (R5).
    """

    person = models.ForeignKey(Person, models.CASCADE, related_name="skill_ratings")
    skill = models.ForeignKey(Skill, models.PROTECT, related_name="ratings")
    is_own = models.BooleanField(help_text="The person's own view")
    score = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(5)])
    note = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    contested_at = models.DateTimeField(null=True, blank=True, editable=False)
    contest = models.CharField(max_length=500, blank=True)

    objects = SkillRatingQuerySet.as_manager()

    class Meta:
        triggers = audited("note", "contest")
        indexes = [models.Index(fields=["person", "skill"], name="skill_rating_by_person")]
        constraints = [
            models.CheckConstraint(condition=Q(score__range=(1, 5)), name="skill_score_is_from_one_to_five"),
            models.CheckConstraint(condition=Q(is_own=False) | Q(contested_at=None), name="own_ratings_stand"),
        ]


# ── Who looked at whose figures ─────────────────────────────────────────────────────────────────────────────────


class LookQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Those at oneself: nobody else reads who looked."""
        pk = access_of(user).person_id
        return self.filter(person=pk) if pk is not None else self.none()


class Look(models.Model):
    """Somebody opened a page about somebody else: once a day for each kind of page. The person reads it."""

    class Page(models.TextChoices):
        PERSON = "person", "Your page"
        FIGURES = "figures", "Records behind a figure"
        LEVERS = "levers", "What a gap is made of"
        FLAG = "flag", "A flag"
        SCORECARD = "scorecard", "Your scorecard"
        FORECAST = "forecast", "Where you will land"
        CALLS = "calls", "Your calls"
        QUOTA = "quota", "Your quota and letters about it"
        PIPELINE = "pipeline", "Your pipeline"
        MANAGER = "manager", "Your record as a manager"
        SKILLS = "skills", "Your skills"
        LEAVE = "leave", "Your leave and its kind"
        PAY = "pay", "Pay below that of comparable people, as a sign to the manager"
        CASE = "case", "A case"
        TALK = "talk", "A 1:1"
        COURSES = "courses", "Your courses"
        PLAN = "plan", "A development or coaching plan"
        LADDER = "ladder", "An improvement plan"
        SIGNS = "signs", "Early signs, of everybody in the team"
        DISPUTE = "dispute", "A dispute"
        EXIT = "exit", "What was recorded as you left"

    viewer = models.ForeignKey(User, models.CASCADE, related_name="looks")
    person = models.ForeignKey(Person, models.CASCADE, related_name="looks")
    page = models.CharField(max_length=12, choices=Page)
    on = models.DateField()
    at = models.DateTimeField(help_text="The first of the day")

    objects = LookQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "on", "viewer", "page"], name="one_look_per_viewer_page_and_day")
        ]
        indexes = [
            models.Index(fields=["person", "-at"], name="look_by_person"),
            models.Index(fields=["on"], name="look_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.viewer} looked at {self.person} on {self.on}"


# ── All that is stored about one ────────────────────────────────────────────────────────────────────────────────


class DataCopyQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """One's own, and nobody else's."""
        pk = access_of(user).person_id
        return self.filter(person=pk) if pk is not None else self.none()

    def kept(self, at: datetime) -> Self:
        """Those that wait, or were made within the last days."""
        return self.filter(Q(made_at=None) | Q(made_at__gt=at - DataCopy.KEPT))


class DataCopy(models.Model):
    """All that is stored about a person in one archive: asked for, made by the worker, theirs alone for some days.

    Made without a file: it failed. A new one takes the place of the last.
    """

    KEPT = timedelta(days=7)

    person = models.OneToOneField(Person, models.CASCADE, related_name="data_copy")
    asked_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True)
    file = models.FileField(upload_to="own-data/", blank=True)

    objects = DataCopyQuerySet.as_manager()

    def __str__(self) -> str:
        return f"Data of {self.person}, asked for {self.asked_at:%d %b %Y}"

    @property
    def until(self) -> datetime | None:
        return self.made_at + self.KEPT if self.made_at else None
