"""Plays: ways to sell that somebody found to work, said so that others can use them, and where they were used."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from sales.models import Activity, Deal, Product, Stage
from salesmgmt.desk.audit import audited
from salesmgmt.lib.finding import Words
from teams.models import Access, Person, Viewer, access_of


def sees_plays(access: Access) -> bool:
    """Who sells, leads or runs it; departments and HR see only what is theirs to see."""
    return not access.department and access.role not in {"none", "hr"}


class PlayQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """All who sell share them."""
        return self.all() if sees_plays(access_of(user)) else self.none()

    def in_use(self) -> Self:
        return self.exclude(state=Play.State.RETIRED)


class PlayWords(models.Model):
    """What a play says."""

    name = models.CharField(max_length=120)
    technique = models.TextField(max_length=3000)
    talk_track = models.TextField(max_length=3000, blank=True)
    objection = models.CharField(max_length=500, blank=True)
    answer = models.TextField(max_length=2000, blank=True)
    example = models.TextField(max_length=3000, blank=True)
    stage = models.ForeignKey(Stage, models.SET_NULL, null=True, blank=True, related_name="+")
    segment = models.CharField(max_length=100, blank=True, help_text="Industry of the customer")
    product = models.ForeignKey(Product, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        abstract = True


class Play(PlayWords):
    """A play as it stands; what it said before is kept in its versions."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        ADOPTED = "adopted", "Adopted"
        RETIRED = "retired", "Retired"

    author = models.ForeignKey(Person, models.PROTECT, related_name="plays")
    state = models.CharField(max_length=8, choices=State, default=State.PROPOSED)
    proposed_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = PlayQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=~Q(state="retired"), name="plays_in_use_have_names_of_their_own"
            )
        ]
        indexes = [
            models.Index(F("proposed_at").desc(), F("id").desc(), name="play_by_time"),
            GinIndex(Words("name", "technique", "objection"), name="play_by_words"),
        ]

    def __str__(self) -> str:
        return self.name


class OfPlaysQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        return self.all() if sees_plays(access_of(user)) else self.none()


class PlayVersion(PlayWords):
    """What a play said up to a change."""

    play = models.ForeignKey(Play, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    at = models.DateTimeField(help_text="When it was replaced")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["play", "number"], name="a_version_is_kept_once")]


class PlayChange(models.Model):
    """Proposed, adopted, retired, and why."""

    play = models.ForeignKey(Play, models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=8, choices=Play.State)
    reason = models.CharField(max_length=300, blank=True)


class PlayVote(models.Model):
    """A peer says: this works. Once, and not for one's own."""

    play = models.ForeignKey(Play, models.CASCADE, related_name="votes")
    person = models.ForeignKey(Person, models.PROTECT, related_name="play_votes")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["play", "person"], name="one_vote_each")]


class PlayComment(models.Model):
    """What a peer has to say about a play, for all who sell."""

    play = models.ForeignKey(Play, models.CASCADE, related_name="comments")
    author = models.ForeignKey(Person, models.PROTECT, related_name="play_comments")
    text = models.TextField(max_length=2000)
    at = models.DateTimeField()

    objects = OfPlaysQuerySet.as_manager()


class PlayEffect(models.Model):
    """What came of the decided deals of a play, beside comparable ones without it, as it was worked out some night."""

    play = models.OneToOneField(Play, models.CASCADE, related_name="effect")
    as_of = models.DateField()
    deals = models.PositiveIntegerField()
    won = models.PositiveIntegerField()
    group = models.PositiveIntegerField(default=0, help_text="Deals with it that could be compared")
    others = models.PositiveIntegerField(default=0, help_text="Deals without it beside them")
    value = models.DecimalField(max_digits=7, decimal_places=6, null=True, help_text="0.12: 12 points of win rate")
    low = models.DecimalField(max_digits=7, decimal_places=6, null=True)
    high = models.DecimalField(max_digits=7, decimal_places=6, null=True)
    chance = models.DecimalField(
        max_digits=7, decimal_places=6, null=True, help_text="How often chance alone goes as far on either side"
    )
    differs = models.BooleanField(default=False, help_text="By more than chance, of all plays that were compared")

    objects = OfPlaysQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(won__lte=F("deals")), name="no_more_won_than_decided"),
        ]


class PlayUseQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Those on deals and activities one sees."""
        if not sees_plays(access_of(user)):
            return self.none()
        deals, activities = Deal.objects.visible_to(user), Activity.objects.visible_to(user)
        return self.filter(Q(deal__in=deals.values("pk")) | Q(activity__in=activities.values("pk")))


class PlayUse(models.Model):
    """A play was used on a deal, in an activity or over its course."""

    play = models.ForeignKey(Play, models.PROTECT, related_name="uses")
    deal = models.ForeignKey(Deal, models.CASCADE, null=True, blank=True, related_name="play_uses")
    activity = models.ForeignKey(Activity, models.CASCADE, null=True, blank=True, related_name="play_uses")
    person = models.ForeignKey(Person, models.PROTECT, related_name="play_uses", help_text="Who said so")
    used_on = models.DateField()
    at = models.DateTimeField()

    objects = PlayUseQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            models.CheckConstraint(
                condition=Q(deal__isnull=False) | Q(activity__isnull=False), name="a_play_is_used_on_something"
            ),
            models.UniqueConstraint(
                fields=["play", "deal", "activity"], nulls_distinct=False, name="a_use_is_told_once"
            ),
        ]
        indexes = [
            models.Index(fields=["deal"], name="play_use_by_deal"),
            models.Index(fields=["activity"], name="play_use_by_activity"),
        ]
