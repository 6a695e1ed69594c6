from django.contrib.auth import views as auth
from django.urls import URLPattern, path, register_converter

from . import views


class AddressConverter:
    """The purposes of a secret address."""

    regex = "calendar|mail"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(AddressConverter, "address")

urlpatterns: list[URLPattern] = [
    path("login/", views.LoginView.as_view(), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("password/", views.PasswordChangeView.as_view(), name="password_change"),
    path("password/done/", auth.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("password/reset/", views.PasswordResetView.as_view(), name="password_reset"),
    path("password/reset/sent/", auth.PasswordResetDoneView.as_view(), name="password_reset_done"),
    path("password/reset/<uidb64>/<token>/", views.PasswordResetConfirmView.as_view(), name="password_reset_confirm"),
    path("password/reset/complete/", auth.PasswordResetCompleteView.as_view(), name="password_reset_complete"),
    path("invitation/<str:secret>/", views.invitation, name="invitation"),
    path("profile/", views.profile, name="profile"),
    path("profile/tokens/", views.token_add, name="token-add"),
    path("profile/tokens/<int:pk>/revoke/", views.token_revoke, name="token-revoke"),
    path("profile/<address:purpose>/", views.address_make, name="address-make"),
    path("profile/<address:purpose>/revoke/", views.address_revoke, name="address-revoke"),
    path("leave/", views.leaves, name="leaves"),
    path("pay/", views.pay, name="pay"),
    path("people/<int:pk>/skills/", views.skills, name="skills"),
    path("people/<int:pk>/skills/<int:rating_pk>/contest/", views.skill_contest, name="skill-contest"),
    path("skills/add/", views.skill_add, name="skill-add"),
]
