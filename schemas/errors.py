"""Every way a contract can be broken, split by who broke it.

ContractError
├─ SchemaError    a schema text is not Avro, or not one that we accept; says where
├─ DecodeError    the bytes of a record are refused; `reason` is one word of a closed list
└─ EncodeError    we tried to write a value that its schema does not allow: a bug of ours
"""

from typing import Literal, get_args

Reason = Literal[
    "not-framed",  # no magic byte and schema id in front
    "undecodable",  # not the bytes of one record of its schema, or the schemas do not fit together
    "bytes-left-over",  # a record, and then something: as a rule the bytes of another schema
    "not-finite",  # NaN or infinity where a number is needed
    "too-large",  # more bytes than any record may have
    "zero-size-items",  # few bytes could claim any number of items
    "wrong-record",  # a record that this topic does not carry
]
REASONS: tuple[Reason, ...] = get_args(Reason)


class ContractError(Exception):
    """A contract was broken; raise one of the classes below, never this one."""

    def __init__(self, message: str) -> None:
        if type(self) is ContractError:
            raise TypeError("ContractError is abstract: choose the class by who broke the contract")
        super().__init__(message)


class SchemaError(ContractError):
    """A schema text is refused; `where` is the path of the field, empty at the top."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}" if where else why)
        self.where = where
        self.why = why


class DecodeError(ContractError):
    """The bytes are refused; the same bytes will be refused every time.  `detail` never quotes a payload."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class EncodeError(ContractError):
    """A value cannot be written with its schema."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail
