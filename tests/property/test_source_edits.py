"""Whatever is edited in whatever order: a store that looks at what has changed says and does what one does that looks at all."""

import random

import pytest

from lateen.api import facts
from lateen.api.check.dispatch import check
from lateen.api.finding import Finding, Level, Position
from lateen.api.meta import Ref
from lateen.api.registry import KINDS
from lateen.engine import Database
from lateen.sources import origin
from lateen.sources.admission import Admission
from lateen.sources.definitions import Source
from lateen.sources.documents import Texts
from lateen.sources.memory import from_text
from lateen.sources.mesh_settings import joined
from lateen.sources.origin import PLACES
from lateen.sources.store import API, FILES, Store

SEEDS, STEPS = 60, 12
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {{name: {}, namespace: {}}}\nspec: {{{}ports: [{{port: {}}}]}}\n"
DEPLOYMENT = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {}, namespace: {}}}\nspec: {{replicas: {},"
    " selector: {{matchLabels: {{a: a}}}}, template: {{metadata: {{labels: {{a: a, b: {}}}}},"
    " spec: {{containers: [{{name: a, image: a}}]}}}}}}\n"
)
POD = "apiVersion: v1\nkind: Pod\nmetadata: {{name: {}, namespace: {}}}\nspec: {{containers: [{{name: a, image: a}}]}}\n{}"
ENDPOINTS = "apiVersion: v1\nkind: Endpoints\nmetadata: {{name: {}, namespace: {}}}\nsubsets: [{{addresses: [{{ip: 1.2.3.4}}]}}]\n"
RULE = (
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: {}, namespace: {}}}\n"
    "spec: {{hosts: [{}], http: [{{route: [{{destination: {{host: a}}, weight: {}}}], timeout: {}}}]}}\n"
)
SETTINGS = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: istio, namespace: istio-system}}\ndata: {{mesh: '{}'}}\n"
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {}, labels: {{mesh: '{}'}}}}\n"
OTHERS = [
    "a: [\n",
    "kind: Foo\n",
    "{}\n",
    "# nothing\n",
    "expectations: []\n",
    SERVICE.format("a", "x", "type: 5, ", 1),
]
BUILT_IN = SERVICE.format("a", "x", "", 9) + "---\n" + SERVICE.format("z", "x", "", 70000)
SELECTED = 'discoverySelectors: [{matchLabels: {mesh: "yes"}}]'


class Exhaustive(Store):
    """Looks at everything each time."""

    def __init__(self, db, judge):
        super().__init__(db, judge)
        held = db.read(PLACES)
        held.sources = self._sources = {name: ExhaustiveSource(judge) for name in held.sources}
        held.admission = self._admission = ExhaustiveAdmission()


class ExhaustiveSource(Source):
    def _of_parts_that_differ(self, load):  # noqa: ARG002  as the other
        return None


class ExhaustiveAdmission(Admission):
    def _amended(self, changes):  # noqa: ARG002  as the other
        return None


def document(draw: random.Random, *, settings: bool) -> str:
    names = draw.choice("abcd"), draw.choice("xw")
    address = f"clusterIP: 10.96.{draw.choice((1, 162, 53))}.{draw.choice((1, 2))}, "
    own = f"status: {{podIP: 10.244.{draw.choice((1, 2))}.{draw.choice((1, 2))}}}\n"
    several = [
        SERVICE.format(
            *names,
            draw.choice(["", "selector: {a: a}, ", address, "type: ExternalName, "]),
            draw.choice([1, 2, "x"]),
        ),
        DEPLOYMENT.format(*names, draw.choice([0, 1, 2]), draw.choice("uv")),
        POD.format(*names, draw.choice(["", own])),
        RULE.format(
            *names, draw.choice(["h", "'*'"]), draw.choice([0, 1, "q"]), draw.choice(["1s", "5", "0.5ms"])
        ),
        NAMESPACE.format(draw.choice("xw"), draw.choice(["yes", "no"])),
        draw.choice(OTHERS),
    ]
    if settings:
        several += [
            ENDPOINTS.format(*names),
            SETTINGS.format(draw.choice(["", SELECTED, "accessLogFile: x", "accessLogFile: 5"])),
        ]
    return draw.choice(several)


