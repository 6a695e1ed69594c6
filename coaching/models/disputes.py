"""Disputes: what is claimed, who is heard, who decides, and what the decision changed."""

from typing import Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from sales.models import Account, Handover, Order
from salesmgmt.desk.audit import audited
from salesmgmt.lib import clock
from salesmgmt.lib.ledger import APPEND_ONLY
from salesmgmt.lib.ranges import half_open
from targets.models import QuotaEntry
from teams.models import Leadership, Organisation, Person, Posting, Role, Viewer, access_of, led_by_others

FIRST, APPEAL = 1, 2  # rounds
ROUNDS = [(FIRST, "First decision"), (APPEAL, "Appeal")]
NEVER_DELETED = pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)


class DisputeQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """The parties, who decides or decided, and HR. Never a line as such.

        Executives see that there is a dispute, and read no statement, where no party stands below them or above.
        """
        access = access_of(user)
        if access.person_id is None:
            return self.none()
        if access.role == Role.HR:
            return self.all()
        seen = Q(pk__in=Decider.objects.standing().filter(person=access.person_id).values("dispute"))
        seen |= Q(pk__in=Party.objects.filter(person=access.person_id).values("dispute"))
        if access.role == Role.EXECUTIVE:
            today = clock.today(Organisation.get().time_zone)
            led = Leadership.objects.filter(person=access.person_id, during__overlap=half_open(today))
            teams = list(led.values_list("team_id", flat=True))
            below = Posting.objects.on(today).under(teams).values("person") if teams else []
            line = Q(person__in=below) | Q(person__in=led_by_others(access).values("pk"))
            seen |= ~Q(pk__in=Party.objects.filter(line).values("dispute"))
        return self.filter(seen)

    def unsettled(self) -> Self:
        """To be decided, or decided and still open to an appeal."""
        return self.filter(state__in=Dispute.UNSETTLED)


class Dispute(models.Model):
    """Two or more people who see it differently: all are heard, somebody neutral decides, once more on appeal."""

    class Subject(models.TextChoices):
        CREDIT = "credit", "Credit"
        TERRITORY = "territory", "Territory"
        QUOTA = "quota", "Quota"
        CONDUCT = "conduct", "Conduct"
        PAY = "pay", "Pay"

    class Ground(models.TextChoices):
        LEFT_OUT = "left_out", "I took part and was left out"
        TOO_SMALL = "too_small", "My part is too small"
        MISTAKE = "mistake", "A mistake was made"
        UNEQUAL = "unequal", "Others are treated otherwise"
        PROMISE = "promise", "It was promised differently"
        CHANGED = "changed", "Circumstances have changed"
        TREATMENT = "treatment", "How I was treated"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        DECIDED = "decided", "Decided"
        APPEALED = "appealed", "Appealed"
        FINAL = "final", "Final"
        WITHDRAWN = "withdrawn", "Withdrawn"

    UNSETTLED = (State.OPEN, State.DECIDED, State.APPEALED)
    HEARING = (State.OPEN, State.APPEALED)

    subject = models.CharField(max_length=9, choices=Subject)
    ground = models.CharField(max_length=9, choices=Ground)
    title = models.CharField(max_length=200, help_text="What it is about, without anybody's words")
    opened_by = models.ForeignKey(Person, models.PROTECT, related_name="opened_disputes")
    opened_at = models.DateTimeField()
    order = models.ForeignKey(Order, models.PROTECT, null=True, blank=True, related_name="disputes")
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="disputes")
    period = models.CharField(max_length=8, blank=True, help_text="Key of the quota's period: 2026-Q4")
    measure = models.CharField(max_length=60, blank=True, default="", db_default="", help_text="Of the quota")
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    round = models.PositiveSmallIntegerField(choices=ROUNDS, default=FIRST)
    statements_due_on = models.DateField(help_text="Of the running round")
    decide_by = models.DateField(help_text="Of the running round")
    appeal_until = models.DateField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = DisputeQuerySet.as_manager()

    class Meta:
        triggers = [*audited(), NEVER_DELETED]
        constraints = [
            models.CheckConstraint(
                condition=Q(subject="credit", order__isnull=False, account=None, period="")
                | Q(subject="territory", order=None, account__isnull=False, period="")
                | (Q(subject="quota", order=None, account=None) & ~Q(period=""))
                | Q(subject__in=["conduct", "pay"], order=None, account=None, period=""),
                name="a_dispute_names_what_it_is_about",
            ),
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(state__in=["open", "decided", "appealed"]),
                name="one_open_dispute_per_order",
            ),
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(state__in=["open", "decided", "appealed"]),
                name="one_open_dispute_per_account",
            ),
            models.UniqueConstraint(
                fields=["opened_by", "period"],
                condition=Q(state__in=["open", "decided", "appealed"]) & ~Q(period=""),
                name="one_open_dispute_per_quota",
            ),
        ]
        indexes = [models.Index(fields=["subject", "ground", "state"], name="dispute_by_kind")]

    def __str__(self) -> str:
        return self.title

    @property
    def is_hearing(self) -> bool:
        """Statements are taken, and it is to be decided."""
        return self.state in self.HEARING


