"""Django admin as the support desk."""

from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _


class SupportSite(AdminSite):
    site_title = "SIGNX"
    site_header = _("SIGNX support")
    index_title = _("What needs attention")
