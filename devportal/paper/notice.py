"""An HR notice to an employee, signed by the director and by the employee."""

from __future__ import annotations

from functools import cache

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, Spacer

from devportal.paper import layout


@cache
def notice_pdf(company: str, director: str, employee: str, post: str) -> bytes:
    """A notice of changed working hours, one page. `employee` is a full name."""
    layout.register_fonts()
    story: list[Flowable] = [
        Paragraph(company, layout.RIGHT),
        Paragraph(f"{post}<br/>{employee}", layout.RIGHT),
        Spacer(1, 8 * mm),
        Paragraph("Уведомление № 24-К<br/>об изменении режима рабочего времени", layout.TITLE),
        Spacer(1, 4 * mm),
    ]
    story += [Paragraph(text, layout.BODY) for text in _TEXT]
    story += [
        Spacer(1, 3 * mm),
        layout.table(
            [["", "До 31.01.2027", "С 01.02.2027"], *_SCHEDULE],
            [50, 60, 60],
        ),
        Spacer(1, 10 * mm),
        layout.columns(
            [
                Paragraph("<b>Генеральный директор</b>", layout.LEFT),
                Spacer(1, 5 * mm),
                Paragraph(f"____________________ / {director} /", layout.LEFT),
            ],
            [
                Paragraph("<b>С уведомлением ознакомлен(а)</b>", layout.LEFT),
                Spacer(1, 5 * mm),
                Paragraph(f"____________________ / {employee} /", layout.LEFT),
            ],
        ),
    ]
    return layout.build_pdf(story, title="Уведомление № 24-К", footer=f"{company} · кадровый учёт")


_TEXT = (
    "В связи с изменением организационных условий труда (статья 74 Трудового кодекса Российской "
    "Федерации) уведомляем Вас о том, что с 1 февраля 2027 года изменяется режим рабочего "
    "времени, установленный пунктом 4.1 трудового договора.",
    "Продолжительность рабочей недели и размер оплаты труда не изменяются. При несогласии с "
    "продолжением работы в новых условиях просим сообщить об этом в отдел кадров в течение двух "
    "месяцев с даты получения уведомления; Вам будет предложена другая имеющаяся работа.",
)
_SCHEDULE = [
    ["Начало и конец дня", "9:00 – 18:00", "8:00 – 17:00"],
    ["Перерыв", "13:00 – 14:00", "12:00 – 13:00"],
    ["Выходные дни", "суббота, воскресенье", "суббота, воскресенье"],
]
