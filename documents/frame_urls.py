"""Addresses of the frame pages of documents and of the portal's settings."""

from django.urls import path

from documents import card_views, settings_views, views

app_name = "documents"
urlpatterns = [
    path("", views.documents_page, name="documents"),
    path("documents/rows", views.more_rows, name="more_rows"),
    path("documents/changes", views.changes, name="changes"),
    path("documents/<str:public_id>", card_views.card, name="card"),
    path("documents/<str:public_id>/state", card_views.card_state, name="card_state"),
    path("documents/<str:public_id>/pages", card_views.pages, name="pages"),
    path("documents/<str:public_id>/remind", card_views.remind, name="remind"),
    path("documents/<str:public_id>/resend", card_views.resend, name="resend"),
    path("documents/<str:public_id>/withdraw", card_views.withdraw, name="withdraw"),
    path("documents/<str:public_id>/files/<str:kind>", card_views.download_link, name="download"),
    path("deal", views.deal_tab, name="deal"),
    path("files/page/<str:ticket>/<int:number>", card_views.page_picture, name="page_picture"),
    path("files/document/<str:ticket>", card_views.stored_file, name="stored_file"),
    path("settings/", settings_views.settings_page, name="settings"),
    path("settings/documents", settings_views.save_general, name="save_general"),
    path("settings/notices", settings_views.save_notices, name="save_notices"),
]
