"""What courses and plans say of somebody who is erased."""

from django.db import transaction

from coaching.models import DevelopmentPlan, Enrolment, Goal, Mentorship, QuizAnswer
from salesmgmt.desk.erasure import Forgotten
from teams.models import Person


@transaction.atomic
def forget_learning(*, person: Person) -> Forgotten:
    """Blank plans, goals and reasons, and what was answered; that a course was passed, and when, stays."""
    forgotten = Forgotten()
    forgotten.blank(Enrolment.objects.filter(person=person), reason="Erased")
    QuizAnswer.objects.filter(attempt__enrolment__person=person).delete()
    forgotten.blank(DevelopmentPlan.objects.filter(person=person), aim="Erased", path="")
    forgotten.blank(Goal.objects.filter(plan__person=person), text="Erased", wanted="")
    forgotten.blank(Mentorship.objects.filter(person=person), focus="Erased")
    return forgotten