# Locks the dispute, so that a decision and what it rests on come one after the other, and looks only then.
CLOSED_ROUND = """
    PERFORM 1 FROM coaching_dispute WHERE id = of_dispute FOR UPDATE;
    IF EXISTS (SELECT FROM coaching_decision d WHERE d.dispute_id = of_dispute AND d.round = of_round) THEN
        RAISE EXCEPTION 'This round is decided already.'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'a_decided_round_is_over';
    END IF;
    RETURN NEW;
"""
DECLARED = [("of_dispute", "bigint"), ("of_round", "smallint")]


class Party(models.Model):
    """Somebody whose record a decision may change, or who answers for it: heard before any decision."""

    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="parties")
    person = models.ForeignKey(Person, models.PROTECT, related_name="disputes")
    is_claimant = models.BooleanField(default=False)
    added_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "parties"
        triggers = [
            NEVER_DELETED,
            pgtrigger.Trigger(
                name="a_decided_round_is_over",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=DECLARED,
                func=f"""
                    of_dispute := NEW.dispute_id;
                    of_round := (SELECT round FROM coaching_dispute WHERE id = NEW.dispute_id FOR UPDATE);
                    {CLOSED_ROUND}
                """,
            ),
        ]
        constraints = [models.UniqueConstraint(fields=["dispute", "person"], name="a_party_is_named_once")]

    def __str__(self) -> str:
        return f"{self.person} in dispute {self.dispute_id}"


class Statement(models.Model):
    """What a party is asked to say in a round, and said; or that the day passed without it."""

    party = models.ForeignKey(Party, models.PROTECT, related_name="statements")
    round = models.PositiveSmallIntegerField(choices=ROUNDS)
    asked_at = models.DateTimeField()
    due_on = models.DateField()
    due_at = models.DateTimeField(help_text="The end of that day in the organisation's zone")
    text = models.TextField(max_length=10_000, blank=True)
    said_at = models.DateTimeField(null=True)
    missed_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        triggers = [
            *audited("text"),
            NEVER_DELETED,
            pgtrigger.Trigger(
                name="a_decided_round_is_over",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("said_at", "missed_at", "party_id", "round"),
                declare=DECLARED,
                func=f"""
                    IF TG_OP = 'UPDATE' THEN
                        IF (NEW.said_at, NEW.missed_at, NEW.party_id, NEW.round)
                           IS NOT DISTINCT FROM (OLD.said_at, OLD.missed_at, OLD.party_id, OLD.round) THEN
                            RETURN NEW;
                        END IF;
                        IF NEW.said_at IS DISTINCT FROM OLD.said_at AND OLD.said_at IS NOT NULL
                           OR NEW.missed_at IS DISTINCT FROM OLD.missed_at AND OLD.missed_at IS NOT NULL
                           OR (NEW.party_id, NEW.round) IS DISTINCT FROM (OLD.party_id, OLD.round) THEN
                            RAISE EXCEPTION 'What was said stands.'
                                  USING ERRCODE = 'check_violation', CONSTRAINT = 'a_statement_stands';
                        END IF;
                    END IF;
                    of_dispute := (SELECT dispute_id FROM coaching_party WHERE id = NEW.party_id);
                    of_round := NEW.round;
                    {CLOSED_ROUND}
                """,
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["party", "round"], name="one_statement_per_round"),
            models.CheckConstraint(
                condition=Q(missed_at=None) | Q(missed_at__gte=F("due_at")), name="a_deadline_is_missed_after_it"
            ),
        ]

    @property
    def is_in(self) -> bool:
        """Said, or not said in time and recorded so."""
        return self.said_at is not None or self.missed_at is not None


