"""A proxy's bootstrap after the patches of its EnvoyFilters; asked for when the proxy starts."""

from lateen.compile.patches import Group, patches
from lateen.engine import Database
from lateen.model.view import View
from lateen.translate import patch_bootstrap


def patched_bootstrap(db: Database, view: View, text: bytes) -> bytes:
    """Return a bootstrap in proto JSON with the proxy's BOOTSTRAP patches merged in."""
    return patch_bootstrap.patched(text, patches(db, view, Group.BOOTSTRAP))
