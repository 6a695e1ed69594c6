"""How Paceline writes numbers, days and marks. Loaded as `{% load paceline %}`; `/styleguide/` shows each.

Filters   marked, money, money_exact, pct, pts, num, times, figure, day, moment, ago, lasted, initials, tone
Tags      icon, track, status, sparkline, avatar, pace_chart, define, query, field
An unknown value is a dash, never 0.
"""

import re
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.db.models import QuerySet
from django.forms import BoundField
from django.template import engines
from django.template.loader import get_template
from django.utils import formats, timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from salesmgmt.lib import charts, clock
from salesmgmt.lib.marked import marked

register = template.Library()

# What depends on its arguments alone is written once: the same figures are shown again and again.
remembered = lru_cache(maxsize=4096, typed=True)

DASH = "–"
MINUS = "\u2212"
_STEPS = tuple(Decimal(1).scaleb(-places) for places in range(10))
SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "%": "%"}
SCALES = ((Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "k"))
TONES = {"ahead": "Ahead", "on-pace": "On pace", "behind": "Behind", "at-risk": "At risk", "unknown": DASH}
SHAPES = {
    "ahead": "M4.5 1 8.5 8h-8z",
    "on-pace": "M4.5 1.5a3 3 0 1 1 0 6 3 3 0 0 1 0-6z",
    "behind": "M4.5 8 .5 1h8z",
    "at-risk": "M4.5 0 9 4.5 4.5 9 0 4.5z",
}


def _parts(value: Any, currency: str | None) -> tuple[Decimal, str]:
    """Amount and symbol of a Money or of a number with a code."""
    amount = Decimal(str(getattr(value, "amount", value)))
    code = getattr(value, "currency", None) or currency
    code = getattr(code, "code", code)
    return amount, SYMBOLS.get(code, f"{code}\u00a0") if code else ""


@cache
def _marks() -> tuple[str, str]:
    """The comma and the point of a number, in the language of this installation: no page has another."""
    comma, point = (formats.get_format(f"{name}_SEPARATOR", settings.LANGUAGE_CODE) for name in ("THOUSAND", "DECIMAL"))
    return str(comma), str(point)


@cache
def _month(number: int) -> str:
    return formats.date_format(date(2000, number, 1), "M")


def _written(value: Decimal, places: int) -> str:
    # A page of tables writes hundreds of numbers; formats.number_format looks its formats up for each.
    text = f"{value.quantize(_STEPS[places], ROUND_HALF_UP):,f}"
    marks = _marks()
    return text if marks == (",", ".") else text.translate(str.maketrans(",.", "".join(marks)))


def _signed(amount: Decimal, text: str) -> str:
    """The sign goes before the symbol; what rounds to zero has none."""
    return f"{MINUS}{text}" if amount < 0 and re.search(r"[1-9]", text) else text


def _three(amount: Decimal) -> str:
    """Three figures and a scale: 678k, 1.24M, 98.2k, 940."""
    size = abs(amount)
    for scale, letter in SCALES:
        if size >= scale * Decimal("0.9995"):
            shown = size / scale
            places = 2 if shown < Decimal("9.995") else 1 if shown < Decimal("99.95") else 0
            text = _written(shown, places)
            point = _marks()[1]
            return (text.rstrip("0").rstrip(point) if point in text else text) + letter
    return _written(size, 0)


@register.filter(name="marked")
def marked_words(text: str) -> SafeString:
    """Words in simple formatting, as HTML that is safe."""
    return mark_safe(marked(text))


@register.filter
def money(value: Any, currency: str | None = None) -> str:
    """€678k, €1.24M: three figures, for dashboards."""
    if value is None or value == "":
        return DASH
    amount, symbol = _parts(value, currency)
    return money_exact(value, currency) if symbol == "%" else _signed(amount, f"{symbol}{_three(amount)}")


@register.filter
def money_exact(value: Any, currency: str | None = None) -> str:
    """€678,120.50; without cents where there are none."""
    if value is None or value == "":
        return DASH
    amount, symbol = _parts(value, currency)
    text = _written(abs(amount), 0 if amount == amount.to_integral_value() else 2)
    return _signed(amount, f"{text}%" if symbol == "%" else f"{symbol}{text}")


