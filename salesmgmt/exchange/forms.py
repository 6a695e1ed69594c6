"""Input of the import page, made clean."""

import re
from typing import Any

from django import forms

from salesmgmt.lib.days import require_our_time
from salesmgmt.lib.kinds import Kind
from teams.models import User

from . import presets
from .kinds import kind_of, kinds_for
from .mapping import OPTIONS
from .models import Batch, Mapping

NOT_TAKEN = "(not taken)"


class UploadForm(forms.Form):
    """Which kind of table, and the file."""

    kind = forms.ChoiceField(label="What is in it", choices=[])
    file = forms.FileField(
        label="File", help_text="Excel, CSV with any delimiter and encoding, TSV, JSON lines; also packed with gzip"
    )
    preset = forms.ChoiceField(
        label="Where it comes from",
        required=False,
        choices=[("", "Seen from the file"), *((name, presets.LABELS[name]) for name in presets.NAMES)],
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(key, key.replace("_", " ").capitalize()) for key in kinds_for(user)]


class OptionsForm(forms.Form):
    """How the file is to be read and taken."""

    create_missing = forms.BooleanField(
        required=False, label="Make people, accounts, products and stages that rows name and we lack"
    )
    no_book = forms.BooleanField(required=False, label="Won deals book no orders")
    stop = forms.BooleanField(required=False, label="Take nothing if any row is refused")
    effective = forms.DateField(
        required=False,
        label="Changes of posting from",
        widget=forms.DateInput(attrs={"type": "date"}),
        validators=[require_our_time],
        help_text="Empty: today",
    )
    preset = forms.ChoiceField(
        required=False,
        label="Where it comes from",
        choices=[("", "Seen from the file"), *((name, presets.LABELS[name]) for name in presets.NAMES)],
        help_text="Changing it takes the columns anew",
    )
    kept = forms.ChoiceField(
        required=False, label="A mapping that was kept", choices=[("", "None")], help_text="Takes the place of the rest"
    )
    keep_as = forms.CharField(required=False, max_length=100, label="Keep this mapping as", help_text="A name")
    sheet = forms.CharField(required=False, max_length=100, help_text="Of a workbook; empty: the first")
    extra_commas = forms.ChoiceField(
        required=False,
        label="Rows with too many cells",
        choices=[("", "Are refused")],
        help_text="Values with unquoted commas",
    )
    layout = forms.ChoiceField(
        required=False,
        label="Periods",
        choices=[("", "Found by themselves"), ("wide", "A column for each"), ("long", "A row for each figure")],
    )
    delimiter = forms.CharField(
        required=False, max_length=3, strip=False, help_text="Empty: found by itself; \\t is a tab"
    )
    encoding = forms.CharField(required=False, max_length=40, help_text="Empty: found by itself")
    date_format = forms.CharField(required=False, max_length=40, label="Dates written as", help_text="Such as %d/%m/%Y")
    decimal = forms.ChoiceField(
        required=False, label="Decimal mark", choices=[("", "Found by itself"), (".", "Point"), (",", "Comma")]
    )

    def __init__(self, *args: Any, batch: Batch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        header = [column for column in batch.found.get("header", []) if column]
        if not kind_of(batch.kind).by_period:
            del self.fields["layout"]
        extra, kept = self.fields["extra_commas"], self.fields["kept"]
        assert isinstance(extra, forms.ChoiceField)
        assert isinstance(kept, forms.ChoiceField)
        extra.choices = [("", "Are refused"), *((f"join:{column}", f"The rest joins {column}") for column in header)]
        names = Mapping.objects.filter(kind=batch.kind).order_by("name").values_list("name", flat=True)
        kept.choices = [("", "None"), *((name, name) for name in names)]

    def clean_delimiter(self) -> str:
        told = str(self.cleaned_data["delimiter"])
        return "\t" if told == "\\t" else told if told == "\t" else told.strip()

    def mapping(self) -> dict[str, str]:
        return {name: said for name in OPTIONS if (said := self.cleaned_data.get(name))}

    def options(self) -> dict[str, Any]:
        clean = self.cleaned_data
        return {
            "create_missing": clean["create_missing"],
            "no_book": clean["no_book"],
            "on_error": "stop" if clean["stop"] else "skip",
            "effective": clean["effective"].isoformat() if clean["effective"] else "",
        }


def options_of(batch: Batch) -> dict[str, Any]:
    """A batch's mapping and options as the form's first values."""
    said = {name: batch.mapping.get(name, "") for name in OPTIONS}
    said["preset"] = said["preset"] or batch.found.get("preset", "")
    if said["delimiter"] == "\t":
        said["delimiter"] = "\\t"
    options = batch.options
    return {
        **said,
        "create_missing": options.get("create_missing", False),
        "no_book": options.get("no_book", False),
        "stop": options.get("on_error") == "stop",
        "effective": options.get("effective") or None,
    }


def label_of(content: Any) -> str:
    """What a field is read from, as the page names it."""
    if not isinstance(content, dict):
        return str(content)
    text = " + ".join(content["columns"]) if "columns" in content else str(content.get("column", ""))
    where = " and ".join(f"{of} is {' or '.join(words)}" for of, words in content.get("where", {}).items())
    return f"{text} where {where}" if where else text


def columns_of(data: Any, kind: Kind, header: list[str], standing: dict[str, Any]) -> dict[str, Any]:
    """`columns` of a mapping file from what the form sent: a column or a text for each field, words for some.

    What the page can't take apart (several columns joined, only some rows) stays as it stands while it is chosen.
    """
    words: dict[str, dict[str, str]] = {}
    for name in data:
        match = re.fullmatch(r"word-(\d{1,4})-field", name)
        if match:
            word, taken_as = data.get(f"word-{match[1]}-word", ""), data.get(f"word-{match[1]}-as", "")
            if word and taken_as.strip():
                words.setdefault(data[name], {})[word] = "" if taken_as.strip() == NOT_TAKEN else taken_as.strip()
    columns: dict[str, Any] = {}
    for one in kind.fields:
        column, const = data.get(f"column-{one.name}", ""), data.get(f"const-{one.name}", "").strip()
        stands = standing.get(one.name)
        if const:
            columns[one.name] = {"const": const}
        elif isinstance(stands, dict) and {"columns", "where"} & stands.keys() and column == label_of(stands):
            columns[one.name] = stands | ({"values": words[one.name]} if one.name in words else {})
        elif column in header and column:
            columns[one.name] = {"column": column, "values": words[one.name]} if one.name in words else column
        else:
            columns[one.name] = {"const": ""}
    return columns
