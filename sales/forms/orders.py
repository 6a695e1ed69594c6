"""Orders: entered, delivered, refunded, cancelled, shared."""

from typing import Any, ClassVar

from django import forms

from sales.models import Deal, DeliveryProblem, Order, OrderLine, Product, Refund
from sales.services.lines import Line, complete
from salesmgmt.lib.offering import offer
from teams.models import ExchangeRate, Person, User
from teams.selectors import organisation_of

from .fields import AccountField, AmountField, DayField, ForUser, ListForm, SortedListForm, Versioned

IDS: Any = {"required": False, "min_value": 1, "max_value": 2**62}


def currencies(user: User, *more: str) -> list[tuple[str, str]]:
    """The organisation's currency first, then those with a rate."""
    known = ExchangeRate.objects.order_by("currency").values_list("currency", flat=True).distinct()
    codes = dict.fromkeys(code for code in [organisation_of(user).currency, *more, *known] if code)
    return [(code, code) for code in codes]


class OrderListForm(SortedListForm):
    STATES = (
        ("open", "To be delivered"),
        ("overdue", "Overdue"),
        ("delivered", "Delivered"),
        ("cancelled", "Cancelled"),
    )
    LATE = (
        ("any", "Late"),
        ("production", "Made late"),
        ("carrier", "Carried late"),
        ("unknown", "Late, unknown where"),
    )

    owner = forms.IntegerField(**IDS)
    account = forms.IntegerField(**IDS)
    start = DayField(required=False)
    until = DayField(required=False)
    state = forms.ChoiceField(required=False, choices=STATES)
    late = forms.CharField(required=False, max_length=20)
    step = forms.CharField(required=False, max_length=20)
    period = forms.CharField(required=False, max_length=10)
    team = forms.IntegerField(**IDS)
    product = forms.IntegerField(**IDS)
    territory = forms.IntegerField(**IDS)

    def clean_late(self) -> str:
        said = self.cleaned_data["late"]
        return "any" if said == "1" else said if said in dict(self.LATE) else ""


