"""Addresses of the frame pages of employees and of the balance."""

from django.urls import path

from employees.pages import balance_views, look_views, views

app_name = "employees"
urlpatterns = [
    path("", views.employees_page, name="employees"),
    path("add", views.add_employee, name="add"),
    path("me", views.signature_page, name="signature"),
    path("me/look", look_views.look, name="look"),
    path("me/code", views.request_code, name="request_code"),
    path("me/turn-on", views.turn_on, name="turn_on"),
    path("me/confirmation", views.ask_confirmation, name="ask_confirmation"),
    path("me/certificate", views.renew_certificate, name="renew_certificate"),
    path("me/robots", views.forbid_robots, name="forbid_robots"),
    path("balance", balance_views.balance_page, name="balance"),
    path("balance/export", balance_views.export_link, name="balance_export"),
    path("balance/files/<str:ticket>", balance_views.export_file, name="balance_file"),
    path("balance/entries", balance_views.more_entries, name="more_entries"),
    path("<int:bitrix_user_id>", views.employee_page, name="employee"),
    path("<int:bitrix_user_id>/stop", views.stop, name="stop"),
    path("<int:bitrix_user_id>/rights/<str:right>", views.switch_right, name="switch_right"),
    path("<int:bitrix_user_id>/delegations", views.give_delegation, name="give_delegation"),
    path(
        "<int:bitrix_user_id>/delegations/<int:pk>/revoke",
        views.revoke_delegation,
        name="revoke_delegation",
    ),
]
