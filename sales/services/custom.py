"""Fields that this organisation added: values are typed, and refused in the field's own words."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from sales.models import CustomField
from salesmgmt.lib.refusals import Refused

LONGEST = 500
YES, NO = {"yes", "true", "1", "on"}, {"no", "false", "0", "off"}


def take_custom(
    *, noun: str, said: dict[str, Any], stands: dict[str, Any], fields: Iterable[CustomField] | None = None
) -> dict[str, Any]:
    """What a record's `custom` holds once `said` is taken over what stands; None and "" take a value away."""
    if not said:
        return stands
    known = {field.key: field for field in (fields if fields is not None else CustomField.objects.filter(noun=noun))}
    if strange := said.keys() - known.keys():
        has = f"there is {', '.join(sorted(known))}" if known else "none has been added"
        raise Refused(f"There is no field “{min(strange)[:60]}” on {noun}s; {has}.", field="custom")
    values = stands | {key: typed(known[key], value) for key, value in said.items()}
    return {key: value for key, value in values.items() if value is not None}


def typed(field: CustomField, value: Any) -> Any:
    """A value as JSON keeps it: text, a number, an ISO date, true or false. None: it is taken away."""
    if value is None or value == "":
        return None
    match field.kind:
        case CustomField.Kind.NUMBER:
            return _number(field, value)
        case CustomField.Kind.DATE:
            return _day(field, value)
        case CustomField.Kind.CHOICE:
            if value not in field.choices:
                _refuse(field, value, f"is one of {', '.join(field.choices)}")
            return value
        case CustomField.Kind.YES_NO:
            text = str(value).lower()
            if text not in YES | NO:
                _refuse(field, value, "is yes or no")
            return text in YES
    if not isinstance(value, str | int | Decimal) or isinstance(value, bool) or "\x00" in str(value):
        _refuse(field, value, "is a text")
    if len(str(value)) > LONGEST:
        _refuse(field, value, f"has at most {LONGEST} characters")
    return str(value).strip() or None


def _number(field: CustomField, value: Any) -> int | float:
    try:
        number = Decimal(str(value)) if not isinstance(value, bool) else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= 10**15:
        _refuse(field, value, "is a number")
    return int(number) if number == int(number) else float(number)


def _day(field: CustomField, value: Any) -> str:
    try:
        day = value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError:
        _refuse(field, value, "is a day like 2026-07-31")
    if not 1900 <= day.year < 2200:
        _refuse(field, value, "is a day between 1900 and 2200")
    return day.isoformat()[:10]


def _refuse(field: CustomField, value: Any, right: str) -> None:
    raise Refused(f"{field.label} {right}, not “{str(value)[:60]}”.", field="custom")
