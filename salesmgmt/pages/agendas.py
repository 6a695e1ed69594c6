"""What apps above coaching put on the agendas of meetings."""

from datetime import date

from django.urls import reverse

from coaching.models import MeetingPoint
from coaching.selectors import Found, fills_agendas
from recognition.models import Suggestion
from teams.models import Posting, Team


@fills_agendas
def praise(team: Team, since: date, on: date) -> list[Found]:
    """How many successes wait for a word: whose they are is for who leads them to say."""
    here = Posting.objects.on(on).under([team.pk]).values("person")
    count = Suggestion.objects.waiting().filter(person__in=here).count()
    if not count:
        return []
    text = f"{count} {'success waits' if count == 1 else 'successes wait'} for a word of recognition"
    return [Found(MeetingPoint.Source.PRAISE, "praise", text, reverse("wall"))]
