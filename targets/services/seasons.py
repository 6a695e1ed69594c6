"""Acts on seasons: how the work of a period falls on its months or weeks."""

from django.db import transaction

from salesmgmt.lib.periods import Period as PeriodValue
from salesmgmt.lib.ranges import half_open
from targets import selectors
from targets.models import SeasonProfile, SeasonShare


@transaction.atomic
def learn_season(*, period: PeriodValue) -> bool:
    """Keep the shape that earlier periods had as this one's, unless one stands already or too few are over (R15)."""
    during = half_open(period.start, period.end)
    shares = {} if SeasonProfile.objects.filter(during=during).exists() else selectors.learned_season(period)
    if not shares:
        return False
    profile, is_new = SeasonProfile.objects.get_or_create(
        during=during, defaults={"period": period.key, "is_learned": True}
    )
    if is_new:
        SeasonShare.objects.bulk_create(
            SeasonShare(profile=profile, bucket=bucket.key, starts_on=bucket.start, percent=percent)
            for bucket, percent in shares.items()
        )
    return is_new
