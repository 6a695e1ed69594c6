from django.urls import path

from targets.views import approvals, letters, plans, proposals, quotas

urlpatterns = [
    path("quotas/", quotas.quotas, name="quotas"),
    path("quotas/export/", quotas.quotas_export, name="quotas-export"),
    path("quotas/<int:person_pk>/", quotas.quota, name="quota"),
    path("quotas/changes/", proposals.quota_changes, name="quota-changes"),
    path("quotas/changes/confirm/", proposals.quota_changes_confirm, name="quota-changes-confirm"),
    path("quotas/changes/<int:pk>/confirm/", proposals.quota_change_confirm, name="quota-change-confirm"),
    path("quotas/changes/<int:pk>/refuse/", proposals.quota_change_refuse, name="quota-change-refuse"),
    path("plans/add/", plans.plan_add, name="plan-add"),
    path("plans/<int:pk>/", plans.plan, name="plan"),
    path("plans/<int:pk>/export/", plans.plan_export, name="plan-export"),
    path("plans/<int:pk>/propose/", plans.plan_propose, name="plan-propose"),
    path("plans/<int:pk>/publish/", plans.plan_publish, name="plan-publish"),
    path("plans/<int:pk>/lines/<int:line_pk>/", plans.allocation, name="allocation"),
    path("plans/<int:pk>/lines/<int:line_pk>/lock/", plans.allocation_lock, name="allocation-lock"),
    path("plans/<int:pk>/lines/<int:line_pk>/history/", approvals.line_history, name="line-history"),
    path("plans/<int:pk>/approvals/", approvals.approvals, name="plan-approvals"),
    path("plans/<int:pk>/approvals/<int:team_pk>/", approvals.approval, name="plan-approval"),
    path("plans/<int:pk>/strategy/", letters.strategy, name="strategy"),
    path("plans/<int:pk>/announce/", letters.announcement_add, name="announcement-add"),
    path("announcements/<int:pk>/", letters.announcement, name="announcement"),
    path("plans/<int:pk>/letters/", letters.letters, name="letters"),
    path("plans/<int:pk>/letters/pdf/", letters.letters_pdf, name="letters-pdf"),
    path("plans/<int:pk>/letters/<int:person_pk>/", letters.letter, name="letter"),
    path("plans/<int:pk>/letters/<int:person_pk>/pdf/", letters.letter_pdf, name="letter-pdf"),
    path("plans/<int:pk>/letters/<int:person_pk>/respond/", letters.respond, name="letter-respond"),
    path("plans/<int:pk>/letters/<int:person_pk>/answer/", letters.answer, name="letter-answer"),
]
