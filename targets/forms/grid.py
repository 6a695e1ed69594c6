"""Clean input of the grid: amounts as people write them, many lines at once."""

import json
import re
import unicodedata
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.formats import get_format

from .plans import RULES

SCALES = {"": Decimal(1), "k": Decimal(1000), "m": Decimal(1_000_000)}
WRITTEN = re.compile(r"-?\d[\d.,]*|-?[.,]\d+")


def amount_of(text: str) -> Decimal:
    """An amount as people write it: 1,234.50, 1 234,5, €1.234.567, 90k. Refused where it can be read in two ways."""
    kept = "".join(mark for mark in text.replace("\u2212", "-") if not _is_idle(mark))
    scale = kept[-1:].lower() if kept[-1:].lower() in SCALES else ""
    digits = kept.removesuffix(kept[-1:]) if scale else kept
    if digits == "-":  # a nought in a ledger
        return Decimal(0)
    if len(digits) > 30 or not WRITTEN.fullmatch(digits) or not digits.isascii():
        raise forms.ValidationError(f"“{text[:40]}” is no amount: write it like 1234.50.")
    return Decimal(_plain(digits, text)) * SCALES[scale]


def _is_idle(mark: str) -> bool:
    """Spaces, signs of currency, and what only parts thousands."""
    return mark in "'’" or unicodedata.category(mark) in {"Sc", "Zs", "Cc"}


def _plain(digits: str, text: str) -> str:
    """The same number with a point for its decimals and no other mark."""
    marks = [mark for mark in digits if mark in ".,"]
    if not marks:
        return digits
    last = marks[-1]
    other = "," if last == "." else "."
    whole, _, rest = digits.rpartition(last)
    if other in marks or (marks.count(last) == 1 and not _looks_grouped(whole, rest)):
        _refuse_odd_groups(whole, other, text)
        if len(rest) > 2 and last != get_format("DECIMAL_SEPARATOR"):
            raise forms.ValidationError(f"“{text[:40]}” is no amount: write it like 1234.50.")
        return f"{whole.replace(other, '')}.{rest}"
    if marks.count(last) == 1 and last == get_format("DECIMAL_SEPARATOR"):
        one, two = f"{whole}{rest}", f"{whole}.{rest}"
        raise forms.ValidationError(f"“{text[:40]}” can be read as {one} or as {two}: write one of these as 1234.50.")
    _refuse_odd_groups(digits, last, text)
    return digits.replace(last, "")


def _looks_grouped(whole: str, rest: str) -> bool:
    """Whether a single mark could stand between thousands."""
    lead = whole.removeprefix("-")
    return len(rest) == 3 and 1 <= len(lead) <= 3 and not lead.startswith("0")


def _refuse_odd_groups(whole: str, mark: str, text: str) -> None:
    first, *groups = whole.removeprefix("-").split(mark)
    if groups and (not 1 <= len(first) <= 3 or any(len(group) != 3 for group in groups)):
        raise forms.ValidationError(f"“{text[:40]}” is no amount: write it like 1234.50.")


class LinesField(forms.CharField):
    """`[[line, was, amount as written], …]`"""

    def clean(self, value: Any) -> list[tuple[int, Decimal, Decimal]]:
        text = super().clean(value)
        try:
            rows = [(int(line), Decimal(was), str(amount)) for line, was, amount in json.loads(text)]
        except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
            raise forms.ValidationError("Lines are a list of [line, was, amount].") from error
        if not all(0 < line < 2**63 and was.is_finite() and abs(was) < 10**16 for line, was, _ in rows):
            raise forms.ValidationError("Lines are a list of [line, was, amount].")
        return [(line, was, amount_of(amount)) for line, was, amount in rows]


class NumbersField(forms.CharField):
    """Ids with commas between."""

    def clean(self, value: Any) -> list[int]:
        parts = [part for part in super().clean(value).split(",") if part]
        if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
            raise forms.ValidationError("Lines are whole numbers with commas between.")
        return [int(part) for part in parts]


class GridForm(forms.Form):
    """What the grid sends: `shown` are the lines on the page, to be answered where they change."""

    shown = NumbersField(required=False)


class GridChangeForm(GridForm):
    lines = LinesField()
    reason = forms.CharField(max_length=150, label="Why")
    rule = forms.ChoiceField(choices=RULES)


class GridLockForm(GridForm):
    lines = NumbersField()
    is_locked = forms.BooleanField(required=False)


class GridUndoForm(GridForm):
    act = forms.IntegerField(min_value=1, max_value=2**63 - 1)
