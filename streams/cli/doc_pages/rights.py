"""docs/rights.md: who needs which rights on Kafka, from the same list that workers check at their start."""

from itertools import groupby

from streams.cli.doc_pages.markdown import page, table
from streams.rights import PARTS, Part, Right, rights_of

APP_ID = "<app id>"
ABOUT: dict[Part, str] = {
    "worker": "Reads inputs and its own tables, writes results and dead letters.\n"
    "It cannot write what only other systems say, nor create or alter a topic.",
    "gateway": "Appends the orders that it accepted, and reads nothing.",
    "poll": "Appends what it found, keeps how far it read, and looks at what stands on its topics already.",
    "operator": "People at the command line: sets topics up, reads all of this application's topics, "
    "writes orders of people, sends letters back to where they came from, moves the group's offsets.\n"
    "No process that runs by itself has these rights.",
}


def rights() -> str:
    return page(
        "Rights on Kafka",
        "What each process needs, and nothing else: one Kafka user each.\n"
        "`commerce-streams topics acls` prints them for your settings; "
        "`--format kafka-acls` prints the commands that grant them.\n"
        "A worker, the gateway and the poll compare them with what the brokers grant, "
        "and do not start where one is missing: the line names it.\n"
        "All are ALLOW, on the whole name (LITERAL), with `allow.everyone.if.no.acl.found=false`.\n"
        "READ and WRITE include DESCRIBE; idempotent writing needs nothing beside WRITE; "
        "nothing is granted on the cluster.",
        *(f"## {part}\n\n{ABOUT[part]}\n\n{_table(part)}" for part in PARTS),
    )


def _table(part: Part) -> str:
    things = groupby(rights_of(part, APP_ID), lambda right: (right.kind, right.name))
    rows = [[kind, f"`{name}`", *_operations(list(some))] for (kind, name), some in things]
    return table(("on", "name", "operations", "only for"), rows)


def _operations(rights: list[Right]) -> list[str]:
    """Those that are always needed first; the others with what they are for."""
    labels = list(dict.fromkeys(right.when for right in rights))
    if len(labels) == 1:
        return [", ".join(right.operation for right in rights), labels[0]]
    named = [f"{right.operation} ({right.when})" if right.when else right.operation for right in rights]
    return [", ".join(named), ""]
