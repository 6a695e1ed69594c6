"""What ships with the product and an admin may change: measures beside those it is built around, flags' costs, scorecards."""

from datetime import UTC, date, datetime
from typing import Any

from django.db import migrations
from django.db.backends.postgresql.psycopg_any import DateRange

FIRST_DAY, AT = date(1900, 1, 1), datetime(2026, 11, 22, tzinfo=UTC)

Part = tuple[str, str, str, str, list[list[Any]]]
"""Source, value (empty: its rows are counted), day, credit and conditions."""


def is_(field: str, *values: str) -> list[Any]:
    return [field, "is", list(values)]


def yes(field: str) -> list[Any]:
    return [field, "yes", []]


def no(field: str) -> list[Any]:
    return [field, "no", []]


def activities(value: str = "", *conditions: list[Any]) -> Part:
    return ("activities", value, "done", "owner", list(conditions))


def booked(*conditions: list[Any], day: str = "booked") -> Part:
    return ("credits", "amount", day, "primary", list(conditions))


def deals(value: str, day: str, *conditions: list[Any]) -> Part:
    return ("deals", value, day, "owner", list(conditions))


def orders(day: str, *conditions: list[Any], credit: str = "owner") -> Part:
    return ("orders", "", day, credit, list(conditions))


def lines(value: str, *conditions: list[Any]) -> Part:
    return ("lines", value, "ordered", "owner", list(conditions))


def leads(value: str, day: str, *conditions: list[Any]) -> Part:
    return ("leads", value, day, "owner", list(conditions))


def answers(value: str, *conditions: list[Any]) -> Part:
    return ("feedback", value, "given", "owner", list(conditions))


def contracts(value: str) -> Part:
    return ("contracts", value, "ends", "owner", [])


