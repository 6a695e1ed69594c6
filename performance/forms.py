"""What may be asked and said about flags, and how a part of a quota is offered."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from salesmgmt.lib.days import require_our_time
from targets.models import Redistribution
from targets.selectors import Room

from .models import FlagKind, Scorecard
from .selectors import Measure
from .services.scorecards import Weighed

LEAST_COST, MOST_COST = Decimal("0.1"), Decimal(1000)
PARTS = 8  # of a scorecard: more would weigh nothing


class ScorecardForm(forms.Form):
    """Measures with weight and goal, from a day on. An empty line is no part."""

    starts_on = forms.DateField(
        label="From",
        validators=[require_our_time],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    reason = forms.CharField(max_length=200, label="Why")
    version = forms.IntegerField(min_value=0, max_value=2**62, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, measures: Sequence[Measure], standing: Scorecard | None, today: date, **kwargs: Any
    ) -> None:
        parts = list(standing.parts.all()) if standing else []
        initial: dict[str, Any] = {"starts_on": today, "version": standing.pk if standing else 0}
        self.names = {measure.key: measure.label for measure in measures}
        for place, part in enumerate(sorted(parts, key=lambda part: part.position)):
            goal = part.goal.normalize()
            initial |= {f"measure_{place}": part.measure, f"weight_{place}": part.weight, f"goal_{place}": f"{goal:f}"}
        super().__init__(*args, initial=initial, **kwargs)
        choices = [("", "–"), *self.names.items()]
        for place in range(max(PARTS, len(parts))):
            self.fields[f"measure_{place}"] = forms.ChoiceField(
                choices=choices, required=False, label=f"Measure {place + 1}"
            )
            self.fields[f"weight_{place}"] = forms.DecimalField(
                max_digits=5, decimal_places=2, min_value=Decimal("0.01"), max_value=100, required=False,
                label="Weight, %",
            )  # fmt: skip
            self.fields[f"goal_{place}"] = forms.DecimalField(
                max_digits=18, decimal_places=4, min_value=Decimal("0.0001"), required=False, label="Goal"
            )

    @property
    def lines(self) -> list[tuple[Any, Any, Any]]:
        """The fields of each part."""
        count = sum(1 for name in self.fields if name.startswith("measure_"))
        return [tuple(self[f"{noun}_{place}"] for noun in ("measure", "weight", "goal")) for place in range(count)]

    @property
    def parts(self) -> list[Weighed]:
        said = self.cleaned_data
        return [
            Weighed(said[measure.name], said[weight.name], said[goal.name])
            for measure, weight, goal in self.lines
            if said[measure.name]
        ]

    def clean(self) -> None:
        said = self.cleaned_data
        for place, (measure, weight, goal) in enumerate(self.lines, start=1):
            given = [said.get(one.name) for one in (measure, weight, goal)]
            if any(given) and not all(given) and not any(one.name in self.errors for one in (measure, weight, goal)):
                self.add_error(None, f"Part {place} needs a measure, a weight and a goal, or none of them.")


class ReportForm(forms.Form):
    """What a manager says to the month, and which state of the report they have seen."""

    comment = forms.CharField(
        label="What is behind the figures",
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "maxlength": 5000}),
    )
    version = forms.IntegerField(min_value=1, max_value=10**9, widget=forms.HiddenInput)


class AnswerForm(forms.Form):
    text = forms.CharField(
        label="Your answer",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": 1000}),
        help_text="Seen by you and those who lead you.",
    )


class SnoozeForm(forms.Form):
    until = forms.DateField(
        label="Until", widget=forms.DateInput(attrs={"type": "date"}), help_text="It shows again then."
    )
    reason = forms.CharField(max_length=300, label="Why it can wait", help_text="Seen by the person too.")


class CostForm(forms.Form):
    """What being wrong costs, in any unit: only the ratio counts."""

    needless_talk = forms.DecimalField(
        label="A needless talk", min_value=LEAST_COST, max_value=MOST_COST, max_digits=6, decimal_places=1
    )
    missed_warning = forms.DecimalField(
        label="A missed warning", min_value=LEAST_COST, max_value=MOST_COST, max_digits=6, decimal_places=1
    )
    version = forms.IntegerField(min_value=1, max_value=10**9, widget=forms.HiddenInput)


class FlagListForm(forms.Form):
    """Filters of the list; what can't be read is left out."""

    STATES = (("open", "Open"), ("snoozed", "Put off"), ("closed", "Closed"), ("all", "All"))

    state = forms.ChoiceField(choices=STATES, required=False)
    kind = forms.ChoiceField(choices=FlagKind.choices, required=False)
    person = forms.CharField(max_length=200, required=False)
    cursor = forms.CharField(max_length=200, required=False)

    @property
    def asked(self) -> dict[str, str]:
        self.is_valid()
        found = {name: str(self.cleaned_data.get(name) or "") for name in self.fields}
        return found | {"state": found["state"] or "open"}


class RedistributionForm(forms.Form):
    """How much is offered, who is asked first, and a cap for each who has room."""

    amount = forms.DecimalField(label="Offered in all", max_digits=18, decimal_places=2, min_value=Decimal("0.01"))
    prefer = forms.ChoiceField(label="Asked first", choices=Redistribution.Prefer.choices)
    reason = forms.CharField(max_length=200, label="Why", help_text="Not seen by those who are asked.")

    def __init__(self, *args: Any, rooms: Sequence[Room], most: Decimal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].help_text = f"At most {most:,.2f}: the quota less the expected landing."
        self.caps = {room.person.pk: f"cap_{room.person.pk}" for room in rooms if room.room}
        for room in rooms:
            if room.room:
                self.fields[self.caps[room.person.pk]] = forms.DecimalField(
                    label=f"Cap of {room.person.name}", max_digits=18, decimal_places=2, min_value=Decimal(0),
                    max_value=room.room, required=False,
                )  # fmt: skip

    @property
    def capped(self) -> dict[int, Decimal]:
        """The caps that were set; an empty one leaves the whole room."""
        said = {pk: self.cleaned_data.get(name) for pk, name in self.caps.items()}
        return {pk: cap for pk, cap in said.items() if cap is not None}


class OfferForm(forms.Form):
    """Which state of an offer somebody has seen, and what they say to it."""

    version = forms.IntegerField(min_value=1, max_value=10**9, widget=forms.HiddenInput)
    reason = forms.CharField(max_length=200, required=False)


class CallForm(forms.Form):
    """What somebody stakes on a period, and which call of theirs they have seen."""

    commit = forms.DecimalField(max_digits=18, decimal_places=2, min_value=0, help_text="What you will bring")
    best_case = forms.DecimalField(
        label="Best case", max_digits=18, decimal_places=2, min_value=0, help_text="If all goes well"
    )
    note = forms.CharField(max_length=300, required=False, label="What it rests on")
    team = forms.IntegerField(required=False, min_value=1, max_value=10**12, widget=forms.HiddenInput)
    after = forms.IntegerField(min_value=0, max_value=10**12, widget=forms.HiddenInput)

    def clean(self) -> None:
        said = self.cleaned_data
        if "commit" in said and "best_case" in said and said["best_case"] < said["commit"]:
            self.add_error("best_case", f"The best case is at least the commit, {said['commit']:,.2f}.")
