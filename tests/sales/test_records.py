"""Accounts and contacts that are taken out and put back."""

from datetime import UTC, datetime

from sales import services
from sales.models import Account, Contact
from tests.cast import Cast

AT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)


def test_an_account_and_its_contact_are_withdrawn_and_restored(cast: Cast) -> None:
    account = services.add_account(name="Brandt Optik", owner=cast.ana, by=cast.ana.user)
    contact = services.add_contact(name="Dr. Brandt", account=account, by=cast.ana.user)
    services.withdraw_contact(contact=contact, by=cast.ana.user, at=AT)
    services.withdraw_account(account=account, by=cast.maya.user, at=AT)
    assert not Account.objects.visible_to(cast.ana.user).exists()
    services.restore_account(account=account, by=cast.maya.user)
    services.restore_contact(contact=contact, by=cast.ana.user)
    assert Account.objects.visible_to(cast.ana.user).get() == account
    assert Contact.objects.visible_to(cast.ana.user).get() == contact