class Evidence(models.Model):
    """Figures as they stood on a day, frozen; or what a party or the decider added, with its day."""

    class Kind(models.TextChoices):
        CREDITS = "credits", "Credits of the order"
        SHARES = "shares", "Shares of order and deal"
        OWNERS = "owners", "Owners of the account"
        QUOTA = "quota", "Entries of the quota"
        ADDED = "added", "Added"

    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="evidence")
    kind = models.CharField(max_length=7, choices=Kind)
    as_of = models.DateField()
    at = models.DateTimeField()
    by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    content = models.JSONField(default=dict, help_text="columns and rows, as texts")
    text = models.TextField(max_length=2000, blank=True)
    link = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "evidence"
        triggers = [
            pgtrigger.Protect(
                name="append_only",
                operation=pgtrigger.UpdateOf("kind", "as_of", "at", "content", "link") | pgtrigger.Delete,
            )
        ]


class DeciderQuerySet(models.QuerySet):
    def standing(self) -> Self:
        return self.filter(ended_at=None)


class Decider(models.Model):
    """Who decides a round: neither a party nor in the line of one; replaced when they come to be."""

    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="deciders")
    round = models.PositiveSmallIntegerField(choices=ROUNDS)
    person = models.ForeignKey(Person, models.PROTECT, related_name="disputes_to_decide")
    since = models.DateTimeField()
    named_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)
    why_ended = models.CharField(max_length=200, blank=True)
    reminded_at = models.DateTimeField(null=True)

    objects = DeciderQuerySet.as_manager()

    class Meta:
        triggers = [*audited(), NEVER_DELETED]
        constraints = [
            models.UniqueConstraint(
                fields=["dispute", "round"], condition=Q(ended_at=None), name="one_decider_at_a_time"
            )
        ]
        indexes = [models.Index(fields=["person"], condition=Q(ended_at=None), name="decider_by_person")]


class Decision(models.Model):
    """What was decided in a round, and why. It can't stand before every party was heard or let the day pass."""

    class Outcome(models.TextChoices):
        GRANTED = "granted", "Granted"
        DISMISSED = "dismissed", "Dismissed"
        UPHELD = "upheld", "The first decision stands"
        OVERTURNED = "overturned", "The first decision is overturned"

    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="decisions")
    round = models.PositiveSmallIntegerField(choices=ROUNDS)
    decider = models.ForeignKey(Person, models.PROTECT, related_name="decided_disputes")
    outcome = models.CharField(max_length=10, choices=Outcome)
    reasons = models.TextField(max_length=10_000, blank=True)
    decided_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        triggers = [
            pgtrigger.Protect(
                name="append_only",
                operation=pgtrigger.UpdateOf("dispute_id", "round", "decider_id", "outcome", "decided_at", "by_id")
                | pgtrigger.Delete,
            ),
            pgtrigger.Trigger(
                name="a_decision_hears_all_parties",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    PERFORM 1 FROM coaching_dispute WHERE id = NEW.dispute_id FOR UPDATE;
                    IF NOT EXISTS (SELECT FROM coaching_party p WHERE p.dispute_id = NEW.dispute_id)
                       OR EXISTS (SELECT FROM coaching_party p
                                   WHERE p.dispute_id = NEW.dispute_id AND NOT EXISTS (
                                       SELECT FROM coaching_statement s
                                        WHERE s.party_id = p.id AND s.round = NEW.round
                                          AND least(s.said_at, s.missed_at) <= NEW.decided_at)) THEN
                        RAISE EXCEPTION 'Not all parties have been heard.'
                              USING ERRCODE = 'check_violation', CONSTRAINT = 'a_decision_hears_all_parties';
                    END IF;
                    IF EXISTS (SELECT FROM coaching_party p
                                WHERE p.dispute_id = NEW.dispute_id AND p.person_id = NEW.decider_id) THEN
                        RAISE EXCEPTION 'A party does not decide.'
                              USING ERRCODE = 'check_violation', CONSTRAINT = 'nobody_decides_about_themselves';
                    END IF;
                    IF NOT EXISTS (SELECT FROM coaching_decider d
                                    WHERE d.dispute_id = NEW.dispute_id AND d.round = NEW.round
                                      AND d.person_id = NEW.decider_id AND d.ended_at IS NULL)
                       OR NEW.round > 1 AND EXISTS (SELECT FROM coaching_decision d
                                    WHERE d.dispute_id = NEW.dispute_id AND d.decider_id = NEW.decider_id) THEN
                        RAISE EXCEPTION 'Somebody else decides this round.'
                              USING ERRCODE = 'check_violation', CONSTRAINT = 'only_its_decider_decides_a_round';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["dispute", "round"], name="one_decision_per_round"),
            models.CheckConstraint(
                condition=Q(round=FIRST, outcome__in=["granted", "dismissed"])
                | Q(round=APPEAL, outcome__in=["upheld", "overturned"]),
                name="a_round_has_its_outcomes",
            ),
        ]


