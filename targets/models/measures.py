"""What a plan can be for."""

from dataclasses import dataclass

BOOKINGS = "bookings"


@dataclass(frozen=True, slots=True)
class PlanMeasure:
    """A measure that goals are set in. Goals that don't add up are levels: everybody is held to the same one."""

    key: str
    label: str
    unit: str
    """`money`, `count` or `percent`."""
    adds_up: bool = True
    is_support: bool = False
    """Departments that don't sell are held to it."""


MEASURES = {
    measure.key: measure
    for measure in (
        PlanMeasure(BOOKINGS, "Bookings", "money"),
        PlanMeasure("margin", "Margin", "money"),
        PlanMeasure("deals_won", "Deals won", "count"),
        PlanMeasure("new_customers", "New customers", "count"),
        PlanMeasure("activities", "Activities", "count"),
        PlanMeasure("activities.meeting", "Meetings", "count"),
        PlanMeasure("deliveries", "Orders delivered", "count", is_support=True),
        PlanMeasure("on_time", "Delivered on time", "percent", adds_up=False, is_support=True),
        PlanMeasure("satisfaction", "Satisfaction (CSAT)", "percent", adds_up=False, is_support=True),
    )
}


def measure_of(key: str) -> PlanMeasure:
    """The measure of a key; one that is not known here is counted and added up."""
    return MEASURES.get(key) or PlanMeasure(key, key.replace("_", " ").capitalize(), "count")
