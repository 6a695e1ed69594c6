"""The component page, with made-up figures. Mounted with DEBUG only."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from salesmgmt.lib import clock
from salesmgmt.lib.charts import Pace, Range, Step

START, UNTIL, TODAY = date(2026, 10, 1), date(2027, 1, 1), date(2026, 11, 21)
GOAL, LANDING = Decimal(1_240_000), Decimal(1_170_000)
WINS = {0: 21, 2: 24, 3: 66, 8: 46, 10: 18, 15: 58, 16: 71, 18: 20, 22: 64, 25: 18, 29: 66, 31: 16, 36: 22, 37: 72}
WINS |= {42: 30, 45: 22, 46: 44}


class Rep(NamedTuple):
    """A made-up person's quarter."""

    name: str
    booked: int
    expected: int
    quota: int
    meetings: int
    tone: str


REPS = (
    Rep("Ines Moreau", 214_000, 154_000, 270_000, 58, "ahead"),
    Rep("Tomasz Wójcik", 161_000, 163_000, 285_000, 61, "on-pace"),
    Rep("Priya Raman", 148_000, 147_000, 255_000, 47, "on-pace"),
    Rep("Jonas Lindqvist", 83_000, 110_000, 193_000, 33, "behind"),
    Rep("Chloé Bernard", 72_000, 158_000, 277_000, 19, "at-risk"),
)
NEEDS = (
    ("Chloé Bernard", "at-risk", "€72k booked, pace is €158k", "No meetings booked next week"),
    ("Jonas Lindqvist", "behind", "€83k booked, pace is €110k", "2 deals slipped past close date"),
)
PRAISE = (
    (
        "Ines Moreau",
        "closed Halden Freight",
        "Four stakeholders, one quarter. Textbook multithreading.",
        "Dana Ortiz",
        2,
    ),
    ("Priya Raman", "ran 12 discovery calls this week", "Best call-to-meeting rate on the floor: 41%.", "Tomasz", 26),
)
BOARD = (
    ("Qualify", (("Halden Freight, renewal", 48_000, "2 Dec"), ("Orla Foods", 18_500, "9 Dec"))),
    ("Demo", (("Brandt Optik", 62_000, "28 Nov"),)),
    (
        "Proposal",
        (("Kestrel Air", 124_000, "15 Dec"), ("Fjordbank", 96_000, "19 Dec"), ("Lumen Press", 21_000, "5 Dec")),
    ),
    ("Negotiate", (("Castell Group", 88_000, "27 Nov"),)),
)


def _line(step: Decimal) -> Iterator[Step]:
    days = (UNTIL - START).days
    for n in range(days):
        yield Step(START + timedelta(days=n), (step * (n + 1) / days).quantize(Decimal("0.01")))


def _pace() -> Pace:
    total, actual = Decimal(0), []
    for n in range((TODAY - START).days + 1):
        total += WINS.get(n, 0) * 1000
        actual.append(Step(START + timedelta(days=n), total))
    left = (UNTIL - TODAY).days - 1
    forecast, band = [], []
    for n in range(left + 1):
        on, share = TODAY + timedelta(days=n), Decimal(n) / left
        middle = (total + (LANDING - total) * share).quantize(Decimal(1))
        forecast.append(Step(on, middle))
        band.append(Range(on, middle - round(120_000 * share), middle + round(118_000 * share)))
    return Pace(START, UNTIL, TODAY, tuple(_line(GOAL)), tuple(actual), tuple(forecast), tuple(band), currency="EUR")


class Sample(forms.Form):
    """One of each input."""

    name = forms.CharField(label="Account", help_text="As it stands on the contract.")
    email = forms.EmailField(label="E-mail", required=False)
    kind = forms.ChoiceField(label="Kind", choices=[("call", "Call"), ("meeting", "Meeting"), ("demo", "Demo")])
    on = forms.DateField(label="Day", widget=forms.DateInput(attrs={"type": "date"}))
    notes = forms.CharField(label="Notes", required=False, widget=forms.Textarea)
    shared = forms.BooleanField(label="Share with the line above", required=False)


def _facts() -> dict[str, Any]:
    now = clock.now()
    return {
        "reps": REPS,
        "needs": NEEDS,
        "praise": [(*row[:4], now - timedelta(hours=row[4])) for row in PRAISE],
        "board": BOARD,
        "chart": _pace(),
        "goal": GOAL,
        "landing": LANDING,
        "booked": Decimal(678_000),
        "period_label": "Q4 2026",
        "period_choices": [("Q4 2026", "?period=2026-Q4", True), ("Q3 2026", "?period=2026-Q3", False)],
        "recent": [12, 14, 11, 17, 16, 21, 19, 24],
        "small": Decimal("-0.034"),
        "exact": Decimal("-1240.5"),
        "now": now,
    }


@login_not_required
def home(request: HttpRequest) -> HttpResponse:
    """A manager's home with made-up figures."""
    return render(request, "styleguide_home.html", _facts())


@login_not_required
def components(request: HttpRequest) -> HttpResponse:
    """Every component once."""
    bad = Sample({"name": "", "email": "dana at example", "kind": "call"})
    return render(request, "styleguide.html", _facts() | {"form": Sample(), "bad": bad})
