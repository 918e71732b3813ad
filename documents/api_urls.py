"""Addresses of the REST API of documents."""

from django.urls import path

from documents.proof import api

app_name = "api"
urlpatterns = [path("verify", api.VerifyView.as_view(), name="verify")]
