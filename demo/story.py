"""The story of the main job, step by step, through the doors that people use."""

from __future__ import annotations

from typing import Any

from demo import screen
from demo.page import Page
from demo.people import CODE, LINK, Frame, Portal, Visitor, wait_until
from demo.stack import Stack

DIRECTOR, CLERK, DEAL = 1, 12, 315
ROBOTS = ("signx_send", "signx_status")
SUPPORT, SUPPORT_PASSWORD = "support", "support-demo"
ORGANISATION = "ООО «Восьмой причал»"


class Story:
    """Tells itself once; afterwards its fields hold what came of it."""

    def __init__(self, stack: Stack, contract: bytes | None = None, coordinates: str = "") -> None:
        self.stack = stack
        self.contract = contract
        self.coordinates = coordinates
        self.portal = Portal(stack.portal_url)
        self.process_id = ""
        self.process: dict[str, Any] = {}
        self.balance_before = 0
        self.balance_after = 0
        self.first_request = 0
        self.portal_requests = 0
        self.source = b""

    def tell(self) -> None:
        screen.title("SIGNX: from a business process to a signed contract")
        self.open_office()
        with screen.step("a contract appears in the deal, a business process starts"):
            self.start_process()
        with screen.step("the robot checks, signs for the company, writes to the counterparty"):
            link = self.wait_for_invitation()
        with screen.step("the counterparty reads, agrees, enters the code and signs"):
            self.sign(link)
        with screen.step("files come back to the deal, the process goes on to its end"):
            self.wait_for_end()

    def open_office(self) -> None:
        """Everything that is done once, before the first document."""
        with screen.step("start the portal, the application and the worker"):
            self.stack.start()
        with screen.step("install the application on the portal"):
            self.install()
        with screen.step("switch both robots on in Settings"):
            self.switch_robots_on()
        with screen.step("the director turns on a signature with a code from a letter"):
            self.turn_on_signature()
        with screen.step("support confirms the director's e-mail"):
            self.confirm_signature()
        with screen.step("the director lets the clerk send contracts"):
            self.let_clerk_send()

    def install(self) -> None:
        frame = Frame(self.portal, DIRECTOR)
        steps = int(frame.page.root.xpath("//*[@data-steps]/@data-steps")[0])
        for number in range(steps):
            answer = frame.http.post(
                f"{self.stack.app_url}/b24/install/step/{number}",
                headers={"Authorization": f"Bearer {frame.token}"},
                timeout=60,
            )
            answer.raise_for_status()
        self.portal.post("install-finish")

    def switch_robots_on(self) -> None:
        frame = self.frame()
        frame.go("/app/settings/")
        frame.press("Сохранить", organisation=ORGANISATION, coordinates=self.coordinates)
        for code in ROBOTS:
            frame.go("/app/settings/")
            frame.press(f"#sx-robot-{code}")

    def turn_on_signature(self) -> None:
        frame = self.frame()
        frame.go("/app/employees/me")
        email = frame.page.root.xpath("string(//input[@name='email']/@value)")
        frame.press("Прислать код")
        code = self.portal.find_letter(CODE, to=email).text
        frame.press("Включить подпись", code=code, consent=True, robots=True)
        frame.press("Запросить подтверждение")

    def confirm_signature(self) -> None:
        self.stack.manage(
            "createsuperuser",
            "--noinput",
            f"--username={SUPPORT}",
            "--email=support@signx.example",
            DJANGO_SUPERUSER_PASSWORD=SUPPORT_PASSWORD,
        )
        desk = Visitor()
        desk.open(f"{self.stack.app_url}/admin/login/?next=/admin/employees/signatureprofile/")
        desk.press("Войти", username=SUPPORT, password=SUPPORT_PASSWORD)
        desk.open(desk.page.link("/change/"))
        desk.press("Подтвердить")

    def let_clerk_send(self) -> None:
        frame = self.frame()
        frame.go("/app/employees/")
        frame.press("Добавить", bitrix_user_id=str(CLERK))
        frame.go(f"/app/employees/{CLERK}")
        frame.press("#sx-right-send")

    def start_process(self) -> None:
        self.balance_before = self.balance()
        if self.contract is None:
            document = self.portal.post("documents", {"ref": "contract", "deal_id": DEAL})
        else:
            files = {"file": ("contract.pdf", self.contract, "application/pdf")}
            form = {"title": "Договор", "deal_id": str(DEAL)}
            document = self.portal.upload("documents", form, files)
        self.first_request = self.portal.get("requests")["last"]
        send = {"wait_for": "sent", "expires_in_days": "7"}
        process = self.portal.post(
            "processes",
            {
                "deal_id": DEAL,
                "document_id": document["id"],
                "send": send,
                "status": {"wait_for": "final"},
                "as": CLERK,
            },
        )
        self.process_id = process["id"]
        self.source = self.contract or self.portal.source_of(document["id"])

    def wait_for_invitation(self) -> str:
        """The link that the counterparty finds in the letter."""
        return self.portal.find_letter(LINK).text

    def sign(self, link: str) -> Page:
        visitor, code = self.ask_for_code(link)
        return visitor.press("Подписать документ", code=code)

    def ask_for_code(self, link: str) -> tuple[Visitor, str]:
        """The counterparty has read and agreed, and holds the code from the letter."""
        visitor = Visitor(self.portal.transport)
        visitor.open(link)
        letters = len(self.portal.letters())
        visitor.press("Подписать")
        asks_consent = bool(visitor.page.root.xpath("//input[@name='agreement']"))
        visitor.press("Получить код", **({"agreement": True} if asks_consent else {}))
        return visitor, self.portal.find_letter(CODE, after=letters).text

    def wait_for_end(self) -> None:
        def finished() -> dict[str, Any] | None:
            process = self.portal.get(f"processes/{self.process_id}")
            return process if process["is_finished"] or process["has_failed"] else None

        self.process = wait_until("the end of the process", finished, 120)
        self.portal_requests = self.count_requests()
        self.balance_after = self.balance()

    def count_requests(self) -> int:
        """HTTP requests the portal got since the process started, file transfers included; the
        authorization server is another server."""
        since = self.portal.get("requests", since=self.first_request)["requests"]
        return sum(
            row["path"].startswith("/rest/") and "app.info" not in row["path"] for row in since
        )

    def step(self, name: str) -> dict[str, Any]:
        """What came back into the process from one of its steps."""
        for step in self.process["steps"]:
            if step["name"] == name:
                return dict(step)
        return {}

    def frame(self) -> Frame:
        return Frame(self.portal, DIRECTOR)

    def balance(self) -> int:
        frame = self.frame()
        frame.go("/app/employees/balance")
        return int(frame.page.root.xpath("string(//*[contains(@class, 'sx-tile')]/b)"))
