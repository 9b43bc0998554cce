import json
import shlex
from itertools import pairwise

from streams.rights import PARTS, rights_of
from tests.unit.streams.cli.calling import one_line, run


def test_the_list_is_printed_without_asking_a_broker() -> None:
    result = run("topics", "acls", "--part", "gateway")

    assert (result.exit_code, result.stdout.splitlines()[1].split()) == (
        0,
        ["gateway", "User:commerce-streams-gateway", "topic", "commerce.order.v1", "WRITE"],
    )


def test_everything_is_printed_with_all() -> None:
    rows = json.loads(run("topics", "acls", "--all", "--format", "json").stdout)

    printed = [(row["part"], row["resource_name"], row["operation"]) for row in rows]
    assert printed == [(part, one.name, one.operation) for part in PARTS for one in rights_of(part, "commerce-streams")]
    assert {row["pattern_type"] for row in rows} == {"LITERAL"}


def test_the_commands_of_kafkas_tool_name_each_thing_once_with_all_its_operations() -> None:
    result = run("topics", "acls", "--part", "worker", "--principal", "User:mw", "--format", "kafka-acls")

    lines = [shlex.split(line) for line in result.stdout.splitlines()]
    wanted = {one.name for one in rights_of("worker", "commerce-streams") if not one.when}
    named = [line[line.index("--topic" if "--topic" in line else "--group") + 1] for line in lines]
    assert sorted(named) == sorted(wanted)
    assert all(line[line.index("--allow-principal") + 1] == "User:mw" for line in lines)
    letters = next(line for line in lines if "dead-letter.v1" in line)
    assert [word for before, word in pairwise(letters) if before == "--operation"] == [
        "Read",
        "Write",
        "DescribeConfigs",
    ]


def test_one_user_for_all_parts_is_refused() -> None:
    assert "--principal: one user for one part" in one_line(run("topics", "acls", "--principal", "User:mw"))


def test_a_principal_that_could_be_more_than_a_name_is_refused() -> None:
    line = one_line(run("topics", "acls", "--part", "worker", "--principal", "User:a; rm -rf x"))

    assert "--principal" in line
