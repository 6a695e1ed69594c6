"""Acts on seasons: how the work of a period falls on its months or weeks."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from salesmgmt.lib.periods import Period as PeriodValue
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from targets import selectors
from targets.analysis import rebalance
from targets.models import SeasonChange, SeasonProfile, SeasonShare
from targets.selectors.seasons import Bucket, By, Evidence
from teams.models import User, access_of

HUNDRED = Decimal(100)


@transaction.atomic
def learn_season(*, period: PeriodValue) -> bool:
    """Keep the shape that earlier periods had as this one's, unless one stands already or too few are over (R15)."""
    during = half_open(period.start, period.end)
    if SeasonProfile.objects.filter(during=during).exists():
        return False
    evidence = selectors.learned_season(period)
    if not evidence.is_enough:
        return False
    profile, is_new = SeasonProfile.objects.get_or_create(during=during, defaults={"period": period.key})
    if is_new:
        _keep_learned(profile, evidence)
    return is_new


@transaction.atomic
def relearn_season(
    *, period: PeriodValue, buckets: By = "months", by: User, at: datetime, reason: str, version: int = 0
) -> SeasonProfile:
    """Put what the past says now in the place of what stands; by months or by weeks."""
    evidence = selectors.learned_season(period, buckets)
    if not evidence.is_enough:
        what = "years" if period.kind == "year" else "quarters"
        raise Refused(
            f"{period.label} needs {evidence.needed} full {what} of results before it and has {evidence.periods}: "
            "its season stays flat until then.",
        )
    profile, was = _opened(period, by, reason, version)
    _keep_learned(profile, evidence)
    _note(profile, was, by=by, at=at, reason=reason)
    return profile


@transaction.atomic
def set_season(
    *,
    period: PeriodValue,
    shares: Mapping[str, Decimal],
    rule: str,
    by: User,
    at: datetime,
    reason: str,
    buckets: By = "months",
    version: int = 0,
) -> SeasonProfile:
    """Say some shares of a period; the rest is brought to 100 % by a rule (`proportional`, `equal` or `none`).

    Without a season so far the others are flat. Quotas keep their amounts; their days follow the new shape.
    """
    profile, was = _opened(period, by, reason, version)
    if was:
        parts = {share.bucket: Bucket(share.starts_on, share.starts_on, share.bucket) for share in profile.shares.all()}
        standing = {share.bucket: share.percent for share in profile.shares.all()}
    else:
        found = selectors.buckets_of(period, buckets)
        parts = {part.key: part for part in found}
        standing = selectors.flat_shares(found)
    if unknown := [key for key in shares if key not in parts]:
        raise Refused(f"{unknown[0]} is no part of {period.label}; its parts are {', '.join(parts)}.", field="shares")
    if any(not 0 <= percent <= HUNDRED for percent in shares.values()):
        raise Refused("A share is between 0 and 100 %.", field="shares")
    said = {key: percent for key, percent in shares.items() if percent != standing[key]}
    now = rebalance(standing, said, rule)
    profile.is_learned = False
    profile.save(update_fields=["is_learned"])
    raws = dict(profile.shares.values_list("bucket", "raw"))
    _write(profile, {parts[key]: percent for key, percent in now.items()}, raws)
    _note(profile, was, by=by, at=at, reason=reason)
    return profile


@transaction.atomic
def flatten_season(*, period: PeriodValue, by: User, at: datetime, reason: str, version: int = 0) -> SeasonProfile:
    """Give every working day of a period the same share."""
    profile, was = _opened(period, by, reason, version)
    profile.is_learned, profile.weight, profile.learned_from = False, None, 0
    profile.save(update_fields=["is_learned", "weight", "learned_from"])
    found = selectors.buckets_of(period, "months")
    flat = selectors.flat_shares(found)
    _write(profile, {part: flat[part.key] for part in found}, {})
    _note(profile, was, by=by, at=at, reason=reason)
    return profile


def _opened(period: PeriodValue, by: User, reason: str, version: int) -> tuple[SeasonProfile, dict[str, str]]:
    """The season of a period to change, locked and one version on, with what it says so far."""
    if not access_of(by).sees_all:
        raise Refused("Executives, operations and the admin set seasons.")
    if period.kind not in ("quarter", "year"):
        raise Refused(f"{period.label} has no season: quarters and years have one.", field="period")
    if not reason.strip():
        raise Refused("Say why the season changes.", field="reason")
    during = half_open(period.start, period.end)
    SeasonProfile.objects.get_or_create(during=during, defaults={"period": period.key, "version": 0})
    profile = SeasonProfile.objects.select_for_update().get(during=during)
    if profile.version != version:
        raise Refused("Somebody changed this season meanwhile: look at it again.")
    profile.version += 1
    profile.save(update_fields=["version"])
    return profile, _said(profile)


def _said(profile: SeasonProfile) -> dict[str, str]:
    return {share.bucket: str(share.percent) for share in profile.shares.order_by("starts_on")}


def _keep_learned(profile: SeasonProfile, evidence: Evidence) -> None:
    profile.is_learned, profile.learned_from, profile.weight = True, evidence.periods, evidence.learned.weight
    profile.save(update_fields=["is_learned", "learned_from", "weight"])
    raws = {part.key: percent for part, percent in evidence.learned.raw.items()}
    _write(profile, evidence.learned.shares, raws)


def _write(profile: SeasonProfile, shares: Mapping[Bucket, Decimal], raws: Mapping[str, Decimal | None]) -> None:
    standing = {share.bucket: share for share in profile.shares.all()}
    keys = {part.key for part in shares}
    profile.shares.exclude(bucket__in=keys).delete()
    made, changed = [], []
    for part, percent in shares.items():
        share = standing.get(part.key)
        if share is None:
            raw = raws.get(part.key)
            made.append(SeasonShare(profile=profile, bucket=part.key, starts_on=part.start, percent=percent, raw=raw))
        elif (share.percent, share.raw) != (percent, raws.get(part.key)):
            share.percent, share.raw = percent, raws.get(part.key)
            changed.append(share)
    SeasonShare.objects.bulk_create(made)
    SeasonShare.objects.bulk_update(changed, ["percent", "raw"])


def _note(profile: SeasonProfile, was: dict[str, str], *, by: User, at: datetime, reason: str) -> None:
    SeasonChange.objects.create(profile=profile, at=at, by=by, reason=reason.strip(), was=was, now=_said(profile))
