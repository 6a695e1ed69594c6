"""Forms of disputes: they clean, services save."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms

from coaching.models import Decision, Dispute
from coaching.models.disputes import FIRST
from coaching.selectors.disputes import (
    accounts_to_claim,
    nameable,
    neutral_people,
    orders_to_claim,
    people_around,
    person_at,
    proposed_parties,
    shares_of,
)
from coaching.services.disputes import NewOwner, NewQuota, Settlement, Split, Wanted
from salesmgmt.lib.days import require_our_time
from salesmgmt.lib.offering import offer
from salesmgmt.lib.periods import Kind, Period
from salesmgmt.lib.refusals import Refused
from targets.models import BOOKINGS, QuotaEntry, measure_of
from teams.models import Organisation, Person, User

from .cases import DAY

MOST_CHOICES = 200  # of orders and accounts, the latest; an older one by its number, or by the API
Subject, Outcome = Dispute.Subject, Decision.Outcome
GROUNDS = {
    Subject.CREDIT: ("left_out", "too_small", "mistake", "promise"),
    Subject.TERRITORY: ("left_out", "mistake", "unequal", "promise", "changed"),
    Subject.QUOTA: ("mistake", "unequal", "promise", "changed"),
    Subject.CONDUCT: ("treatment", "unequal", "promise"),
    Subject.PAY: ("mistake", "too_small", "unequal", "promise"),
}


def words(label: str, *, rows: int = 5, most: int = 10_000, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=most, widget=forms.Textarea(attrs={"rows": rows}), **more)


class Versioned(forms.Form):
    version = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)


class OpenForm(forms.Form):
    """What it is about, why, and what one asks for."""

    def __init__(self, *args: Any, subject: str, me: Person, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        match subject:
            case Subject.CREDIT:
                orders = orders_to_claim(me, today).select_related("account")
                self.fields["order"] = LabelledChoice(
                    orders.order_by("-ordered_on", "-pk"), label="Order", data=self.data, initial=self.initial
                )
            case Subject.TERRITORY:
                self.fields["account"] = LabelledChoice(
                    accounts_to_claim(me, today).order_by("name", "pk"), data=self.data, initial=self.initial
                )
            case Subject.QUOTA:
                self.fields["period"] = forms.ChoiceField(label="Quota of", choices=quota_periods(me, today))
        labels = dict(Dispute.Ground.choices)
        self.fields["ground"] = forms.ChoiceField(
            label="Reason that fits best", choices=[(key, labels[key]) for key in GROUNDS[Subject(subject)]]
        )
        if subject in {Subject.CONDUCT, Subject.PAY, Subject.QUOTA}:
            self.fields["others"] = forms.ModelMultipleChoiceField(
                people_around(me, today).order_by("name", "pk"),
                required=subject == Subject.CONDUCT,
                label="Who is on the other side" if subject == Subject.CONDUCT else "Who else is concerned",
                widget=forms.CheckboxSelectMultiple,
            )
        self.fields["claim"] = words("What happened, and what you ask for")
        self.fields["claim"].help_text = "This is your statement. The parties, who decides and HR read it."
        self.fields["statements_due_on"] = forms.DateField(
            label="Statements by", widget=DAY, validators=[require_our_time], required=False,
            help_text="Whoever is away, or has fewer than five working days until then, gets these.",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if "period" in said:
            said["period"], _, said["measure"] = said["period"].partition(" ")
        return said


class LabelledChoice(forms.ModelChoiceField):
    """Orders by number, customer and day: the latest of many, and the one that is named already."""

    def __init__(self, found: Any, label: str = "Account", *, data: Any, initial: Any) -> None:
        super().__init__(found, label=label, empty_label="Choose")
        name = label.lower()
        named = [str(said) for said in (data.get(name), initial.get(name)) if str(said or "").isdecimal()]
        shown = [*found.values_list("pk", flat=True)[:MOST_CHOICES], *(int(one) for one in named if len(one) < 19)]
        if found.count() > MOST_CHOICES:
            self.queryset = found.filter(pk__in=shown)
            self.help_text = f"The latest {MOST_CHOICES}. An older one: open the dispute from its own page."

    def label_from_instance(self, one: Any) -> str:
        if not hasattr(one, "ordered_on"):
            return str(one)
        whose = f" · {one.account}" if one.account else ""
        return f"{one}{whose} · {one.ordered_on:%-d %b %Y}"


def quota_periods(me: Person, today: date) -> list[tuple[str, str]]:
    """Quotas somebody has: of this quarter, year and month, and of those around them, by measure."""
    calendar = Organisation.get().calendar
    kinds: tuple[Kind, ...] = ("quarter", "year", "month")
    near = [Period.of(today, kind, calendar).shift(by) for kind in kinds for by in (0, 1, -1, -2)]
    found = set(QuotaEntry.objects.filter(person=me).values_list("during", "measure").distinct())
    spans = {(span.lower, span.upper, measure) for span, measure in found}
    measures = sorted({measure for _, _, measure in spans}, key=lambda one: (one != BOOKINGS, one))
    return [
        (f"{one.key} {measure}", one.label if measure == BOOKINGS else f"{one.label}: {measure_of(measure).label}")
        for one in near
        for measure in measures
        if (one.start, one.end, measure) in spans
    ]


class StatementForm(Versioned):
    text = words("Your statement")


class EvidenceForm(forms.Form):
    text = words("What it shows", rows=2, most=2000)
    link = forms.CharField(
        label="Page here", required=False, max_length=300, help_text="Such as /deals/12/", widget=forms.TextInput
    )


class AppealForm(Versioned):
    text = words("What the decision got wrong")


class PersonForm(forms.Form):
    """Somebody by their e-mail address, or one who is proposed."""

    email = forms.EmailField(label="E-mail of the person", max_length=254, required=False)
    proposed = forms.ModelChoiceField(Person.objects.none(), required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, dispute: Dispute, user: User, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dispute, self.user, self.at = dispute, user, at
        offer(self, proposed=proposed_parties(dispute))

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        email, proposed = said.pop("email", ""), said.pop("proposed", None)
        if proposed is not None:
            said["person"] = proposed
        elif email:
            try:
                said["person"] = person_at(email, nameable(self.dispute, self.user, at=self.at))
            except Refused as refusal:
                self.add_error("email", refusal.sentence)
        elif not self.errors:
            self.add_error("email", "Say whom.")
        return said


class DeciderForm(forms.Form):
    def __init__(self, *args: Any, dispute: Dispute, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = neutral_people(dispute, today).order_by("name", "pk")
        self.fields["person"] = forms.ModelChoiceField(people, label="Who decides", empty_label="Choose")


class DecideForm(Versioned):
    """The outcome, its reasons, and what changes; fields by what the dispute is about."""

    outcome = forms.ChoiceField(label="Decision", widget=forms.RadioSelect)

    def __init__(self, *args: Any, dispute: Dispute, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dispute, self.named = dispute, set[str]()
        outcomes = (Outcome.GRANTED, Outcome.DISMISSED) if dispute.round == FIRST else (
            Outcome.OVERTURNED, Outcome.UPHELD
        )  # fmt: skip
        offer(self, outcome=[(one.value, one.label) for one in outcomes])
        parties = Person.objects.filter(disputes__dispute=dispute).order_by("name", "pk")
        self.people = list(parties)
        money: dict[str, Any] = {"max_digits": 16, "decimal_places": 2, "required": False}
        match dispute.subject:
            case Subject.CREDIT if dispute.order is not None:
                stands = shares_of(dispute.order) if dispute.round == FIRST else {}
                self.named = {kind for _, kind in stands}
                for person in self.people:
                    for kind, what in (("primary", "share of the credit, %"), ("overlay", "on top, %")):
                        self.fields[f"{kind}-{person.pk}"] = forms.DecimalField(
                            label=f"{person.name}: {what}",
                            required=False,
                            min_value=0,
                            max_value=100,
                            max_digits=7,
                            decimal_places=4,
                            initial=_plain(stands.get((person.pk, kind))),
                        )
            case Subject.QUOTA:
                self.fields["amount"] = forms.DecimalField(label="The quota comes to", min_value=0, **money)
                self.fields["text"] = words(
                    "Or what is done instead", rows=2, most=500, required=False,
                    help_text="Where the period is closed: the quota stays, and this settles it.",
                )  # fmt: skip
                self.fields["pay"] = forms.DecimalField(label="With pay that changes by", **money)
            case Subject.TERRITORY:
                self.fields["taker"] = forms.ModelChoiceField(parties, label="Who looks after it", required=False)
            case _:
                self.fields["person"] = forms.ModelChoiceField(parties, label="Whom it concerns", required=False)
                if dispute.subject == Subject.PAY:
                    self.fields["amount"] = forms.DecimalField(label="Pay changes by", **money)
                self.fields["text"] = words("What is to be done", rows=2, most=500, required=False)
        self.fields["reasons"] = words("Reasons", help_text="The parties and HR read them.")

    def remedy(self) -> Wanted | None:
        """What is to change; nothing where the form leaves it out, or nothing changes."""
        said = self.cleaned_data
        if said["outcome"] in {Outcome.DISMISSED, Outcome.UPHELD}:
            return None
        match self.dispute.subject:
            case Subject.CREDIT:
                # A kind that stood and is emptied is nobody's; one that neither stood nor is filled in stays as it is.
                parts: dict[str, dict[Person, Decimal]] = {"primary": {}, "overlay": {}}
                for person in self.people:
                    for kind, of_kind in parts.items():
                        if share := said.get(f"{kind}-{person.pk}"):
                            of_kind[person] = share
                wanted = {kind: of_kind for kind, of_kind in parts.items() if of_kind or kind in self.named}
                if not any(parts.values()):
                    return None
                return Split(wanted.get("primary"), wanted.get("overlay"))
            case Subject.QUOTA:
                if said["amount"] is not None:
                    return NewQuota(said["amount"])
                otherwise = said["text"] or said["pay"]
                return Settlement(self.dispute.opened_by, said["text"], said["pay"]) if otherwise else None
            case Subject.TERRITORY:
                return NewOwner(said["taker"]) if said["taker"] else None
            case _:
                return Settlement(said["person"], said["text"], said.get("amount")) if said["person"] else None


def _plain(share: Decimal | None) -> str | None:
    return f"{share.normalize():f}" if share is not None else None
