"""What stands behind the last person's signature: nothing, or whole revisions in strict form.

Programs agree about a file only as far as it is well formed: a damaged list of objects is
rebuilt by searching the bytes, and then an object is shown that the list never named (parser
differential). So each revision there is read to its last byte by a grammar without any leniency
(`strict`): objects, a list that names exactly those objects, the way back to the list before.
What the objects mean is judged elsewhere (`changes`). Source: ISO 32000-2, 7.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from pyhanko.pdf_utils.filters import FlateDecode
from pyhanko.pdf_utils.generic import DictionaryObject, NumberObject, pdf_name

from signing.verification.strict import NotStrict, Reference, StrictReader, Value

_BLANK = re.compile(rb"[ \t\r\n]*")
_OBJECT = re.compile(rb"[ \t\r\n]*(([1-9][0-9]{0,6}) (0|[1-9][0-9]{0,4}) obj)(?=[ \t\r\n<\[(/])")
_OBJECT_END = re.compile(rb"[ \t\r\n]*endobj(?=[ \t\r\n])")
_STREAM = re.compile(rb"[ \t\r\n]*stream(?:\r\n|\n)")
_STREAM_END = re.compile(rb"(?:\r\n|\n|\r)?endstream(?=[ \t\r\n])")
_TABLE = re.compile(rb"[ \t\r\n]*(xref) ?(?:\r\n|\n|\r)")
_SUBSECTION = re.compile(rb"(0|[1-9][0-9]{0,6}) (0|[1-9][0-9]{0,6}) ?(?:\r\n|\n|\r)")
_ENTRY = re.compile(rb"([0-9]{10}) ([0-9]{5}) ([nf])(?: \r| \n|\r\n)")
# The head of the list of free objects, which some programs repeat.
_FREE = (0, 65535)
_TRAILER = re.compile(rb"trailer(?=[ \t\r\n]*<<)")
# Some programs write their name here.
_REMARK = re.compile(rb"[ \t\r\n]*%[A-Za-z][ -~]{0,200}(?=[\r\n])")
_POINTER = re.compile(
    rb"[ \t\r\n]*startxref(?:\r\n|\n|\r)(0|[1-9][0-9]{0,11})(?:\r\n|\n|\r)%%EOF(?=[\r\n]|\Z)"
)
_LAST_POINTER = re.compile(rb"startxref\s+([0-9]{1,12})\s+%%EOF[\r\n]*\Z")
_POINTER_ROOM = 200
_PAIR = re.compile(rb"[ \t\r\n]*([1-9][0-9]{0,6})[ \t\r\n]+(0|[1-9][0-9]{0,9})(?=[ \t\r\n])")
_GAP = rb"(?:[\x00\t\n\x0c\r ]|%[^\r\n]{0,256}[\r\n])"
# What programs search for when they rebuild a list: nowhere but where the grammar has it.
_LANDMARK = re.compile(
    rb"endobj|endstream|startxref|trailer|%%EOF"
    rb"|[0-9]" + _GAP + rb"{1,64}[+-]?[0-9]+" + _GAP + rb"{0,64}obj"
)
# No honest file has more, and some programs read no higher.
_MOST_OBJECTS = 4_194_304
_TRAILER_KEYS = {b"/Size", b"/Root", b"/Info", b"/ID", b"/Prev"}
_LIST_KEYS = {b"/Type", b"/W", b"/Index", b"/Length", b"/Filter", b"/DecodeParms"}


def is_clean(data: bytes, start: int) -> bool:
    """Whether the bytes from `start`, the end of a signed range, hide nothing."""
    if _BLANK.fullmatch(data, start):
        return True
    pointer = _LAST_POINTER.search(data, max(0, start - _POINTER_ROOM), start)
    # Without an end of line what follows would be part of the mark, which is a comment.
    is_parted = data[start - 1] in b"\r\n" or data[start] in b"\r\n"
    if not pointer or not is_parted:
        return False
    try:
        _read_all(data, start, int(pointer[1]))
    except NotStrict:
        return False
    return True


def _read_all(data: bytes, start: int, previous: int) -> None:
    position, landmarks = start, 0
    while not _BLANK.fullmatch(data, position):
        section = _Section(data, position)
        previous = section.read(previous)
        position, landmarks = section.position, landmarks + section.landmarks
    if sum(1 for _found in _LANDMARK.finditer(data, start)) != landmarks:
        raise NotStrict("a landmark where none belongs")


class _Stream(NamedTuple):
    reference: Reference
    dictionary: dict[bytes, Value]
    content: bytes

    def decoded(self) -> bytes:
        coding = self.dictionary.get(b"/Filter")
        if coding is None and b"/DecodeParms" not in self.dictionary:
            return self.content
        if coding != b"/FlateDecode":
            raise NotStrict("unusual coding")
        try:
            found: bytes = FlateDecode().decode(self.content, self._parameters())
        except MemoryError:
            raise
        except Exception as error:  # the decoder has no one kind of its own
            raise NotStrict("broken coding") from error
        return found

    def _parameters(self) -> DictionaryObject | None:
        given = self.dictionary.get(b"/DecodeParms")
        if given is None:
            return None
        if not isinstance(given, dict) or not all(isinstance(one, int) for one in given.values()):
            raise NotStrict("coding parameters")
        return DictionaryObject(
            {pdf_name(key.decode("latin-1")): NumberObject(one) for key, one in given.items()}
        )


class _Section(StrictReader):
    """One revision: its objects with their places, then the list that names them."""

    def __init__(self, data: bytes, position: int) -> None:
        super().__init__(data, position)
        self.landmarks = 0
        self.places: dict[Reference, int] = {}
        self.packed: dict[int, tuple[int, int]] = {}
        self.last_stream: _Stream | None = None

    def read(self, previous: int) -> int:
        """Where its list begins; `previous` is where the one before begins."""
        while head := self.sees(_OBJECT):
            self._object(head)
        table = self.sees(_TABLE)
        if table:
            at, trailer = table.start(1), self._table()
        else:
            at, trailer = self._list()
        self.sees(_REMARK)
        pointer = self.take(_POINTER)
        self.landmarks += 2
        if int(pointer[1]) != at or trailer.get(b"/Prev") != previous:
            raise NotStrict("the way back")
        self._check(trailer)
        return at

    def _check(self, trailer: dict[bytes, Value]) -> None:
        numbers = [*(reference.number for reference in self.places), *self.packed]
        size = trailer.get(b"/Size")
        if not isinstance(size, int) or not max(numbers, default=0) < size <= _MOST_OBJECTS:
            raise NotStrict("size")
        if len(set(numbers)) != len(numbers) or not isinstance(trailer.get(b"/Root"), Reference):
            raise NotStrict("numbers")

    def _object(self, head: re.Match[bytes]) -> None:
        reference = Reference(int(head[2]), int(head[3]))
        value = self.value()
        self.last_stream = None
        if isinstance(value, dict) and self.sees(_STREAM):
            self.last_stream = self._stream(reference, value)
        self.take(_OBJECT_END)
        self.landmarks += 2
        if reference in self.places:
            raise NotStrict("an object twice")
        self.places[reference] = head.start(1)

    def _stream(self, reference: Reference, dictionary: dict[bytes, Value]) -> _Stream:
        length = dictionary.get(b"/Length")
        end = self.position + length if isinstance(length, int) else len(self.data) + 1
        if end > len(self.data):
            raise NotStrict("length")
        stream = _Stream(reference, dictionary, self.data[self.position : end])
        self.position = end
        self.take(_STREAM_END)
        self.landmarks += 1
        if dictionary.get(b"/Type") == b"/ObjStm":
            self._unpack(stream)
        return stream

    def _unpack(self, stream: _Stream) -> None:
        """The objects inside a stream: in the order of its head, with nothing between them."""
        # The last object may end with the bytes.
        content = stream.decoded() + b"\n"
        count, first = (stream.dictionary.get(key) for key in (b"/N", b"/First"))
        if not isinstance(count, int) or not isinstance(first, int):
            raise NotStrict("head")
        if b"/Extends" in stream.dictionary or count > len(content):
            raise NotStrict("head")
        inside = StrictReader(content)
        pairs = [inside.take(_PAIR) for _number in range(count)]
        offsets = [first + int(pair[2]) for pair in pairs]
        if not _BLANK.fullmatch(content, inside.position, first):
            raise NotStrict("head")
        inside.position = first
        for index, (pair, offset) in enumerate(zip(pairs, offsets, strict=True)):
            inside.sees(_BLANK)
            number = int(pair[1])
            if inside.position != offset or number in self.packed:
                raise NotStrict("packed objects")
            inside.value()
            self.packed[number] = (stream.reference.number, index)
        if not _BLANK.fullmatch(content, inside.position):
            raise NotStrict("packed objects")

    def _table(self) -> dict[bytes, Value]:
        listed: dict[Reference, int] = {}
        while head := self.sees(_SUBSECTION):
            first = int(head[1])
            for number in range(first, first + int(head[2])):
                place, generation, kind = self.take(_ENTRY).groups()
                if kind == b"n":
                    listed[Reference(number, int(generation))] = int(place)
                elif (number, int(generation)) != _FREE:
                    raise NotStrict("a freed object")
        self.take(_TRAILER)
        self.landmarks += 1
        trailer = self.dictionary()
        if listed != self.places or self.packed or set(trailer) - _TRAILER_KEYS:
            raise NotStrict("list")
        return trailer

    def _list(self) -> tuple[int, dict[bytes, Value]]:
        stream = self.last_stream
        if stream is None or stream.dictionary.get(b"/Type") != b"/XRef":
            raise NotStrict("no list")
        at = self.places[stream.reference]
        listed, packed = {}, {}
        for number, kind, place, last in _entries(stream):
            if kind == 1:
                listed[Reference(number, last)] = place
            elif kind == 2:
                packed[number] = (place, last)
            elif (number, last) != _FREE:
                raise NotStrict("a freed object")
        # The list itself need not be named.
        listed.setdefault(stream.reference, at)
        if listed != self.places or packed != self.packed:
            raise NotStrict("list")
        if set(stream.dictionary) - _TRAILER_KEYS - _LIST_KEYS:
            raise NotStrict("list")
        return at, stream.dictionary


def _entries(stream: _Stream) -> Iterator[tuple[int, int, int, int]]:
    """Number, kind and the two fields of each entry. Source: ISO 32000-2, table 18."""
    widths = _whole_numbers(stream.dictionary.get(b"/W"))
    spans = _whole_numbers(stream.dictionary.get(b"/Index", [0, stream.dictionary.get(b"/Size")]))
    if len(widths) != 3 or max(widths) > 8 or not widths[1] or len(spans) % 2:
        raise NotStrict("list")
    content, step = stream.decoded(), sum(widths)
    if sum(spans[1::2]) * step != len(content):
        raise NotStrict("list")
    numbers = [
        number
        for first, count in zip(spans[::2], spans[1::2], strict=True)
        for number in range(first, first + count)
    ]
    edges = [0, widths[0], widths[0] + widths[1], step]
    for position, number in enumerate(numbers):
        row = content[position * step : (position + 1) * step]
        kind, place, last = (int.from_bytes(row[low:high]) for low, high in pairwise(edges))
        yield number, kind if widths[0] else 1, place, last


def _whole_numbers(value: Value) -> list[int]:
    if not isinstance(value, list) or not value:
        raise NotStrict("list")
    found = [one for one in value if isinstance(one, int)]
    if len(found) != len(value):
        raise NotStrict("list")
    return found
