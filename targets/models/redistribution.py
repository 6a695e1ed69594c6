"""Part of a quota that colleagues take on: offered, agreed to, counted, reversed (R8)."""

from decimal import Decimal
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import Q

from salesmgmt.desk.audit import audited
from salesmgmt.lib.ranges import Dated, DatedQuerySet, is_a_range
from targets.models.measures import BOOKINGS
from targets.models.quotas import QuotaEntry
from teams.models import Person, Team, Viewer, access_of


class RedistributionQuerySet(DatedQuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """For who leads the giver and who sees all; never for the giver, nor for who is asked to take."""
        access = access_of(user)
        mine = self if access.person_id is None else self.exclude(giver=access.person_id)
        if access.person_id is not None:
            asked = Candidate.objects.filter(person=access.person_id)
            mine = mine.exclude(pk__in=asked.values("redistribution"))
        return mine if access.sees_all else mine.filter(team__in=Team.objects.under(access.led_team_ids).values("pk"))


class Redistribution(Dated):
    """Somebody will fall short: what they can't bring in `during` is offered to others for the days of `to`."""

    class Prefer(models.TextChoices):
        ALL = "all", "Everybody alike"
        TEAM = "team", "The same team first"
        TERRITORY = "territory", "The same territory first"
        SOLD = "sold", "Who has sold the same first"

    giver = models.ForeignKey(Person, models.PROTECT, related_name="redistributions")
    team = models.ForeignKey(Team, models.PROTECT, related_name="+")
    to = DateRangeField(help_text="The days the receivers take it on for: the same, or a later period")
    measure = models.CharField(max_length=30, default=BOOKINGS)
    quota = models.DecimalField(max_digits=18, decimal_places=2, help_text="The giver's, before any redistribution")
    landing = models.DecimalField(max_digits=18, decimal_places=2, help_text="Where the giver was expected to land")
    amount = models.DecimalField(max_digits=18, decimal_places=2, help_text="What is offered in all")
    prefer = models.CharField(max_length=9, choices=Prefer, default=Prefer.ALL)
    reason = models.CharField(max_length=200)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    needs_agreement = models.BooleanField(help_text="The giver's manager has yet to be asked")
    agreed_at = models.DateTimeField(null=True)

    objects = RedistributionQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            is_a_range("redistribution_is_a_range"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_redistribution_offers_something"),
            models.CheckConstraint(
                condition=Q(to__startswith__gte=models.F("during__startswith")), name="a_redistribution_goes_forward"
            ),
        ]

    def __str__(self) -> str:
        return f"Redistribution {self.pk}"

    @property
    def is_agreed(self) -> bool:
        return not self.needs_agreement or self.agreed_at is not None

    @property
    def is_later(self) -> bool:
        return bool(self.to != self.during)


class Candidate(models.Model):
    """Somebody with room: how much they may take, and no more however often it is offered."""

    redistribution = models.ForeignKey(Redistribution, models.CASCADE, related_name="candidates")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, models.PROTECT, related_name="+")
    quota = models.DecimalField(max_digits=18, decimal_places=2, help_text="Before any redistribution")
    landing = models.DecimalField(max_digits=18, decimal_places=2)
    room = models.DecimalField(max_digits=18, decimal_places=2, help_text="By R8, less what was offered elsewhere")
    cap = models.DecimalField(max_digits=18, decimal_places=2, help_text="What the manager allows of the room")
    tier = models.PositiveSmallIntegerField(default=0, help_text="Asked in this order")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["redistribution", "person"], name="one_candidate_per_person"),
            models.CheckConstraint(condition=Q(cap__gte=0, cap__lte=models.F("room")), name="a_cap_lies_in_the_room"),
        ]


class OfferQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Who is asked, and who leads them; those who see all, and who leads the giver."""
        access = access_of(user)
        if access.sees_all:
            return self.exclude(candidate__redistribution__giver=access.person_id)
        led = Team.objects.under(access.led_team_ids).values("pk")
        return self.exclude(
            Q(candidate__redistribution__giver=access.person_id) & ~Q(candidate__person=access.person_id)
        ).filter(
            Q(candidate__person=access.person_id)
            | Q(candidate__team__in=led)
            | Q(candidate__redistribution__in=Redistribution.objects.visible_to(user).values("pk"))
        )

    def waiting(self) -> Self:
        return self.filter(state=Offer.State.WAITING)


class Offer(models.Model):
    """An amount that somebody is asked to take on. It counts when they, and across teams both managers, agree."""

    class State(models.TextChoices):
        WAITING = "waiting", "Asked"
        COUNTED = "counted", "Taken on"
        REFUSED = "refused", "Refused"
        WITHDRAWN = "withdrawn", "Withdrawn"
        REVERSED = "reversed", "Taken back"

    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="offers")
    turn = models.PositiveSmallIntegerField(help_text="1: asked first; later ones follow a refusal")
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    needs_agreement = models.BooleanField(help_text="Across teams: the manager of who is asked agrees too")
    made_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    agreed_at = models.DateTimeField(null=True)
    given = models.OneToOneField(QuotaEntry, models.PROTECT, null=True, related_name="+")
    taken = models.OneToOneField(QuotaEntry, models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)

    objects = OfferQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="an_offer_is_more_than_nothing"),
            models.CheckConstraint(
                condition=Q(state__in=["counted", "reversed"], given__isnull=False, taken__isnull=False)
                | Q(state__in=["waiting", "refused", "withdrawn"], given=None, taken=None),
                name="a_counted_offer_has_both_entries",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["counted", "reversed"]) | Q(accepted_at__isnull=False),
                name="nothing_is_taken_without_consent",
            ),
        ]

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.WAITING

    @property
    def is_agreed(self) -> bool:
        return not self.needs_agreement or self.agreed_at is not None

    @property
    def added(self) -> Decimal:
        return self.amount if self.state == self.State.COUNTED else Decimal(0)


class OfferEventQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Those of the offers one sees."""
        return self.filter(offer__in=Offer.objects.visible_to(user))


class OfferEvent(models.Model):
    """The history of an offer: who did what, when and why."""

    class Kind(models.TextChoices):
        OFFERED = "offered"
        ACCEPTED = "accepted"
        AGREED = "agreed"
        COUNTED = "counted"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"
        REVERSED = "reversed"

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=9, choices=Kind)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True)

    objects = OfferEventQuerySet.as_manager()