LEADING: list[tuple[dict[str, Any], Part, Part | None]] = [
    ({"key": "meetings_set", "label": "Meetings set", "unit": "count", "method": "count",
      "description": "Talks with customers that are in the log."},
     activities("", is_("kind", "meeting", "demo", "visit")), None),
    ({"key": "new_pipeline", "label": "New pipeline", "unit": "money", "method": "sum",
      "description": "What the deals opened are worth, as they stand now."}, deals("amount", "opened"), None),
    ({"key": "new_deals", "label": "New deals", "unit": "count", "method": "count"}, deals("", "opened"), None),
    ({"key": "response_time", "label": "Response time", "unit": "minutes", "method": "median", "better": "lower",
      "is_prorated": False, "description": "Half of all leads are answered at least as quickly."},
     leads("response", "received"), None),
    ({"key": "slow_response", "label": "Slow response", "unit": "minutes", "method": "percentile", "percentile": 90,
      "better": "lower", "is_prorated": False, "description": "Nine of ten leads are answered at least as quickly."},
     leads("response", "received"), None),
    ({"key": "leads_qualified", "label": "Leads qualified", "unit": "count", "method": "count"},
     leads("", "decided", is_("status", "qualified")), None),
    ({"key": "lead_conversion", "label": "Lead conversion", "unit": "ratio", "method": "ratio", "is_prorated": False,
      "description": "Of the leads decided, how many became deals."},
     leads("", "decided", is_("status", "qualified")),
     leads("", "decided", is_("status", "qualified", "disqualified"))),
    ({"key": "next_steps", "label": "Next steps", "unit": "ratio", "method": "ratio", "is_prorated": False,
      "description": "Of the deals open now that should close in the period, how many have a next step with a day."},
     deals("", "expected", is_("status", "open"), yes("next_step")), deals("", "expected", is_("status", "open"))),
    ({"key": "selling_time", "label": "Selling time", "unit": "ratio", "method": "share", "is_prorated": False,
      "description": "Minutes with customers, of all minutes that are in the log."},
     activities("minutes"), ("time", "minutes", "spent", "owner", [])),
    ({"key": "referrals", "label": "Referrals asked for", "unit": "count", "method": "count"},
     ("referrals", "", "asked", "owner", []), None),
    ({"key": "referral_yield", "label": "Referral yield", "unit": "ratio", "method": "ratio", "is_prorated": False,
      "description": "Of the referrals asked for, how many led to a lead."},
     ("referrals", "", "asked", "owner", [yes("led_to_a_lead")]), ("referrals", "", "asked", "owner", [])),
]  # fmt: skip
LAGGING: list[tuple[dict[str, Any], Part, Part | None]] = [
    ({"key": "margin", "label": "Margin", "unit": "money", "method": "sum",
      "description": "Of the lines whose cost is known."}, lines("margin", yes("costed")), None),
    ({"key": "margin_rate", "label": "Margin rate", "unit": "ratio", "method": "ratio", "is_prorated": False,
      "description": "Of the lines whose cost is known."},
     lines("margin", yes("costed")), lines("amount", yes("costed"))),
    ({"key": "discount", "label": "Discount", "unit": "ratio", "method": "ratio", "better": "lower",
      "is_prorated": False, "description": "Weighted by list value; free goods count."},
     lines("off_list", yes("listed")), lines("listed", yes("listed"))),
    ({"key": "new_business", "label": "New business", "unit": "money", "method": "sum",
      "description": "Bookings from customers on the first day they ordered."}, booked(yes("first_order")), None),
    ({"key": "existing_business", "label": "Existing business", "unit": "money", "method": "sum",
      "description": "Bookings from customers who had ordered before."}, booked(no("first_order")), None),
    ({"key": "new_customers", "label": "New customers", "unit": "count", "method": "count",
      "description": "Orders of customers on the first day they ordered."}, orders("ordered", yes("first_order")), None),
    ({"key": "gross_retention", "label": "Gross retention", "unit": "ratio", "method": "ratio", "is_prorated": False,
      "description": "Of the value of the contracts that end, how much was renewed, growth left out."},
     contracts("kept"), contracts("value")),
    ({"key": "net_retention", "label": "Net retention", "unit": "ratio", "method": "ratio", "is_prorated": False,
      "description": "Renewed value with its growth, of the value of the contracts that end."},
     contracts("renewed"), contracts("value")),
    ({"key": "median_deal", "label": "Median deal", "unit": "money", "method": "median", "is_prorated": False,
      "description": "Half of the deals won are at least as large."},
     ("outcomes", "amount", "decided", "owner", [is_("status", "won")]), None),
    ({"key": "closed_as_expected", "label": "Closed as expected", "unit": "ratio", "method": "ratio",
      "is_prorated": False, "description": "Of the deals won, how many closed by the day that was expected last."},
     deals("", "closed", is_("status", "won"), yes("closed_in_time")), deals("", "closed", is_("status", "won"))),
    ({"key": "satisfaction", "label": "Satisfaction (CSAT)", "unit": "ratio", "method": "ratio",
      "is_prorated": False, "description": "Of the customers who answered, how many gave 4 or 5 of 5."},
     answers("", is_("kind", "csat"), ["score", "at_least", ["4"]]), answers("", is_("kind", "csat"))),
    ({"key": "csat_score", "label": "CSAT score", "unit": "score", "method": "average", "is_prorated": False,
      "description": "From 1 to 5."}, answers("score", is_("kind", "csat")), None),
    ({"key": "nps", "label": "Net promoter score", "unit": "score", "method": "nps", "is_prorated": False,
      "least": 10, "description": "Percent of 9 and 10 less percent of 0 to 6; a person's from ten answers on."},
     answers("score", is_("kind", "nps")), None),
    ({"key": "complaints", "label": "Complaints", "unit": "count", "method": "count", "better": "lower",
      "is_prorated": False}, ("complaints", "", "received", "owner", []), None),
    ({"key": "delivered_bookings", "label": "Bookings delivered", "unit": "money", "method": "sum",
      "is_active": False, "description": "Bookings from the day of their delivery on."},
     booked(day="delivered"), None),
    ({"key": "paid_bookings", "label": "Bookings paid", "unit": "money", "method": "sum", "is_active": False,
      "description": "Bookings from the day of their payment on."}, booked(day="paid"), None),
]  # fmt: skip
SUPPORT: list[tuple[dict[str, Any], Part, Part | None]] = [
    ({"key": "on_time_production", "label": "Made on time", "unit": "ratio", "method": "ratio", "is_prorated": False,
      "description": "Of the orders made that had a promised day."},
     orders("produced", yes("made_in_time")), orders("produced", yes("promised"))),
    ({"key": "on_time", "label": "Delivered on time", "unit": "ratio", "method": "ratio", "is_prorated": False,
      "description": "Of the orders delivered that had a promised day, for who sold them."},
     orders("delivered", yes("delivered_in_time")), orders("delivered", yes("promised"))),
    ({"key": "deliveries", "label": "Orders delivered", "unit": "count", "method": "count",
      "description": "By those who deliver."}, orders("delivered", credit="deliverer"), None),
    ({"key": "own_on_time", "label": "Own deliveries on time", "unit": "ratio", "method": "ratio",
      "is_prorated": False, "description": "By those who deliver."},
     orders("delivered", yes("delivered_in_time"), credit="deliverer"),
     orders("delivered", yes("promised"), credit="deliverer")),
    ({"key": "complaints_answered", "label": "Complaints answered", "unit": "count", "method": "count"},
     ("complaints", "", "answered", "owner", []), None),
    ({"key": "answer_days", "label": "Days to an answer", "unit": "days", "method": "median", "better": "lower",
      "is_prorated": False, "description": "Half of all complaints are answered at least as quickly."},
     ("complaints", "days_to_answer", "received", "owner", []), None),
]  # fmt: skip


