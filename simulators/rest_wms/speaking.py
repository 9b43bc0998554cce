"""Carries what the warehouse says to Kafka: see `simulators/wms/speaking.py`."""

from typing import TypeAlias

from simulators.rest_wms.events import TOPIC, FulfilmentRecord
from simulators.wms import speaking
from simulators.wms.producer import UndeliveredError
from simulators.wms.speaking import Address, Disorder, Voice

VOICE = Voice(TOPIC, "order_id", "commerce.fulfilment.v1.FulfilmentEvent", "wms")
Scrambler: TypeAlias = speaking.Scrambler[FulfilmentRecord]


class KafkaSpeaker(speaking.KafkaSpeaker[FulfilmentRecord]):
    """On the topic of the warehouse."""

    def __init__(self, address: Address, scrambler: Scrambler) -> None:
        super().__init__(address, scrambler, VOICE)


__all__ = ["Address", "Disorder", "KafkaSpeaker", "Scrambler", "UndeliveredError"]
