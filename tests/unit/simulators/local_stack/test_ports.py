import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from simulators.local_stack import ports
from simulators.local_stack.errors import PortTakenError


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_port_where_another_program_listens_is_refused_by_number(listener: int) -> None:
    with pytest.raises(PortTakenError, match=f"port {listener} is in use: .* choose another port"):
        ports.settled_port(listener, 0, set())


def test_the_port_of_the_last_start_is_taken_again(listener: int) -> None:
    earlier = ports.free_port(set())

    assert ports.settled_port(0, earlier, set()) == earlier


def test_the_port_of_the_last_start_is_left_to_a_program_that_took_it(listener: int) -> None:
    assert ports.settled_port(0, listener, set()) != listener


def test_free_ports_never_repeat_and_lie_below_those_of_outgoing_connections() -> None:
    taken: set[int] = set()

    found = [ports.free_port(taken) for _ in range(50)]

    assert len(set(found)) == 50
    assert all(ports.FIRST <= port <= ports.LAST for port in found)


def test_two_servers_are_not_given_the_same_wanted_port() -> None:
    taken: set[int] = set()
    wanted = ports.free_port(set())
    ports.settled_port(wanted, 0, taken)

    with pytest.raises(PortTakenError):
        ports.settled_port(wanted, 0, taken)


def test_a_port_that_another_program_was_given_is_nobody_elses_also_while_its_server_is_down() -> None:
    ours = [ports.free_port(set()) for _ in range(5)]
    ask = "import sys; from simulators.local_stack.ports import _is_ours; print(*map(_is_ours, map(int, sys.argv[1:])))"

    told = subprocess.run([sys.executable, "-c", ask, *map(str, ours)], capture_output=True, text=True, check=True)

    assert told.stdout.split() == ["False"] * 5
