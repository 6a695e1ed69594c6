"""The quota ledger goes out and comes in again with what was redistributed, taken over and taken back."""

from datetime import UTC, date, datetime
from decimal import Decimal as D
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from targets.models import Offer, QuotaEntry
from targets.selectors import Landing, quota_of
from targets.services import accept_offer, enter_quota, propose_redistribution, reverse_offer
from tests.cast import Cast

AT = datetime(2026, 9, 1, 9, tzinfo=UTC)
ON = date(2026, 9, 1)
Q3 = (date(2026, 7, 1), date(2026, 10, 1))


def ledger() -> list[tuple[object, ...]]:
    rows = QuotaEntry.objects.values_list(
        "person__name", "team__name", "kind", "basis", "amount", "reason", "reverses__amount"
    )
    return sorted(rows, key=str)


def test_redistributions_and_their_reversals_survive_export_and_import(cast: Cast, tmp_path: Path) -> None:
    for person in (cast.ana, cast.ben, cast.cleo):
        enter_quota(
            person=person, start=Q3[0], end=Q3[1], amount=D(100000), basis="base", reason="Plan", by=cast.admin, at=AT
        )
    landings = {cast.ben.pk: Landing(D(100000), D(0), D(80000))}
    landings |= {one.pk: Landing(D(100000), D(0), D(120000)) for one in (cast.ana, cast.cleo)}
    assert cast.ana.user
    assert cast.maya.user
    propose_redistribution(
        giver=cast.ben, during=Q3, landings=landings, reason="Ill", by=cast.maya.user, at=AT, on=ON, amount=D(4000)
    )
    offer = accept_offer(offer=Offer.objects.get(), by=cast.ana.user, at=AT, on=ON)
    reverse_offer(offer=offer, reason="Back", by=cast.maya.user, at=AT, on=ON)
    propose_redistribution(
        giver=cast.ben, during=Q3, landings=landings, reason="Ill", by=cast.maya.user, at=AT, on=ON, amount=D(4000)
    )
    accept_offer(offer=Offer.objects.latest("pk"), by=cast.ana.user, at=AT, on=ON)
    before, file = ledger(), tmp_path / "quota.csv"
    call_command("export_records", "quota_entries", "--out", str(file))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE targets_quotaentry CASCADE")
    call_command("import_records", "quota_entries", str(file))
    assert ledger() == before
    quotas = {"person_ids": [cast.ana.pk, cast.ben.pk], "start": Q3[0], "end": Q3[1]}
    assert quota_of(**quotas, revised=True) == {cast.ana.pk: D(104000), cast.ben.pk: D(96000)}
    assert quota_of(**quotas) == {cast.ana.pk: D(100000), cast.ben.pk: D(100000)}
