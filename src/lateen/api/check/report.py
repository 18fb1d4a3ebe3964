"""Collects findings about one object."""

from lateen.api import codes
from lateen.api.finding import Finding, Level
from lateen.api.meta import Ref


class Report:
    """The findings about one object, in the order in which they were found.

    Attributes:
        ref: the object.
        found: the findings.
    """

    __slots__ = ("found", "ref")

    def __init__(self, ref: Ref) -> None:
        """Begin with nothing found."""
        self.ref = ref
        self.found: list[Finding] = []

    def error(self, path: str, message: str, suggestion: str = "", code: str = codes.SCHEMA) -> None:
        """Note something that istiod or Kubernetes refuses."""
        self.found.append(Finding(code, Level.ERROR, self.ref, path, message, suggestion))

    def warning(
        self, path: str, message: str, suggestion: str = "", code: str = codes.SCHEMA_WARNING
    ) -> None:
        """Note something that istiod warns about, or that is probably not what was meant."""
        self.found.append(Finding(code, Level.WARNING, self.ref, path, message, suggestion))

    def note(self, path: str, message: str, suggestion: str = "") -> None:
        """Note something worth knowing."""
        self.found.append(Finding(codes.SCHEMA_WARNING, Level.INFO, self.ref, path, message, suggestion))

    def envoy(self, path: str, message: str) -> None:
        """Note something that istiod accepts and Envoy would refuse, which would stop every other change, too."""
        self.error(path, message, code=codes.ENVOY)

    def wrong(self, path: str, message: str, suggestion: str = "") -> bool:
        """Note an error unless the message is empty; tells whether there was one."""
        if message:
            self.error(path, message, suggestion)
        return bool(message)
