"""What can be found of coaching: plays alone; what is between two people is found by nobody."""

from django.db.models import Q

from salesmgmt.lib.finding import Findable

from .models import Play

FINDABLE = (
    Findable(
        "Play", "Plays", "list-checks", Play, ("name", "technique", "objection"), "play", detail="state",
        before=Q(state="adopted"), fewest=3,
    ),
)  # fmt: skip
