"""A plan for the fourth quarter of a real company from its second and third, in a real browser, in under a minute."""

from decimal import Decimal as D
from time import monotonic
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.hashers import make_password
from django.db.models import Sum
from pytest_django.live_server_helper import LiveServer

from salesmgmt.lib import clock
from targets.models import Plan, QuotaEntry, Target
from teams.models import User
from tests.exchange.test_maven import Run, maven, run, take_all
from tests.exchange.test_maven_plan import AT, TARGET, parts_equal_the_whole
from tests.journeys.test_loop import signed_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["maven", "run"]
pytestmark = pytest.mark.django_db(transaction=True)


def test_a_quarter_is_planned_changed_and_published_in_under_a_minute_of_clicks(
    run: Run, live_server: LiveServer, browser: "Browser", monkeypatch: pytest.MonkeyPatch
) -> None:
    take_all(run)
    planner = User.objects.create(username="planner", password=make_password("demo"), is_superuser=True)
    monkeypatch.setattr(clock, "now", lambda: AT)  # the day on which that company would have planned
    page = signed_in(browser, live_server.url, "planner", width=1440, height=900)
    page.goto(f"{live_server.url}/quotas/")
    began, acts = monotonic(), 0

    def click(what: str, then: str) -> None:
        nonlocal acts
        page.click(f"main {what}")
        page.locator("h1", has_text=then).wait_for()
        acts += 1

    click("a:has-text('New plan')", "plan")
    page.select_option("[name=period]", "2017-Q4")
    page.fill("[name=amount]", str(TARGET))
    click("form button.btn-primary", "$3.25M for")
    click("a:has-text('How it is split')", "Five things can weigh")
    page.fill("[name=quarters]", "2, 1")
    click("form button.btn-primary", "$3.25M for")
    plan = Plan.objects.get()
    parts_equal_the_whole(plan, planner)
    before = plan.allocations.get(person__name="Darcel Schlecht").amount
    click("a:text-is('Darcel Schlecht')", "for Darcel Schlecht")
    page.fill("[name=amount] >> nth=0", str(before + 50_000))
    page.fill("[name=reason] >> nth=0", "A key account more")
    page.check("[name=rule][value=spread]")
    click("form button.btn-primary", "$3.25M for")
    parts_equal_the_whole(plan, planner)
    click("a:has-text('Publish…')", "Publish")
    click("form button.btn-primary", "Published")
    assert (acts, monotonic() - began < 60) == (8, True)
    page.context.close()
    assert Target.objects.filter(team__parent=None).aggregate(total=Sum("amount"))["total"] == TARGET
    held = QuotaEntry.objects.filter(person__name="Darcel Schlecht", plan=plan).aggregate(total=Sum("amount"))
    assert held["total"] == before + D(50_000)