CALLS: list[tuple[dict[str, Any], Part, Part | None]] = [
    ({"key": "forecast_accuracy", "label": "Forecast accuracy", "unit": "ratio", "method": "ratio",
      "is_prorated": False,
      "description": "What was credited less the error of the calls that stood at the end of weeks 1, 5 and 9."},
     ("calls", "hit", "ended", "owner", []), ("calls", "result", "ended", "owner", [])),
]  # fmt: skip
# A talk that was not needed costs trust; a quota that is missed unwarned costs the quarter. The finer the sign, the surer
# it has to be.
COSTS = {"miss": (1, 2), "trend": (2, 1), "activity": (2, 1), "stale": (3, 1), "quality": (3, 1)}
SCORECARDS = {
    "rep": [("pace", "60", "1"), ("win_rate", "20", "0.3"), ("activities", "20", "20")],
    "manager": [("pace", "70", "1"), ("win_rate", "30", "0.3")],
}


def ship(apps: Any, schema_editor: Any) -> None:
    definitions, versions = (apps.get_model("performance", name) for name in ("MeasureDefinition", "MeasureVersion"))
    shipped = [
        (kind, *one)
        for kind, some in (("leading", LEADING), ("lagging", LAGGING), ("support", SUPPORT), ("lagging", CALLS))
        for one in some
    ]
    for position, (kind, fields, above, below) in enumerate(shipped, start=1):
        made = definitions.objects.create(kind=kind, position=position, **fields)
        of_source, of_value, of_day, of_credit, of_conditions = below or ("", "", "", "", [])
        source, value, day, credit, conditions = above
        versions.objects.create(
            definition=made, from_on=FIRST_DAY, source=source, value=value, day=day, credit=credit,
            conditions=conditions, of_source=of_source, of_value=of_value, of_day=of_day, of_credit=of_credit,
            of_conditions=of_conditions, reason="Shipped with the product", recorded_at=AT,
        )  # fmt: skip


def fill(apps: Any, schema_editor: Any) -> None:
    cost = apps.get_model("performance", "FlagCost")
    cost.objects.bulk_create(
        cost(kind=kind, needless_talk=needless, missed_warning=missed) for kind, (needless, missed) in COSTS.items()
    )
    scorecard, part_of = (apps.get_model("performance", name) for name in ("Scorecard", "ScorecardPart"))
    for role, parts in SCORECARDS.items():
        card = scorecard.objects.create(
            role=role, during=DateRange(FIRST_DAY, None, "[)"), made_at=datetime(2026, 1, 1, tzinfo=UTC),
            reason="To begin with",
        )  # fmt: skip
        part_of.objects.bulk_create(
            part_of(scorecard=card, measure=measure, weight=weight, goal=goal, position=place)
            for place, (measure, weight, goal) in enumerate(parts)
        )


class Migration(migrations.Migration):
    replaces = [("performance", "0012_shipped_measures"), ("performance", "0015_first_scorecards")]
    dependencies = [("performance", "0001_squashed")]
    operations = [
        migrations.RunPython(ship, migrations.RunPython.noop),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
