"""docs/connectors.md: what each connector says of itself in its manifest."""

from connectors.core import registry
from connectors.core.manifest import RULES, Exempt, Manifest
from streams.cli.doc_pages.markdown import page, table


def connectors() -> str:
    manifests = [registry.load(name).manifest for name in registry.names()]
    rules = [[f"`{rule}`", *(_answer(manifest, rule) for manifest in manifests)] for rule in RULES]
    return page(
        "Connectors",
        "A connector is one folder below `connectors/`; its manifest says what it speaks and how it answers each rule.",
        table(
            ("connector", "product", "ports", "API", "signs in by"),
            [
                [
                    f"[{manifest.name}](../connectors/{manifest.name}/README.md)",
                    manifest.product,
                    ", ".join(manifest.ports),
                    ", ".join(manifest.api_versions),
                    ", ".join(f"`{kind}`" for kind in manifest.auth),
                ]
                for manifest in manifests
            ],
        ),
        "## Rules",
        table(("rule", *(manifest.name for manifest in manifests)), rules),
        *(_manifest(manifest) for manifest in manifests),
    )


def _answer(manifest: Manifest, rule: str) -> str:
    answer = manifest.rules[rule]
    return f"exempt: {answer.why}" if isinstance(answer, Exempt) else answer


def _manifest(manifest: Manifest) -> str:
    calls = [
        [f"`{name}`", f"`{one.call}`", one.idempotency.replace("_", " "), f"`{one.permission}`"]
        for name, one in manifest.operations.items()
    ]
    limits = [
        [f"`{name}`", limit.unit, _number(limit.least), _number(limit.default), _number(limit.most), limit.source]
        for name, limit in manifest.limits.items()
    ]
    return "\n\n".join(
        (
            f"## {manifest.name}",
            manifest.summary,
            table(("operation", "call", "when repeated", "permission"), calls),
            table(("bound", "unit", "least", "default", "most", "source"), limits),
        )
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"
