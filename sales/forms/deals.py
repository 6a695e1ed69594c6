"""Deals: opened, changed, moved, decided."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms

from sales.models import BulkAct, Competitor, Deal, DealLine, ForecastCategory, LostReason, Pipeline, Product, Stage
from salesmgmt.lib.offering import offer
from salesmgmt.lib.periods import FiscalCalendar, Period
from teams.models import ExchangeRate, Person
from teams.selectors import organisation_of

from .custom import Custom
from .fields import AccountField, AmountField, ContactField, DayField, ForUser, ListForm, Versioned

Choices = list[tuple[Any, Any]]  # of a field: value and label, or a group's name and its choices


class DealForm(ForUser, Versioned, Custom):
    """What a deal says, its stage and status apart."""

    noun = "deal"
    name = forms.CharField(max_length=300)
    account = AccountField(required=False)
    contact = ContactField(required=False)
    owner = forms.ModelChoiceField(Person.objects.none(), empty_label=None)
    product = forms.ModelChoiceField(Product.objects.none(), required=False, empty_label="None")
    amount = AmountField(required=False)
    currency = forms.ChoiceField()
    opened_on = DayField(required=False)
    expected_close_on = DayField(required=False, label="Expected to close on")
    own_forecast_category = forms.ChoiceField(
        required=False, label="Forecast", choices=[("", "As its stage"), *ForecastCategory.choices]
    )
    next_step = forms.CharField(required=False, max_length=200)
    next_step_on = DayField(required=False)
    source = forms.CharField(required=False, max_length=100)

    def __init__(self, *args: Any, owners: Any, currency: str = "", **more: Any) -> None:
        super().__init__(*args, **more)
        offer(self, owner=owners, product=Product.objects.visible_to(self.user).order_by("name", "pk"))
        if len(owners) == 1:
            self.fields["owner"].widget = forms.HiddenInput()
        known = ExchangeRate.objects.order_by("currency").values_list("currency", flat=True).distinct()
        codes = dict.fromkeys(code for code in [organisation_of(self.user).currency, currency, *known] if code)
        offer(self, currency=[(code, code) for code in codes])


class StageField(forms.ModelChoiceField):
    """A stage; what is sent is looked up among all, whichever are offered."""

    def __init__(self) -> None:
        super().__init__(Stage.objects.select_related("pipeline"), empty_label=None)


def choices_of(stages: Iterable[Stage]) -> Choices:
    """Stages under the names of their pipelines, where there are several."""
    groups: dict[str, Choices] = {}
    for stage in stages:
        groups.setdefault(stage.pipeline.name, []).append((stage.pk, stage.name))
    return next(iter(groups.values())) if len(groups) == 1 else [*groups.items()]


class DealAddForm(DealForm):
    stage = StageField()
    field_order = ("name", "account", "owner", "stage", "amount", "currency", "expected_close_on", "product")

    def __init__(self, *args: Any, stages: Iterable[Stage], **more: Any) -> None:
        super().__init__(*args, **more)
        offer(self, stage=choices_of(stages))


class Reasons(forms.Form):
    """Why: one main reason, further ones, and what the buyer says (R26). The reasons are read once for all fields."""

    needs_reason = True

    reason = forms.ChoiceField(label="Main reason", error_messages={"required": "Say why the deal was lost."})
    also = forms.MultipleChoiceField(required=False, label="Also", widget=forms.CheckboxSelectMultiple)
    note = forms.CharField(required=False, max_length=500)
    buyer_reason = forms.ChoiceField(required=False, label="The buyer's own reason")
    buyer_note = forms.CharField(required=False, max_length=500, label="In the buyer's words")

    def __init__(self, *args: Any, reasons: list[LostReason], **more: Any) -> None:
        super().__init__(*args, **more)
        self.known = {str(reason.pk): reason for reason in reasons}
        choices = [(key, reason.name) for key, reason in self.known.items()]
        self.fields["reason"].required = self.needs_reason
        empty = "Choose a reason" if self.needs_reason else "Not said"
        for name, first in (("reason", empty), ("buyer_reason", "Not said"), ("also", "")):
            field: Any = self.fields[name]
            field.choices = [("", first), *choices] if first else choices

    def clean_reason(self) -> LostReason | None:
        return self.known.get(self.cleaned_data["reason"])

    def clean_also(self) -> list[LostReason]:
        return [self.known[key] for key in self.cleaned_data["also"]]

    def clean_buyer_reason(self) -> LostReason | None:
        return self.known.get(self.cleaned_data["buyer_reason"])

    @property
    def said(self) -> dict[str, Any]:
        """What services take: the main reason first."""
        data = dict(self.cleaned_data)
        main, also, buyer = data.pop("reason"), data.pop("also"), data.pop("buyer_reason")
        reasons = [main, *(reason for reason in also if reason != main)] if main else also
        return data | {"reasons": reasons, "buyer_reasons": [buyer] if buyer else []}

    @property
    def is_more(self) -> bool:
        """Something beyond the main reason was typed or is wrong."""
        return any(self[name].value() or self[name].errors for name in ("also", "note", "buyer_reason", "buyer_note"))


class WinForm(Reasons, Versioned):
    needs_reason = False

    amount = AmountField(error_messages={"required": "A won deal needs an amount."})
    on = DayField(label="Won on")


class LoseForm(Reasons, Versioned):
    on = DayField(label="Lost on")


class ReasonsForm(Reasons, Versioned):
    """Afterwards, of a lost deal."""


class WonReasonsForm(Reasons, Versioned):
    """Afterwards, of a won one, which may go without."""

    needs_reason = False


class ReopenForm(Versioned):
    on = DayField(label="Reopened on")


class MoveForm(Versioned):
    stage = StageField()


class PipelineForm(Versioned):
    pipeline = forms.ModelChoiceField(Pipeline.objects.filter(is_active=True), empty_label=None)


class DealEditForm(Versioned):
    """A line of the list."""

    stage = StageField()
    amount = AmountField(required=False)
    expected_close_on = DayField(required=False, label="Closes on")
    next_step = forms.CharField(required=False, max_length=200)
    next_step_on = DayField(required=False, label="On")

    def __init__(self, *args: Any, stages: list[Stage], has_lines: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        offer(self, stage=choices_of(stages))
        if has_lines:
            del self.fields["amount"]


class LineForm(ForUser, Versioned):
    """A product on a deal."""

    product = forms.ModelChoiceField(Product.objects.none(), required=False, empty_label="None of the list")
    text = forms.CharField(required=False, max_length=200, label="What it is", help_text="Where no product fits")
    quantity = forms.DecimalField(max_digits=18, decimal_places=4, min_value=0, initial=1)
    list_price = forms.DecimalField(
        required=False, max_digits=18, decimal_places=4, min_value=0, help_text="Of one; empty: the product's"
    )
    discount = forms.DecimalField(required=False, max_digits=5, decimal_places=2, min_value=0, max_value=100,
                                  label="Discount, %")  # fmt: skip
    unit_price = forms.DecimalField(
        required=False, max_digits=18, decimal_places=4, min_value=0, label="Or price of one",
        help_text="Instead of a discount; 0 for free goods",
    )  # fmt: skip
    recurs = forms.ChoiceField(choices=DealLine.Recurs.choices, initial=DealLine.Recurs.ONCE, label="Paid")
    term_months = forms.IntegerField(required=False, min_value=1, max_value=600, label="For months")

    def __init__(self, *args: Any, line: DealLine | None = None, **more: Any) -> None:
        super().__init__(*args, **more)
        offer(self, product=Product.objects.visible_to(self.user).order_by("name", "pk"))
        if line is not None:
            del self.fields["product"], self.fields["list_price"]
            if line.product is not None:
                del self.fields["text"]


class QuoteForm(Versioned):
    on = DayField(label="Quoted on")


class AskDiscountForm(forms.Form):
    reason = forms.CharField(max_length=500, label="Why the customer should have it")


class DecideDiscountForm(forms.Form):
    approved = forms.ChoiceField(
        choices=[("yes", "Approve"), ("no", "Refuse")], error_messages={"required": "Approve it or refuse it."}
    )
    answer = forms.CharField(required=False, max_length=500)


class CompetitorsForm(Versioned):
    competitors = forms.ModelMultipleChoiceField(
        Competitor.objects.order_by("name"), required=False, widget=forms.CheckboxSelectMultiple
    )


class BulkForm(forms.Form):
    """One thing to set on many deals; of its fields only those of the act are shown."""

    FIELDS: ClassVar[dict[str, tuple[str, ...]]] = {
        "owner": ("owner",),
        "stage": ("stage",),
        "close": ("close_on",),
        "lose": ("reason", "on"),
        "tag": ("tag",),
        "next_step": ("next_step", "next_step_on"),
    }

    act = forms.ChoiceField(choices=BulkAct.Act.choices, widget=forms.HiddenInput)
    owner = forms.ModelChoiceField(Person.objects.none(), label="New owner", empty_label="Choose")
    stage = StageField()
    close_on = DayField(label="Closes on")
    reason = forms.ModelChoiceField(LostReason.objects.order_by("pk"), label="Main reason", empty_label="Choose")
    on = DayField(label="Lost on")
    tag = forms.CharField(max_length=50)
    next_step = forms.CharField(max_length=200)
    next_step_on = DayField(required=False, label="On")

    def __init__(self, *args: Any, act: str, owners: Any, stages: list[Stage], **more: Any) -> None:
        super().__init__(*args, **more)
        for name in [*self.fields]:
            if name != "act" and name not in self.FIELDS.get(act, ()):
                del self.fields[name]
        if "owner" in self.fields:
            offer(self, owner=owners)
        if "stage" in self.fields:
            offer(self, stage=choices_of(stages))
        for name in self.FIELDS.get(act, ())[:1]:
            self.fields[name].widget.attrs["autofocus"] = True


class DealListForm(ListForm):
    SORTS = (
        ("closes", "Closes next"), ("closed", "Closed last"), ("amount", "Largest"), ("opened", "Newest"),
        ("name", "By name"), ("stage", "By stage"), ("owner", "By owner"),
    )  # fmt: skip

    text = forms.CharField(required=False, max_length=200)
    status = forms.ChoiceField(required=False, choices=[*Deal.Status.choices, ("all", "All")])
    stage = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    owner = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    account = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    product = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    pipeline = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    tag = forms.CharField(required=False, max_length=50)
    closing = forms.CharField(required=False, max_length=8)
    sort = forms.ChoiceField(required=False, choices=SORTS)

    def __init__(self, *args: Any, calendar: FiscalCalendar, **more: Any) -> None:
        super().__init__(*args, **more)
        self.calendar = calendar

    def clean_closing(self) -> Period | None:
        key = self.cleaned_data["closing"]
        try:
            return Period.parse(key, self.calendar) if key else None
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None
