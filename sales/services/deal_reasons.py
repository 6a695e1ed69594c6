"""Why deals are won and lost: several reasons, one of them the main one, the buyer's own apart (R26)."""

from collections.abc import Sequence

from sales.models import Deal, DealReason, LostReason
from salesmgmt.lib.refusals import Refused

NOTE = 500


def write_reasons(
    deal: Deal, reasons: Sequence[LostReason], note: str, buyer_reasons: Sequence[LostReason], buyer_note: str
) -> None:
    """Keep these in place of what was said before; the first of each side is the main one."""
    rows = []
    for side, said, words in (
        (DealReason.Side.REP, reasons, note),
        (DealReason.Side.BUYER, buyer_reasons, buyer_note),
    ):
        if len(words) > NOTE:
            raise Refused(f"A note has at most {NOTE} characters; this one has {len(words)}.", field="note")
        if words.strip() and not said:
            raise Refused("A note belongs to a reason; choose one.", field="reason")
        for place, reason in enumerate(dict.fromkeys(said)):
            rows.append(
                DealReason(
                    deal=deal, reason=reason, side=side, is_main=place == 0, note=words.strip() if place == 0 else ""
                )
            )
    forget_reasons(deal)
    DealReason.objects.bulk_create(rows)


def forget_reasons(deal: Deal) -> None:
    """What was said of a decision that no longer stands; the audit keeps it."""
    DealReason.objects.filter(deal=deal).delete()


def keep_main_reason(deal: Deal) -> None:
    """The main reason follows the deal's own copy of it."""
    mine = DealReason.objects.filter(deal=deal, side=DealReason.Side.REP)
    mine.filter(is_main=True).exclude(reason=deal.lost_reason).update(is_main=False)
    if deal.lost_reason is not None and not mine.filter(reason=deal.lost_reason).update(is_main=True):
        DealReason.objects.create(deal=deal, reason=deal.lost_reason, is_main=True)
