"""Base pay: HR's and the person's, and nobody else's."""

import io
import json
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.test import Client

from salesmgmt.desk.expiry import forget_expired
from salesmgmt.desk.models import AuditEntry
from salesmgmt.exchange.kinds import kinds_for
from salesmgmt.exchange.services import Options, import_file
from salesmgmt.exchange.services.own_data import archive
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from teams.models import Look, Pay, Person, Posting, Role, User
from teams.services import set_pay
from tests.answers import content_of
from tests.cast import SINCE, Cast

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
def hugo(cast: Cast) -> Person:
    made = Person.objects.create(name="Hugo", external_id="E-Hugo", user=User.objects.create(username="hugo"))
    Posting.objects.create(person=made, team=cast.company, role=Role.HR, during=half_open(SINCE))
    return made


def signed_in(who: Person | User) -> Client:
    client = Client()
    user = who if isinstance(who, User) else who.user
    assert user is not None
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_pay_is_entered_by_hr_and_read_by_hr_and_the_person_alone(cast: Cast, hugo: Person) -> None:
    said = {"person": cast.ana.pk, "yearly": "61234.50", "currency": "eur", "on": "2026-01-01"}
    for other in (cast.maya, cast.vera, cast.olga, cast.ana):
        assert signed_in(other).post("/pay/", said).status_code == 404
    hr = signed_in(hugo)
    for _ in range(2):
        assert hr.post("/pay/", said).status_code == 302
    assert Pay.objects.count() == 1
    for odd in (
        {"yearly": "0"},
        {"currency": "Euro"},
        {"until": "2025-01-01"},
        {"person": hugo.pk},
        {"on": "0001-01-01"},
    ):
        assert hr.post("/pay/", said | odd).status_code == 422, odd
    assert "61,234.50" in signed_in(cast.ana).get("/pay/").content.decode()
    assert "61,234.50" in hr.get("/pay/").content.decode()
    assert list(Look.objects.values_list("person", "page")) == [(cast.ana.pk, "pay")]
    for other in (cast.maya, cast.vera, cast.olga, cast.ben):
        for path in ("/pay/", f"/people/{cast.ana.pk}/", "/search/?q=Ana"):
            assert "61,234" not in signed_in(other).get(path).content.decode()
    assert signed_in(cast.admin).get("/pay/").status_code == 404
    whole, _ = archive(person=cast.ana, at=AT)
    with whole, zipfile.ZipFile(whole) as packed:
        assert "61234.50" in packed.read("teams.Pay.csv").decode()


def test_pay_from_a_day_ends_what_stood_and_goes_with_the_months(cast: Cast, hugo: Person) -> None:
    assert hugo.user is not None
    for yearly, on in (("50000", date(2020, 1, 1)), ("55000", date(2026, 7, 1)), ("52000", date(2026, 7, 1))):
        set_pay(person=cast.ana, yearly=Decimal(yearly), currency="EUR", on=on, by=hugo.user)
    found = Pay.objects.order_by("during").values_list("yearly", "during")
    assert [(int(yearly), days.lower, days.upper) for yearly, days in found] == [
        (50_000, date(2020, 1, 1), date(2026, 7, 1)), (52_000, date(2026, 7, 1), None),
    ]  # fmt: skip
    kept = [json.dumps([one.before, one.after]) for one in AuditEntry.objects.filter(table="teams_pay")]
    assert len(kept) == 2
    assert not any("yearly" in one for one in kept)
    for by, why in ((cast.olga.user, "Only HR"), (hugo.user, "their own pay")):
        assert by is not None
        with pytest.raises(Refused, match=why):
            set_pay(person=hugo, yearly=Decimal(1), currency="EUR", on=SINCE, by=by)
    forget_expired(at=datetime(2030, 1, 1, tzinfo=UTC))
    assert [int(one.yearly) for one in Pay.objects.all()] == [52_000]


def test_a_file_of_pay_is_the_admins_and_nobody_enters_their_own(cast: Cast) -> None:
    def take(text: str) -> tuple[int, int, int, int]:
        answer = import_file(
            kind="pay", file=io.BytesIO(text.encode()), name="pay.csv", mapping=None, options=Options(),
            by=User.objects.get(pk=cast.admin.pk), at=AT,
        )  # fmt: skip
        return answer.created, answer.changed, answer.equal, answer.refused

    header = "person,amount,currency,from,until\n"
    assert "pay" in kinds_for(cast.admin)
    assert cast.olga.user is not None
    assert "pay" not in kinds_for(cast.olga.user)
    rows = f"{header}Ana,50000,EUR,2026-01-01,\nBen,0,EUR,2026-01-01,\nBen,1,Euro,2026-01-01,\n"
    assert take(rows) == (1, 0, 0, 2)
    Person.objects.create(name="Ada", external_id="E-Ada", user=cast.admin)
    assert take(f"{header}Ada,90000,EUR,2026-01-01,\nAna,50000,EUR,2026-01-01,\n") == (0, 0, 1, 1)
    assert signed_in(cast.olga).get("/exports/pay.csv").status_code == 404
    text = content_of(signed_in(cast.admin).get("/exports/pay.csv"))
    assert b"50000" in text
    assert not signed_in(cast.olga).get("/imports/").content.count(b"pay.csv")
