"""Gifts: a register with a yearly limit per recipient, and none to public officials (R27)."""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from sales.models import Account, Contact, Gift, Recommendation
from sales.selectors.gifts import given_in
from salesmgmt.lib import clock
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.refusals import Refused
from teams.models import Person, User
from teams.selectors import rate

from .guards import WITHDRAWN, organisation_for, own_of, require_money, require_past, require_sight, require_write


@transaction.atomic
def give_gift(
    *,
    contact: Contact,
    owner: Person,
    amount: Decimal,
    occasion: str,
    given_on: date,
    by: User | None,
    at: datetime,
    account: Account | None = None,
    currency: str | None = None,
    recommendation: Recommendation | None = None,
    external_id: str | None = None,
) -> Gift:
    """Register a gift. Refused, with what is left, where it would go beyond the recipient's limit of the year.

    The limit is that of the year it was given in: not of a day to come, and of a year gone by only by who leads the
    giver.
    """
    require_write(by, owner)
    require_past(given_on, at, by, field="given_on")
    if given_on.year != clock.day_of(at, organisation_for(by).time_zone).year and own_of(by) == owner.pk:
        raise Refused("A gift of an earlier year is registered by who leads you.", field="given_on")
    require_sight(by, contact=contact, account=account)
    organisation = organisation_for(by)
    # Two gifts at once wait for each other here, so that together they keep to the limit.
    contact = Contact.objects.select_for_update(of=("self",)).select_related("account").get(pk=contact.pk)
    account = account or contact.account
    if contact.withdrawn_at is not None:
        raise Refused(WITHDRAWN)
    if contact.is_public_official:
        raise Refused(f"{contact} is a public official and may be given nothing.", field="contact")
    if account is None:
        raise Refused(f"{contact} is at no account; say at which.", field="contact")
    if not occasion.strip():
        raise Refused("Say what the gift is for.", field="occasion")
    amount = require_money(amount) or Decimal(0)
    if amount <= 0:
        raise Refused("A gift is worth more than nothing.", field="amount")
    currency = currency or organisation.currency
    worth = to_cents(amount * rate(currency, given_on))
    given, limit = given_in(contact, given_on.year), organisation.gift_limit
    if given + worth > limit:
        left = max(limit - given, Decimal(0))
        raise Refused(
            f"{contact} may be given {limit:,.2f} {organisation.currency} a year and has had {given:,.2f} in "
            f"{given_on.year}: {left:,.2f} {organisation.currency} is left.",
            field="amount",
        )
    gift = Gift.objects.create(
        contact=contact,
        account=account,
        owner=owner,
        occasion=occasion.strip(),
        amount=amount,
        currency=currency,
        given_on=given_on,
        external_id=external_id,
    )
    if recommendation is not None:
        taken = Recommendation.objects.open().filter(pk=recommendation.pk, contact=contact)
        taken.update(state=Recommendation.State.TAKEN, decided_at=at, decided_by=by)
    return gift


@transaction.atomic
def withdraw_gift(*, gift: Gift, by: User | None, at: datetime) -> None:
    """Take a gift that was not given out of the register; the audit keeps it.

    Its giver can on its day, later who leads them: else room below the limit were theirs to make.
    """
    gift = Gift.objects.select_for_update(of=("self",)).select_related("owner").get(pk=gift.pk)
    require_write(by, gift.owner)
    if gift.given_on != clock.day_of(at, organisation_for(by).time_zone) and own_of(by) == gift.owner_id:
        raise Refused("A gift of an earlier day is taken out of the register by who leads you.")
    gift.withdrawn_at = gift.withdrawn_at or at
    gift.save(update_fields=["withdrawn_at"])
