"""Every address of SIGNX: one line per app and audience."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import TemplateView

from signx.web import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("", TemplateView.as_view(template_name="landing.html"), name="landing"),
    path("b24/", include("bitrix24.urls")),  # the portal: entry, install, events
    path("b24/robots/", include("robots.urls")),  # the portal: robot calls
    path("app/", include("documents.frame_urls")),  # people inside the frame
    path("app/employees/", include("employees.pages.urls")),
    path("app/journal/", include("journal.pages.urls")),
    path("app/settings/robots/", include("robots.frame_urls")),
    path("", include("documents.public_urls")),  # signers and everybody: /s/, /v/, /f/
    path("pki/", include("employees.pki_urls")),  # everybody: certificates, revocation lists
    path("api/v1/", include("documents.api_urls")),  # programs outside
    path("admin/", admin.site.urls),  # support
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
]

handler400 = "signx.http.bad_request"
handler404 = "signx.http.page_not_found"
handler500 = "signx.http.server_error"
