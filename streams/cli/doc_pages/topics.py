"""docs/topics.md: every topic and table, from their declarations and from the contracts."""

from schemas.catalogue import contract_of
from streams.cli.doc_pages.markdown import page, table
from streams.tables import TABLES, TableSpec, changelog, changelog_config
from streams.topics import TOPICS, Topic


def topics() -> str:
    return page(
        "Topics and tables",
        "`commerce-streams topics apply` creates what is missing and corrects settings.\n"
        "It never changes a number of partitions.\n"
        "Keys are UTF-8 text; values are Avro in Confluent's wire format, with the subject `<topic>-value`.\n"
        "Where no number of partitions is given, `STREAMS_KAFKA__PARTITIONS` holds.",
        "## Topics",
        table(
            ("topic", "key", "written by", "read by", "partitions", "settings"), [_topic_row(topic) for topic in TOPICS]
        ),
        *(_topic_part(topic) for topic in TOPICS),
        "## Tables",
        "Each table has a changelog, which rebuilds it.\nA changelog has these settings: "
        + ", ".join(f"`{name}={value}`" for name, value in changelog_config().items())
        + ".",
        *(_table_part(spec) for spec in TABLES),
    )


def _topic_row(topic: Topic) -> list[str]:
    settings = ", ".join(f"`{name}={value}`" for name, value in topic.config.items())
    partitions = str(topic.partitions or "as set")
    return [f"`{topic.name}`", topic.key, topic.written_by, topic.read_by, partitions, settings]


def _topic_part(topic: Topic) -> str:
    contract = contract_of(topic.name)
    head = f"### {topic.name}\n\n{topic.about}"
    record = contract.schema.record if contract is not None else None
    if contract is None or record is None:
        return f"{head}\nIts values are those of other topics, unchanged."
    fields = [[f"`{field.name}`", field.doc] for field in record.fields]
    schema = f"Schema: `{contract.record}` in `schemas/avro/{contract.file}.avsc`."
    return f"{head}\n{schema}\n\n{table(('field', 'what it says'), fields)}"


def _table_part(spec: TableSpec) -> str:
    partitions = str(spec.partitions or "as many as its inputs have")
    facts = (
        f"{spec.about}\n"
        f"Fed by {', '.join(f'`{topic}`' for topic in spec.fed_by)}.\n"
        f"Changelog: `{changelog('<app id>', spec)}`; partitions: {partitions}."
    )
    keys = table(("key begins with", "what it holds"), [[f"`{key}`", about] for key, about in spec.keys.items()])
    return f"### {spec.name}\n\n{facts}\n\n{keys}"