class Editor:
    """Somebody who edits files, whose directory may vanish, and applies objects."""

    def __init__(self, draw: random.Random, *, settings: bool):
        self.draw, self.settings = draw, settings
        self.files = {
            f"d{draw.choice('12')}/{i}.yaml": self.documents(3) for i in range(draw.choice([3, 6, 12]))
        }
        self.built_in = from_text(BUILT_IN if draw.random() < 0.5 else "", "built-in")
        self.texts = Texts()
        self.is_gone = False

    def documents(self, most):
        return "---\n".join(
            document(self.draw, settings=self.settings) for _ in range(self.draw.randint(1, most))
        )

    def edit(self):
        file = self.draw.choice(list(self.files) or ["d1/0.yaml"])
        match self.draw.choice(["write"] * 4 + ["delete", "add", "reorder", "move", "vanish", "same"]):
            case "write":
                self.files[file] = self.documents(2)
                if not self.is_gone and self.draw.random() < 0.5:
                    return self.texts.change({file: self.files[file]})
            case "delete":
                self.files.pop(file, None)
            case "add":
                self.files[f"d{self.draw.choice('12')}/new{self.draw.randrange(5)}.yaml"] = self.documents(1)
            case "reorder":
                files = list(self.files.items())
                self.draw.shuffle(files)
                self.files = dict(files)
            case "move":
                self.files[file] = "# moved\n" + self.files.get(file, "")
            case "vanish":
                self.is_gone = not self.is_gone
        return self.load()

    def load(self):
        lost = Finding("X", Level.ERROR, None, "", "gone", where=Position("d1", 1))
        there = [one for one in self.files.items() if not (self.is_gone and one[0].startswith("d1/"))]
        return self.texts.load(there, [lost] if self.is_gone else [])


def state(store: Store):
    """Everything there is to see."""
    refs = [
        ref for kind in (*KINDS, Ref) for ref in facts.refs(store.db, getattr(kind, "name", "MeshConfig"))
    ]
    return (
        [(ref, facts.get(store.db, ref), store.owner(ref), origin.of(store.db, ref)) for ref in refs],
        [store.defined(source) for source in (API, FILES)],
        store.db.revision,
    )


@pytest.mark.parametrize("seed", range(SEEDS))
def test_looking_at_what_changed_is_looking_at_all(seed: int) -> None:
    draw = random.Random(seed)
    judge = check if seed % 3 else None
    quick, thorough = Store(Database(), judge), Exhaustive(Database(), judge)
    editor = Editor(draw, settings=seed % 2 == 0)
    first = joined(editor.built_in, editor.load())
    assert quick.replace(FILES, first) == thorough.replace(FILES, first)
    for _ in range(STEPS):
        match draw.choice(["edit"] * 6 + ["apply", "delete"]):
            case "edit":
                load = joined(editor.built_in, editor.edit())
                told = [store.replace(FILES, load) for store in (quick, thorough)]
            case "apply":
                load = from_text(document(draw, settings=editor.settings), "api")
                told = [store.add(API, load) for store in (quick, thorough)]
            case "delete":
                refs = [Ref("Service", "x", "a"), Ref("VirtualService", "x", "b"), Ref("Pod", "w", "a")]
                told = [store.remove(API, refs) for store in (quick, thorough)]
        assert told[0] == told[1]
        assert state(quick) == state(thorough)


def test_an_edit_of_one_file_looks_at_no_other() -> None:
    """Files whose text cannot be read a second time: nobody does."""
    files = {f"{number}.yaml": SERVICE.format(f"s{number}", "x", "", 1) for number in range(50)}
    files["deployment.yaml"] = DEPLOYMENT.format("d", "x", 2, "u")
    texts, store = Texts(), Store(Database(), check)
    store.replace(FILES, texts.load(files.items()))
    looked: list[str] = []
    for source in store._sources.values():
        settle = source._settle
        source._settle = lambda ref, *rest, settle=settle: (looked.append(str(ref)), settle(ref, *rest))[1]
    store._admission._renewed = lambda: pytest.fail("everything was put together anew")
    applied = store.replace(FILES, texts.change({"7.yaml": SERVICE.format("s7", "x", "", 2)}))
    assert (applied.changed, looked) == ((Ref("Service", "x", "s7"),), ["Service x/s7"])
    applied = store.replace(FILES, texts.change({"deployment.yaml": DEPLOYMENT.format("d", "x", 2, "v")}))
    assert [ref.kind for ref in applied.changed] == ["Deployment", "Pod", "Pod"]
    assert [ref.kind for ref in applied.removed] == ["Pod", "Pod"]
    applied = store.replace(FILES, texts.change({"new.yaml": SERVICE.format("new", "x", "", 2)}))
    assert applied.changed == (Ref("Service", "x", "new"),)
    assert looked[1:] == ["Deployment x/d", "Service x/new"]
