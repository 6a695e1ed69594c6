"""Quotas, targets and plans in the API."""

from .quotas import QuotaFilter, Quotas, QuotaSerializer, TargetFilter, Targets, TargetSerializer

__all__ = ["QuotaFilter", "QuotaSerializer", "Quotas", "TargetFilter", "TargetSerializer", "Targets"]
