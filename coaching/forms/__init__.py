"""Forms of coaching: they clean, services save."""

from .cases import CaseForm, CloseCaseForm, MoveCaseForm
from .meetings import (
    AnswerForm,
    AttendanceForm,
    DecisionForm,
    MeetingForm,
    MinutesForm,
    MoveMeetingForm,
    OutcomeForm,
    PromiseForm,
    QuestionForm,
)
from .rhythms import PulseForm, RhythmForm
from .talks import ActionForm, AgendaForm, CancelTalkForm, DoneForm, MoveTalkForm, NoteForm, PlanForm, next_talk

__all__ = [
    "ActionForm",
    "AgendaForm",
    "AnswerForm",
    "AttendanceForm",
    "CancelTalkForm",
    "CaseForm",
    "CloseCaseForm",
    "DecisionForm",
    "DoneForm",
    "MeetingForm",
    "MinutesForm",
    "MoveCaseForm",
    "MoveMeetingForm",
    "MoveTalkForm",
    "NoteForm",
    "OutcomeForm",
    "PlanForm",
    "PromiseForm",
    "PulseForm",
    "QuestionForm",
    "RhythmForm",
    "next_talk",
]
