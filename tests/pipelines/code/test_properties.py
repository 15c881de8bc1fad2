"""Random projects whose dependencies are known: closures and packages must agree with them."""

import importlib
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.pipelines.code.projects import changed, load
from tests.pipelines.code.running import importable, lay_out

MODULES = ("pipeline", "hyp_one", "hyp_pack.two", "hyp_pack.sub.three", "hyp_four")
STYLES = ("module", "from", "local", "comprehension", "lambda", "nested", "getattr")
FAST = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@dataclass(frozen=True)
class Item:
    """A function, a constant or a list; it uses items of lower number only."""

    number: int
    kind: str
    home: str
    uses: tuple[tuple[int, str], ...]
    value: int
    filled_from: str = ""

    @property
    def name(self):
        return f"{self.kind}_{self.number}"


@st.composite
def projects(draw):
    items = []
    for number in range(draw(st.integers(3, 10))):
        home = draw(st.sampled_from(MODULES))
        kind = draw(st.sampled_from(("step", "step", "step", "value", "rows", "kind")))
        uses = ()
        if number and kind in ("step", "kind"):
            numbers = draw(st.lists(st.integers(0, number - 1), max_size=3, unique=True))
            uses = tuple((each, draw(st.sampled_from(STYLES))) for each in numbers)
        filled = draw(st.sampled_from(("", *MODULES[1:]))) if kind == "rows" else ""
        items.append(Item(number, kind, home, uses, draw(st.integers(0, 9)), filled))
    # One function in the pipeline reaches something, so that there is always something to ask about.
    last = len(items)
    items.append(Item(last, "step", "pipeline", ((draw(st.integers(0, last - 1)), draw(st.sampled_from(STYLES))),), 1))
    return items


def expression(item):
    return {
        "step": f"{item.name}(x)",
        "value": item.name,
        "rows": f"sum({item.name})",
        "kind": f"{item.name}().get(x)",
    }[item.kind]


def mention(item, used, style):
    """Lines before, and an expression that uses ``used`` in ``item``."""
    local = used.home == item.home
    plain = expression(used)
    through = plain if local else plain.replace(used.name, f"M_{used.home.replace('.', '_')}.{used.name}")
    if local and style in ("from", "local", "getattr"):
        style = "module"
    if style == "from":
        return [f"from {used.home} import {used.name} as n{used.number}"], plain.replace(used.name, f"n{used.number}")
    if style == "local":
        return [f"import {used.home}"], plain.replace(used.name, f"{used.home}.{used.name}")
    if style == "getattr":
        return [], plain.replace(used.name, f"getattr(M_{used.home.replace('.', '_')}, '{used.name}')")
    if style == "comprehension":
        return [], f"sum([{through} for _ in (1, 2)])"
    if style == "lambda":
        return [], f"(lambda: {through})()"
    if style == "nested":
        return [f"def inner_{used.number}(x):", f"    return {through}"], f"inner_{used.number}(x)"
    return [], through


def lines(items, item, noise):
    comment = f"  # {noise}" if noise else ""
    doc = [f"    '''{noise}'''"] if noise else []
    if item.kind == "value":
        return [f"{item.name} = {item.value}{comment}"]
    if item.kind == "rows":
        own = [f"{item.name}.append({item.value})"] if not item.filled_from else []
        return [f"{item.name} = [0]{comment}", *own]
    before, parts = [], [str(item.value)]
    for number, style in item.uses:
        more, part = mention(item, items[number], style)
        before += more
        parts.append(part)
    body = [*(f"    {each}" for each in before), f"    return {' + '.join(parts)}{comment}"]
    if item.kind == "step":
        return [f"def {item.name}(x):", *doc, *body]
    return [f"class {item.name}:", *doc, "    def get(self, x):", *(f"    {each}" for each in body)]


def source(items, module, noise="", flip=False):
    # Imports stand last: modules import each other in a ring, and what they change must be there by then.
    others = [f"import {each} as M_{each.replace('.', '_')}" for each in MODULES if each != module]
    blocks = [lines(items, each, noise) for each in items if each.home == module]
    if flip:
        blocks.reverse()
    filling = [
        f"M_{each.home.replace('.', '_')}.{each.name}.append({each.value})"
        if each.home != module
        else f"{each.name}.append({each.value})"
        for each in items
        if each.filled_from == module
    ]
    return "\n".join(
        [*([f"# {noise}"] if noise else []), *(line for block in blocks for line in block), *others, *filling, ""]
    )


def files(items, **options):
    found = {f"{each.replace('.', '/')}.py": source(items, each, **options) for each in MODULES}
    return found | {"hyp_pack/__init__.py": "", "hyp_pack/sub/__init__.py": ""}


def reaching(items, number):
    """The functions of the pipeline that reach an item."""
    reached = {number}
    for item in items:
        if any(each in reached for each, _ in item.uses):
            reached.add(item.number)
    return {each.name for each in items if each.number in reached and each.kind == "step" and each.home == "pipeline"}


class TestRandomProjects:
    """Whatever the shape of the project."""

    @FAST
    @given(items=projects(), data=st.data())
    def test_an_edit_changes_exactly_the_dependants(self, items, data):
        """An edit to any item changes the closures of the functions that reach it, and no others."""
        number = data.draw(st.integers(0, len(items) - 1))
        edited = [Item(**{**vars(each), "value": each.value + 1}) if each.number == number else each for each in items]
        assert changed(files(items), files(edited)) == reaching(items, number)

    @FAST
    @given(items=projects(), noise=st.sampled_from(("a comment", "another")))
    def test_text_that_means_nothing_changes_nothing(self, items, noise):
        """Comments and docstrings, and the order of definitions."""
        assert changed(files(items), files(items, noise=noise)) == set()
        independent = [each for each in items if each.kind != "rows"]
        if len(independent) == len(items):
            assert changed(files(items), files(items, flip=True)) == set()

    @FAST
    @given(items=projects())
    def test_a_package_computes_what_the_project_computes(self, items):
        """Extracted functions run and agree, and every edit that shows in a result shows in a closure."""
        names = [each.name for each in items if each.kind == "step" and each.home == "pipeline"]
        with TemporaryDirectory() as folder:
            root = Path(folder).resolve()
            code = load(root / "project", files(items))
            lay_out(root / "packages" / "hyp_private", code.extract(names))
            with importable(root / "project"):
                module = importlib.import_module("pipeline")
                expected = [getattr(module, name)(3) for name in names]
            with importable(root / "packages"):
                module = importlib.import_module("hyp_private.pipeline")
                assert [getattr(module, name)(3) for name in names] == expected
