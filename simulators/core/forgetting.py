"""POST /_sim/forget: somebody deletes a document at the target, past the API and past what integrations may do."""

from collections.abc import Callable

import msgspec

from simulators.core.exchange import Answer, Call, ControlRoute, Note, json_answer


class Forgotten(msgspec.Struct, forbid_unknown_fields=True):
    """Which one, as its sender or its owner calls it."""

    reference: str


def forget_route(forget: Callable[[str], int]) -> ControlRoute:
    """`forget` deletes every document of the reference, and says how many there were."""

    async def handle(call: Call, note: Note) -> Answer:
        try:
            wanted = msgspec.json.decode(call.body, type=Forgotten)
        except msgspec.MsgspecError as problem:
            return json_answer(400, {"message": str(problem)})
        gone = forget(wanted.reference)
        note.effect = bool(gone)
        note.detail |= {"reference": wanted.reference, "gone": gone}
        return json_answer(200 if gone else 404, {"gone": gone})

    return ControlRoute("POST", "/_sim/forget", handle, journal_kind="forgotten")
