"""What can be chosen about the stand-in portal before it starts."""

from __future__ import annotations

from dataclasses import dataclass, field

SCOPES = ("bizproc", "crm", "disk", "im", "placement", "pull", "user_basic", "user_brief")


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of one world; a new world is as cheap as a test needs it to be.

    `domain` and `second_domain` are host names with a port where it is not the default one.
    `auth_url` is the base of the authorization server (`http://localhost:8001`); it may share
    a host with a portal; `second_auth_url` is its other name. `faults` maps names of
    `devportal.faults` to probabilities.
    `bucket_size` 0 switches the request limit off (Bitrix24: 50 requests, 2 a second leak).
    `operating_limit_s` 0 switches the limit of a method's time off (Bitrix24: 480 s of execution
    in ten minutes); every call is charged `operating_cost_s` besides the time it really took.
    """

    domain: str = "localhost:8001"
    second_domain: str = ""
    auth_url: str = ""
    second_auth_url: str = "http://oauth2.portal.test"
    scheme: str = "http"
    client_id: str = "local.6744f1a0c3b2e5.40917265"
    client_secret: str = "dTqPz4nWv8LrXb2KcYh6MfJs9GaEu3oR1iNw7xQkVtZpB5mDyC"
    app_url: str = "http://127.0.0.1:8000"
    install_path: str = "/b24/install"
    app_path: str = "/b24/app"
    app_title: str = "SIGNX"
    scopes: tuple[str, ...] = SCOPES
    language: str = "ru"
    conversion_s: float = 3.0
    slow_s: float = 5.0
    faults: dict[str, float] = field(default_factory=dict)
    ways: dict[str, str] = field(default_factory=dict)
    seed: int = 1
    inline: bool = False
    bucket_size: int = 50
    leak_per_s: float = 2.0
    operating_limit_s: float = 0.0
    operating_cost_s: float = 0.0
    resolve: tuple[tuple[str, str], ...] = ()

    @property
    def port_suffix(self) -> str:
        """`:8001`, or empty when the first domain names no port."""
        _, colon, port = self.domain.partition(":")
        return colon + port

    @property
    def other_domain(self) -> str:
        """The domain of the second portal."""
        return self.second_domain or f"sever.portal.test{self.port_suffix}"

    @property
    def auth_base(self) -> str:
        """The authorization server without a closing slash."""
        return (self.auth_url or f"{self.scheme}://{self.domain}").rstrip("/")

    @property
    def auth_host(self) -> str:
        """Host (and port) under which the authorization server is asked."""
        return self.auth_base.partition("://")[2]

    @property
    def installer_url(self) -> str:
        """Opened in the frame until the installation is finished."""
        return self.app_url.rstrip("/") + self.install_path

    @property
    def application_url(self) -> str:
        """Opened in the frame once the application is installed."""
        return self.app_url.rstrip("/") + self.app_path
