"""The growing text of a generated function.

The text holds no word of a schema: what it names comes in as constants, so a hostile schema cannot become code.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

MAX_LINES = 4000
MAX_INDENT = 24


class UnsupportedError(Exception):
    """This pair of schemas needs the slower way; says why."""


class Source:
    """Lines, and the constants that they name."""

    def __init__(self, runtime: Mapping[str, object]) -> None:
        self.lines: list[str] = []
        self.constants: dict[str, object] = dict(runtime)
        self._indent = 0
        self._names = 0

    def put(self, *lines: str) -> None:
        """Lines at the present depth.  Raises UnsupportedError beyond a size that no contract of ours comes near."""
        self.lines += [" " * self._indent + line for line in lines]
        if len(self.lines) > MAX_LINES:
            raise UnsupportedError(f"the decoder would have more than {MAX_LINES} lines")

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """What is put inside belongs to `head`."""
        self.put(head)
        self._indent += 1
        if self._indent > MAX_INDENT:
            raise UnsupportedError("types are nested too deep to be read in line")
        before = len(self.lines)
        yield
        if len(self.lines) == before:
            self.put("pass")
        self._indent -= 1

    def name(self) -> str:
        """A variable that nothing else uses."""
        self._names += 1
        return f"v{self._names}"

    def constant(self, value: object) -> str:
        """The name by which the text reaches a value."""
        self._names += 1
        self.constants[f"k{self._names}"] = value
        return f"k{self._names}"

    def compiled(self, function: str) -> object:
        """The function that the text defines."""
        exec(compile("\n".join(self.lines), f"<{function}>", "exec"), self.constants)  # noqa: S102 - no word of a schema is in it
        return self.constants[function]
