"""Text to typed values, column by column: the column decides how its dates and numbers are written, and says so.

Where it can't decide (03/04/2017; 1,234 in a file with semicolons) its values are refused rather than guessed.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from salesmgmt.lib.days import EARLIEST, LATEST, OUTSIDE, is_of_our_time
from salesmgmt.lib.kinds import Field

NOTHING = {"null", "\\n", "n/a", "#n/a"}  # an empty date, number or reference, spelled out
DASHES = {"none", "nan", "-", "–", "—"}  # the same, of a date or number
SIGNS = {
    "€": {"EUR"},
    "£": {"GBP"},
    "$": {"USD", "CAD", "AUD", "NZD", "MXN", "SGD", "HKD", "BRL", "ARS", "CLP", "COP"},
    "¥": {"JPY", "CNY"},
    "₹": {"INR"},
    "₽": {"RUB"},
    "zł": {"PLN"},
    "kr": {"SEK", "NOK", "DKK", "ISK"},
    "Fr": {"CHF"},
}
MONTHS = {
    name: n
    for n, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}


class Unfit(ValueError):
    """A value that is not what its column holds: the reason, as a sentence."""


@dataclass(slots=True)
class Notation:
    """How one column writes its values, as it was found or told."""

    decimal: str = "."  # or ",", or "" where nothing decides
    order: str = ""  # of a date with figures only: dmy, mdy, or "" where nothing decides
    date_format: str = ""
    currency: str = ""  # the one a sign or a code in the column names
    clashes: bool = False
    said: list[str] = field(default_factory=list)


# ── Numbers ─────────────────────────────────────────────────────────────────────────────────────────────────────

_CODE = re.compile(r"^([A-Z]{3})\s*(?=[-−(+]?[\d.,])|(?<=[\d.,)%])\s*([A-Z]{3})$")
_SIGN = re.compile(r"US\$|C\$|A\$|[€£$¥₹₽]|zł|kr\.?|Fr\.?")


def _bare(text: str) -> tuple[str, str, set[str]]:
    """A number without what people write around it: (sign, figures with their marks, currencies named)."""
    named: set[str] = set()
    body = text.strip()
    if match := _CODE.search(body):
        named = {match[1] or match[2]}
        body = (body[: match.start()] + body[match.end() :]).strip()
    if match := _SIGN.search(body):
        sign = match[0].rstrip(".")
        named = {"USD"} if sign == "US$" else {"CAD"} if sign == "C$" else {"AUD"} if sign == "A$" else SIGNS[sign]
        body = (body[: match.start()] + body[match.end() :]).strip()
    minus = ""
    if body.startswith("(") and body.endswith(")"):
        minus, body = "-", body[1:-1].strip()
    elif body[:1] in "-−+" and body[:1]:
        minus, body = "-" if body[0] != "+" else "", body[1:].strip()
    elif body.endswith(("-", "−")):
        minus, body = "-", body[:-1].strip()
    return minus, body, named


def _votes(figures: str) -> str:
    """What one number says about the decimal mark: "." or ",", "?." or "?," where it could be either, "" nothing."""
    dots, commas = figures.count("."), figures.count(",")
    if dots and commas:
        return "." if figures.rindex(".") > figures.rindex(",") else ","
    mark, other, count = (".", ",", dots) if dots else (",", ".", commas)
    if not count:
        return ""
    if count > 1:
        return other
    before, after = figures.split(mark)
    if len(after) == 3 and 1 <= len(before) <= 3 and before.isdigit() and before.lstrip("0"):
        return f"?{mark}"
    return mark


def number_notation(values: Iterable[str], told: str, delimiter: str, hint: str, *, is_whole: bool = False) -> Notation:
    """How a column of numbers is written; `hint` is what the file's other columns say.

    `is_whole`: they are of money in round figures, so that three figures after a lone mark are thousands.
    """
    notation = Notation()
    votes: set[str] = set()
    currencies: list[set[str]] = []
    for value in values:
        _, figures, named = _bare(value)
        votes.add(_votes(figures))
        if named and named not in currencies:
            currencies.append(named)
    if told:
        notation.decimal = told
    elif {".", ","} <= votes:
        notation.clashes, notation.decimal = True, ""
    elif "." in votes or "," in votes:
        notation.decimal = "." if "." in votes else ","
        notation.said.append("decimal comma" if notation.decimal == "," else "decimal point")
    elif is_whole and votes & {"?.", "?,"}:
        notation.clashes = {"?.", "?,"} <= votes
        notation.decimal = "" if notation.clashes else "," if "?." in votes else "."
        if notation.decimal:
            notation.said.append("decimal comma" if notation.decimal == "," else "decimal point")
    elif votes & {"?.", "?,"}:
        notation.decimal = hint or ("" if delimiter == ";" else ".")
        if notation.decimal:
            notation.said.append("decimal comma" if notation.decimal == "," else "decimal point")
    common = set.intersection(*currencies) if currencies else set()
    if currencies and not common:
        notation.said.append("several currency signs")
    elif len(common) == 1:
        notation.currency = next(iter(common))
        notation.said.append(f"in {notation.currency}")
    return notation


def to_number(text: str, notation: Notation, *, currency: str = "") -> Decimal:
    minus, figures, named = _bare(text.removesuffix("%") if text.endswith("%") else text)
    if currency and named and currency not in named:
        raise Unfit(f"It is written in {' or '.join(sorted(named))}, but the row's currency is {currency}.")
    decimal = notation.decimal
    if not decimal:
        vote = _votes(figures)
        if notation.clashes and vote in {".", ","}:
            decimal = vote
        elif vote:
            raise Unfit("Its mark could separate decimals or thousands; say which with “decimal” in the mapping.")
        else:
            decimal = "."
    other = "," if decimal == "." else "."
    plain = re.sub(r"(?<=\d)[ '’\u00a0\u202f](?=\d{3}(?:\D|$))", "", figures)
    if not re.fullmatch(
        rf"(?:\d{{1,3}}(?:{re.escape(other)}\d{{3}})+|\d*)(?:{re.escape(decimal)}\d*)?", plain, re.ASCII
    ):
        raise Unfit("It is not a number.")
    plain = plain.replace(other, "").replace(decimal, ".")
    if not any(sign.isdigit() for sign in plain):
        raise Unfit("It is not a number.")
    if len(plain) > 24:
        raise Unfit("It has more figures than can be kept.")
    return Decimal(minus + plain)


# ── Dates ───────────────────────────────────────────────────────────────────────────────────────────────────────

_TIME = r"(?:[T ]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([AaPp][Mm])?\s*(Z|[+-]\d{2}:?\d{2}|UTC)?)?"
_YMD = re.compile(rf"(\d{{4}})([-/.]?)(\d{{2}})\2(\d{{2}}){_TIME}", re.ASCII)
_FIGURES = re.compile(rf"(\d{{1,2}})([-/.])\s?(\d{{1,2}})\2\s?(\d{{4}}|\d{{2}}){_TIME}", re.ASCII)
_WORDS = re.compile(
    rf"(?:[A-Za-z]{{3,9}},?\s+)?(\d{{1,2}})\.?[-\s]([A-Za-z]{{3,9}})\.?,?[-\s](\d{{4}}){_TIME}", re.ASCII
)
_US_WORDS = re.compile(rf"([A-Za-z]{{3,9}})\.?\s(\d{{1,2}}),?\s(\d{{4}}){_TIME}", re.ASCII)


def date_notation(values: Iterable[str], told: str) -> Notation:
    """How a column of dates is written: figures with slashes or dashes need one that can only be read one way."""
    notation = Notation(date_format=told)
    if told:
        return notation
    seen = days_first = months_first = dots = False
    for value in values:
        match = _FIGURES.fullmatch(value.strip())
        if match is None:
            continue
        if match[2] == ".":
            dots = True
            continue
        seen = True
        days_first |= int(match[1]) > 12
        months_first |= int(match[3]) > 12
    if seen:
        notation.clashes = days_first and months_first
        notation.order = "" if days_first == months_first else "dmy" if days_first else "mdy"
        if notation.order:
            notation.said.append("day first" if notation.order == "dmy" else "month first")
    elif dots:
        notation.said.append("day.month.year")
    return notation


def to_moment(text: str, notation: Notation, zone: str) -> datetime:
    """A moment; without a time of day midnight, without a zone the organisation's."""
    value = text.strip()
    if notation.date_format:
        try:
            moment = datetime.strptime(value, notation.date_format)  # noqa: DTZ007 (the zone comes next)
        except ValueError:
            raise Unfit(f"It is not written as “{notation.date_format}”.") from None
        return _sane(moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone)))
    if match := _YMD.fullmatch(value):
        year, _, month, day, *time = match.groups()
    elif match := _FIGURES.fullmatch(value):
        first, mark, second, year, *time = match.groups()
        order = "dmy" if mark == "." else notation.order
        if not order and first == second:
            order = "dmy"
        if not order and notation.clashes:
            order = "dmy" if int(first) > 12 else "mdy" if int(second) > 12 else ""
        if not order:
            raise Unfit(
                "It could be day or month first; say which with “date_format” in the mapping, such as %d/%m/%Y."
            )
        day, month = (first, second) if order == "dmy" else (second, first)
        if len(year) == 2:
            raise Unfit("Its year has two figures; write four, or say “date_format” in the mapping, such as %d.%m.%y.")
    elif match := _WORDS.fullmatch(value):
        day, name, year, *time = match.groups()
        month = _month(name)
    elif match := _US_WORDS.fullmatch(value):
        name, day, year, *time = match.groups()
        month = _month(name)
    else:
        raise Unfit("It is not a date; write 2026-03-31, or say “date_format” in the mapping.")
    hour, minute, second_, fraction, half, offset = time
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half.lower() == "pm" else 0)
    try:
        moment = datetime(
            int(year), int(month), int(day), hours, int(minute or 0), int(second_ or 0),
            int((fraction or "0").ljust(6, "0")[:6]), tzinfo=ZoneInfo(zone),
        )  # fmt: skip
        if offset:
            plain = moment.replace(tzinfo=None).isoformat()
            moment = datetime.fromisoformat(plain + ("+00:00" if offset in {"Z", "UTC"} else offset))
    except ValueError:
        raise Unfit("There is no such day or time.") from None
    return _sane(moment)


