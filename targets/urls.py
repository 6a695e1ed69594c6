from django.urls import path

from targets.views import budgets, outlook, plans, quotas

urlpatterns = [
    path("quotas/", quotas.quotas, name="quotas"),
    path("quotas/export/", quotas.quotas_export, name="quotas-export"),
    path("quotas/<int:person_pk>/", quotas.quota, name="quota"),
    path("plans/add/", plans.plan_add, name="plan-add"),
    path("plans/<int:pk>/", plans.plan, name="plan"),
    path("budgets/", budgets.budgets, name="budgets"),
    path("budgets/<int:team_pk>/", budgets.team_budget, name="team-budget"),
    path("budgets/<int:team_pk>/set/", budgets.budget_set, name="budget-set"),
    path("budgets/<int:team_pk>/expenses/", budgets.expense_add, name="expense-add"),
    path("expenses/<int:pk>/take-back/", budgets.expense_take_back, name="expense-take-back"),
    path("plans/<int:pk>/capacity/", budgets.plan_capacity, name="plan-capacity"),
    path("plans/<int:pk>/outlook/", outlook.plan_outlook, name="plan-outlook"),
    path("plans/<int:pk>/export/", plans.plan_export, name="plan-export"),
    path("plans/<int:pk>/propose/", plans.plan_propose, name="plan-propose"),
    path("plans/<int:pk>/publish/", plans.plan_publish, name="plan-publish"),
    path("plans/<int:pk>/lines/<int:line_pk>/", plans.allocation, name="allocation"),
    path("plans/<int:pk>/lines/<int:line_pk>/lock/", plans.allocation_lock, name="allocation-lock"),
]
