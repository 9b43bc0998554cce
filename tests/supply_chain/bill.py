"""The software bill of materials (CycloneDX 1.6) of what the application runs with, from what is really installed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from tests.supply_chain.environment import OURS, Installed

STATED: Mapping[str, str] = {
    "faust-streaming": "BSD-3-Clause",
    "httpx-aiohttp": "BSD-3-Clause",
    "venusian": "BSD-3-Clause-Modification",
}
"""Licences read in the package itself, where its metadata has no name for them."""
ALLOWED = frozenset(
    {
        "Apache Software License",
        "Apache-2.0",
        "Apache-2.0 AND BSD-2-Clause",
        "Apache-2.0 AND MIT",
        "Apache-2.0 OR BSD-2-Clause",
        "Apache-2.0 OR BSD-3-Clause",
        "BSD License",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "BSD-3-Clause-Modification",
        "MIT",
        "MIT License",
        "MIT OR Apache-2.0",
        "MIT-0",
        "PSF-2.0",
        "Python Software Foundation License",
    }
)
WITH_A_REASON: Mapping[tuple[str, str], str] = {
    ("certifi", "Mozilla Public License 2.0 (MPL 2.0)"): "a list of authorities, used as it is",
    ("pycountry", "LGPL-2.1-only"): "a table of countries, installed beside and used as it is",
}


def licence_of(one: Installed) -> str:
    return STATED.get(one.name, one.licence)


def unwelcome(here: Mapping[str, Installed]) -> list[str]:
    """Packages whose licence nobody allowed, in words."""
    return [
        f"{one.name} {one.version}: {licence_of(one) or 'no licence is stated'}"
        for one in here.values()
        if licence_of(one) not in ALLOWED and (one.name, licence_of(one)) not in WITH_A_REASON
    ]


def bill(here: Mapping[str, Installed]) -> dict[str, Any]:  # Any: a JSON document
    """The same for the same packages, but for its serial number and its time."""
    bom = Bom()
    parts = {name: _component(one) for name, one in sorted(here.items())}
    bom.metadata.component = parts.pop(OURS)
    bom.components.update(parts.values())
    everything = {**parts, OURS: bom.metadata.component}
    for name, component in everything.items():
        needed = {needs for needs, _ in here[name].needs("") if needs in parts}
        bom.register_dependency(component, [parts[one] for one in sorted(needed)])
    found: dict[str, Any] = json.loads(JsonV1Dot6(bom).output_as_string())
    return found


def write(here: Mapping[str, Installed], file: Path) -> int:
    """How many packages it lists."""
    file.parent.mkdir(parents=True, exist_ok=True)
    made = bill(here)
    file.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    return len(made["components"])


def listed(made: Mapping[str, Any]) -> dict[str, str]:  # Any: as above
    """Name → version, of a bill."""
    return {one["name"]: one["version"] for one in made["components"]}


def _component(one: Installed) -> Component:
    purl = PackageURL("pypi", None, one.name, one.version)
    licences = [LicenseFactory().make_from_string(licence_of(one))] if licence_of(one) else []
    kind = ComponentType.APPLICATION if one.name == OURS else ComponentType.LIBRARY
    return Component(name=one.name, version=one.version, type=kind, bom_ref=str(purl), purl=purl, licenses=licences)
