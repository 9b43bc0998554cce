"""What the answers of a carrier mean, by the contract (`openapi.json`)."""

from connectors.core.calls import Call
from connectors.core.errors import ConflictError
from connectors.core.problems import Problem, Problems

PUT_LABEL = "put-label"
DIFFERENT_CONTENT = "different-content"


class DifferentContentError(ConflictError):
    """A label stands under the reference of this booking, with other content: a look shows it."""


def _conflict(call: Call, problem: Problem) -> type[ConflictError] | None:
    is_booked = (call.operation, problem.code) == (PUT_LABEL, DIFFERENT_CONTENT)
    return DifferentContentError if is_booked else None


_PROBLEMS = Problems(absent="no-such-label", conflict=_conflict)
read, refusal = _PROBLEMS.read, _PROBLEMS.refusal
