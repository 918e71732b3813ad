"""The WSGI application over a world."""

from __future__ import annotations

from flask import Flask

from devportal.web import bx24, control, control_portal, middleware, oauth, pages, portal_actions
from devportal.web.rest_routes import rest_routes
from devportal.web.state import EXTENSION
from devportal.world import World


def create_app(world: World) -> Flask:
    """Build the application. Mount it with a WSGIAdapter, or serve it with `devportal.serve`."""
    app = Flask("devportal", template_folder="templates", static_folder="static")
    app.extensions[EXTENSION] = world
    # A signed contract in base64 is larger than Flask's default for a form field.
    app.config["MAX_FORM_MEMORY_SIZE"] = None
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    for blueprint in (
        rest_routes,
        oauth.oauth,
        control.control,
        control_portal.control_portal,
        pages.pages,
        portal_actions.portal_actions,
        bx24.bx24,
    ):
        app.register_blueprint(blueprint)
    middleware.install(app)
    return app
