import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.template import engines
from django.test import RequestFactory, override_settings
from django.urls import path

from salesmgmt.lib import clock
from salesmgmt.lib.money import Money
from salesmgmt.pages import styleguide
from salesmgmt.pages.templatetags import paceline as tags


def rendered(source: str, **context: Any) -> str:
    return engines["django"].from_string("{% load paceline %}" + source).render(context)


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("678120", "€678k"),
        ("1240000", "€1.24M"),
        ("1243999", "€1.24M"),
        ("999999", "€1M"),
        ("999499", "€999k"),
        ("98240", "€98.2k"),
        ("940.4", "€940"),
        ("-23400", "−€23.4k"),
        ("-0.2", "€0"),
        ("0", "€0"),
        ("2500000000", "€2.5B"),
    ],
)
def test_money_on_dashboards_has_three_figures(amount: str, said: str) -> None:
    assert tags.money(Decimal(amount), "EUR") == said


def test_money_brings_its_own_currency_and_an_unknown_code_stands_before_the_amount() -> None:
    assert tags.money(Money(Decimal(1200), "USD")) == "$1.2k"
    assert tags.money_exact(Money(Decimal("-1240.50"), "CHF")) == "−CHF\u00a01,240.50"


def test_the_exact_amount_has_cents_only_where_there_are_some() -> None:
    assert tags.money_exact(Decimal("1240000.00"), "EUR") == "€1,240,000"
    assert tags.money_exact(Decimal("0.5"), "GBP") == "£0.50"


def test_a_range_names_its_unit_once() -> None:
    assert tags.money_range(1_050_000, 1_290_000, "EUR") == "€1.05–1.29M"
    assert tags.money_range(980_000, 1_290_000, "EUR") == "€980k–1.29M"
    assert tags.money_range(None, 5, "EUR") == "–"


@pytest.mark.parametrize(
    "write", [tags.money, tags.money_exact, tags.pct, tags.pts, tags.num, tags.times, tags.day, tags.ago]
)
def test_the_unknown_is_a_dash_and_never_zero(write: Any) -> None:
    assert write(None) == "–"


def test_ratios_changes_and_counts_use_the_true_minus() -> None:
    assert tags.pct(Decimal("0.547"), 1) == "54.7%"
    assert tags.pct(Decimal("-0.031")) == "−3%"
    assert tags.pts(Decimal("-0.03")) == "−3\u00a0pts"
    assert tags.pts(Decimal("0.01")) == "+1\u00a0pt"
    assert tags.pts(Decimal("-0.001")) == "0\u00a0pts"
    assert tags.num(-12480) == "−12,480"


def test_a_figure_has_its_unit_smaller() -> None:
    assert tags.figure("€1.17M") == "€1.17<small>M</small>"
    assert tags.figure("412") == "412"
    assert tags.figure("–") == "–"


def test_a_day_of_another_year_names_the_year() -> None:
    this_year = clock.now().year
    assert tags.day(date(this_year, 6, 21)) == "21 Jun"
    assert tags.day(date(this_year - 1, 6, 21)) == f"21 Jun {this_year - 1}"


@pytest.mark.parametrize(
    ("past", "said"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=2), "2 h ago"),
        (timedelta(hours=26), "yesterday"),
        (timedelta(hours=47), "2 days ago"),
        (timedelta(hours=49), "19 Jun"),
    ],
)
def test_a_moment_is_relative_under_48_hours(past: timedelta, said: str) -> None:
    noon = datetime(clock.now().year, 6, 21, 12, tzinfo=UTC)
    assert tags._relative(noon - past, noon) == said


@pytest.mark.parametrize(
    ("pace", "tone"),
    [
        (None, "unknown"),
        ("1.05", "ahead"),
        ("1.0499", "on-pace"),
        ("0.95", "on-pace"),
        ("0.9", "behind"),
        ("0.79", "at-risk"),
    ],
)
def test_a_pace_has_a_status(pace: str | None, tone: str) -> None:
    assert tags.tone(pace and Decimal(pace)) == tone


def test_a_status_has_shape_and_word() -> None:
    said = rendered('{% status "at_risk" %}')
    assert "<path" in said
    assert "At risk" in said


def test_a_track_says_in_words_what_it_shows() -> None:
    said = rendered('{% track 678 1240 expected=701 tone="behind" %}')
    assert 'aria-label="55% of the target; 57% expected by today"' in said
    assert 'class="track-tick"' in said
    assert "No target" in rendered("{% track none none %}")


def test_names_and_labels_from_people_are_escaped() -> None:
    bad = "<script>alert(1)</script>"
    for source in (
        "{% avatar bad %}",
        '{% status "behind" bad %}',
        "{% sparkline v bad %}",
        "{% track 1 2 label=bad %}",
    ):
        assert "<script" not in rendered(source, bad=bad, v=[1, 2])


def test_a_field_shows_one_error_sentence_and_marks_what_is_optional() -> None:
    class Plain(forms.Form):
        name = forms.CharField(label="Account", help_text="As on the contract.")
        note = forms.CharField(required=False)

    said = rendered('{% include "_form.html" %}', form=Plain({"name": ""}))
    assert said.count('class="error"') == 1
    assert said.count('class="optional"') == 1
    assert 'id="id_name_helptext"' in said


class Urls:
    """The component page is mounted with DEBUG only, which a suite isn't."""

    urlpatterns = (path("styleguide/home/", styleguide.home, name="styleguide-home"),)


@pytest.mark.parametrize("page", [styleguide.components, styleguide.home])
def test_the_component_page_has_nothing_inline(page: Any, rf: RequestFactory) -> None:
    with override_settings(ROOT_URLCONF=Urls):
        text = page(rf.get("/")).content.decode()
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\bsrc=)", text)
