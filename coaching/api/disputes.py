"""Disputes in the API: the same people read the same words, and do the same acts."""

from collections.abc import Iterable
from typing import Any

import django_filters as filters
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from coaching import services
from coaching.models import Dispute
from coaching.selectors import disputes as selectors
from salesmgmt.desk.api import Money, Records, Writer
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from teams.api import LookedAt
from teams.models import Look, Person, access_of


class SaidSerializer(serializers.Serializer):
    """A statement that is asked for; its text for who may read it."""

    person = serializers.IntegerField(source="party.person_id")
    round = serializers.IntegerField()
    due_on = serializers.DateField()
    said_at = serializers.DateTimeField(allow_null=True)
    missed_at = serializers.DateTimeField(allow_null=True)
    text = serializers.CharField()


class DecidedSerializer(serializers.Serializer):
    round = serializers.IntegerField()
    decider = serializers.IntegerField(source="decider_id")
    outcome = serializers.CharField()
    decided_at = serializers.DateTimeField()
    reasons = serializers.CharField()


class DisputeSerializer(serializers.ModelSerializer):
    parties = serializers.SerializerMethodField()

    class Meta:
        model = Dispute
        fields = (
            "id", "subject", "ground", "title", "opened_by", "opened_at", "order", "account", "period", "measure",
            "state", "round", "statements_due_on", "decide_by", "appeal_until", "version", "parties",
        )  # fmt: skip
        read_only_fields = fields

    def get_parties(self, dispute: Dispute) -> list[int]:
        return sorted(party.person_id for party in dispute.parties.all())


class DisputeWithWords(DisputeSerializer):
    """One dispute, with what its reader may read."""

    decider = serializers.SerializerMethodField()
    statements = serializers.SerializerMethodField()
    decisions = serializers.SerializerMethodField()

    class Meta:
        model = Dispute
        fields = (*DisputeSerializer.Meta.fields, "decider", "statements", "decisions")
        read_only_fields = fields

    def get_decider(self, dispute: Dispute) -> int | None:
        decider = selectors.deciders_of(dispute).get(dispute.round)
        return decider.person_id if decider else None

    def get_statements(self, dispute: Dispute) -> list[dict[str, Any]]:
        return list(SaidSerializer(self._words(dispute).statements, many=True).data)

    def get_decisions(self, dispute: Dispute) -> list[dict[str, Any]]:
        return list(DecidedSerializer(self._words(dispute).decisions, many=True).data)

    def _words(self, dispute: Dispute) -> selectors.Words:
        return selectors.words_of(dispute, selectors.reading_of(dispute, self.context["request"].user))


class DisputeWriter(Writer):
    subject = serializers.ChoiceField(choices=Dispute.Subject.choices)
    ground = serializers.ChoiceField(choices=Dispute.Ground.choices)
    claim = serializers.CharField(max_length=10_000)
    order = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    account = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    period = serializers.CharField(required=False, max_length=8)
    measure = serializers.CharField(required=False, max_length=60)
    others = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), required=False, max_length=20
    )
    statements_due_on = serializers.DateField(required=False)


class WordsWriter(Writer):
    text = serializers.CharField(max_length=10_000)
    version = serializers.IntegerField(required=False, min_value=1)


class EvidenceWriter(Writer):
    text = serializers.CharField(max_length=2000)
    link = serializers.CharField(max_length=300, required=False)


class DisputeVersionWriter(Writer):
    version = serializers.IntegerField(required=False, min_value=1)


class NameWriter(Writer):
    """Somebody by their e-mail address."""

    email = serializers.EmailField(max_length=254)


class DisputeDecisionWriter(Writer):
    outcome = serializers.CharField(max_length=10)
    reasons = serializers.CharField(max_length=10_000)
    version = serializers.IntegerField(required=False, min_value=1)
    shares = serializers.DictField(
        child=serializers.DecimalField(max_digits=7, decimal_places=4), required=False, help_text="Percent by person"
    )
    overlays = serializers.DictField(
        child=serializers.DecimalField(max_digits=7, decimal_places=4), required=False, help_text="Percent by person"
    )
    amount = Money(required=False, help_text="What the quota comes to, or by how much pay changes")
    person = serializers.IntegerField(required=False, min_value=1, help_text="Who looks after it, or whom it concerns")
    text = serializers.CharField(max_length=500, required=False)
    pay = Money(required=False, help_text="Of a quota that stays as it is: by how much pay changes instead")


class DisputeFilter(filters.FilterSet):
    subject = filters.ChoiceFilter(choices=Dispute.Subject.choices)
    state = filters.ChoiceFilter(choices=Dispute.State.choices)


