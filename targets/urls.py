from django.urls import path

from targets.views import calendars, plans, quotas, shapes

urlpatterns = [
    path("calendar/", calendars.calendar, name="calendar"),
    path("periods/", calendars.periods, name="periods"),
    path("periods/<str:key>/", calendars.period, name="period"),
    path("seasons/", shapes.seasons, name="seasons"),
    path("seasons/<str:key>/", shapes.season, name="season"),
    path("ramps/", shapes.ramps, name="ramps"),
    path("ramps/add/", shapes.ramp, name="ramp-add"),
    path("ramps/<int:pk>/", shapes.ramp, name="ramp"),
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
]
