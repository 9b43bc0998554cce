"""Carries what the carrier says to Kafka: see `simulators/wms/speaking.py`."""

from typing import TypeAlias

from simulators.rest_carrier.events import TOPIC, CarrierRecord
from simulators.wms import speaking
from simulators.wms.producer import UndeliveredError
from simulators.wms.speaking import Address, Disorder, Voice

VOICE = Voice(TOPIC, "tracking_number", "commerce.carrier.v1.CarrierEvent", "carrier")
Scrambler: TypeAlias = speaking.Scrambler[CarrierRecord]


class KafkaSpeaker(speaking.KafkaSpeaker[CarrierRecord]):
    """On the topic of the carrier."""

    def __init__(self, address: Address, scrambler: Scrambler) -> None:
        super().__init__(address, scrambler, VOICE)


__all__ = ["Address", "Disorder", "KafkaSpeaker", "Scrambler", "UndeliveredError"]
