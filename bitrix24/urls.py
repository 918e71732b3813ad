"""Addresses that a portal opens and calls. Portals keep them registered: never change one."""

from django.urls import path

from bitrix24.frame import views

app_name = "bitrix24"
urlpatterns = [
    path("install", views.install_page, name="install"),
    path("install/step/<int:number>", views.install_step, name="install_step"),
    path("app", views.app_page, name="app"),
    path("session", views.session, name="session"),
    path("events", views.events, name="events"),
]
