"""Addresses that stand in every certificate: they may never change."""

from django.urls import path

from employees.pages import pki_views

app_name = "pki"
urlpatterns = [
    path("<slug:serial>.crl", pki_views.revocation_list, name="revocation_list"),
    path("<slug:serial>.crt", pki_views.certificate, name="certificate"),
]
