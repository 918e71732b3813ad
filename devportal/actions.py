"""What a test, the control API or a person on the portal's pages makes happen in a world.

Each takes the lock, and in line what it sends goes out before it returns.

world = World(Config(inline=True))
world.outgoing.mount("http://127.0.0.1:8000", WSGIAdapter(application))
process = actions.start_process(world, deal_id=315, document_id=61)
world.settle()
"""

from __future__ import annotations

from functools import partial
from typing import Any

from devportal import cast, conversions
from devportal.application import events, installation
from devportal.paper.faulty import simple_docx
from devportal.portals.portal import DEAL, GeneratedDocument, Portal
from devportal.portals.process import Process, Step
from devportal.processes import runner
from devportal.processes.plan import default_steps
from devportal.world import World


def advance(world: World, seconds: float) -> None:
    """Move the clock and let time limits of waiting steps pass."""
    world.clock.advance(seconds)
    tick(world)


def tick(world: World) -> None:
    """Do the portal's own background jobs, close the steps whose time is up."""
    with world.lock:
        while world.jobs:
            world.jobs.popleft()()
        for portal in world.portals:
            runner.close_overdue(world, portal)
            conversions.announce(world, portal)
    world.settle_inline()


def create_document(
    world: World,
    pdf: bytes | None = None,
    *,
    title: str = "Договор",
    deal_id: int = cast.DEAL_MAIN,
    conversion_s: float | None = None,
    entity_type_id: int = DEAL,
    portal: Portal | None = None,
) -> GeneratedDocument:
    """Generate a document on a CRM item; without `pdf` it is a copy of the contract.

    Its conversion begins now and takes `conversion_s` (the world's setting if None).
    """
    where = portal or world.portal
    with world.lock:
        now = world.clock.now()
        content = where.documents[cast.CONTRACT].pdf if pdf is None else partial(bytes, pdf)
        document = GeneratedDocument(
            id=next(world.document_ids),
            title=title,
            number=str(len(where.documents) + 1),
            entity_type_id=entity_type_id,
            entity_id=deal_id,
            created_at=now,
            updated_at=now,
            created_by=cast.CLERK,
            pdf=content,
            docx=partial(simple_docx, title),
            conversion_s=world.config.conversion_s if conversion_s is None else conversion_s,
        )
        conversions.begin(world, document)
        where.documents[document.id] = document
        fields = conversions.event_fields(document)
        events.fire(world, where, "ONCRMDOCUMENTGENERATORDOCUMENTADD", {"FIELDS": fields})
    world.settle_inline()
    return document


def start_process(
    world: World,
    *,
    deal_id: int = cast.DEAL_MAIN,
    document_id: int = cast.CONTRACT,
    send: dict[str, Any] | None = None,
    status: dict[str, Any] | None = None,
    started_by: int = cast.CLERK,
    use_subscription: str = "",
    timeout_s: int = 0,
    steps: list[Step] | None = None,
    entity_type_id: int = DEAL,
    portal: Portal | None = None,
) -> Process:
    """Run «создать документ → отправить на подпись → проверить статус» on a deal.

    `send` and `status` replace single inputs of the two robots. `use_subscription` Y or N
    overrides what the robots asked for. Own `steps` replace the plan altogether.
    """
    plan = steps or default_steps(send or {}, status or {}, entity_type_id=entity_type_id)
    for step in plan:
        step.use_subscription = step.use_subscription or use_subscription
        step.timeout_s = step.timeout_s or timeout_s
    with world.lock:
        process = runner.start(
            world,
            portal or world.portal,
            entity_type_id=entity_type_id,
            entity_id=deal_id,
            document_id=document_id,
            steps=plan,
            started_by=started_by,
        )
    world.settle_inline()
    return process


def finish_install(
    world: World, portal: Portal | None = None, user_id: int = cast.DIRECTOR
) -> None:
    """What the wizard's `installFinish` does."""
    with world.lock:
        installation.finish(world, portal or world.portal, user_id)
    world.settle_inline()


def uninstall(
    world: World, portal: Portal | None = None, *, clean: bool = True, late: bool = False
) -> None:
    """Remove the application from a portal; ONAPPUNINSTALL goes out, or with the next tick."""
    with world.lock:
        installation.uninstall(world, portal or world.portal, clean=clean, late=late)
    world.settle_inline()


def fire_event(
    world: World,
    event: str,
    data: dict[str, Any] | None = None,
    *,
    portal: Portal | None = None,
    user_id: int = 0,
    changes: dict[str, Any] | None = None,
) -> int:
    """Post an event to its handlers; `changes` replaces keys of its auth block."""
    with world.lock:
        count = events.fire(
            world, portal or world.portal, event, data or {}, user_id=user_id, changes=changes
        )
    world.settle_inline()
    return count
