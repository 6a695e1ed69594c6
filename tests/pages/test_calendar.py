"""The calendar feed: what it holds, whom it serves, and that a revoked address opens nothing."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from icalendar import Calendar

from coaching.models import OneOnOne
from sales import services
from sales.models import Contact, Contract
from salesmgmt.desk.models import Token
from salesmgmt.lib import clock
from salesmgmt.pages.calendar import _in_year
from teams.services import make_address, revoke_address
from tests.cast import Cast


@pytest.fixture
def secret(cast: Cast) -> str:
    return make_address(user=cast.ana.user, purpose=Token.Purpose.CALENDAR, at=clock.now())


def events(secret: str) -> dict[str, Any]:
    answer = Client().get(f"/calendar/{secret}.ics")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    return {str(event["SUMMARY"]): event for event in Calendar.from_ical(answer.content).walk("VEVENT")}


def test_it_holds_tasks_next_steps_talks_notice_dates_and_birthdays(cast: Cast, secret: str) -> None:
    today = clock.today("Europe/Berlin")
    soon = today + timedelta(days=3)
    now = clock.now().replace(microsecond=0)
    account = services.add_account(name="Brandt; Söhne, Köln", owner=cast.ana, by=None)
    remind = datetime(today.year + 1, 1, 5, 8, 0, tzinfo=UTC)
    task = services.add_task(
        owner=cast.ana, text="Call, then\nwrite; " + "ä" * 120, due_on=soon, account=account, remind_at=remind, by=None
    )
    services.open_deal(
        owner=cast.ana, name="Probes", account=account, by=None, at=now, next_step="Send quote", next_step_on=soon
    )
    OneOnOne.objects.create(person=cast.ana, manager=cast.maya, starts_at=now + timedelta(days=2), planned_at=now)
    Contract.objects.create(
        account=account, owner=cast.ana, number="K-77", starts_on=today, currency="EUR", notice_on=soon
    )
    Contact.objects.create(name="Kim", account=account, birthday=date(1980, soon.month, min(soon.day, 28)))
    found = events(secret)
    call = next(event for name, event in found.items() if name.startswith("Call, then write"))
    assert call.decoded("DTSTART") == soon  # a day stays a day, in every zone
    assert call.decoded("DTEND") == soon + timedelta(days=1)
    assert str(call["UID"]).startswith(f"task-{task.pk}@")
    assert call.walk("VALARM")[0].decoded("TRIGGER") == remind
    assert found["Send quote: Probes"].decoded("DTSTART") == soon
    assert found["1:1 with Maya"].decoded("DTSTART") == now + timedelta(days=2)
    assert found["Last day to give notice: K-77 with Brandt; Söhne, Köln"].decoded("DTSTART") == soon
    assert any(name.startswith("Birthday: Kim") for name in found)


def test_lines_are_folded_and_end_as_the_standard_says(cast: Cast, secret: str) -> None:
    services.add_task(owner=cast.ana, text="ä" * 280, due_on=clock.today("Europe/Berlin"), by=None)
    content = Client().get(f"/calendar/{secret}.ics").content
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert content.startswith(b"BEGIN:VCALENDAR\r\n")


def test_it_holds_ones_own_things_alone(cast: Cast, secret: str) -> None:
    day = clock.today("Europe/Berlin")
    services.add_task(owner=cast.ben, text="Of Ben", due_on=day, by=None)
    done = services.add_task(owner=cast.ana, text="Done", due_on=day, by=None)
    services.complete_task(task=done, by=None, at=clock.now())
    assert events(secret) == {}


def test_who_asks_again_is_told_that_nothing_is_new(cast: Cast, secret: str) -> None:
    client = Client()
    etag = client.get(f"/calendar/{secret}.ics")["ETag"]
    same = client.get(f"/calendar/{secret}.ics", headers={"If-None-Match": f'"other", {etag}'})
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", etag)
    services.add_task(owner=cast.ana, text="New", due_on=clock.today("Europe/Berlin"), by=None)
    fresh = client.get(f"/calendar/{secret}.ics", headers={"If-None-Match": etag})
    assert fresh.status_code == 200
    assert client.head(f"/calendar/{secret}.ics").status_code == 200
    assert not client.cookies


def test_a_revoked_remade_or_wrong_address_is_the_same_dull_404(cast: Cast, secret: str) -> None:
    client = Client()
    anew = make_address(user=cast.ana.user, purpose=Token.Purpose.CALENDAR, at=clock.now())
    assert client.get(f"/calendar/{secret}.ics").status_code == 404
    assert client.get(f"/calendar/{anew}.ics").status_code == 200
    mail = make_address(user=cast.ana.user, purpose=Token.Purpose.MAIL, at=clock.now())
    for wrong in (mail, "x", "x" * 500, anew.upper(), "%00", "é"):
        assert client.get(f"/calendar/{wrong}.ics").status_code == 404
    cast.ana.user.is_active = False
    cast.ana.user.save()
    assert client.get(f"/calendar/{anew}.ics").status_code == 404
    cast.ana.user.is_active = True
    cast.ana.user.save()
    revoke_address(user=cast.ana.user, purpose=Token.Purpose.CALENDAR, at=clock.now())
    assert client.get(f"/calendar/{anew}.ics").status_code == 404


def test_it_is_made_and_revoked_on_the_profile_page_and_shown_once(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.ana.user, backend="django.contrib.auth.backends.ModelBackend")
    page = client.post("/profile/calendar/").content.decode()
    path = page.partition("/calendar/")[2]
    shown = page[page.index("http") :] if "http" in page else path
    secret = next(part.partition(".ics")[0] for part in shown.split("/calendar/")[1:] if ".ics" in part[:40])
    assert Client().get(f"/calendar/{secret}.ics").status_code == 200
    assert secret not in client.get("/profile/").content.decode()
    assert "log+" in client.post("/profile/mail/").content.decode()
    client.post("/profile/calendar/revoke/")
    assert Client().get(f"/calendar/{secret}.ics").status_code == 404
    assert client.post("/profile/api/").status_code == 404


def test_who_was_born_on_29_february_has_a_birthday_every_year() -> None:
    assert _in_year(date(1984, 2, 29), 2026) == date(2026, 2, 28)
    assert _in_year(date(1984, 2, 29), 2028) == date(2028, 2, 29)
