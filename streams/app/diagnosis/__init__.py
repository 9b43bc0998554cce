"""What `doctor` looks at: every check says how it stands and what to do, and none stops the others."""

from streams.app.diagnosis.check import Check, Verdict
from streams.app.diagnosis.examination import Examination

__all__ = ["Check", "Examination", "Verdict"]
