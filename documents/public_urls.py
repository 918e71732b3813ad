"""Addresses of the public pages of documents: signing links (/s/) and verification (/v/)."""

from django.urls import URLPattern, path
from django.views.i18n import set_language

from documents.after import annulling_views, delegating_views
from documents.news import bounce_views
from documents.proof import verify_views
from documents.signer import files, views

app_name = "public"
urlpatterns: list[URLPattern] = [
    path("s/<str:token>/", views.document_page, name="document"),
    path("s/<str:token>/viewed/", views.viewed, name="viewed"),
    path("s/<str:token>/sign/", views.agree, name="agree"),
    path("s/<str:token>/code/", views.code, name="code"),
    path("s/<str:token>/code/send/", views.send_code, name="send_code"),
    path("s/<str:token>/decline/", views.decline, name="decline"),
    path("s/<str:token>/ask/", views.ask_sender, name="ask_sender"),
    path("s/<str:token>/delegate/", delegating_views.delegate, name="delegate"),
    path("s/<str:token>/delegate/confirm/", delegating_views.confirm, name="delegate_confirm"),
    path("s/<str:token>/delegate/done/", delegating_views.delegated, name="delegated"),
    path("s/<str:token>/annul/", annulling_views.annul, name="annul"),
    path("s/<str:token>/annul/sign/", annulling_views.annul_sign, name="annul_sign"),
    path("s/<str:token>/annul/refuse/", annulling_views.annul_refuse, name="annul_refuse"),
    path("hooks/mail", bounce_views.mail_webhook, name="mail_webhook"),
    path("s/<str:token>/progress/", views.progress, name="progress"),
    path("s/<str:token>/text/", files.whole_text, name="text"),
    path("s/<str:token>/page/<int:number>/<int:dpi>/", files.page_picture, name="picture"),
    path("s/<str:token>/page/<int:number>/text/", files.page_text, name="page_text"),
    path("s/<str:token>/file/<slug:kind>/", files.download, name="download"),
    path("s/<str:token>/agreement/", files.agreement_file, name="agreement"),
    path("v/", verify_views.verify_page, name="verify"),
    # Without a slash at the end: it is printed as a QR code, where every letter counts.
    path("v/<slug:public_id>", verify_views.record_page, name="record"),
    path("v/<slug:public_id>/", verify_views.record_page),
    path("language/", set_language, name="language"),
]
