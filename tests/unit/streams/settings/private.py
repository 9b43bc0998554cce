"""Files that hold secrets, as an operator should make them."""

import os
from pathlib import Path


def private(path: Path, content: str | bytes, mode: int = 0o600) -> Path:
    """Written as a whole beside the old one and put in its place, as orchestrators do."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
    part.chmod(mode)
    return part.replace(path)
