"""`python -m devportal`: the stand-in portal on its own port."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import threading

from devportal.behaviour.doubts import parse_ways
from devportal.behaviour.faults import parse_faults
from devportal.config import Config
from devportal.serve import Server
from devportal.world import World


def main(arguments: list[str] | None = None) -> None:
    """Serve until interrupted."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    world = World(_config(options))
    stopped = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopped.set())
    with Server(world, options.host, options.port, smtp_port=options.smtp_port):
        for portal in world.portals:
            logging.info("portal «%s»: http://%s/", portal.title, portal.domain)
        logging.info("authorization server: %s", world.config.auth_base)
        logging.info("mailbox: smtp %s:%s", options.host, options.smtp_port)
        stopped.wait()


def _parser() -> argparse.ArgumentParser:
    usual = Config()
    parser = argparse.ArgumentParser(prog="devportal", description=main.__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--smtp-port", type=int, default=8025)
    parser.add_argument("--domain", default="", help="first portal, localhost:PORT unless told")
    parser.add_argument("--second-domain", default="", help="second portal")
    parser.add_argument("--auth-url", default="", help="base of the authorization server")
    parser.add_argument("--app-url", default=usual.app_url, help="where the application lives")
    parser.add_argument("--client-id", default=usual.client_id)
    parser.add_argument("--client-secret", default=os.environ.get("DEVPORTAL_CLIENT_SECRET", ""))
    parser.add_argument("--language", default=usual.language)
    parser.add_argument("--conversion-s", type=float, default=usual.conversion_s)
    parser.add_argument("--slow-s", type=float, default=usual.slow_s)
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--bucket-size", type=int, default=usual.bucket_size, help="0: no limit")
    parser.add_argument("--leak-per-s", type=float, default=usual.leak_per_s)
    parser.add_argument(
        "--resolve", action="append", default=[], metavar="PATTERN=ADDRESS",
        help="addresses of names unknown to DNS, for calls to the application",
    )  # fmt: skip
    parser.add_argument(
        "--faults", default=os.environ.get("DEVPORTAL_FAULTS", ""), metavar="NAME:PROBABILITY,…"
    )
    parser.add_argument(
        "--ways", default=os.environ.get("DEVPORTAL_WAYS", ""), metavar="DOUBT=WAY,…"
    )
    parser.add_argument("--operating-limit-s", type=float, default=usual.operating_limit_s)
    parser.add_argument("--operating-cost-s", type=float, default=usual.operating_cost_s)
    return parser


def _config(options: argparse.Namespace) -> Config:
    rules = [rule.partition("=") for rule in options.resolve]
    return Config(
        domain=options.domain or f"localhost:{options.port}",
        second_domain=options.second_domain,
        auth_url=options.auth_url,
        client_id=options.client_id,
        client_secret=options.client_secret or Config().client_secret,
        app_url=options.app_url,
        language=options.language,
        conversion_s=options.conversion_s,
        slow_s=options.slow_s,
        faults=parse_faults(options.faults),
        ways=parse_ways(options.ways),
        operating_limit_s=options.operating_limit_s,
        operating_cost_s=options.operating_cost_s,
        seed=options.seed,
        bucket_size=options.bucket_size,
        leak_per_s=options.leak_per_s,
        resolve=tuple((pattern, address) for pattern, _, address in rules),
    )


if __name__ == "__main__":
    main()
