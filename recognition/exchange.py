"""What was celebrated, as tables."""

from recognition.models import Applause, Award, Kudos, PaySettlement, PersonalBest, Suggestion
from teams.exchange.trails import known_by, trail

DUE = ("person", "kind", "key")
GIVEN = ("person", "kind", "title", "given_at")
THANKED = ("giver", "receiver", "at")

REFERENTS = [known_by(Suggestion, *DUE), known_by(Award, *GIVEN), known_by(Kudos, *THANKED)]

KINDS = [
    trail("award_suggestions", Suggestion, *DUE),
    trail("awards", Award, *GIVEN),
    trail("kudos", Kudos, *THANKED),
    trail("personal_bests", PersonalBest, "person", "measure", "kind", "period"),
    trail("applause", Applause, "person", "award", "kudos"),
    trail("pay_settlements", PaySettlement, "dispute", "person", without=("note",)),
]