class Disputes(LookedAt):
    """Who sees it differently, who was heard, who decides."""

    model = Dispute
    look, lists_all = Look.Page.DISPUTE, False
    serializer_class = DisputeSerializer
    filterset_class = DisputeFilter
    ordering_fields = ("id", "opened_at")

    def get_queryset(self) -> Any:
        return super().get_queryset().prefetch_related("parties")

    def people_of(self, record: Any) -> Iterable[int | None]:
        """All parties; a party looks at their own matter."""
        people = {party.person_id for party in record.parties.all()}
        return () if access_of(self.by).person_id in people else people

    def get_object(self) -> Any:
        found = super().get_object()
        if not selectors.reading_of(found, self.by).sees:
            raise Http404
        return found

    def paginate_queryset(self, queryset: Any) -> Any:
        """A list holds nobody's words."""
        return Records.paginate_queryset(self, queryset)

    def get_serializer_class(self) -> Any:
        return DisputeSerializer if self.action == "list" else DisputeWithWords

    @extend_schema(request=DisputeWriter, responses={201: DisputeWithWords})
    def create(self, request: Request) -> Response:
        """Open a dispute about oneself."""
        said = self.cleaned(DisputeWriter)
        for name, claimable in (("order", selectors.order_to_claim), ("account", selectors.account_to_claim)):
            if name in said:
                said[name] = claimable(self.by, said[name], at=clock.now())
        said["others"] = selectors.people_named(self.by, said.get("others", []), at=clock.now())
        return self.shown(services.open_dispute(by=self.by, at=clock.now(), **said), status=201)

    @extend_schema(request=WordsWriter, responses=DisputeWithWords)
    @action(detail=True, methods=["post"])
    def statement(self, request: Request, pk: str) -> Response:
        """Say how one sees it; a party, once in each round."""
        said, found = self.cleaned(WordsWriter), self.get_object()
        services.give_statement(dispute=found, by=self.by, at=clock.now(), **said)
        return self.shown(found)

    @extend_schema(request=EvidenceWriter, responses=DisputeWithWords)
    @action(detail=True, methods=["post"])
    def evidence(self, request: Request, pk: str) -> Response:
        """Put something forward, with its day."""
        said, found = self.cleaned(EvidenceWriter), self.get_object()
        services.add_evidence(dispute=found, by=self.by, at=clock.now(), **said)
        return self.shown(found)

    @extend_schema(request=NameWriter, responses=DisputeWithWords)
    @action(detail=True, methods=["post"])
    def party(self, request: Request, pk: str) -> Response:
        """Name one more whose record may change: HR, and who decides. A party proposes them by the same."""
        said, found = self.cleaned(NameWriter), self.get_object()
        person = selectors.person_at(said["email"], selectors.nameable(found, self.by, at=clock.now()))
        names = selectors.reading_of(found, self.by).names_parties
        (services.add_party if names else services.propose_party)(
            dispute=found, person=person, by=self.by, at=clock.now()
        )
        return self.shown(found)

    @extend_schema(request=NameWriter, responses=DisputeWithWords)
    @action(detail=True, methods=["post"])
    def decider(self, request: Request, pk: str) -> Response:
        """Name somebody neutral to decide the running round; HR."""
        said, found = self.cleaned(NameWriter), self.get_object()
        person = selectors.person_at(said["email"], selectors.able_to_name(found, self.by, at=clock.now()))
        services.name_decider(dispute=found, person=person, by=self.by, at=clock.now())
        return self.shown(found)

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"], url_path="step-aside")
    def step_aside(self, request: Request, pk: str) -> Response:
        """Leave the decision to somebody else."""
        services.step_aside(dispute=self.get_object(), by=self.by, at=clock.now())
        return Response(status=204)

    @extend_schema(request=DisputeDecisionWriter, responses=DisputeWithWords)
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: str) -> Response:
        """Decide the running round; what changes is posted with it, or nothing is decided."""
        said, found = self.cleaned(DisputeDecisionWriter), self.get_object()
        services.decide_dispute(
            dispute=found,
            outcome=said["outcome"],
            reasons=said["reasons"],
            version=said.get("version"),
            remedy=_remedy(found, said),
            by=self.by,
            at=clock.now(),
        )
        return self.shown(found)

    @extend_schema(request=WordsWriter, responses=DisputeWithWords)
    @action(detail=True, methods=["post"])
    def appeal(self, request: Request, pk: str) -> Response:
        """Ask for another decision, once and in time; a party."""
        said, found = self.cleaned(WordsWriter), self.get_object()
        services.appeal_dispute(dispute=found, by=self.by, at=clock.now(), **said)
        return self.shown(found)

    @extend_schema(request=DisputeVersionWriter, responses=DisputeWithWords)
    @action(detail=True, methods=["post"], url_path="appeal-withdraw")
    def appeal_withdraw(self, request: Request, pk: str) -> Response:
        """Take an appeal back before it is decided; who made it."""
        said, found = self.cleaned(DisputeVersionWriter), self.get_object()
        services.withdraw_appeal(dispute=found, by=self.by, at=clock.now(), **said)
        return self.shown(found)

    @extend_schema(request=DisputeVersionWriter, responses=DisputeWithWords)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take it back before the first decision; who opened it."""
        said, found = self.cleaned(DisputeVersionWriter), self.get_object()
        services.withdraw_dispute(dispute=found, by=self.by, at=clock.now(), **said)
        return self.shown(found)


def _remedy(dispute: Dispute, said: dict[str, Any]) -> Any:
    """What is to change, from the fields that fit what the dispute is about; people are those who were heard."""
    heard = {str(person.pk): person for person in selectors.people_heard(dispute)}

    def whom(name: Any, field: str) -> Person:
        if str(name) not in heard:
            raise Refused(
                f"Person {str(name)[:30]} is no party of this dispute: they have not been heard.", field=field
            )
        return heard[str(name)]

    match dispute.subject:
        case Dispute.Subject.CREDIT if "shares" in said or "overlays" in said:
            parts = [{whom(key, name): share for key, share in said[name].items()} if name in said else None
                     for name in ("shares", "overlays")]  # fmt: skip
            return services.Split(parts[0], parts[1])
        case Dispute.Subject.QUOTA if "amount" in said:
            return services.NewQuota(said["amount"])
        case Dispute.Subject.QUOTA if "text" in said or "pay" in said:
            return services.Settlement(dispute.opened_by, said.get("text", ""), said.get("pay"))
        case Dispute.Subject.TERRITORY if "person" in said:
            return services.NewOwner(whom(said["person"], "person"))
        case Dispute.Subject.PAY | Dispute.Subject.CONDUCT if "person" in said:
            return services.Settlement(whom(said["person"], "person"), said.get("text", ""), said.get("amount"))
    return None


ENDPOINTS = {"disputes": Disputes}
