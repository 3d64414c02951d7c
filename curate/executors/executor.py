"""What stage `prepare` asks of an executor, whether it uses processes or machines."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeAlias, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

Task: TypeAlias = Callable[[Sequence[Item]], Result]
"""Called with a chunk of items. It must be importable by name in another process, or a `functools.partial` of such."""


class Executor(Protocol):
    """Runs a task on many chunks in parallel. The results do not depend on the number of workers."""

    @property
    def sees_files(self) -> bool:
        """Whether a task can open the files of this machine; if not, its chunk must contain all that it needs."""

    def run(
        self, task: Task[Item, Result], chunks: Iterable[Sequence[Item]], *, lost: Callable[[Item], Result]
    ) -> Iterator[Result]:
        """Yield the result of `task` for each chunk, in the order of the chunks.

        If a worker dies (a crash in a decoder, the kernel's out-of-memory killer), the items of its chunk run one by
        one, each at most twice; such a chunk yields one result per item.

        Args:
            task: the work.
            chunks: read as workers become free, never all at once.
            lost: returns the result of an item that killed its worker twice.

        Raises:
            UserError: workers cannot start, or cannot be reached.
            Exception: whatever `task` raises.
        """
