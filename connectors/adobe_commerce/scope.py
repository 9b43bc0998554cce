"""Where a deployment keeps its API: the store stands in the path of PaaS and in a header of SaaS."""

from collections.abc import Mapping

from connectors.adobe_commerce.settings import Settings
from connectors.core.paths import Path, path


def route(settings: Settings, template: str, **values: str | int) -> Path:
    """The route below V1, with its prefix on the wire and without it in `template`.

    Raises:
        RejectedPayloadError: a value that no path can carry.
    """
    below = path(f"V1/{template}", **values)
    prefix = settings.tenant if settings.deployment == "saas" else f"rest/{settings.store}"
    return Path(f"/{below.template}", f"{prefix}/{below.encoded}")


def headers(settings: Settings) -> Mapping[str, str]:
    return {"Store": settings.store} if settings.deployment == "saas" else {}
