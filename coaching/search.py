"""What can be found of coaching: plays and courses; what is between two people is found by nobody."""

from django.db.models import Q

from salesmgmt.lib.finding import Findable

from .models import Course, Play

FINDABLE = (
    Findable(
        "Play", "Plays", "list-checks", Play, ("name", "technique", "objection"), "play", detail="state",
        before=Q(state="adopted"), fewest=3,
    ),
    Findable(
        "Course", "Courses", "presentation", Course, ("title", "summary"), "course", title="title", detail="summary",
        only=Q(retired_at=None), fewest=3,
    ),
)  # fmt: skip
