"""What this application is made of.

python -m tests.supply_chain sbom [FILE]   write the bill of materials (CycloneDX) and compare it with the lock
python -m tests.supply_chain licences      print each package with its licence
python -m tests.supply_chain audit         ask for known vulnerabilities; exit code 77 where nobody answers
python -m tests.supply_chain secrets       look for secrets in the files of the project
python -m tests.supply_chain history       look for secrets in all that git keeps of them; 77 where it keeps nothing
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.supply_chain import audit, bill, secrets_scan
from tests.supply_chain.environment import OURS, ROOT, differences, installed, locked_here, running

SBOM = ROOT / "out" / "sbom.cdx.json"


def sbom(file: Path = SBOM) -> int:
    here = running(installed())
    listed = bill.write(here, file)
    print(f"{listed} packages in {file}")
    return _failing(differences(here, locked_here()))


def licences() -> int:
    here = running(installed())
    for one in sorted(here.values()):
        if one.name != OURS:
            print(f"{one.name} {one.version}: {bill.licence_of(one)}")
    return _failing([f"not allowed: {line}" for line in bill.unwelcome(here)])


def audited() -> int:
    accepted = audit.read_accepted(audit.ACCEPTED.read_text(encoding="utf-8"))
    today = datetime.now(UTC).date()  # noqa: TID251  an acceptance ends by the calendar
    code, lines = audit.audit(audit.ask(), accepted, today)
    print("\n".join(lines))
    return code


def secrets() -> int:
    found = secrets_scan.scan()
    print(f"{len(secrets_scan.files())} files looked through")
    return _failing(found)


def history() -> int:
    try:
        found = secrets_scan.scan_history()
    except secrets_scan.NoHistoryError as error:
        print(f"not run: {error}")
        return audit.SKIPPED
    print("the whole history looked through")
    return _failing(found)


def _failing(lines: list[str]) -> int:
    for line in lines:
        print(line)
    return int(bool(lines))


COMMANDS = {"sbom": sbom, "licences": licences, "audit": audited, "secrets": secrets, "history": history}


def main(words: list[str]) -> int:
    if words[:1] == ["sbom"] and len(words) == 2:
        return sbom(Path(words[1]))
    if len(words) != 1 or words[0] not in COMMANDS:
        print(__doc__, file=sys.stderr)
        return 2
    return COMMANDS[words[0]]()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