class Remedy(models.Model):
    """What a decision changed, or took back. Recognition settles pay and conduct from these; the amounts add up."""

    decision = models.ForeignKey(Decision, models.PROTECT, related_name="remedies")
    kind = models.CharField(max_length=9, choices=Dispute.Subject)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", help_text="Whose record changes")
    amount = models.DecimalField(
        max_digits=18, decimal_places=2, null=True, help_text="By how much a quota changed or pay is to change"
    )
    currency = models.CharField(max_length=3, blank=True)
    text = models.CharField(max_length=500, blank=True, help_text="What is to be done")
    entry = models.ForeignKey(QuotaEntry, models.PROTECT, null=True, related_name="+")
    handover = models.ForeignKey(Handover, models.PROTECT, null=True, related_name="+")
    reverses = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="reversed_by")
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "remedies"
        triggers = [
            pgtrigger.Protect(
                name="append_only",
                operation=pgtrigger.UpdateOf("decision_id", "kind", "person_id", "amount", "currency", "entry_id",
                                             "handover_id", "reverses_id", "at")
                | pgtrigger.Delete,
            )
        ]  # fmt: skip


class RemedyShare(models.Model):
    """A part of an order's credit before and after a remedy; nothing: no part."""

    remedy = models.ForeignKey(Remedy, models.PROTECT, related_name="shares")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=7, choices=[("primary", "Primary"), ("overlay", "Overlay")])
    was = models.DecimalField(max_digits=7, decimal_places=4, null=True)
    percent = models.DecimalField(max_digits=7, decimal_places=4, null=True)

    class Meta:
        triggers = [APPEND_ONLY]
        constraints = [models.UniqueConstraint(fields=["remedy", "person", "kind"], name="one_remedy_share_per_person")]


class DisputeEvent(models.Model):
    """What happened to a dispute, and when; never anybody's words."""

    class Kind(models.TextChoices):
        OPENED = "opened", "Opened"
        PARTY = "party", "Party added"
        PROPOSED = "proposed", "Party proposed"
        STATEMENT = "statement", "Statement given"
        MISSED = "missed", "Statement not given in time"
        EVIDENCE = "evidence", "Evidence added"
        DECIDER = "decider", "Decider named"
        REPLACED = "replaced", "Decider replaced"
        DECIDED = "decided", "Decided"
        APPEALED = "appealed", "Appealed"
        TAKEN_BACK = "taken_bk", "Appeal withdrawn"
        FINAL = "final", "Final"
        WITHDRAWN = "withdrawn", "Withdrawn"

    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=9, choices=Kind)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", help_text="Whom it concerns")
    round = models.PositiveSmallIntegerField(choices=ROUNDS)

    class Meta:
        triggers = [APPEND_ONLY]
