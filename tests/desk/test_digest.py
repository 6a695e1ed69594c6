"""The daily e-mail: what one has not read, once, in two forms, and ended by one click."""

from datetime import timedelta
from smtplib import SMTPException

import pytest
from django.core import mail
from django.test import Client

from salesmgmt.desk import digests
from salesmgmt.desk.models import Delivery, Notice
from salesmgmt.lib import clock
from tests.cast import Cast

NOW = clock.now()
TODAY = NOW.date()


@pytest.fixture
def told(cast: Cast) -> Cast:
    Notice.objects.create(user=cast.ana.user, text="Brandt <b>waits</b>", link="/accounts/1/", at=NOW)
    Notice.objects.create(user=cast.ana.user, text="Read before", at=NOW, seen_at=NOW)
    return cast


def sent() -> int:
    while digests.send_next(at=NOW):
        pass
    return len(mail.outbox)


def test_it_tells_what_is_unread_as_text_and_as_html(told: Cast) -> None:
    assert digests.make_digests(on=TODAY, at=NOW) == 1
    assert sent() == 1
    (one,) = mail.outbox
    assert (one.to, one.subject) == (["ana@example.com"], "A new notice at Paceline")
    assert "Brandt <b>waits</b>" in one.body
    assert "/accounts/1/" in one.body
    assert "Read before" not in one.body
    assert "Brandt &lt;b&gt;waits" in str(one.alternatives[0][0])
    assert one.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert Delivery.objects.get().text == ""


def test_nothing_is_told_twice_and_one_a_day_is_enough(told: Cast) -> None:
    for _ in range(2):
        digests.make_digests(on=TODAY, at=NOW)
    assert sent() == 1
    Notice.objects.create(user=told.ana.user, text="Later", at=NOW)
    assert digests.make_digests(on=TODAY, at=NOW + timedelta(hours=1)) == 0
    assert digests.make_digests(on=TODAY + timedelta(days=1), at=NOW) == 1
    assert sent() == 2
    assert "Brandt" not in mail.outbox[1].body


def test_one_click_ends_it_without_a_login_and_one_more_begins_it_again(told: Cast) -> None:
    digests.make_digests(on=TODAY, at=NOW)
    stop = Delivery.objects.get().stop_url
    path = stop[stop.index("/unsubscribe/") :]
    client = Client(enforce_csrf_checks=True)
    assert "No more of them" in client.get(path).content.decode()
    assert digests.wants_digest(told.ana.user)
    assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not digests.wants_digest(told.ana.user)
    assert sent() == 0
    assert client.get("/unsubscribe/1:forged/").status_code == 404
    signed_in = Client()
    signed_in.force_login(told.ana.user, backend="django.contrib.auth.backends.ModelBackend")
    signed_in.post("/notices/mail/", {"wanted": "1"})
    assert digests.wants_digest(told.ana.user)


def test_who_can_not_read_it_gets_none(told: Cast) -> None:
    assert told.ana.user
    told.ana.user.is_active = False
    told.ana.user.save()
    assert digests.make_digests(on=TODAY, at=NOW) == 0


def test_a_server_that_is_away_is_tried_again_later(told: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> int:
        raise SMTPException("away")

    digests.make_digests(on=TODAY, at=NOW)
    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", away)
        assert sent() == 0
    one = Delivery.objects.get()
    assert (one.tries, one.problem, one.sent_at) == (1, "away", None)
    assert digests.send_next(at=NOW) == 0
    assert digests.send_next(at=NOW + timedelta(minutes=3)) == 1
    assert len(mail.outbox) == 1
