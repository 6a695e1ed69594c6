"""What records went through and what is set up around them, by API: to each as far as their pages show it."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from sales import services
from sales.models import (
    Account,
    AssignmentRule,
    CustomField,
    Deal,
    DiscountLimit,
    InboundMail,
    LookAlike,
    Order,
    Refund,
)
from sales.services import leads
from salesmgmt.desk.models import SavedView
from salesmgmt.lib import clock
from tests.cast import Cast

from .test_api import Api

AT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
PATHS = (
    "deal-changes", "lead-changes", "refunds", "account-profiles", "look-alikes", "mails", "custom-fields",
    "discount-limits", "assignment-rules", "saved-views",
)  # fmt: skip


@pytest.fixture
def records(cast: Cast) -> Deal:
    account = services.add_account(name="Brandt", owner=cast.ana, by=None)
    services.describe_account(account=account, needs="Speed", by=cast.ana.user, at=AT)
    deal = services.open_deal(owner=cast.ana, name="D", account=account, amount=Decimal(9), by=None, at=AT)
    services.win_deal(deal=deal, by=None, at=AT, on=date(2026, 6, 1))
    services.refund_order(order=Order.objects.get(), amount=Decimal(1), on=date(2026, 6, 2), by=None, at=AT, reason="x")
    lead = leads.add_lead(name="Kim", owner=cast.ana, by=None, at=AT)
    leads.change_lead(lead=lead, by=None, at=AT, company="Brandt")
    other = Account.objects.create(name="Brand")
    LookAlike.objects.create(noun="account", one_id=account.pk, other_id=other.pk, likeness=Decimal("0.8"), why="name")
    InboundMail.objects.create(message_id="1", owner=cast.ana, received_at=AT, problem="x")
    CustomField.objects.create(noun="deal", key="tier", label="Tier")
    DiscountLimit.objects.create(role="rep", percent=10)
    DiscountLimit.objects.create(role="manager", percent=20)
    AssignmentRule.objects.create(name="All", method="person", person=cast.ana)
    SavedView.objects.create(user=cast.ana.user, page="deals", name="Mine", query="text=a")
    return deal


def test_each_sees_what_their_pages_show(cast: Cast, records: Deal) -> None:
    def counts(who: object) -> list[int]:
        api = Api(getattr(who, "user", who))
        return [len(api("GET", f"{path}/").json()["results"]) for path in PATHS]

    ana, ben, olga = counts(cast.ana), counts(cast.ben), counts(cast.olga)
    changes, of_lead = ana[:2]
    assert changes >= 4
    assert of_lead >= 1
    assert ana == [changes, of_lead, 1, 1, 0, 1, 1, 1, 0, 1]
    assert ben == [0, 0, 0, 0, 0, 0, 1, 1, 0, 0]
    assert olga == [changes, of_lead, 1, 1, 1, 0, 1, 2, 1, 0]
    assert counts(cast.maya)[7] == 2


def test_what_was_entered_by_mistake_is_withdrawn_by_who_may_write(cast: Cast, records: Deal) -> None:
    order, refund = Order.objects.get(), Refund.objects.get()
    link = Api(cast.ana.user)("POST", f"orders/{order.pk}/ask/", {})
    assert (link.status_code, "/f/" in link.json()["link"]) == (201, True)
    assert Api(cast.ana.user)("DELETE", f"orders/{order.pk}/").status_code == 409  # the win's own
    order = services.book_order(owner=cast.ana, amount=Decimal(5), ordered_on=date(2026, 6, 1), by=None, at=AT)
    assert Api(cast.ana.user)("DELETE", f"refunds/{refund.pk}/").status_code == 409  # her own credit would come back
    for path, who in ((f"refunds/{refund.pk}", cast.maya), (f"orders/{order.pk}", cast.ana)):
        assert Api(cast.ben.user)("DELETE", f"{path}/").status_code == 404
        assert Api(who.user)("DELETE", f"{path}/").status_code == 204
        assert Api(cast.ana.user)("GET", f"{path}/").status_code == 404
    made = services.propose_handover(
        giver=cast.ana, taker=cast.cleo, on=clock.today("Europe/Berlin"), reason="x", accounts=[records.account],
        deals=[], by=cast.ana.user, at=clock.now(),
    )  # fmt: skip
    assert Api(cast.omar.user)("POST", f"handovers/{made.pk}/take-back/", {}).status_code == 409
    assert Api(cast.ana.user)("POST", f"handovers/{made.pk}/take-back/", {}).json()["state"] == "refused"
