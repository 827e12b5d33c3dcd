"""Addresses of accounts."""

from django.urls import path

from apps.accounts import api, views

api_urls = [
    path("auth/token", api.Token.as_view(), name="auth-token"),
    path("auth/refresh", api.Refresh.as_view(), name="auth-refresh"),
    path("auth/logout", api.Logout.as_view(), name="auth-logout"),
    path("auth/password", api.Password.as_view(), name="auth-password"),
    path("auth/socket-ticket", api.SocketTicket.as_view(), name="auth-socket-ticket"),
]

page_urls = [
    path("login", views.login, name="login"),
    path("login/", views.login),
    path("login/staff/", views.login_staff, name="login-staff"),
    path("login/staff/code/", views.enter_code, name="login-code"),
    path("login/staff/second-factor/", views.enrol, name="login-second-factor"),
    path("logout/", views.logout, name="logout"),
    path("password/", views.password, name="password"),
    path("account/", views.account, name="account"),
    path("account/second-factor/", views.second_factor, name="second-factor"),
    path("account/second-factor/recovery/", views.recovery_codes, name="recovery-codes"),
    path("account/second-factor/remove/", views.remove_factor, name="remove-second-factor"),
]