def _month(name: str) -> int:
    if name[:3].lower() not in MONTHS:
        raise Unfit("It is not a date; write 2026-03-31, or say “date_format” in the mapping.")
    return MONTHS[name[:3].lower()]


def _sane(moment: datetime) -> datetime:
    if not is_of_our_time(moment):
        raise Unfit(OUTSIDE)
    return moment


# ── Any field ───────────────────────────────────────────────────────────────────────────────────────────────────


def parser(one: Field, notation: Notation, zone: str) -> Callable[[str, str], Any]:
    """The function that makes a field's values of text; it raises Unfit. Its second argument is the row's currency."""

    def date_of(text: str, currency: str) -> date:
        return (
            to_moment(text, notation, zone).date()
            if not notation.date_format
            else to_moment(text, notation, "UTC").date()
        )

    def moment_of(text: str, currency: str) -> datetime:
        return to_moment(text, notation, zone)

    def number_of(text: str, currency: str) -> Decimal:
        value = to_number(text, notation, currency=currency if one.type == "money" else "")
        if one.least is not None and value < one.least:
            raise Unfit(f"It must be at least {one.least}.")
        if one.most is not None and value > one.most:
            raise Unfit(f"It must be at most {one.most}.")
        # An amount may be a hundred times as much in the reporting currency, and is kept there too.
        if abs(value) >= Decimal(10) ** min(18 - one.places, 14 if one.type == "money" else 18):
            raise Unfit("It is larger than can be kept.")
        rounded = value.quantize(Decimal(1).scaleb(-one.places))
        if rounded != value:
            raise Unfit(f"It has more than {one.places} decimal places.")
        return rounded

    def whole_of(text: str, currency: str) -> int:
        value = number_of(text, currency)
        if value != value.to_integral_value():
            raise Unfit("It must be a whole number.")
        if abs(value) > 2_147_483_647:
            raise Unfit("It is larger than can be kept.")
        return int(value)

    def choice_of(text: str, currency: str) -> str:
        value = re.sub(r"[\s-]+", "_", text.strip().lower())
        if value not in one.choices:
            raise Unfit(f"It must be one of {', '.join(one.choices)}; other words can be mapped to these.")
        return value

    def currency_of(text: str, currency: str) -> str:
        value = text.strip().upper()
        if not re.fullmatch(r"[A-Z]{3}", value):
            raise Unfit("It must be a currency's three letters, such as EUR.")
        return value

    def email_of(text: str, currency: str) -> str:
        value = text.strip()
        try:
            validate_email(value)
        except ValidationError:
            raise Unfit("It is not an e-mail address.") from None
        if len(value) > 254:
            raise Unfit("It is longer than the 254 characters that are kept.")
        return value

    def text_of(text: str, currency: str) -> str:
        if len(text) > one.longest:
            raise Unfit(f"It is longer than the {one.longest:,} characters that are kept.")
        return text

    return {
        "date": date_of,
        "moment": moment_of,
        "money": number_of,
        "number": number_of,
        "percent": number_of,
        "whole": whole_of,
        "choice": choice_of,
        "currency": currency_of,
        "email": email_of,
    }.get(one.type, text_of)


