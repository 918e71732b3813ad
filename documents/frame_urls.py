"""Addresses of the frame pages of documents and of the portal's settings."""

from django.urls import path

from documents.desk import (
    annulling_views,
    card_views,
    detached_views,
    list_views,
    settings_views,
    signing_views,
)
from documents.drafts import views as draft_views

app_name = "documents"
urlpatterns = [
    path("", list_views.documents_page, name="documents"),
    path("documents/rows", list_views.more_rows, name="more_rows"),
    path("documents/changes", list_views.changes, name="changes"),
    path("documents/<str:public_id>", card_views.card, name="card"),
    path("documents/<str:public_id>/state", card_views.card_state, name="card_state"),
    path("documents/<str:public_id>/pages", card_views.pages, name="pages"),
    path("documents/<str:public_id>/remind", card_views.remind, name="remind"),
    path("documents/<str:public_id>/resend", card_views.resend, name="resend"),
    path("documents/<str:public_id>/address", card_views.change_address, name="change_address"),
    path("documents/<str:public_id>/annul/<str:step>", annulling_views.annul, name="annul"),
    path("documents/<str:public_id>/withdraw", card_views.withdraw, name="withdraw"),
    path("documents/<str:public_id>/viewed", signing_views.viewed, name="viewed"),
    path("documents/<str:public_id>/code", signing_views.send_code, name="send_code"),
    path("documents/<str:public_id>/sign", signing_views.sign, name="sign"),
    path("documents/<str:public_id>/decline", signing_views.decline, name="decline"),
    path("documents/<str:public_id>/agreement", signing_views.agreement, name="agreement"),
    path("documents/<str:public_id>/files/<str:kind>", card_views.download_link, name="download"),
    path("documents/<str:public_id>/signatures", detached_views.attach, name="attach"),
    path(
        "documents/<str:public_id>/signatures/<int:number>",
        detached_views.signature_link,
        name="sig_link",
    ),
    path(
        "documents/<str:public_id>/signatures/shown",
        detached_views.shown_link,
        name="shown_link",
    ),
    path("documents/<str:public_id>/package", detached_views.package_link, name="package_link"),
    path("files/signature/<str:ticket>", detached_views.signature_file, name="sig_file"),
    path("files/package/<str:ticket>", detached_views.package, name="package"),
    path("deal", list_views.deal_tab, name="deal"),
    path("new", draft_views.new_document, name="new"),
    path("new/<str:public_id>", draft_views.draft, name="draft"),
    path("new/<str:public_id>/file", draft_views.draft_file, name="draft_file"),
    path("new/<str:public_id>/rows", draft_views.draft_rows, name="draft_rows"),
    path("new/<str:public_id>/send", draft_views.send_draft, name="send_draft"),
    path("new/<str:public_id>/drop", draft_views.drop_draft, name="drop_draft"),
    path("files/draft/<str:ticket>/<int:number>", draft_views.draft_picture, name="draft_picture"),
    path("files/page/<str:ticket>/<int:number>", card_views.page_picture, name="page_picture"),
    path("files/document/<str:ticket>", card_views.stored_file, name="stored_file"),
    path("settings/", settings_views.settings_page, name="settings"),
    path("settings/documents", settings_views.save_general, name="save_general"),
    path("settings/notices", settings_views.save_notices, name="save_notices"),
]
