"""Addresses of accounts."""

from django.urls import path

from apps.accounts import api, views

api_urls = [
    path("auth/token", api.Token.as_view(), name="auth-token"),
    path("auth/refresh", api.Refresh.as_view(), name="auth-refresh"),
    path("auth/logout", api.Logout.as_view(), name="auth-logout"),
    path("auth/me", api.Me.as_view(), name="auth-me"),
    path("auth/password", api.Password.as_view(), name="auth-password"),
    path("auth/socket-ticket", api.SocketTicket.as_view(), name="auth-socket-ticket"),
]

page_urls = [
    path("login", views.login, name="login"),
    path("login/", views.login),
    path("login/staff/", views.login_staff, name="login-staff"),
    path("logout/", views.logout, name="logout"),
    path("password/", views.password, name="password"),
]