def is_nothing(one: Field, text: str) -> bool:
    """An empty cell; for dates and figures also the ways in which exports spell it."""
    if not text or one.type in {"text", "choice"}:
        return not text
    return text.lower() in NOTHING or (one.type not in {"reference", "email"} and text.lower() in DASHES)


# ── Formulas ────────────────────────────────────────────────────────────────────────────────────────────────────

_FORMULA = re.compile(r"^'*\s*[=+\-@\t\r]")


def defused(text: str) -> str:
    """Text that a spreadsheet would take for a formula, with an apostrophe before it; `rearmed` takes it off again."""
    if _FORMULA.match(text) and not re.fullmatch(r"[+-]?[\d.,\s]+", text):
        return f"'{text}"
    return text


def rearmed(text: str) -> str:
    return text[1:] if text.startswith("'") and defused(text[1:]) == text else text


# ── The same in SQL ─────────────────────────────────────────────────────────────────────────────────────────────


def sql_type(one: Field) -> str:
    """The type under which the database holds a field's values."""
    if one.type in {"money", "number", "percent"}:
        return f"numeric(18, {one.places})"
    return {"date": "date", "moment": "timestamptz", "whole": "integer"}.get(one.type, "text")


def plain_sql(one: Field, notation: Notation, zone: str, text: str) -> str:
    """SQL of a field's value where `text` is written in the plainest way, NULL elsewhere.

    What is plain is read by the database with the same outcome as `parser` has; anything else is for `parser`.
    """
    if one.type in {"date", "moment"} and notation.date_format:
        return "NULL"
    sane = f"{text} COLLATE \"C\" >= '{EARLIEST}' AND {text} COLLATE \"C\" < '{LATEST + 1}'"
    if one.type == "date":
        return (
            f"CASE WHEN {text} ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$' AND {sane}"
            f" AND pg_input_is_valid({text}, 'date') THEN {text}::date END"
        )
    if one.type == "moment":
        days = ", ".join(f"'{day}'" for day in _days_of_transition(zone))
        time = "([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?Z?)?"
        even = f" AND left({text}, 10) NOT IN ({days})" if days else ""
        return (
            f"CASE WHEN {text} ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}{time}$'"
            f" AND {sane} AND pg_input_is_valid({text}, 'timestamptz') THEN"
            f" CASE WHEN right({text}, 1) = 'Z' THEN {text}::timestamptz"
            f" WHEN true{even} THEN {text}::timestamp AT TIME ZONE '{zone}' END END"
        )
    if one.type in {"money", "number", "percent", "whole"}:
        places = f"(\\.[0-9]{{1,{one.places}}})?" if notation.decimal == "." and one.type != "whole" else ""
        figures = 9 if one.type == "whole" else 13
        value = f"{text}::{sql_type(one)}"
        within = f" AND {value} >= {one.least}" * (one.least is not None) + f" AND {value} <= {one.most}" * (
            one.most is not None
        )
        return f"CASE WHEN {text} ~ '^[0-9]{{1,{figures}}}{places}$' THEN CASE WHEN true{within} THEN {value} END END"
    if one.type == "choice":
        choices = ", ".join(f"'{choice}'" for choice in one.choices)
        return f"CASE WHEN {text} IN ({choices}) THEN {text} END"
    if one.type == "currency":
        return f"CASE WHEN {text} ~ '^[A-Z]{{3}}$' THEN {text} END"
    if one.type == "email":
        part = "[a-z0-9]+([-_.][a-z0-9]+)*"
        return f"CASE WHEN {text} ~ '^{part}@([a-z0-9]+\\.)+[a-z]{{2,9}}$' AND length({text}) <= 60 THEN {text} END"
    return f"CASE WHEN length({text}) <= {one.longest} THEN {text} END"


@cache
def _days_of_transition(zone: str) -> list[str]:
    """The days on which a zone's clocks are changed: there an hour is missing, or comes twice."""
    known, day, days = ZoneInfo(zone), datetime(EARLIEST, 1, 1), []  # noqa: DTZ001
    last, end = None, datetime(LATEST + 1, 1, 1)  # noqa: DTZ001
    while day < end:
        offset = day.replace(tzinfo=known).utcoffset()
        if last is not None and offset != last:
            days += [f"{day - timedelta(days=back):%Y-%m-%d}" for back in (0, 1)]
        day, last = day + timedelta(days=1), offset
    return days
