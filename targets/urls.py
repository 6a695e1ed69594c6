from django.urls import path

from targets.views import plans, quotas

urlpatterns = [
    path("quotas/", quotas.quotas, name="quotas"),
    path("quotas/export/", quotas.quotas_export, name="quotas-export"),
    path("quotas/<int:person_pk>/", quotas.quota, name="quota"),
    path("plans/add/", plans.plan_add, name="plan-add"),
    path("plans/<int:pk>/", plans.plan, name="plan"),
    path("plans/<int:pk>/export/", plans.plan_export, name="plan-export"),
    path("plans/<int:pk>/propose/", plans.plan_propose, name="plan-propose"),
    path("plans/<int:pk>/publish/", plans.plan_publish, name="plan-publish"),
    path("plans/<int:pk>/lines/<int:line_pk>/", plans.allocation, name="allocation"),
    path("plans/<int:pk>/lines/<int:line_pk>/lock/", plans.allocation_lock, name="allocation-lock"),
    path("plans/<int:pk>/lines/<int:line_pk>/hedge/", plans.allocation_hedge, name="allocation-hedge"),
    path("plans/<int:pk>/shape/", plans.plan_shape, name="plan-shape"),
    path("plans/<int:pk>/copy/", plans.plan_copy, name="plan-copy"),
    path("plans/<int:pk>/compare/", plans.plan_compare, name="plan-compare"),
    path("plans/<int:pk>/ask/", plans.plan_ask, name="plan-ask"),
    path("plans/<int:pk>/commitment/", plans.commitment, name="commitment"),
    path("plans/<int:pk>/slices/<int:slice_pk>/", plans.plan_slice, name="plan-slice"),
    path("plans/<int:pk>/slices/<int:slice_pk>/free/", plans.plan_slice_free, name="plan-slice-free"),
]
