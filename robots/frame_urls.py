"""Addresses of the robots' part of Settings."""

from django.urls import path

from robots import frame_views

app_name = "robots_frame"
urlpatterns = [path("<str:code>", frame_views.switch, name="switch")]
