"""The errors of a failing world, and the typed failure of a run.

::

    EcosystemError
    ├── BadInput            something a person gave is wrong: what, where, what was expected
    ├── PortError
    │   ├── Unavailable     the thing is down or full; try again later
    │   ├── Conflict        the same name with other content, or a stale position
    │   ├── Corrupt         stored bytes are not what was written
    │   ├── Forbidden       not allowed
    │   └── NotFound        no such thing
    ├── Storm               too many messages at one instant, or over the run's budget
    ├── Divergence          a re-execution said something else than the record
    └── ComponentFault      a bug: an assertion inside a component, with seed and sequence
"""

from __future__ import annotations


class EcosystemError(Exception):
    """Base of every error that this package raises on purpose."""


class BadInput(EcosystemError):
    """Input from a person that cannot be used. ``place`` is ``file:line:column`` or an option's name."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}" if place else problem)
        self.place = place
        self.problem = problem


class PortError(EcosystemError):
    """A failing world, as seen through a port."""


class Unavailable(PortError):
    """The thing behind the port cannot be reached, or is full. ``retry_after``: in how many seconds to try again, if known."""

    def __init__(self, problem: str, retry_after: float | None = None) -> None:
        super().__init__(problem)
        self.retry_after = retry_after


class Conflict(PortError):
    """The same name was used with other content."""


class Corrupt(PortError):
    """Stored bytes are damaged; the message names the first bad place."""


class Forbidden(PortError):
    """The caller may not do this."""


class NotFound(PortError):
    """There is no such thing."""


class Storm(EcosystemError):
    """A run that says too much; the message names the loop."""


class Divergence(EcosystemError):
    """A re-execution differs from the record; ``sequence`` is the first entry that does."""

    def __init__(self, sequence: int, line_number: int, detail: str) -> None:
        super().__init__(f"entry {line_number} (sequence {sequence}) differs: {detail}")
        self.sequence = sequence
        self.line_number = line_number


class ComponentFault(EcosystemError):
    """A component broke one of its own assertions."""

    def __init__(self, component: str, sequence: int, seed: int, detail: str) -> None:
        super().__init__(f"component {component} failed at sequence {sequence} (seed {seed}): {detail}")
        self.component = component
        self.sequence = sequence
