import inspect

import pytest

from simulators.local_stack import errors
from simulators.local_stack.errors import StackError, StartFailedError

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]


def test_every_error_is_in_the_tree_and_in_its_picture() -> None:
    assert all(issubclass(kind, StackError) for kind in KINDS)
    assert all(kind.__name__ in (errors.__doc__ or "") for kind in KINDS)


def test_the_root_is_never_raised_itself() -> None:
    with pytest.raises(TypeError, match="choose the class"):
        StackError("something")


def test_a_message_is_one_line_whatever_it_was_made_of() -> None:
    assert str(StartFailedError("first\n  second\tthird")) == "first second third"
