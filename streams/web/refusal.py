"""A request that is not answered as asked: the status and one sentence that says why."""

from collections.abc import Mapping


class RefusedError(Exception):
    """Rendered as a page or as JSON, by what was asked for."""

    def __init__(
        self, status: int, sentence: str, *, title: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.title = status, sentence, title
        self.headers = dict(headers or {})
