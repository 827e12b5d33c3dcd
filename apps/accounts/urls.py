"""Addresses of accounts."""

from django.urls import path

from apps.accounts import api, views

api_urls = [
    path("auth/token", api.Token.as_view(), name="auth-token"),
    path("auth/refresh", api.Refresh.as_view(), name="auth-refresh"),
    path("auth/logout", api.Logout.as_view(), name="auth-logout"),
    path("auth/password", api.Password.as_view(), name="auth-password"),
    path("auth/sessions", api.Sessions.as_view(), name="auth-sessions"),
    path("auth/sessions/<uuid:session_id>", api.Session.as_view(), name="auth-session"),
    path("auth/socket-ticket", api.SocketTicket.as_view(), name="auth-socket-ticket"),
]

page_urls = [
    path("login", views.login, name="login"),
    path("login/", views.login),
    path("login/staff/", views.login_staff, name="login-staff"),
    path("login/staff/code/", views.enter_code, name="login-code"),
    path("login/staff/second-factor/", views.enrol, name="login-second-factor"),
    path("login/provider/", views.to_provider, name="login-provider"),
    path("login/provider/back/", views.from_provider, name="login-provider-back"),
    path("logout/", views.logout, name="logout"),
    path("password/", views.password, name="password"),
    path("account/", views.account, name="account"),
    path("account/sessions/end/", views.end_other_sessions, name="end-other-sessions"),
    path("account/sessions/<uuid:session_id>/end/", views.end_session, name="end-session"),
    path("account/devices/<uuid:device_id>/end/", views.forget_device, name="forget-device"),
    path("account/second-factor/", views.second_factor, name="second-factor"),
    path("account/second-factor/recovery/", views.recovery_codes, name="recovery-codes"),
    path("account/second-factor/remove/", views.remove_factor, name="remove-second-factor"),
]
