"""After the order: delivery problems, feedback, complaints."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from salesmgmt.desk.audit import audited
from teams.models import Access, Person, Record, RecordQuerySet, external_id_is_unique

from .customers import Account, Contact
from .orders import Order


class DeliveryProblemQuerySet(RecordQuerySet):
    owner_path = "order__owner"


class DeliveryProblem(Record):
    """What went wrong between the order and the customer's hands, recorded by those who deliver."""

    class Kind(models.TextChoices):
        LATE_PRODUCTION = "production", "Produced late"
        LATE_CARRIER = "carrier", "Carried late"
        DAMAGED = "damaged", "Damaged"
        INCOMPLETE = "incomplete", "Incomplete"
        WRONG = "wrong", "Wrong goods"
        QUALITY = "quality", "Poor quality"
        PAPERS = "papers", "Papers missing"

    order = models.ForeignKey(Order, models.PROTECT, related_name="delivery_problems")
    kind = models.CharField(max_length=10, choices=Kind)
    found_on = models.DateField()
    resolved_on = models.DateField(null=True, blank=True)
    text = models.CharField(max_length=1000, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)

    objects = DeliveryProblemQuerySet.as_manager()

    class Meta:
        triggers = audited()
        indexes = [models.Index(fields=["order"], name="delivery_problem_by_order")]
        constraints = [
            external_id_is_unique("delivery_problem"),
            models.CheckConstraint(
                condition=Q(resolved_on=None) | Q(resolved_on__gte=models.F("found_on")),
                name="problem_is_resolved_after_it_is_found",
            ),
        ]


class ByAccountQuerySet(RecordQuerySet):
    """What belongs to an account: seen by who sees the account, and by whose it is."""

    def seen_by(self, access: Access) -> Q:
        return Q(owner__in=access.people) | Q(account__in=Account.objects.all().ids_seen_by(access))


class Feedback(Record):
    """What a customer answered: satisfaction from 1 to 5 (csat) or how likely to recommend, 0 to 10 (nps)."""

    class Kind(models.TextChoices):
        CSAT = "csat", "Satisfaction"
        NPS = "nps", "Recommendation"

    account = models.ForeignKey(Account, models.PROTECT, related_name="feedback")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="feedback")
    order = models.ForeignKey(Order, models.PROTECT, null=True, blank=True, related_name="feedback")
    owner = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="feedback", help_text="Who served the customer"
    )
    kind = models.CharField(max_length=4, choices=Kind)
    score = models.PositiveSmallIntegerField()
    given_on = models.DateField()
    comment = models.TextField(blank=True, max_length=5000)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: the customer",
    )
    owner_had_link = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Answered by a link that the owner had in hands: no score of theirs",
    )

    objects = ByAccountQuerySet.as_manager()

    class Meta:
        triggers = audited()
        verbose_name_plural = "feedback"
        indexes = [
            models.Index(fields=["owner", "given_on"], name="feedback_by_owner"),
            models.Index(fields=["account", "given_on"], name="feedback_by_account"),
        ]
        constraints = [
            external_id_is_unique("feedback"),
            models.CheckConstraint(
                condition=Q(kind="csat", score__range=(1, 5)) | Q(kind="nps", score__range=(0, 10)),
                name="feedback_score_is_on_its_scale",
            ),
        ]


class FeedbackRequest(models.Model):
    """A signed link by which a customer answers once, without a login. Only the hash of its secret is kept."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="feedback_requests")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="+")
    order = models.ForeignKey(Order, models.CASCADE, null=True, blank=True, related_name="feedback_requests")
    owner = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    is_mailed = models.BooleanField(default=False, db_default=False, help_text="It went to the customer alone")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        triggers = audited("digest")
        indexes = [models.Index(fields=["order"], name="feedback_request_by_order")]


class Complaint(Record):
    """A customer is not content: it reaches the rep and the manager, and stays until it is resolved."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="complaints")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="complaints")
    order = models.ForeignKey(Order, models.PROTECT, null=True, blank=True, related_name="complaints")
    feedback = models.OneToOneField(Feedback, models.SET_NULL, null=True, blank=True, related_name="complaint")
    owner = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="complaints")
    text = models.TextField(max_length=5000)
    received_on = models.DateField()
    answered_on = models.DateField(null=True, blank=True)
    resolved_on = models.DateField(null=True, blank=True)
    resolution = models.CharField(max_length=1000, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = ByAccountQuerySet.as_manager()

    class Meta:
        triggers = audited()
        indexes = [models.Index(fields=["owner"], condition=Q(resolved_on=None), name="open_complaint_by_owner")]
        constraints = [
            external_id_is_unique("complaint"),
            models.CheckConstraint(
                condition=Q(resolved_on=None) | ~Q(resolution=""), name="resolved_complaints_say_how"
            ),
        ]
