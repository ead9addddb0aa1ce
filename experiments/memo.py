"""Pure: what a process keeps of its work for later, so much and no more."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class Memo(Generic[_Key, _Value]):
    """For all threads; of more than `most` things those put in first are forgotten."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._things: OrderedDict[_Key, _Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: _Key) -> _Value | None:
        with self._lock:
            return self._things.get(key)

    def put(self, key: _Key, value: _Value) -> None:
        with self._lock:
            self._things[key] = value
            while len(self._things) > self._most:
                self._things.popitem(last=False)
