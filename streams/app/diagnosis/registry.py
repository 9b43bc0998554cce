"""The schema registry: its rule, and whether this release's schemas are in it."""

from collections.abc import Iterator

from schemas.catalogue import CONTRACTS
from schemas.compatibility import differences
from streams.app.diagnosis.check import Check
from streams.runtime.registry import HttpRegistry

WANTED = frozenset({"BACKWARD", "BACKWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE"})


def reach(registry: HttpRegistry) -> Iterator[Check]:
    """The first question shows whether it answers at all."""
    registry.id_of(CONTRACTS[0].subject, CONTRACTS[0].schema_text)
    rule = _rule(registry)
    if rule in WANTED:
        yield Check("registry", "ok", f"answers; compatibility {rule}")
    else:
        yield Check(
            "registry",
            "warn",
            f"answers, but its compatibility is {rule}: it takes schemas that readers cannot read",
            'Set it: PUT /config with {"compatibility": "BACKWARD"}.',
        )


def _rule(registry: HttpRegistry) -> str:
    try:
        return registry.compatibility()
    except Exception as error:  # noqa: BLE001  the client raises whatever its HTTP library met
        return f"unknown ({type(error).__name__})"


def schemas(registry: HttpRegistry) -> Iterator[Check]:
    missing = [one for one in CONTRACTS if registry.id_of(one.subject, one.schema_text) is None]
    for contract in missing:
        latest = registry.latest(contract.subject)
        against = differences(latest, contract.schema_text) if latest is not None else []
        if against:
            what = f"{contract.subject}: another schema is registered: {'; '.join(against)}"
            yield Check("schemas", "fail", what, "See docs/operations.md, changing a schema.")
    plain = [one.subject for one in missing if registry.latest(one.subject) is None]
    if plain:
        yield Check("schemas", "fail", f"not registered: {', '.join(plain)}", "Run `commerce-streams schemas apply`.")
    if not missing:
        yield Check("schemas", "ok", f"all {len(CONTRACTS)} are registered")
