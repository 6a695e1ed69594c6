"""Forms of planning: they clean, services save."""

from .calendars import LAYOUTS, RampForm, ReasonForm, RelearnForm, SeasonForm, SetUpForm, TurnForm
from .plans import AllocationForm, PlanForm, ProposeForm
from .quotas import QuotaForm

__all__ = [
    "LAYOUTS",
    "AllocationForm",
    "PlanForm",
    "ProposeForm",
    "QuotaForm",
    "RampForm",
    "ReasonForm",
    "RelearnForm",
    "SeasonForm",
    "SetUpForm",
    "TurnForm",
]
