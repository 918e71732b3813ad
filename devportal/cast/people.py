"""The people and companies of both portals. All invented, numbers that belong to nobody."""

from __future__ import annotations

from dataclasses import dataclass

from devportal.paper.contract import Party
from devportal.portals.portal import User


@dataclass(frozen=True, slots=True)
class Person:
    """A contact of the CRM."""

    name: str
    second_name: str
    last_name: str
    position: str
    email: str
    phone: str

    @property
    def full_name(self) -> str:
        """Last name first, as documents write it."""
        return f"{self.last_name} {self.name} {self.second_name}"


@dataclass(frozen=True, slots=True)
class Company:
    """A customer of Bitrix24: its own side, its staff, and whom it deals with."""

    title: str
    deal_title: str
    own: Party
    partner: Party
    staff: tuple[tuple[int, Person], ...]
    contact: Person
    contact_without_email: Person

    def users(self) -> list[User]:
        """Portal users; number 1 is the administrator, number 21 was fired."""
        return [
            User(
                id=user_id,
                name=person.name,
                second_name=person.second_name,
                last_name=person.last_name,
                email=person.email,
                position=person.position,
                is_admin=user_id == 1,
                active=user_id != 21,
                phone=person.phone,
            )
            for user_id, person in self.staff
        ]

    def employee(self, user_id: int) -> Person:
        """A member of the staff."""
        return dict(self.staff)[user_id]


VOSTOK = Company(
    title="Восьмой причал",
    deal_title="Поставка оборудования для склада",
    own=Party(
        name="Общество с ограниченной ответственностью «Восьмой причал»",
        short_name="ООО «Восьмой причал»",
        acting="генерального директора Орлова Андрея Викторовича, действующего на основании Устава",
        signer="А. В. Орлов",
        post="Генеральный директор",
        address="690000, г. Владивосток, ул. Маячная-Дальняя, д. 8, офис 12",
        inn="0025471836",
        kpp="002501001",
        ogrn="1260000004817",
        account="40702810000000004817",
        bank="АО Банк «Прибрежный Пример»",
        bic="040000117",
        email="office@vostok.example",
        phone="+7 000 555-01-00",
    ),
    partner=Party(
        name="Общество с ограниченной ответственностью «Кедровая Ложбина»",
        short_name="ООО «Кедровая Ложбина»",
        acting="директора Берёзкиной Елены Сергеевны, действующей на основании Устава",
        signer="Е. С. Берёзкина",
        post="Директор",
        address="664000, г. Иркутск, пер. Ёлочный, д. 3",
        inn="0038165204",
        kpp="003801001",
        ogrn="1260000009022",
        account="40702810000000009022",
        bank="ПАО «Таёжный Пример-Банк»",
        bic="040000225",
        email="info@kedr.example",
        phone="+7 000 555-03-00",
    ),
    staff=(
        (1, Person("Андрей", "Викторович", "Орлов", "Генеральный директор",
                   "orlov@vostok.example", "+70005550101")),
        (7, Person("Пётр", "Ильич", "Соловьёв", "Кладовщик",
                   "solovyov@vostok.example", "+70005550107")),
        (12, Person("Мария", "Олеговна", "Лебедева", "Менеджер по продажам",
                    "lebedeva@vostok.example", "+70005550112")),
        (15, Person("Наталья", "Юрьевна", "Гусева", "Специалист по кадрам",
                    "guseva@vostok.example", "+70005550115")),
        (21, Person("Игорь", "Львович", "Чайкин", "Менеджер по продажам",
                    "chaikin@vostok.example", "+70005550121")),
    ),
    contact=Person("Елена", "Сергеевна", "Берёзкина", "Директор",
                   "berezkina@kedr.example", "+70005550305"),
    contact_without_email=Person("Савелий", "Егорович", "Тропинин", "Главный инженер",
                                 "", "+70005550306"),
)  # fmt: skip

SEVER = Company(
    title="Северные Весы",
    deal_title="Поверка весового оборудования",
    own=Party(
        name="Общество с ограниченной ответственностью «Северные Весы»",
        short_name="ООО «Северные Весы»",
        acting="генерального директора Полуночной Веры Павловны, "
        "действующей на основании Устава",
        signer="В. П. Полуночная",
        post="Генеральный директор",
        address="183000, г. Мурманск, ул. Причальная-Верхняя, д. 21",
        inn="0051902743",
        kpp="005101001",
        ogrn="1260000007731",
        account="40702810000000007731",
        bank="АО Банк «Заполярный Пример»",
        bic="040000331",
        email="office@sever.example",
        phone="+7 000 555-07-00",
    ),
    partner=Party(
        name="Общество с ограниченной ответственностью «Мшистый Берег»",
        short_name="ООО «Мшистый Берег»",
        acting="директора Каменева Льва Артёмовича, действующего на основании Устава",
        signer="Л. А. Каменев",
        post="Директор",
        address="163000, г. Архангельск, наб. Дальняя, д. 5",
        inn="0029087415",
        kpp="002901001",
        ogrn="1260000003304",
        account="40702810000000003304",
        bank="ПАО «Беломорский Пример-Банк»",
        bic="040000447",
        email="info@moss.example",
        phone="+7 000 555-09-00",
    ),
    staff=(
        (1, Person("Вера", "Павловна", "Полуночная", "Генеральный директор",
                   "polunochnaya@sever.example", "+70005550701")),
        (7, Person("Тимур", "Рашидович", "Ясенев", "Инженер",
                   "yasenev@sever.example", "+70005550707")),
        (12, Person("Олег", "Данилович", "Вьюгин", "Менеджер по продажам",
                    "vyugin@sever.example", "+70005550712")),
        (15, Person("Анна", "Борисовна", "Снежина", "Специалист по кадрам",
                    "snezhina@sever.example", "+70005550715")),
        (21, Person("Роман", "Олегович", "Ледов", "Курьер",
                    "ledov@sever.example", "+70005550721")),
    ),
    contact=Person("Лев", "Артёмович", "Каменев", "Директор",
                   "kamenev@moss.example", "+70005550905"),
    contact_without_email=Person("Софья", "Игоревна", "Ручьёва", "Бухгалтер",
                                 "", "+70005550906"),
)  # fmt: skip
