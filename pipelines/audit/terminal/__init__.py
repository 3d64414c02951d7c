"""What the audit found, as tables for a terminal of 80 columns."""

from pipelines.audit.terminal.checks import check, memorised, verdict
from pipelines.audit.terminal.images import contamination, excluded, life, works
from pipelines.audit.terminal.tables import show
from pipelines.audit.terminal.versions import diff, log
from pipelines.audit.terminal.why import why

__all__ = ["check", "contamination", "diff", "excluded", "life", "log", "memorised", "show", "verdict", "why", "works"]
