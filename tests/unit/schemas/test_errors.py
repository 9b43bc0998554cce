"""One tree of errors, and every class is in it."""

import inspect

import pytest

from schemas import errors
from schemas.errors import ContractError, DecodeError, EncodeError, SchemaError


def test_every_error_is_in_the_tree() -> None:
    classes = [each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, Exception)]

    assert {each.__name__ for each in classes} == {"ContractError", "DecodeError", "EncodeError", "SchemaError"}
    assert all(issubclass(each, ContractError) for each in classes)


def test_the_root_is_never_raised_itself() -> None:
    with pytest.raises(TypeError, match="abstract"):
        ContractError("why")


def test_an_error_says_what_and_where() -> None:
    assert str(DecodeError("not-finite", "field q")) == "not-finite: field q"
    assert str(EncodeError("field q")) == "field q"
    assert str(SchemaError("a.b", "no type")) == "a.b: no type"
    assert str(SchemaError("", "no type")) == "no type"
