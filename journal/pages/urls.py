"""Addresses of the journal's frame pages."""

from django.urls import path

from journal.pages import export_views, views

app_name = "journal"
urlpatterns = [
    path("", views.journal_page, name="journal"),
    path("events", views.more_events, name="more_events"),
    path("export", export_views.export_link, name="export"),
    path("files/<str:ticket>", export_views.export_file, name="export_file"),
]
