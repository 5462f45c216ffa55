"""Work that goes on beside the caller's, in a thread of its own with a short queue."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from typing import Self

T = TypeVar("T")
_DEEP = 2
_PATIENCE = 5.0
_LESS_PATIENCE = 1.0


class _End:
    """The last thing in a queue, with the error that ended the work early."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


@contextmanager
def ahead(items: Generator[T]) -> Generator[Iterator[T]]:
    """Give `items`, made a little ahead by another thread.

    The thread is a daemon: one that waits for standard input stops nobody.
    """
    queue: Queue[T | _End] = Queue(_DEEP)
    stopped = threading.Event()

    def make() -> None:
        end = _End()
        try:
            for item in items:
                queue.put(item)
                if stopped.is_set():
                    break
            items.close()
        except BaseException as error:  # noqa: BLE001 - raised again where the items are used
            end = _End(error)
        queue.put(end)

    thread = threading.Thread(target=make, daemon=True)
    thread.start()
    try:
        yield _until_end(queue)
    finally:
        stopped.set()
        _drain(queue)
        thread.join(_LESS_PATIENCE)


def _until_end(queue: Queue[T | _End]) -> Iterator[T]:
    while not isinstance(item := queue.get(), _End):
        yield item
    if item.error is not None:
        raise item.error


def _drain(queue: Queue[Any]) -> None:
    """Make room, so that a thread that waits to put something can go on."""
    while True:
        try:
            queue.get_nowait()
        except Empty:
            return


class Behind(Generic[T]):
    """Hands things to `use`, which another thread runs in their order.

    A context: its end waits until everything is used, and raises what `use` has
    raised; an error inside drops what is not begun.
    """

    def __init__(self, use: Callable[[T], None]) -> None:
        self._use = use
        self._queue: Queue[T | _End] = Queue(_DEEP)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            _drain(self._queue)
        self._queue.put(_End())
        self._thread.join(None if kind is None else _PATIENCE)
        if kind is None:
            self._raise()

    def put(self, item: T) -> None:
        """Hand over `item`; raises what an earlier one has raised."""
        self._raise()
        self._queue.put(item)

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        while not isinstance(item := self._queue.get(), _End):
            if self._error is None:
                try:
                    self._use(item)
                except BaseException as error:  # noqa: BLE001 - raised again by put or close
                    self._error = error
