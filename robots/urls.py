"""Addresses that the portal calls robots at."""

from django.urls import path

from robots import views

app_name = "robots"
urlpatterns = [path("<str:code>", views.robot_call, name="robot_call")]
