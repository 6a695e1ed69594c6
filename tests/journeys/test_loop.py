"""The loop in a real browser: a rep works on a phone, the manager's open page shows it; nobody else ever does."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import NoReverseMatch, reverse
from pytest_django.live_server_helper import LiveServer

from performance.services import rollups
from sales import services
from sales.models import Account, Deal
from salesmgmt.celery import app
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from targets.services import enter_quota
from teams.models import Person
from tests.cast import Cast, make_cast

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SOON = 2000  # milliseconds within which an open page shows what happened
LISTS = ("deals", "deal-board", "activities", "accounts", "orders", "search", "palette", "wall", "leaderboard", "teams")
SECRET = "Forklifts for Halden"


@pytest.fixture
def worker(live_server: LiveServer) -> Iterator[None]:
    """A real worker on the suite's broker and database."""
    owner = os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"]
    database = f"{owner.rpartition('/')[0]}/{connection.settings_dict['NAME']}"
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "salesmgmt.settings",
        "DATABASE_URL": database,
        "DATABASE_OWNER_URL": database,
        "REDIS_URL": settings.REDIS_URL,
    }
    app.conf.broker_url = settings.REDIS_URL
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "salesmgmt", "worker", "--pool=solo", "--without-gossip"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert any(app.control.inspect(timeout=1).ping() for _ in range(60)), "The worker did not start."
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@pytest.fixture
def company(live_server: LiveServer) -> Cast:
    made = make_cast()
    quarter = Period.of(clock.today("Europe/Berlin"), "quarter")
    goal = {"start": quarter.start, "end": quarter.end, "amount": Decimal(90_000), "reason": "The plan", "by": None}
    for person in (made.ana, made.ben, made.cleo):
        enter_quota(person=person, at=clock.now(), **goal)
    return made


def deal_of(person: Person, name: str) -> Deal:
    account = Account.objects.create(name="Halden Freight", owner=person)
    now = clock.now()
    return services.open_deal(
        owner=person, name=name, account=account, amount=Decimal(48_000), by=person.user, at=now,
        opened_on=now.date() - timedelta(days=30), expected_close_on=now.date() + timedelta(days=3),
    )  # fmt: skip


def drain_everything() -> None:
    while any(rollups.drain(topic) for topic in rollups.TOPICS):
        pass


def signed_in(browser: "Browser", url: str, name: str, *, width: int, height: int) -> "Page":
    page = browser.new_context(viewport={"width": width, "height": height}, locale="en-GB").new_page()
    page.goto(f"{url}/login/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", "demo")
    page.click("main button")
    page.wait_for_url(f"{url}/")
    return page


def shows(page: "Page", key: str, text: str) -> None:
    """The figure under `key` says `text` within two seconds, on the page that was open."""
    page.wait_for_function(
        "([key, text]) => document.querySelector(`[data-flash='${key}']`)?.textContent.trim() === text",
        arg=[key, text],
        timeout=SOON,
    )
    assert page.evaluate("window.opened"), "The page was loaded again."


@pytest.mark.django_db(transaction=True)
def test_a_managers_open_home_follows_a_reps_phone_and_nobody_elses(
    company: Cast, worker: None, live_server: LiveServer, browser: "Browser"
) -> None:
    deal = deal_of(company.ana, SECRET)
    drain_everything()
    maya = signed_in(browser, live_server.url, "maya", width=1440, height=900)
    omar = signed_in(browser, live_server.url, "omar", width=1440, height=900)
    for page in (maya, omar):
        page.evaluate("window.opened = true")
    before = omar.locator("#home").inner_text()
    ana = signed_in(browser, live_server.url, "ana", width=390, height=844)

    for count, kind in enumerate(("Call", "Meeting", "Demo"), start=1):
        ana.goto(live_server.url)
        ana.locator(".dock-log").click()
        ana.locator(".choice", has_text=kind).locator("input").check()
        ana.locator("button[name=who]", has_text="Halden").first.click()
        ana.wait_for_url(f"{live_server.url}/activities/**")
        shows(maya, f"act-{company.ana.pk}", str(count))

    ana.goto(f"{live_server.url}{reverse('deal', args=[deal.pk])}")
    ana.locator("#win button", has_text="Won").click()
    ana.wait_for_load_state()
    shows(maya, f"booked-{company.ana.pk}", "€48k")
    shows(maya, f"att-{company.ana.pk}", "53%")

    assert omar.evaluate("window.opened")
    assert omar.locator("#home").inner_text() == before
    for person in (company.omar, company.cleo):
        sees_nothing(person, company, deal)
    for page in (maya, omar, ana):
        page.context.close()


def sees_nothing(person: Person, company: Cast, deal: Deal) -> None:
    """By page, API, export, search and count."""
    client = Client()
    assert person.user is not None
    client.force_login(person.user, backend="django.contrib.auth.backends.ModelBackend")
    for address in (
        reverse("deal", args=[deal.pk]),
        reverse("account", args=[deal.account_id]),
        reverse("person", args=[company.ana.pk]),
        reverse("team", args=[company.north.pk]),
    ):
        assert client.get(address).status_code == 404, address
    of = {"measure": "bookings", "of": f"person:E-{company.ana.name}"}
    assert client.get(reverse("records"), of).status_code == 404
    for name in LISTS:
        try:
            address = reverse(name)
        except NoReverseMatch:
            continue
        for query in ({}, {"q": "Halden"}, {"text": "Halden"}, {"export": "csv"}):
            answer = client.get(address, query)
            text = b"".join(answer).decode() if answer.streaming else answer.content.decode()
            for trace in ("Halden Freight", SECRET, "48,000", "€48k"):
                assert trace not in text, (name, query, trace)
    for noun in ("deals", "accounts", "activities", "orders", "credits"):
        answer = client.get(f"/api/v1/{noun}/")
        if answer.status_code == 200:
            assert not [row for row in answer.json()["results"] if "Halden" in str(row)], noun