class OrderForm(ForUser):
    """What an order says; its lines stand beside it."""

    account = AccountField(required=False)
    deal = forms.ModelChoiceField(
        Deal.objects.none(), required=False, empty_label="None", help_text="The order takes the place of the win's own"
    )
    owner = forms.ModelChoiceField(Person.objects.none(), empty_label=None)
    number = forms.CharField(required=False, max_length=100)
    ordered_on = DayField()
    promised_on = DayField(required=False)
    currency = forms.ChoiceField()
    amount = AmountField(required=False, label="Amount, net", help_text="Leave it empty where lines make it")
    tax = AmountField(required=False, help_text="On top")

    def __init__(self, *args: Any, owners: Any, deals: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        offer(self, owner=owners, deal=deals, currency=currencies(self.user))
        if len(owners) == 1:
            self.fields["owner"].widget = forms.HiddenInput()


class LineForm(forms.Form):
    """One line. Without a price it is the product's; an empty line is none."""

    product = forms.ModelChoiceField(Product.objects.none(), required=False, empty_label="None")
    text = forms.CharField(required=False, max_length=200)
    quantity = forms.DecimalField(required=False, min_value=0, max_digits=14, decimal_places=4)
    unit_price = forms.DecimalField(required=False, min_value=0, max_digits=14, decimal_places=4, label="Price")
    discount = forms.DecimalField(
        required=False, min_value=0, max_value=100, max_digits=7, decimal_places=4, label="Discount, %"
    )

    amount = forms.DecimalField(required=False, min_value=0, max_digits=18, decimal_places=4, label="Net")

    def __init__(self, *args: Any, products: list[tuple[Any, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        # One list for all lines: the field looks a chosen product up, the widget asks for none.
        offer(self, product=Product.objects.present())
        self.fields["product"].widget.choices = products
        for name in ("quantity", "unit_price", "discount", "amount"):
            self.fields[name].widget.attrs |= {"inputmode": "decimal", "step": "any"}

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        product, price = said.get("product"), said.get("unit_price")
        is_priced = price is not None or said.get("amount") is not None or (product and product.list_price is not None)
        if self.line is not None and not self.errors and not is_priced:
            self.add_error("unit_price", "This line needs a price.")
        return said

    @property
    def line(self) -> Line | None:
        said = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        return Line(**said) if said else None


class LineForms(forms.BaseFormSet):
    """The lines of an order."""

    @property
    def lines(self) -> list[Line]:
        return [form.line for form in self.forms if form.line is not None]


LineFormSet: Any = forms.formset_factory(
    LineForm, formset=LineForms, extra=4, max_num=100, absolute_max=200, validate_max=True
)


def line_forms(user: User, order: Order | None = None, data: Any = None) -> Any:
    """Forms for the lines of an order as they stand, and some empty ones."""
    names = Product.objects.visible_to(user).order_by("name", "pk").values_list("pk", "name")
    lines = order.lines.present().order_by("pk") if order else OrderLine.objects.none()
    initial = [_typed(line) for line in lines]
    return LineFormSet(data, initial=initial, prefix="lines", form_kwargs={"products": [("", "None"), *names]})


def _typed(line: OrderLine) -> dict[str, Any]:
    """A line as it would be typed; its net only where the rest makes another."""
    names = [name for name in LineForm.base_fields if name != "product"]
    values = {"product": line.product_id} | {name: _plain(getattr(line, name)) for name in names}
    rest = Line(quantity=line.quantity, unit_price=line.unit_price, discount=line.discount)
    if line.unit_price is not None and complete([rest], currency="")[0].amount == line.amount:
        values["amount"] = None
    return values


def _plain(value: Any) -> Any:
    """1.5000 is typed as 1.5."""
    return format(value.normalize(), "f") if hasattr(value, "normalize") else value


class DeliveryForm(Versioned):
    promised_on = DayField(required=False)
    produced_on = DayField(required=False)
    delivered_on = DayField(required=False)
    paid_on = DayField(required=False, help_text="By the customer, all of it.")


class ProblemForm(forms.Form):
    kind = forms.ChoiceField(choices=DeliveryProblem.Kind.choices, label="What went wrong")
    found_on = DayField()
    text = forms.CharField(required=False, max_length=1000, widget=forms.Textarea, label="In words")


class ResolvedForm(Versioned):
    on = DayField(label="Resolved on")


class DeliveryListForm(ListForm):
    STATES = (
        ("open", "To be delivered"), ("overdue", "Overdue"), ("late", "Late"), ("problem", "With a problem"),
        ("all", "All"),
    )  # fmt: skip

    state = forms.ChoiceField(required=False, choices=STATES)
    text = forms.CharField(required=False, max_length=100)


class RefundForm(forms.Form):
    amount = AmountField()
    kind = forms.ChoiceField(choices=Refund.Kind.choices, required=False, label="What for")
    on = DayField(label="Refunded on")
    reason = forms.CharField(max_length=200)

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or Refund.Kind.REFUND


class CancelForm(forms.Form):
    on = DayField(label="Cancelled on")
    reason = forms.CharField(max_length=200)


class ShareForm(forms.Form):
    """Percents of people, a line each: who has what share, and who has how much on top."""

    SAYS: ClassVar = {"share": "share, %", "overlay": "on top, %"}

    def __init__(self, *args: Any, people: list[Person], **more: Any) -> None:
        super().__init__(*args, **more)
        self.people = people
        for person in people:
            for kind in self.SAYS:
                self.fields[f"{kind}-{person.pk}"] = forms.DecimalField(
                    required=False, min_value=0, max_value=100, max_digits=7, decimal_places=4, label=person.name,
                    widget=forms.NumberInput(attrs={"aria-label": f"{person.name}: {self.SAYS[kind]}"}),
                )  # fmt: skip

    def lines(self) -> list[tuple[Person, Any, Any]]:
        """Each person with the two fields about them."""
        return [(person, self[f"share-{person.pk}"], self[f"overlay-{person.pk}"]) for person in self.people]

    def parts(self, kind: str) -> dict[Person, Any]:
        """Percent by person, without zeros."""
        given = {person: self.cleaned_data.get(f"{kind}-{person.pk}") for person in self.people}
        return {person: percent for person, percent in given.items() if percent}