def money_range(low: Any, high: Any, currency: str | None = None) -> str:
    """€1.05–1.29M: the unit once where both share it."""
    first, last = money(low, currency), money(high, currency)
    symbol = _parts(high, currency)[1]
    if DASH in (first, last):
        return DASH
    if first[-1] == last[-1] and first[-1].isalpha():
        first = first[:-1]
    return f"{first}–{last.removeprefix(symbol)}"


@register.simple_tag(name="money_range")
def money_range_tag(low: Any, high: Any, currency: str | None = None) -> str:
    """`{% money_range low high "EUR" %}`."""
    return money_range(low, high, currency)


@register.filter
@remembered
def pct(ratio: Any, places: int = 0) -> str:
    """A ratio as percent: 0.547|pct:1 is 54.7%."""
    if ratio is None or ratio == "":
        return DASH
    value = Decimal(str(ratio)) * 100
    return _signed(value, f"{_written(abs(value), places)}%")


@register.filter
def pts(change: Any, places: int = 0) -> str:
    """A change of a ratio in points: −3 pts, +1 pt."""
    if change is None or change == "":
        return DASH
    value = Decimal(str(change)) * 100
    text = _written(abs(value), places)
    word = "pt" if text == "1" else "pts"
    return (f"+{text}" if value > 0 and re.search(r"[1-9]", text) else _signed(value, text)) + f"\u00a0{word}"


@register.filter
def num(value: Any, places: int = 0) -> str:
    """12,480; num:1 keeps one decimal."""
    if value is None or value == "":
        return DASH
    amount = Decimal(str(value))
    return _signed(amount, _written(abs(amount), places))


@register.filter
def times(value: Any, places: int = 1) -> str:
    """2.7×."""
    return DASH if value is None or value == "" else f"{num(value, places)}×"


@register.filter
def figure(text: str) -> SafeString:
    """A written number with its unit smaller and muted: `{{ total|money:"EUR"|figure }}`."""
    match = re.fullmatch(r"(.*\d)(\D{1,6})", str(text))
    if match is None:
        return format_html("{}", text)
    return format_html("{}<small>{}</small>", *match.groups())


@register.filter
def day(value: date | datetime | None) -> str:
    """21 Nov; with the year when it isn't this one."""
    if value is None:
        return DASH
    local = timezone.localtime(value) if isinstance(value, datetime) else value
    written = f"{local.day} {_month(local.month)}"
    return written if local.year == clock.now().year else f"{written} {local.year}"


@register.filter
def moment(value: datetime | None) -> str:
    """21 Nov, 14:05."""
    return DASH if value is None else f"{day(value)}, {timezone.localtime(value):%H:%M}"


@register.filter
def ago(value: datetime | None) -> SafeString | str:
    """Relative under 48 hours, else the day; the exact moment in `<time>`."""
    if value is None:
        return DASH
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', value.isoformat(), moment(value), _relative(value, clock.now())
    )


