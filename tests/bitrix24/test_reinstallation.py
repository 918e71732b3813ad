"""An application that is removed and installed anew, close together."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.utils import timezone

from bitrix24 import tasks
from bitrix24.models import FrameSession, Portal, PortalToken
from bitrix24.tokens import oauth
from bitrix24.wire import transport
from bitrix24.wire.errors import BitrixError
from devportal import actions, cast
from devportal.app import create_app
from devportal.application import installation
from devportal.wsgi_adapter import WSGIAdapter
from tests.bitrix24.conftest import AUTH
from tests.bitrix24.removals import announce, later, refused_call, status

pytestmark = pytest.mark.django_db


@pytest.fixture
def installed_anew(settled, world, install, open_app) -> Callable[[], Portal]:
    """Removed, and put back before anybody has looked; the clerk was the first to open SIGNX."""

    def again() -> Portal:
        open_app(cast.CLERK)
        PortalToken.objects.get(bitrix_user_id=cast.DIRECTOR).delete()
        open_app(cast.DIRECTOR)
        actions.uninstall(world, clean=True)
        world.settle()
        installation.put_back(world.portal)
        return install()

    return again


def test_nothing_of_the_earlier_installation_is_left(installed_anew):
    old = set(FrameSession.objects.values_list("pk", flat=True))

    back = installed_anew()

    assert PortalToken.objects.get().bitrix_user_id == cast.DIRECTOR
    assert not FrameSession.objects.filter(pk__in=old).exists()
    assert back.status == Portal.Status.ACTIVE
    assert (back.uninstall_check_at, back.uninstall_checks, back.wipe_wish) == (None, 0, None)


def test_the_first_look_does_not_end_it(installed_anew, time_machine):
    installed_anew()

    for _day in range(3):
        later(time_machine, days=1)

    assert status() == Portal.Status.ACTIVE
    assert Portal.objects.get().access_lost_at is None


def test_looking_while_the_wizard_is_open_does_not_end_it(settled, world, open_app):
    actions.uninstall(world, clean=True)
    world.settle()
    installation.put_back(world.portal)
    open_app()

    tasks.run_due()

    assert status() != Portal.Status.UNINSTALLED
    assert PortalToken.objects.usable().exists()


def test_a_left_over_token_dies_alone(settled, world, install, open_app, time_machine):
    """The event was lost, so nothing told us that the clerk's token is of an earlier time."""
    open_app(cast.CLERK)
    world.portal.app.handlers.clear()
    actions.uninstall(world)
    installation.put_back(world.portal)
    install()

    refused_call(cast.CLERK)
    for _check in range(3):
        later(time_machine, minutes=3)

    assert status() == Portal.Status.ACTIVE
    assert PortalToken.objects.usable().get().bitrix_user_id == cast.DIRECTOR
    assert Portal.objects.get().uninstall_check_at is None


def test_a_false_announcement_costs_other_people_nothing(settled, world, client, open_app):
    """The administrator who comes in next proves that it is the same installation still."""
    open_app(cast.CLERK)
    frames = FrameSession.objects.count()
    announce(client, world)

    open_app(cast.DIRECTOR)

    assert Portal.objects.get().uninstall_check_at is None
    assert PortalToken.objects.usable().count() == 2
    assert FrameSession.objects.count() == frames + 1


def test_who_installs_anew_while_the_server_is_asked_is_not_thrown_out(settled, world, install):
    actions.uninstall(world, clean=True)
    world.settle()
    served = WSGIAdapter(create_app(world))
    came_back: list[Portal] = []

    class SlowServer(WSGIAdapter):
        """While it works out its refusal, an administrator runs the whole wizard."""

        def send(self, request, *args, **kwargs):
            answer = served.send(request, *args, **kwargs)
            if "/oauth/token/" in request.url and not came_back:
                came_back.append(Portal.objects.get())
                installation.put_back(world.portal)
                install()
            return answer

    transport.mount(f"http://{AUTH}/", SlowServer(create_app(world)))
    tasks.run_due()

    assert came_back, "the refusal came before the installation"
    assert status() == Portal.Status.ACTIVE
    assert Portal.objects.get().application_token == world.portal.application_token
    assert PortalToken.objects.usable().exists()


def test_who_installs_anew_between_verdict_and_end_is_not_thrown_out(settled, world, install):
    actions.uninstall(world, clean=True)
    world.settle()
    came_back: list[Portal] = []

    def meanwhile(execute, sql, params, many, context):
        answer = execute(sql, params, many, context)
        if '"dead_at" >=' in sql and not came_back:  # the last thing that the verdict reads
            came_back.append(Portal.objects.get())
            installation.put_back(world.portal)
            install()
        return answer

    with connection.execute_wrapper(meanwhile):
        tasks.run_due()

    assert came_back, "nobody came back in between"
    assert status() == Portal.Status.ACTIVE
    assert PortalToken.objects.usable().exists()


def test_a_token_that_was_dropped_meanwhile_is_only_refused(installed_anew, open_app):
    open_app(cast.CLERK)
    held_by_a_worker = PortalToken.objects.get(bitrix_user_id=cast.CLERK)
    installed_anew()

    with pytest.raises(BitrixError):
        oauth.refresh(held_by_a_worker)


def test_a_portal_that_was_ended_by_mistake_comes_back_by_its_own_calls(settled, world):
    ended = {"status": Portal.Status.UNINSTALLED, "application_token": ""}
    Portal.objects.update(uninstalled_at=timezone.now(), **ended)
    PortalToken.objects.all().delete()

    installation.update(world, world.portal, cast.DIRECTOR)
    world.settle()
    tasks.run_due()

    assert status() == Portal.Status.INSTALLING
    assert PortalToken.objects.usable().get().bitrix_user_id == cast.DIRECTOR


def test_a_wish_of_the_earlier_installation_is_forgotten(
    settled, world, install, client, time_machine
):
    actions.uninstall(world, clean=True)
    world.settle()
    installation.put_back(world.portal)
    install()
    tasks.run_due()

    world.portal.app.handlers.clear()
    actions.uninstall(world)
    refused_call()
    later(time_machine, minutes=3)

    assert status() == Portal.Status.UNINSTALLED
    assert Portal.objects.get().wipe_at is None, "of this removal nobody has said so"
