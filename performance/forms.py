"""What may be asked and said about flags, and how a part of a quota is offered."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from performance.models import MeasureDefinition
from performance.selectors.parts import FIRST_DAY, read
from performance.selectors.sources import SOURCES, Source
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
        super().__init__(*args, **({"initial": initial} | kwargs))
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
        return [(self[f"measure_{n}"], self[f"weight_{n}"], self[f"goal_{n}"]) for n in range(count)]

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


# ── Measures ────────────────────────────────────────────────────────────────────────────────────────────────────


def _grouped(names: Callable[[Source], Mapping[str, str]]) -> Callable[[], Iterator[tuple[str, list[tuple[str, str]]]]]:
    def choices() -> Iterator[tuple[str, list[tuple[str, str]]]]:
        for source in SOURCES.values():
            yield source.label, [(f"{source.key}.{name}", said) for name, said in names(source).items()]

    return choices


def _counted(source: Source) -> dict[str, str]:
    rows = {"": f"{source.label}: how many"} if source.counts else {}
    return rows | {name: f"{source.label}: {value.label}" for name, value in source.values.items()}


class VersionForm(forms.Form):
    """What is counted, in words that are chosen; conditions are written, a line each."""

    what = forms.ChoiceField(label="What counts", choices=_grouped(_counted))
    conditions = forms.CharField(
        label="Only where", required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="A condition a line, all of them hold: kind is meeting, demo. The fields stand below.",
    )  # fmt: skip
    day = forms.ChoiceField(
        label="Day that counts", required=False,
        choices=lambda: [("", "The first of its kind"), *_grouped(lambda s: {k: d[0] for k, d in s.days.items()})()],
    )  # fmt: skip
    credit = forms.ChoiceField(
        label="Whose it is", required=False,
        choices=lambda: [("", "The first of its kind"), *_grouped(lambda s: {k: c[0] for k, c in s.credits.items()})()],
    )  # fmt: skip
    of_what = forms.ChoiceField(
        label="Divided by", required=False, choices=lambda: [("", "Nothing"), *_grouped(_counted)()],
        help_text="For ratios and shares.",
    )  # fmt: skip
    of_conditions = forms.CharField(
        label="Only where", required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )
    of_day = forms.ChoiceField(label="Day that counts", required=False, choices=day.choices)
    of_credit = forms.ChoiceField(label="Whose it is", required=False, choices=credit.choices)
    from_on = forms.DateField(
        label="From day on", required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty: for all the past as well.",
    )  # fmt: skip
    reason = forms.CharField(label="Why", max_length=200)

    def clean_from_on(self) -> date:
        day: date | None = self.cleaned_data["from_on"]
        if day is not None and not FIRST_DAY <= day < date(2200, 1, 1):
            raise forms.ValidationError("A day of our time, from 1900 to 2199.")
        return day or FIRST_DAY

    @property
    def spec(self) -> dict[str, Any]:
        """As the service takes it; what can't be read stands as an error beside its field."""
        return self._part("") | (self._part("of_") if self.cleaned_data.get("of_what") else {})

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        for prefix in ("", "of_"):
            source = SOURCES.get(str(said.get(f"{prefix}what", "")).partition(".")[0])
            if source is None:
                continue
            try:
                said[f"{prefix}read"] = read(said.get(f"{prefix}conditions", ""), source)
            except ValueError as error:
                self.add_error(f"{prefix}conditions", str(error))
            for name in ("day", "credit"):
                other, _, _ = said.get(f"{prefix}{name}", "").partition(".")
                if other and other != source.key:
                    self.add_error(f"{prefix}{name}", f"This is of {SOURCES[other].label}, not of {source.label}.")
        return said

    def _part(self, prefix: str) -> dict[str, Any]:
        source, _, value = self.cleaned_data[f"{prefix}what"].partition(".")
        chosen = {name: self.cleaned_data[f"{prefix}{name}"].partition(".")[2] for name in ("day", "credit")}
        part = {"source": source, "value": value, **chosen, "conditions": self.cleaned_data[f"{prefix}read"]}
        return {f"{prefix}{name}": said for name, said in part.items()}


class MeasureForm(VersionForm):
    """A further measure."""

    key = forms.CharField(max_length=30, help_text="Small letters, digits and _, for addresses and the API.")
    label = forms.CharField(label="Name", max_length=60)
    description = forms.CharField(label="What it is for", max_length=500, required=False)
    kind = forms.ChoiceField(choices=MeasureDefinition.Kind, initial="lagging")
    method = forms.ChoiceField(label="How", choices=MeasureDefinition.Method)
    percentile = forms.IntegerField(min_value=1, max_value=99, required=False, help_text="For a percentile: which.")
    unit = forms.ChoiceField(choices=MeasureDefinition.Unit)
    better = forms.ChoiceField(label="Which way", choices=MeasureDefinition.Better, required=False, initial="higher")
    is_prorated = forms.BooleanField(
        label="A goal for it shrinks with part time, leave and ramp", required=False, initial=True
    )
    least = forms.IntegerField(
        label="Shown of a person from", min_value=0, max_value=1000, initial=0, help_text="records on"
    )

    field_order = (
        "label", "key", "description", "kind", "method", "percentile", "unit", "better", "is_prorated", "least",
        "what", "conditions", "day", "credit", "of_what", "of_conditions", "of_day", "of_credit", "from_on", "reason",
    )  # fmt: skip

    @property
    def definition(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.field_order[:10]}


class CallForm(forms.Form):
    """What somebody stakes on a period, and which call stood when they looked."""

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
