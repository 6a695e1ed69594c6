"""A year of quotas as a spreadsheet: within what one sees, and taken back by the import."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal as D

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from salesmgmt.exchange.exports import write_table
from salesmgmt.exchange.kinds import kinds
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from targets.models import QuotaEntry, QuotaProposal, RampProfile, RampStep
from targets.selectors import quota_of
from targets.services import adjust_quota, confirm_proposal, enter_quota
from teams.models import ExchangeRate, Person, User
from tests.answers import content_of
from tests.cast import Cast
from tests.exchange.test_kinds import counts, take
from tests.targets.letters import END, START, repost
from tests.targets.test_proposals import drain, give, goes_on_leave

AT = datetime(2026, 6, 20, 9, tzinfo=UTC)


@pytest.fixture
def quotas(cast: Cast) -> None:
    for person, amounts in {cast.ana: ("1000", "2000"), cast.ben: ("", "500.50"), cast.cleo: ("700", "")}.items():
        for month, amount in enumerate(amounts, 7):
            if amount:
                span = date(2026, month, 1), date(2026, month + 1, 1)
                enter_quota(
                    person=person, start=span[0], end=span[1], amount=D(amount), reason="P", by=cast.admin, at=AT
                )
    enter_quota(
        person=cast.cleo, start=date(2026, 10, 1), end=date(2027, 1, 1), amount=D(9), reason="P", by=cast.admin, at=AT
    )


def table(who: User | Person, query: str = "") -> str:
    client = Client()
    client.force_login(who.user if isinstance(who, Person) else who)  # type: ignore[arg-type]
    answer = client.get(f"/quotas/table/?period=2026-Q3{query}")
    assert answer.status_code == 200
    return content_of(answer).decode()


def test_a_year_of_quotas_has_a_column_for_each_period_that_quotas_are_given_for(cast: Cast, quotas: None) -> None:
    assert list(csv.reader(io.StringIO(table(cast.admin)))) == [
        ["person", "name", "team", "measure", "currency", "2026-07", "2026-08"],
        ["E-Ana", "Ana", "North", "bookings", "EUR", "1000.00", "2000.00"],
        ["E-Ben", "Ben", "North", "bookings", "EUR", "", "500.50"],
        ["E-Cleo", "Cleo", "South", "bookings", "EUR", "700.00", ""],
    ]
    assert table(cast.admin, "&by=quarter").splitlines()[1] == "E-Cleo,Cleo,South,bookings,EUR,9.00"
    client = Client()
    client.force_login(cast.admin)
    assert client.get("/quotas/table/?period=2026-Q3&by=week").status_code == 404


def test_the_table_of_quotas_holds_what_one_may_see(cast: Cast, quotas: None) -> None:
    for person, names in ((cast.maya, {"Ana", "Ben"}), (cast.ana, {"Ana"}), (cast.omar, {"Cleo"})):
        assert {row["name"] for row in csv.DictReader(io.StringIO(table(person)))} == names


@pytest.mark.parametrize("by", ["month", "quarter"])
def test_the_import_takes_the_table_of_quotas_back(cast: Cast, quotas: None, by: str) -> None:
    file = table(cast.admin, f"&by={by}")
    entries = QuotaEntry.objects.count()
    answer = take("quotas", file)
    assert (answer.created, answer.refused, answer.equal) == (0, 0, {"month": 4, "quarter": 1}[by])
    assert QuotaEntry.objects.count() == entries
    changed = file.replace("2000.00", "2500").replace(",9.00", ",12")
    assert counts(take("quotas", changed))[0] == 1


HAPPENS = ["moves", "part time", "ramp", "leave", "relief", "dollars", "shares"]


@settings(
    max_examples=5, deadline=None, phases=[Phase.generate], derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(data=st.data())
def test_what_is_exported_and_taken_in_again_unchanged_adds_nothing(cast: Cast, data: st.DataObject) -> None:
    """After any of: joiner, leaver, part time, ramp, leave, a seat taken over, relief in another currency, moving."""
    happens = data.draw(st.sets(st.sampled_from(HAPPENS), min_size=3))
    cents = st.integers(1_000_000, 9_999_999).map(lambda whole: D(whole) / 100)
    with transaction.atomic():
        ExchangeRate.objects.create(currency="USD", rate=D("0.91"), kind="plan", during=half_open(date(2026, 1, 1)))
        ramp = RampProfile.objects.create(name="Three months")
        RampStep.objects.create(profile=ramp, month=1, percent=D("33.33"))
        if "part time" in happens:
            repost(cast.ben, (date(2024, 1, 1), date(2026, 8, 11), {}), (date(2026, 8, 11), None, {"fte": D("0.6")}))
        if "ramp" in happens:
            Person.objects.filter(pk=cast.cleo.pk).update(hired_on=date(2026, 7, 7))
            repost(cast.cleo, (date(2026, 7, 7), None, {"ramp": ramp.name}))
        for person in (cast.ana, cast.ben, cast.cleo):
            currency = data.draw(st.sampled_from(["EUR", "USD"])) if "dollars" in happens else "EUR"
            basis = data.draw(st.sampled_from(["base", "final"]))
            give(cast, person, str(data.draw(cents)), basis=basis, currency=currency)
        drain()
        if "moves" in happens:  # Ana leaves North for South, where Cleo has left a seat
            repost(cast.ana, (date(2024, 1, 1), date(2026, 8, 17), {}), (date(2026, 8, 17), None, {"team": cast.south}))
            repost(cast.cleo, (date(2024, 1, 1), date(2026, 8, 12), {}))
        if "leave" in happens:
            goes_on_leave(cast.ben)
        drain()
        for _ in range(3):
            for proposal in QuotaProposal.objects.open():
                confirm_proposal(proposal=proposal, by=cast.vera.user, at=AT, on=date(2026, 7, 1))
            drain()
        if "relief" in happens:
            for person in (cast.ana, cast.ben):
                held = quota_of(person_ids=[person.pk], start=START, end=END)[person.pk]
                more = held + data.draw(st.integers(-500, 500).filter(bool))
                adjust_quota(
                    person=person, period=Period.parse("2026-Q3"), amount=more, reason="R", by=cast.vera.user, at=AT
                )
        if "shares" in happens:
            for person, amount in ((cast.ben, -100), (cast.ana, 100)):
                QuotaEntry.objects.create(
                    person=person, seat=person, team=cast.north, during=half_open(START, END), kind="redistribution",
                    amount=amount, currency="EUR", reporting_amount=amount, recorded_at=AT, reason="Frozen",
                )  # fmt: skip
        before = list(QuotaEntry.objects.order_by("pk").values())
        for kind in ("quotas", "quota_entries"):
            out = io.StringIO()
            write_table(kinds()[kind], out)
            answer = take(kind, out.getvalue())
            assert (answer.created, answer.refused) == (0, 0), answer.refusals
        for by in ("", "&by=quarter"):
            answer = take("quotas", table(cast.admin, by))
            assert (answer.created, answer.refused) == (0, 0), answer.refusals
        assert list(QuotaEntry.objects.order_by("pk").values()) == before
        transaction.set_rollback(True)
