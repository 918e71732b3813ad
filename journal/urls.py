"""Addresses of the journal's frame pages."""

from django.urls import path

from journal import views

app_name = "journal"
urlpatterns = [
    path("", views.journal_page, name="journal"),
    path("events", views.more_events, name="more_events"),
]
