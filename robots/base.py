"""What a robot is: its name for the portal, its inputs, its outputs and what it does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from rest_framework import serializers

from robots.parameters import Parameter
from robots.words import Words
from signx.errors import ErrorCode, SignXError

if TYPE_CHECKING:
    from documents.models import Document
    from robots.models import RobotCall

GivenT = TypeVar("GivenT")
PlanT = TypeVar("PlanT")


@dataclass(frozen=True)
class Output:
    """One value given back to the business process; always a text."""

    key: str
    title: Words

    def declaration(self) -> dict[str, Any]:
        """This output as an item of RETURN_PROPERTIES."""
        return {"Name": self.title.for_bitrix24(), "Type": "string"}


class RobotInput(serializers.Serializer):
    """The inputs of a robot, in the order in which the portal shows and we check them."""

    @classmethod
    @cache
    def parameters(cls) -> dict[str, Parameter]:
        return dict(cls().fields)


class Robot(ABC, Generic[GivenT, PlanT]):
    """A robot. `code` never changes: robots placed on the portal are found by it.

    A call is read into `Given` (the fields of `Input`, by name), then `prepare` may ask the
    portal, then `run` acts inside the transaction that closes the call. Either may raise
    SignXError: its code and sentence are the answer to the process.
    """

    code: ClassVar[str]
    name: ClassVar[Words]
    description: ClassVar[Words]
    Input: ClassVar[type[RobotInput]]
    Given: ClassVar[type[Any]]
    outputs: ClassVar[tuple[Output, ...]]
    # Whether the same call carried out once more does no harm.
    may_repeat: ClassVar[bool] = False

    def read(self, properties: Mapping[str, Any]) -> GivenT:
        """The inputs of a call. Raises PARAMETER_MISSING or PARAMETER_INVALID for the first bad."""
        form = self.Input(data={key.lower(): value for key, value in properties.items()})
        if form.is_valid():
            return self.Given(**form.validated_data)
        raise self._refusal(form)

    @abstractmethod
    def prepare(self, call: RobotCall, given: GivenT, at: datetime) -> PlanT:
        """Everything that `run` needs to know; may ask the portal, changes nothing there.

        Raises SignXError, or documents.crm.lookup.StillConverting when it is too early to tell.
        """

    @abstractmethod
    def run(self, call: RobotCall, plan: PlanT, at: datetime) -> Document:
        """Act, inside the transaction that closes the call and with no network."""

    def title_of(self, parameter: str) -> Words | None:
        """The name of an input as the robot's form on the portal shows it."""
        field = self.Input.parameters().get(parameter)
        return field.title if field else None

    def declaration(self) -> dict[str, Any]:
        """What bizproc.robot.add is told about it, without CODE, HANDLER and AUTH_USER_ID."""
        return {
            # Said explicitly: without it the robot's form decides, and may end with no waiting.
            "USE_SUBSCRIPTION": "Y",
            "NAME": self.name.for_bitrix24(),
            "DESCRIPTION": self.description.for_bitrix24(),
            "PROPERTIES": {
                key: field.declaration() for key, field in self.Input.parameters().items()
            },
            "RETURN_PROPERTIES": {output.key: output.declaration() for output in self.outputs},
        }

    def _refusal(self, form: RobotInput) -> SignXError:
        key = next(name for name in form.fields if name in form.errors)
        problem = form.errors[key][0]
        title = form.fields[key].title.lazy
        if problem.code == "required":
            return SignXError(ErrorCode.PARAMETER_MISSING, key, parameter=title)
        return SignXError(
            ErrorCode.PARAMETER_INVALID, f"{key}: {problem.code}", parameter=title, reason=problem
        )