def _relative(value: datetime, now: datetime) -> str:
    past = now - value
    if past < timedelta(0):
        return day(value)
    minutes = int(past.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    if minutes < 12 * 60:
        return f"{minutes // 60} h ago"
    if minutes >= 48 * 60:
        return day(value)
    days = (timezone.localtime(now).date() - timezone.localtime(value).date()).days
    return ("today", "yesterday", "2 days ago")[days]


@register.filter
def lasted(value: timedelta | None) -> str:
    """How long something took, in two steps at most: 3 days 4 h, 2 h 10 min, 35 min."""
    if value is None:
        return DASH
    minutes = max(int(value.total_seconds() // 60), 0)
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        parts = [f"{days} day{'' if days == 1 else 's'}", f"{hours} h" if hours and days < 7 else ""]
    elif hours:
        parts = [f"{hours} h", f"{minutes % 60} min" if minutes % 60 else ""]
    else:
        parts = [f"{minutes} min"]
    return " ".join(filter(None, parts))


@register.filter
def initials(name: Any) -> str:
    """Dana Ortiz is DO."""
    words = str(name or "").split()
    return "".join(w[0] for w in (words[:1] + words[1:][-1:])).upper()


@register.filter
def tone(pace: Any) -> str:
    """The status of a pace ratio: ahead from 1.05, on pace from 0.95, behind from 0.8, else at risk."""
    if pace is None or pace == "":
        return "unknown"
    ratio = Decimal(str(pace))
    for least, name in ((Decimal("1.05"), "ahead"), (Decimal("0.95"), "on-pace"), (Decimal("0.8"), "behind")):
        if ratio >= least:
            return name
    return "at-risk"


@cache
def _icon(name: str) -> str:
    return get_template(f"icons/{name}.svg").render().strip()


@register.simple_tag
def icon(name: str, size: int = 16) -> SafeString:
    """A lucide icon, inlined. The files of templates/icons are ours, so they are safe to mark."""
    svg = _icon(name)
    if size != 16:
        svg = svg.replace('width="16" height="16"', f'width="{int(size)}" height="{int(size)}"')
    return mark_safe(svg)


@register.simple_tag
@remembered
def status(name: str, word: str | None = None) -> SafeString:
    """Shape, word and colour: `{% status "behind" %}`, `{% status pace|tone %}`."""
    name = name.replace("_", "-")
    if name not in SHAPES:
        return format_html('<span class="status unknown">{}</span>', word or DASH)
    return format_html(
        '<span class="status {}"><svg width="9" height="9" viewBox="0 0 9 9" aria-hidden="true">'
        '<path d="{}"/></svg>{}</span>',
        name,
        SHAPES[name],
        word or TONES[name],
    )


@register.simple_tag
@remembered
def track(value: Any, goal: Any, expected: Any = None, tone: str = "", label: str = "") -> SafeString:
    """The signature mark: `{% track credited quota expected=expected tone="behind" %}`."""
    plain = [getattr(v, "amount", v) for v in (value, goal, expected)]
    drawn = charts.track(*(None if v == "" else v for v in plain))
    said = conditional_escape(label or _track_words(*plain))
    tick = ""
    if drawn.tick is not None:
        shift = "0" if drawn.tick < 1 else "-1.5" if drawn.tick > 99 else "-0.75"
        place = f'x="{drawn.tick:g}%" y="0" width="1.5" height="12" transform="translate({shift})"'
        tick = f'<rect class="track-tick" {place}/>'
    # Numbers of ours, and two texts that are escaped here: format_html would look at each of them.
    return mark_safe(
        f'<svg class="track {conditional_escape(tone.replace("_", "-"))}" height="12" role="img" aria-label="{said}">'
        '<rect class="track-bed" y="4" width="100%" height="4" rx="2"/>'
        f'<rect class="track-fill" y="4" width="{drawn.fill:g}%" height="4" rx="2"/>{tick}</svg>'
    )


def _track_words(value: Any, goal: Any, expected: Any) -> str:
    if value in (None, "") or not goal:
        return "No target"
    said = f"{pct(Decimal(str(value)) / Decimal(str(goal)))} of the target"
    if expected in (None, ""):
        return said
    return f"{said}; {pct(Decimal(str(expected)) / Decimal(str(goal)))} expected by today"


@register.simple_tag
def sparkline(values: Any, label: str) -> SafeString | str:
    """A line of recent values; a dash for fewer than two."""
    drawn = charts.spark([getattr(v, "amount", v) for v in values])
    if drawn is None:
        return DASH
    return format_html(
        '<svg class="spark" viewBox="0 0 96 24" width="96" height="24" role="img" aria-label="{}">'
        '<path d="{}"/><circle cx="{}" cy="{}" r="2"/></svg>',
        label,
        drawn.path,
        drawn.x,
        drawn.y,
    )


@register.simple_tag
def avatar(name: Any) -> SafeString:
    """Initials in a circle; the name stands beside it, so it is hidden from readers."""
    return format_html('<span class="avatar" aria-hidden="true">{}</span>', initials(name))


@register.inclusion_tag("pages/_pace_chart.html")
def pace_chart(pace: charts.Pace, ident: str = "pace") -> dict[str, Any]:
    """The pace chart with its legend and figures: `{% pace_chart chart %}`; `ident` is unique on the page."""
    sizes = (("wide", 736, 292, 48, 56), ("narrow", 358, 268, 44, 52))
    last = pace.actual[-1] if pace.actual else None
    goal = pace.target[-1].value if pace.target else None
    landing = pace.forecast[-1].value if pace.forecast else None
    said = [f"{money(last.value, pace.currency)} {pace.actual_label.lower()} by {day(last.on)}"] if last else []
    if goal is not None:
        said.append(f"target {money(goal, pace.currency)} by {day(pace.until - timedelta(days=1))}")
    if landing is not None:
        said.append(f"forecast {money(landing, pace.currency)}")
    if pace.band:
        likely = money_range(pace.band[-1].low, pace.band[-1].high, pace.currency)
        said.append(f"{pace.coverage} % range {likely}")
    return {
        "pace": pace,
        "ident": ident,
        "drawings": [
            (name, charts.draw_pace(pace, width, height, left=left, right=right))
            for name, width, height, left, right in sizes
        ],
        "last": last,
        "description": "; ".join(said) + "." if said else "No figures yet.",
        "rows": charts.pace_rows(pace),
        "currency": pace.currency,
    }


@register.inclusion_tag("pages/_define.html")
def define(ident: str, title: str, text: str, as_of: Any = None, href: str = "") -> dict[str, Any]:
    """What a figure means, its "as of" and the way to its records, in a popover."""
    return {"ident": ident, "title": title, "text": text, "as_of": as_of, "href": href}


@register.inclusion_tag("_field.html")
def field(bound: BoundField) -> dict[str, Any]:
    """One form field: label, input, hint, one-sentence error. Boxes to tick stand before their label."""
    kind = getattr(bound.field.widget, "input_type", "")
    return {"field": bound, "is_check": kind == "checkbox" and not bound.subwidgets[1:], "is_hidden": bound.is_hidden}


@register.filter
def get(mapping: dict[Any, Any], key: Any) -> Any:
    """What a mapping holds under a key that only the template knows: `{% icon icons|get:activity.kind %}`."""
    return mapping.get(key)


@register.filter
def undo_url(message: Any) -> str:
    """Where a message's act is undone by POST: `messages.success(…, extra_tags="undo:/activities/7/withdraw/")`."""
    tag = getattr(message, "extra_tags", None) or ""
    return tag.removeprefix("undo:") if tag.startswith("undo:/") else ""


@register.simple_tag(takes_context=True)
def compiled(context: template.Context, name: str, **more: Any) -> SafeString:
    """A template of Jinja's, for rows by the dozen: `{% compiled "sales/_deal_rows.jinja" rows=page.rows %}`."""
    found = engines["compiled"].env.get_template(name)  # type: ignore[attr-defined]
    written: SafeString = mark_safe(found.render(context.flatten() | more))  # it has escaped what it was told
    return written


@register.simple_tag
def options(rows: Any, chosen: Any = None) -> SafeString:
    """`<option>`s of a QuerySet, or of pairs of number and name; of hundreds, no record is made."""
    pairs = rows.values_list("pk", "name") if isinstance(rows, QuerySet) else rows
    # Numbers of ours, and names that are escaped here: format_html_join would look at each three times.
    written = (
        f'<option value="{pk:d}"{" selected" if pk == chosen else ""}>{conditional_escape(name)}</option>'
        for pk, name in pairs
    )
    return mark_safe("".join(written))


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """This page's query string with changes; None or "" drops a key: `<a href="{% query sort='-amount' %}">`."""
    asked = context["request"].GET.copy()
    for key, value in changes.items():
        if value in (None, ""):
            asked.pop(key, None)
        else:
            asked[key] = value
    return f"?{asked.urlencode()}" if asked else "?"
