"""Extensions that a proxy fetches by name (ECDS): the EXTENSION_CONFIG patches of its EnvoyFilters.

Source: pilot/pkg/networking/core/envoyfilter/extension_configuration_patch.go; contexts do not count.
"""

from lateen.compile.patches import Group, patches
from lateen.compile.resource import Resource, resource
from lateen.engine import Database, query
from lateen.model.view import View
from lateen.translate.patch_extension import name_of


@query
def extension(db: Database, view: View, name: str) -> Resource | None:
    """Return one extension's configuration, the first of its name; None when no patch has it."""
    added = (one for one in patches(db, view, Group.EXTENSIONS) if one.operation == "ADD")
    return next((resource(name, one.value) for one in added if name_of(one) == name), None)
