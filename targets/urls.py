from django.urls import path

from targets import views

urlpatterns = [
    path("quotas/", views.quotas, name="quotas"),
    path("quotas/export/", views.quotas_export, name="quotas-export"),
    path("quotas/<int:person_pk>/", views.quota, name="quota"),
    path("plans/add/", views.plan_add, name="plan-add"),
    path("plans/<int:pk>/", views.plan, name="plan"),
    path("plans/<int:pk>/export/", views.plan_export, name="plan-export"),
    path("plans/<int:pk>/propose/", views.plan_propose, name="plan-propose"),
    path("plans/<int:pk>/publish/", views.plan_publish, name="plan-publish"),
    path("plans/<int:pk>/lines/<int:line_pk>/", views.allocation, name="allocation"),
    path("plans/<int:pk>/lines/<int:line_pk>/lock/", views.allocation_lock, name="allocation-lock"),
]
