"""The contracts hold: every topic has one, every example is a record of it, and old records stay readable."""

import json
from importlib.resources import files
from pathlib import Path

import fastavro
import msgspec
import pytest

from schemas.avro_text import parse_schema
from schemas.avro_types import EnumType, RecordType
from schemas.binding import bind, to_model
from schemas.catalogue import CONTRACTS, STOCK_CHANGE, WMS_SNAPSHOT, Contract, contract_of, outcome_contract
from schemas.codec import Reader, Writer
from schemas.compatibility import differences
from schemas.example_records import example_record
from schemas.guards import check_writer
from schemas.projection import decoder, encoder

OLD_EXAMPLES = Path(__file__).parent / "old_examples"
OLD = sorted(OLD_EXAMPLES.rglob("*.bin"))
EXAMPLES = [(contract, name) for contract in CONTRACTS for name in contract.examples]


def by_topic(contract: object) -> str:
    return contract.topic if isinstance(contract, Contract) else str(contract)


def contract_of_file(file: str) -> Contract[msgspec.Struct]:
    return next(contract for contract in CONTRACTS if contract.file == file)


@pytest.mark.parametrize("contract", CONTRACTS, ids=by_topic)
def test_every_contract_compiles_and_is_one_that_we_would_read_ourselves(contract: Contract[msgspec.Struct]) -> None:
    fastavro.parse_schema(json.loads(contract.schema_text))
    check_writer(contract.schema)

    assert contract.schema.record is not None
    assert contract.schema.record.name == contract.record
    assert decoder(contract, contract.schema_text).slow_because == ""
    assert contract.subject == f"{contract.topic}-value"


@pytest.mark.parametrize("contract", CONTRACTS, ids=by_topic)
def test_every_field_says_what_it_means(contract: Contract[msgspec.Struct]) -> None:
    records = [named for named in contract.schema.named.values() if isinstance(named, RecordType)]

    silent = [f"{record.name}.{field.name}" for record in records for field in record.fields if not field.doc]

    assert silent == []


@pytest.mark.parametrize("contract", CONTRACTS, ids=by_topic)
def test_every_enum_has_a_symbol_for_what_a_reader_does_not_know_yet(contract: Contract[msgspec.Struct]) -> None:
    enums = [named for named in contract.schema.named.values() if isinstance(named, EnumType)]

    assert [enum.name for enum in enums if enum.default not in {"UNKNOWN", "OTHER"}] == []


@pytest.mark.parametrize("contract", CONTRACTS, ids=by_topic)
def test_every_topic_has_an_owner_a_reader_a_key_and_examples(contract: Contract[msgspec.Struct]) -> None:
    assert contract.producers
    assert contract.consumers
    assert contract.description.endswith(".")
    assert contract.key_field in contract.model.__struct_fields__
    assert len(contract.examples) >= 2


def test_every_schema_file_has_a_contract_and_every_topic_one_only() -> None:
    stored = {each.name.removesuffix(".avsc") for each in (files("schemas") / "avro").iterdir()}

    assert stored == {contract.file for contract in CONTRACTS}
    assert len({contract.topic for contract in CONTRACTS}) == len(CONTRACTS)


def test_a_topic_finds_its_contract_and_every_role_the_outcome() -> None:
    assert contract_of("wms.stock-change.v1") is STOCK_CHANGE
    assert contract_of("erp.outcome.v1") == outcome_contract("erp")
    assert contract_of("dead-letter.v1") is None
    assert contract_of(".outcome.v1") is None
    assert [contract_of(contract.topic) for contract in CONTRACTS] == [*CONTRACTS]


@pytest.mark.parametrize("contract", CONTRACTS, ids=by_topic)
def test_enums_of_the_model_are_those_of_the_contract(contract: Contract[msgspec.Struct]) -> None:
    """Each symbol makes a model: a literal that lacks one would refuse it."""
    assert contract.schema.record is not None
    first = example_record(contract.schema, next(iter(contract.examples.values())))
    binding = bind(contract.model, contract.lifted)

    for field in contract.schema.record.fields:
        if isinstance(field.type, EnumType):
            for symbol in field.type.symbols:
                to_model(contract.model, binding, first | {field.name: symbol})


@pytest.mark.parametrize(("contract", "name"), EXAMPLES, ids=by_topic)
def test_every_example_encodes_and_decodes(contract: Contract[msgspec.Struct], name: str) -> None:
    record = example_record(contract.schema, contract.examples[name])

    payload = Writer(contract.schema).write(record)
    model = decoder(contract, contract.schema_text).decode(payload, 0)

    assert Reader(contract.schema, contract.schema).read(payload) == record
    assert to_model(contract.model, bind(contract.model, contract.lifted), record) == model
    if contract not in (STOCK_CHANGE, WMS_SNAPSHOT):  # read in part only, and written by nobody here
        assert encoder(contract)(model) == payload


@pytest.mark.parametrize("contract", CONTRACTS, ids=by_topic)
def test_each_contract_is_compatible_with_every_release(contract: Contract[msgspec.Struct]) -> None:
    released = contract.released

    assert sorted(released) == list(range(1, len(released) + 1))
    for text in released.values():
        assert differences(text, contract.schema_text) == []


@pytest.mark.parametrize("path", OLD, ids=lambda path: str(path.relative_to(OLD_EXAMPLES)))
def test_old_records_stay_readable_and_mean_the_same(path: Path) -> None:
    """The bytes were kept when their version was released; the example says what they meant."""
    contract = contract_of_file(path.parent.parent.name)
    writer = contract.released[int(path.parent.name[1:])]
    payload = path.read_bytes()

    record = Reader(contract.schema, parse_schema(writer)).read(payload)

    meant = example_record(contract.schema, contract.examples[path.stem])
    assert record == meant
    assert decoder(contract, writer).decode(payload, 0) == to_model(
        contract.model, bind(contract.model, contract.lifted), meant
    )


def test_every_release_has_kept_records() -> None:
    kept = {path.parent.relative_to(OLD_EXAMPLES).as_posix() for path in OLD}

    assert kept == {f"{contract.file}/v{version}" for contract in CONTRACTS for version in contract.released}
