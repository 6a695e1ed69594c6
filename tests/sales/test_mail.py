"""E-mails by a person's own address: logged once, kept with why, or ignored; and whatever the bytes, never an error."""

import io
import mailbox
import sys
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sales import services
from sales.models import Account, Activity, Contact, InboundMail
from salesmgmt.desk.models import Token
from salesmgmt.lib import clock
from salesmgmt.lib.mail import LARGEST, parse
from teams.services import make_address, revoke_address
from tests.cast import Cast

AT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def account(cast: Cast) -> Account:
    made = services.add_account(name="Brandt", owner=cast.ana, by=None)
    services.add_contact(name="Kim", email="Kim@brandt.example", account=made, by=None, made_by=None)
    return made


@pytest.fixture
def address(cast: Cast) -> str:
    return f"log+{make_address(user=cast.ana.user, purpose=Token.Purpose.MAIL, at=AT)}@paceline.example"


def a_mail(**heads: str) -> EmailMessage:
    mail = EmailMessage()
    said = {
        "From": "Ana <ana@example.com>",
        "To": "Kim <kim@brandt.example>",
        "Subject": "Your quote",
        "Message-ID": "<1@example.com>",
        "Date": "Wed, 01 Jul 2026 08:30:00 +0200",
    }
    for name, value in (said | heads).items():
        if value:
            mail[name] = value
    mail.set_content("Dear Kim,\n\nhere it is.\n")
    return mail


def received(mail: EmailMessage | bytes, address: str) -> services.mail.Received:
    return services.receive_mail(raw=bytes(mail), at=AT, to=address)


def test_a_mail_to_a_contact_becomes_an_activity_on_the_account_and_its_only_open_deal(
    cast: Cast, account: Account, address: str
) -> None:
    deal = services.open_deal(owner=cast.ana, name="Probes", account=account, by=None, at=AT)
    assert received(a_mail(), address).state == "logged"
    activity = Activity.objects.get()
    assert (activity.kind, activity.owner, activity.account, activity.deal) == ("email", cast.ana, account, deal)
    assert activity.contact == Contact.objects.get()
    assert activity.occurred_at == datetime(2026, 7, 1, 6, 30, tzinfo=UTC)
    assert activity.notes == "Your quote\n\nDear Kim,\n\nhere it is."


def test_with_two_open_deals_none_is_guessed(cast: Cast, account: Account, address: str) -> None:
    for name in ("Probes", "Gateways"):
        services.open_deal(owner=cast.ana, name=name, account=account, by=None, at=AT)
    received(a_mail(), address)
    assert Activity.objects.get().deal is None


def test_the_same_message_is_logged_once(cast: Cast, account: Account, address: str) -> None:
    assert [received(a_mail(), address).state for _ in range(3)] == ["logged", "known", "known"]
    assert received(a_mail(**{"Message-ID": ""}), address).state == "logged"
    assert received(a_mail(**{"Message-ID": ""}), address).state == "known"
    assert Activity.objects.count() == 2


def test_the_address_may_stand_in_the_head_or_in_the_envelope(cast: Cast, account: Account, address: str) -> None:
    assert services.receive_mail(raw=bytes(a_mail(Bcc=address)), at=AT).state == "logged"
    mail = a_mail(**{"Message-ID": "<2@example.com>", "Delivered-To": address.upper()})
    assert services.receive_mail(raw=bytes(mail), at=AT).state == "logged"
    assert services.receive_mail(raw=bytes(a_mail(**{"Message-ID": "<3@x>"})), at=AT).state == "ignored"


def test_a_strangers_mail_is_kept_to_be_looked_at(cast: Cast, account: Account, address: str) -> None:
    done = received(a_mail(From="stranger@elsewhere.example"), address)
    assert (done.state, Activity.objects.count()) == ("kept", 0)
    assert "not from you" in done.why
    assert InboundMail.objects.visible_to(cast.ana.user).waiting().count() == 1
    for other in (cast.maya, cast.olga, cast.admin):
        user = getattr(other, "user", other)
        assert not InboundMail.objects.visible_to(user).exists()


def test_a_mail_redirected_to_a_colleagues_address_too_is_still_ones_own(
    cast: Cast, account: Account, address: str
) -> None:
    theirs = f"log+{make_address(user=cast.ben.user, purpose=Token.Purpose.MAIL, at=AT)}@paceline.example"
    assert received(a_mail(), theirs).state == "kept"
    assert received(a_mail(), address).state == "logged"
    assert received(a_mail(), address).state == "known"


def test_a_mail_to_nobody_one_sees_is_kept_with_why(cast: Cast, account: Account, address: str) -> None:
    theirs = services.add_account(name="Theirs", owner=cast.cleo, by=None)
    services.add_contact(name="Lee", email="lee@theirs.example", account=theirs, by=None, made_by=None)
    done = received(a_mail(To="lee@theirs.example"), address)
    assert done.why == "None of your contacts has the address lee@theirs.example."
    assert received(a_mail(To="", **{"Message-ID": "<9@x>"}), address).why == "It names nobody but you."
    services.add_contact(name="Kim 2", email="kim@brandt.example", account=account, by=None, made_by=None)
    assert "2 contacts have" in received(a_mail(**{"Message-ID": "<10@x>"}), address).why


def test_a_kept_mail_is_assigned_or_thrown_away_by_its_owner(cast: Cast, account: Account, address: str) -> None:
    received(a_mail(To="new@brandt.example"), address)
    received(a_mail(To="spam@elsewhere.example", **{"Message-ID": "<2@x>"}), address)
    first, second = InboundMail.objects.order_by("pk")
    client = Client()
    client.force_login(cast.ana.user, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("mails")).content.decode()
    assert "2 mails found no customer" in page
    assert "new@brandt.example" in page
    for wrong in ("Nobody", "\x00", "x" * 5000, ""):
        assert client.post(reverse("mail-assign", args=[first.pk]), {"account": wrong}).status_code == 422
    assert client.post(reverse("mail-assign", args=[first.pk]), {"account": "Brandt"}).status_code == 303
    assert Activity.objects.get().account == account
    assert client.post(reverse("mail-assign", args=[first.pk]), {"account": "Brandt"}).status_code == 404
    assert client.post(reverse("mail-discard", args=[second.pk])).status_code == 303
    second.refresh_from_db()
    assert second.text == ""
    assert received(a_mail(To="spam@elsewhere.example", **{"Message-ID": "<2@x>"}), address).state == "known"


@pytest.mark.parametrize(
    "head",
    [
        {"Auto-Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"X-Autoreply": "yes"},
        {"X-Loop": "paceline"},
        {"Return-Path": "<>"},
        {"From": "MAILER-DAEMON@example.com"},
    ],
)
def test_automatic_answers_and_loops_are_ignored(
    cast: Cast, account: Account, address: str, head: dict[str, str]
) -> None:
    assert received(a_mail(**head), address).state == "ignored"
    assert not InboundMail.objects.exists()


def test_a_revoked_or_remade_address_takes_nothing(cast: Cast, account: Account, address: str) -> None:
    anew = make_address(user=cast.ana.user, purpose=Token.Purpose.MAIL, at=AT)
    assert received(a_mail(), address).state == "ignored"
    assert received(a_mail(), f"log+{anew}@anything.example").state == "logged"
    revoke_address(user=cast.ana.user, purpose=Token.Purpose.MAIL, at=AT)
    assert received(a_mail(**{"Message-ID": "<2@x>"}), f"log+{anew}@anything.example").state == "ignored"
    assert anew not in str(list(Token.objects.values_list("digest")))


def test_markup_is_stripped_and_attachments_are_named_not_kept(cast: Cast, account: Account, address: str) -> None:
    mail = a_mail()
    mail.set_content("<style>p{}</style><p>Dear&nbsp;Kim,</p><script>alert(1)</script><p>5 &lt; 6</p>", subtype="html")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="quote.pdf")
    received(mail, address)
    notes = Activity.objects.get().notes
    assert "Dear Kim,\n" in notes.replace("\xa0", " ")
    assert "5 < 6" in notes
    assert "alert" not in notes
    assert notes.endswith("Attached, not kept: quote.pdf")


def test_a_bomb_is_capped(cast: Cast, account: Account, address: str) -> None:
    huge = a_mail().as_bytes() + b"x" * (LARGEST + 1)
    assert "larger than 25 MB" in received(huge, address).why
    deep = b"From: ana@example.com\r\nTo: kim@brandt.example\r\nMessage-ID: <deep@x>\r\n"
    for depth in range(400):
        deep += b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (depth, depth)
    assert received(deep, address).state in {"logged", "kept"}
    long = a_mail(**{"Message-ID": "<long@x>"})
    long.set_content("word " * 200_000)
    assert received(long, address).state == "logged"
    assert max(map(len, Activity.objects.values_list("notes", flat=True))) <= 10_000
    head = b"X-Long: " + b"y" * 300_000 + b"\r\nFrom: ana@example.com\r\n\r\nHello"
    assert parse(head).problem


def test_a_date_that_can_not_be_is_replaced_by_the_arrival(cast: Cast, account: Account, address: str) -> None:
    for count, when in enumerate(("Thu, 01 Jan 1970 00:00:00 +0000", "Fri, 01 Jan 2100 00:00:00 +0000", "soon", "")):
        received(a_mail(**{"Message-ID": f"<{count}@x>", "Date": when}), address)
    assert set(Activity.objects.values_list("occurred_at", flat=True)) == {AT}


@given(st.binary(max_size=3000))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_the_bytes_parsing_never_fails(raw: bytes) -> None:
    parse(raw)
    parse(b"From: ana@example.com\nTo: " + raw + b"\nSubject: " + raw[::-1] + b"\n\n" + raw)
    parse(b"Content-Type: multipart/mixed; boundary=" + raw[:20] + b"\n\n" + raw)


def test_the_command_reads_a_message_or_a_mailbox(
    cast: Cast, account: Account, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()

    def mail(number: int) -> EmailMessage:
        made = a_mail(**{"Message-ID": f"<{number}@x>", "X-Original-To": address})
        made.replace_header("Date", (now - timedelta(hours=1)).strftime("%a, %d %b %Y %H:%M:%S +0000"))
        return made

    path = tmp_path / "inbox"
    box = mailbox.mbox(path)
    for number in (1, 2, 1):
        box.add(mail(number))
    box.add(a_mail(**{"Message-ID": "<none@x>"}))
    box.close()
    out = io.StringIO()
    call_command("receive_mail", str(path), stdout=out, stderr=io.StringIO())
    assert out.getvalue().strip() == "2 logged, 0 kept, 1 known, 1 ignored"

    class Stdin:
        buffer: Any = io.BytesIO(mail(3).as_bytes())

    monkeypatch.setattr(sys, "stdin", Stdin)
    call_command("receive_mail", stdout=out, stderr=io.StringIO())
    assert Activity.objects.count() == 3
