"""Which edit runs which function again: exactly the dependants."""

import pytest

from regrove.errors import InvalidInput, NotFound
from regrove.pipelines.code import Codebase
from tests.pipelines.code.projects import changed, closures, edited, load

PROJECT = {
    "pipeline.py": '''
        """What the project does."""
        import polars as pl
        from regrove import Params, step
        import stats
        import shapes.round as circle
        from shapes import area as size, corners
        from deep.first import start
        from plain import *

        # A comment.
        LIMIT = 15
        UNUSED = 3
        LEFT, RIGHT = 1, 2
        TABLE = {"a": 1}
        TABLE["b"] = 2
        NAMES = []
        NAMES.append("x")
        COUNT = 0

        def marked(function):
            """A decorator."""
            return function

        def other_mark(function):
            return function

        class Base:
            """A base."""
            factor = 2

            def scaled(self, x):
                return x * self.factor

        class Child(Base):
            offset = 1

        def limited(x: "int") -> int:
            """Cut off."""
            return min(x, LIMIT)

        def unused_here(x):
            return x + 1

        @marked
        def decorated(x):
            return x

        def defaulted(x, by=LEFT):
            return x + by

        def tabled(x):
            return TABLE[x]

        def named():
            return NAMES

        def measured(x):
            return stats.mean(x)

        def spread(x):
            return stats.deviation(x)

        def round_size(x):
            return circle.area(x)

        def sized(x):
            return size(x)

        def cornered(x):
            return corners(x)

        def deep(x):
            return start(x)

        def scaled(x):
            return Child().scaled(x)

        def shadowed(LIMIT):
            TABLE = [LIMIT]
            return TABLE

        def comprehended(xs):
            return [LIMIT for LIMIT in xs] + [y for y in xs if y > RIGHT]

        def nested(x):
            def inner(y):
                return y + UNUSED
            return inner(x)

        def lambdas(x):
            return (lambda y: limited(y))(x)

        @step(retries=1)
        def stepped(x):
            return x
    ''',
    "stats.py": """
        from numbers_of import one

        SCALE = 1.0

        def mean(x):
            return sum(x) / len(x) * one()

        def deviation(x):
            return max(x) * SCALE
    """,
    "numbers_of.py": """
        def one():
            return 1
    """,
    "shapes/__init__.py": """
        from .flat import area
        from .flat import corners
    """,
    "shapes/flat.py": """
        from . import round

        def area(x):
            return x * x

        def corners(x):
            return 4 if round.area(x) else 0
    """,
    "shapes/round.py": """
        import shapes.flat
        PI = 3.14

        def area(x):
            return PI * shapes.flat.area(x)
    """,
    "deep/__init__.py": "",
    "deep/first.py": "from deep import second\ndef start(x):\n    return second.go(x)\n",
    "deep/second.py": "from .third import last as z\ndef go(x):\n    return z(x)\n",
    "deep/third.py": "STEP = 1\ndef last(x):\n    return x + STEP\ndef other():\n    return 2\n",
    "plain.py": "",
}

SAME = [
    ("pipeline.py", "# A comment.", "# Another one."),
    ("pipeline.py", '"""Cut off."""', '"""Cut it off."""'),
    ("pipeline.py", '"""A base."""', ""),
    ("pipeline.py", '"""What the project does."""', ""),
    ("pipeline.py", "return min(x, LIMIT)", "return (\n        min(x,   LIMIT)\n    )"),
    ("pipeline.py", "    return x + 1\n", "    return x + 17\n"),
    ("pipeline.py", "@step(retries=1)", "@step(retries=5, backoff_s=2.0)"),
    ("pipeline.py", "@step(retries=1)\n", ""),
    ("pipeline.py", "COUNT = 0", "COUNT = 1"),
    ("pipeline.py", "COUNT = 0", ""),
    ("pipeline.py", "LIMIT = 15\nUNUSED = 3\n", "UNUSED = 3\nLIMIT = 15\n"),
    ("pipeline.py", "import stats\nimport shapes.round as circle\n", "import shapes.round as circle\nimport stats\n"),
    ("pipeline.py", "from shapes import area as size, corners", "from shapes import (corners, area as size)"),
    ("shapes/flat.py", "from . import round", "from shapes import round"),
    ("deep/third.py", "return 2", "return 3"),
    ("plain.py", "", "ANYTHING = 1\n"),
]

DEPENDANTS = [
    ("numbers_of.py", "return 1", "return 2", {"measured"}),
    ("deep/third.py", "return x + STEP", "return x - STEP", {"deep"}),
    ("deep/third.py", "STEP = 1", "STEP = 2", {"deep"}),
    ("stats.py", "SCALE = 1.0", "SCALE = 1", {"spread"}),
    ("pipeline.py", "LIMIT = 15", "LIMIT = 16", {"limited", "lambdas"}),
    ("pipeline.py", "UNUSED = 3", "UNUSED = 4", {"nested"}),
    ("pipeline.py", "LEFT, RIGHT = 1, 2", "LEFT, RIGHT = 1, 3", {"defaulted", "comprehended"}),
    ("pipeline.py", "by=LEFT", "by=RIGHT", {"defaulted"}),
    ("pipeline.py", "@marked\n", "@other_mark\n", {"decorated"}),
    ("pipeline.py", '"""A decorator."""\n    return function', "return print or function", {"decorated", "marked"}),
    ("pipeline.py", 'TABLE["b"] = 2', 'TABLE["b"] = 3', {"tabled"}),
    ("pipeline.py", 'TABLE["b"] = 2', "TABLE.other = 2", {"tabled"}),
    ("pipeline.py", 'NAMES.append("x")', 'NAMES.append("y")', {"named"}),
    ("pipeline.py", 'NAMES.append("x")', "", {"named"}),
    ("pipeline.py", "factor = 2", "factor = 3", {"scaled"}),
    ("pipeline.py", "class Child(Base)", "class Child(Base, object)", {"scaled"}),
    ("pipeline.py", "offset = 1", "offset = 2", {"scaled"}),
    ("pipeline.py", '-> int:\n    """Cut', '-> float:\n    """Cut', {"limited", "lambdas"}),
    ("shapes/round.py", "PI = 3.14", "PI = 3.1416", {"round_size", "cornered"}),
    ("shapes/flat.py", "return x * x", "return x ** 2", {"round_size", "cornered", "sized"}),
    ("shapes/flat.py", "return 4 if", "return 5 if", {"cornered"}),
    ("shapes/__init__.py", "from .flat import area\n", "from .round import area\n", {"sized"}),
]


class TestEdits:
    """A change of a closure is a reason to run again."""

    @pytest.mark.parametrize(("path", "old", "new"), SAME)
    def test_runs_nothing(self, path, old, new):
        """Comments, docstrings, layout, what nobody uses and independent order are no reason."""
        after = {**PROJECT, path: new} if not old else edited(PROJECT, path, old, new)

        assert changed(PROJECT, after) - {"unused_here"} == set()

    @pytest.mark.parametrize(("path", "old", "new", "expected"), DEPENDANTS)
    def test_runs_exactly_the_dependants(self, path, old, new, expected):
        """An edit changes the closure of each function that can reach it, and of no other."""
        assert changed(PROJECT, edited(PROJECT, path, old, new)) == expected

    def test_two_loads_agree(self):
        """A closure depends on the text alone."""
        assert closures(PROJECT) == closures(PROJECT)


def project(text, **files):
    """A project of one module and perhaps some more; ``other__py`` names ``other.py``."""
    return {
        "pipeline.py": text,
        **{path.replace("__py", ".py").replace("0", "/"): each for path, each in files.items()},
    }


def check(files, path, old, new, expected):
    assert changed(files, edited(files, path, old, new)) == expected


class TestModuleState:
    """Statements at module level that change what a function uses."""

    def test_store_into_attribute_of_object(self):
        """``x.attr = ...`` is part of x."""
        files = project("class C: pass\nx = C()\nx.a = 1\ndef f(): return x\ndef g(): return C\n")
        check(files, "pipeline.py", "x.a = 1", "x.a = 2", {"f"})

    def test_call_for_its_effect(self):
        """A call whose result is thrown away may change its arguments."""
        files = project(
            "import random\nxs = [1, 2]\nys = [1]\nrandom.shuffle(xs)\ndef f(): return xs\ndef g(): return ys\n"
        )
        check(files, "pipeline.py", "random.shuffle(xs)\n", "", {"f"})

    def test_change_under_another_name(self):
        """An alias changes the object itself."""
        files = project("a = []\nb = a\nb.append(1)\nc = []\ndef f(): return a\ndef g(): return c\n")
        check(files, "pipeline.py", "b.append(1)", "b.append(2)", {"f"})

    def test_change_through_a_function(self):
        """A call of a function that fills a registry is part of the registry."""
        files = project(
            """
            from registry import register, ALL
            register("a")
            def f(): return ALL
            def g(): return 1
        """,
            registry__py="ALL = []\nOTHER = []\ndef register(x):\n    rows = ALL\n    rows.append(x)\n    return x\n",
        )
        check(files, "pipeline.py", 'register("a")', 'register("b")', {"f"})
        check(files, "registry.py", "rows.append(x)", "rows.insert(0, x)", {"f"})

    def test_registering_decorator(self):
        """A decorated function is part of the registry that its decorator fills."""
        files = project("""
            ALL = {}
            def register(function):
                ALL[function.__name__] = function
                return function
            @register
            def _one(): return 1
            def _two(): return 2
            def f(): return ALL["_one"]()
            def g(): return 2
        """)
        check(files, "pipeline.py", "return 1", "return 11", {"f", "register"})
        check(files, "pipeline.py", "def _two(): return 2", "def _two(): return 3", set())

    def test_argument_that_a_function_changes(self):
        """A function that stores into its parameter changes what it is given, also when its result is kept."""
        files = project("""
            A = {}
            B = {}
            def _fill(x):
                x["k"] = 1
                return x
            def _read(x):
                return x
            C = _fill(A)
            D = _read(B)
            def f(): return A
            def g(): return B
        """)
        check(files, "pipeline.py", "C = _fill(A)", "C = _fill(A) or 2", {"f"})
        check(files, "pipeline.py", "D = _read(B)", "D = _read(B) or 2", set())

    def test_constructor_that_keeps_its_argument(self):
        """An object that only stores what it is given leaves it as it is."""
        files = project(
            "A = {}\nclass K:\n    def __init__(self, x): self.x = x\nB = K(A)\ndef f(): return A\ndef g(): return B\n"
        )
        check(files, "pipeline.py", "B = K(A)", "B = [K(A)]", {"g"})

    def test_iterator_that_is_used_up(self):
        """Taking the next element changes an iterator."""
        files = project("it = iter([1, 2])\nfirst = next(it)\ndef f(): return it\ndef g(): return 1\n")
        check(files, "pipeline.py", "first = next(it)", "first = next(it), next(it)", {"f"})

    def test_order_of_changes(self):
        """Swapping two changes of one object is a change; swapping changes of two objects is not."""
        files = project("a = []\na.append(1)\na.append(2)\nb = []\nb.append(1)\ndef f(): return a\ndef g(): return b\n")
        check(files, "pipeline.py", "a.append(1)\na.append(2)\n", "a.append(2)\na.append(1)\n", {"f"})
        check(files, "pipeline.py", "a.append(2)\nb = []\nb.append(1)\n", "b = []\nb.append(1)\na.append(2)\n", set())

    def test_order_of_reading_and_changing(self):
        """A value computed before or after a change of what it reads is another value."""
        files = project("a = []\nn = len(a)\na.append(1)\ndef f(): return n\ndef g(): return a\n")
        check(files, "pipeline.py", "n = len(a)\na.append(1)\n", "a.append(1)\nn = len(a)\n", {"f"})

    def test_rebinding(self):
        """A name bound twice means the last; both count, in their order."""
        files = project("a = 1\na = 2\ndef f(): return a\ndef g(): return 0\n")
        check(files, "pipeline.py", "a = 1\na = 2\n", "a = 2\na = 1\n", {"f"})
        files = project("a = 1\na += 2\ndef f(): return a\ndef g(): return 0\n")
        check(files, "pipeline.py", "a += 2", "a += 3", {"f"})

    def test_global_statement(self):
        """A function that rebinds a global, called on import, is part of that global."""
        files = project("""
            def _set(value):
                global STATE
                STATE = value
            _set(1)
            def f(): return STATE
            def g(): return 1
        """)
        check(files, "pipeline.py", "_set(1)", "_set(2)", {"f"})

    def test_nonlocal_stays_inside(self):
        """A nonlocal name is no global of the same name."""
        files = project("""
            n = 1
            def f():
                n = 0
                def add():
                    nonlocal n
                    n += 1
                add()
                return n
            def g(): return n
        """)
        check(files, "pipeline.py", "n = 1\n", "n = 5\n", {"g"})

    def test_loop_and_with(self):
        """Compound statements count as a whole for what they bind and change."""
        files = project("""
            table = {}
            for k in ("a", "b"):
                table[k] = 1
            while False:
                other = 2
            def f(): return table
            def g(): return 1
        """)
        check(files, "pipeline.py", "table[k] = 1", "table[k] = 2", {"f"})

    def test_monkeypatch_from_another_module(self):
        """A module that replaces another's attribute on import changes that attribute."""
        files = project(
            "import patch\nimport lib\ndef f(): return lib.one()\ndef g(): return lib.two()\n",
            lib__py="def one(): return 1\ndef two(): return 2\n",
            patch__py="import lib\nVALUE = 3\ndef new(): return VALUE\nlib.one = new\n",
        )
        check(files, "patch.py", "VALUE = 3", "VALUE = 4", {"f"})
        check(files, "patch.py", "lib.one = new", "lib.two = new", {"f", "g"})
        check(files, "patch.py", "lib.one = new", "setattr(lib, 'two', new)", {"f", "g"})
        check(files, "pipeline.py", "import patch\n", "", {"f"})

    def test_import_for_its_effect(self):
        """A module imported only for what it does is part of what it changes, through any chain of imports."""
        files = project(
            "import glue\nfrom core import ALL\ndef f(): return ALL\ndef g(): return 1\n",
            glue__py="import plugin\nNOTHING = 0\n",
            core__py="ALL = []\n",
            plugin__py="from core import ALL\nALL.append(1)\n",
        )
        check(files, "plugin.py", "ALL.append(1)", "ALL.append(2)", {"f"})
        check(files, "glue.py", "import plugin\n", "", {"f"})
        check(files, "glue.py", "NOTHING = 0", "NOTHING = 1", set())

    def test_subclass_hook(self):
        """A base class that keeps its subclasses changes with each of them; another base does not."""
        files = project("""
            class Base:
                kinds = []
                def __init_subclass__(cls):
                    Base.kinds.append(cls)
            class Plain: pass
            class A(Base): value = 1
            class B(Plain): value = 2
            def f(): return Base.kinds
            def g(): return Plain
        """)
        check(files, "pipeline.py", "value = 1", "value = 3", {"f"})
        check(files, "pipeline.py", "value = 2", "value = 3", set())

    def test_settings_of_a_package(self):
        """A call on an installed package for its effect counts for those that reach the package."""
        files = project(
            "import numpy as np\nimport json\nnp.random.seed(1)\ndef f(): return np.ones(1)\ndef g(): return json\n"
        )
        check(files, "pipeline.py", "seed(1)", "seed(2)", {"f"})

    def test_environment_of_the_process(self):
        """Environment variables set on import count for everyone."""
        files = project("import os\nos.environ['A'] = '1'\ndef f(): return 1\ndef g(): return 2\n")
        check(files, "pipeline.py", "= '1'", "= '2'", {"f", "g"})

    def test_statements_without_effect_on_anything(self):
        """Printing on import, or code for running as a script, changes nothing."""
        files = project("x = 1\nprint(x)\nif __name__ == '__main__':\n    x = 5\ndef f(): return x\n")
        check(files, "pipeline.py", "print(x)", "print(x, x)", set())
        check(files, "pipeline.py", "x = 5", "x = 6", set())


class TestImports:
    """Names through modules."""

    def test_conditional_import(self):
        """Both branches count, and the condition."""
        files = project(
            """
            try:
                import fast as impl
            except ImportError:
                import slow as impl
            def f(): return impl.run()
            def g(): return 1
        """,
            fast__py="def run(): return 1\ndef stop(): return 2\n",
            slow__py="def run(): return 3\n",
        )
        check(files, "fast.py", "return 1", "return 4", {"f"})
        check(files, "slow.py", "return 3", "return 4", {"f"})
        check(files, "pipeline.py", "except ImportError", "except Exception", {"f"})
        check(files, "fast.py", "return 2", "return 4", set())

    def test_import_inside_a_function(self):
        """It is the function's own."""
        files = project(
            "def f():\n    from lib import one as x\n    return x()\ndef g():\n    import lib\n    return lib.two()\n",
            lib__py="def one(): return 1\ndef two(): return 2\n",
        )
        check(files, "lib.py", "return 1", "return 3", {"f"})
        check(files, "lib.py", "return 2", "return 3", {"g"})

    def test_submodules_of_a_package(self):
        """``import a.b`` binds ``a``; who uses ``a.c`` does not reach ``a.b``."""
        files = project(
            "import a.b\nimport a.c\ndef f(): return a.b.x\ndef g(): return a.c.x\n",
            **{"a0__init____py": "y = 1\n", "a0b__py": "x = 1\n", "a0c__py": "x = 2\n"},
        )
        check(files, "a/b.py", "x = 1", "x = 3", {"f"})
        check(files, "a/c.py", "x = 2", "x = 3", {"g"})
        check(files, "a/__init__.py", "y = 1", "y = 2", set())

    def test_reexport_under_the_name_of_the_submodule(self):
        """The function wins over the module of the same name, as in Python."""
        files = project(
            "import a\ndef f(): return a.b()\n",
            **{"a0__init____py": "from a.b import b\n", "a0b__py": "def b(): return 1\ndef c(): return 2\n"},
        )
        check(files, "a/b.py", "return 1", "return 3", {"f"})
        check(files, "a/b.py", "return 2", "return 3", set())
        assert closures(files)["f"].widened == ()

    def test_cycle_of_modules(self):
        """Modules may import each other."""
        files = project(
            "import other\nX = 1\ndef f(): return other.g()\ndef h(): return 2\n",
            other__py="import pipeline\ndef g(): return pipeline.X\n",
        )
        check(files, "pipeline.py", "X = 1", "X = 2", {"f"})

    def test_folder_without_init(self):
        """A folder of modules is a package too."""
        files = project(
            "from lib.text import clean\ndef f(): return clean()\n", **{"lib0text__py": "def clean(): return 1\n"}
        )
        check(files, "lib/text.py", "return 1", "return 2", {"f"})

    def test_type_checking(self):
        """Imports for the type checker are not reached at run time."""
        files = project(
            """
            from __future__ import annotations
            from typing import TYPE_CHECKING
            if TYPE_CHECKING:
                import lib
            else:
                ELSE = 1
            def f(): return ELSE
            def _help(x: lib.A): return x
            def g(): return _help(1)
        """,
            lib__py="class A: pass\n",
        )
        check(files, "lib.py", "pass", "x = 1", set())
        check(files, "pipeline.py", "import lib", "import lib as lib, json", set())
        check(files, "pipeline.py", "ELSE = 1", "ELSE = 2", {"f"})

    def test_all_counts_only_for_star_imports(self):
        """``__all__`` is nothing to those who import by name."""
        files = project(
            "from lib import one\ndef f(): return one()\n", lib__py="__all__ = ['one']\ndef one(): return 1\n"
        )
        check(files, "lib.py", "['one']", "['one', 'two']", set())

    def test_module_getattr(self):
        """A module's own ``__getattr__`` answers for names that it does not bind."""
        files = project(
            "import lib\ndef f(): return lib.lazy\ndef g(): return lib.x\n",
            lib__py="x = 1\ndef __getattr__(n): return n\n",
        )
        check(files, "lib.py", "return n", "return n * 2", {"f"})

    def test_import_of_a_package_for_its_effect(self):
        """An installed package that is imported and never mentioned registers something: it counts in its module."""
        files = project("import numpy\nimport json\ndef f(): return 1\n")
        assert [name for name, _ in closures(files)["f"].distributions] == ["numpy"]


class TestScopes:
    """What shadows a name of the module, and what does not."""

    @pytest.mark.parametrize(
        "body",
        [
            "def f(X): return X",
            "def f(*X): return X",
            "def f(**X): return X",
            "def f(*, X=None): return X",
            "def f():\n    X = 2\n    return X",
            "def f():\n    for X in []: pass\n    return X",
            "def f():\n    with open('a') as X: return X",
            "def f():\n    try: pass\n    except ValueError as X: return X",
            "def f():\n    import json as X\n    return X",
            "def f(): return [X for X in []]",
            "def f(): return {X: X for X in []}",
            "def f(): return (lambda X: X)",
            "def f():\n    if (X := 1): return X",
            "def f():\n    def X(): pass\n    return X",
            "def f():\n    class X: pass\n    return X",
            "def f(y):\n    match y:\n        case [X, *_]: return X",
            "def f(y):\n    match y:\n        case {'a': 1, **X}: return X",
            "def f(y):\n    y.X = 1\n    return y.X",
            "def f():\n    class C:\n        X = 1\n        Y = X\n    return C",
            "def f(y): return y(X=1)",
        ],
    )
    def test_shadowed(self, body):
        """A local of the same name is not the module's."""
        files = project(f"X = 1\n{body}\n")
        check(files, "pipeline.py", "X = 1\n", "X = 99\n", set()) if body.count("X = 1\n") == 0 else None
        assert not any(part.name == "X" for part in closures(files)["f"].parts)

    @pytest.mark.parametrize(
        "body",
        [
            "def f(y=X): return y",
            "def f(): return [y for y in X]",
            "def f(): return [X for X in [1]] + X",
            "def f(): return lambda: X",
            "def f():\n    def g():\n        return X\n    return g",
            "def f():\n    class C:\n        X = 1\n        def m(self): return X\n    return C",
            "def f():\n    class C:\n        X = X\n    return C",
            "def f():\n    global X\n    X += 2",
            "def f(): return f'{X}'",
            "def f(y):\n    match y:\n        case 1 if X: return 1",
            "async def _g(): return X\ndef f(): return _g",
            "def f(y: X): return y",
            "def f() -> X: return 1",
            "class _C:\n    a: X\ndef f(): return _C",
            "def f(y): y[X] = 1",
            "def f(y): return y(k=X)",
            "def f(): del X.a",
            "def f(): return getattr(X, 'a')",
        ],
    )
    def test_not_shadowed(self, body):
        """The module's name is reached."""
        assert any(part.name == "X" for part in closures(project(f"X = 1\n{body}\n"))["f"].parts)

    def test_annotation_that_is_not_evaluated(self):
        """Annotations of locals, and under the future import those of helpers, are nothing at run time."""
        files = project(
            "from __future__ import annotations\ndef _h(x: A): return x\ndef f():\n    y: B = _h(1)\n    return y\n"
        )
        check(files, "pipeline.py", "x: A", "x: C", set())
        check(files, "pipeline.py", "y: B = ", "y: C = ", set())

    def test_annotations_of_the_function_itself(self):
        """They choose how values are handed over and kept, evaluated or not."""
        files = project("from __future__ import annotations\ndef f(x: A) -> B: return x\n")
        check(files, "pipeline.py", "x: A", "x: C", {"f"})
        check(files, "pipeline.py", "-> B", "-> C", {"f"})

    def test_class_named_by_an_annotation_of_the_function(self):
        """A value of that class is handed in, so its methods count, also with annotations that are not evaluated."""
        files = project(
            """
            from __future__ import annotations
            from lib import Report
            def f(report: Report): return report.total()
            def g(report: "list[Report]"): return report[0].total()
            def h(): return 1
        """,
            lib__py="class Report:\n    def total(self): return 1\n",
        )
        check(files, "lib.py", "return 1", "return 2", {"f", "g"})

    def test_quoted_annotation_of_a_field(self):
        """Libraries evaluate the annotations of fields."""
        files = project("class _A: x = 1\nclass _B:\n    a: '_A'\ndef f(): return _B\n")
        check(files, "pipeline.py", "x = 1", "x = 2", {"f"})

    def test_docstring_that_is_read(self):
        """Code that reads docstrings depends on them."""
        files = project('def _h():\n    """One."""\ndef f(): return _h.__doc__\ndef g(): return _h\n')
        check(files, "pipeline.py", "One.", "Two.", {"f"})


class TestWidening:
    """Where the source does not say what is reached, more is counted, and it is said where and why."""

    def widened(self, files, name="f"):
        return [(each.where, each.to) for each in closures(files)[name].widened]

    def test_getattr_on_a_module(self):
        """It may be any name of that module."""
        files = project(
            "import lib\ndef f(n): return getattr(lib, n)\ndef g(): return lib.a\n", lib__py="a = 1\nb = 2\n"
        )
        assert self.widened(files) == [("pipeline.py:2", "lib")]
        assert "getattr() with a name that is not written out" in closures(files)["f"].widened[0].reason
        check(files, "lib.py", "b = 2", "b = 3", {"f"})

    def test_getattr_on_something(self):
        """It may be any name of its own module; a literal name or an installed package widens nothing."""
        files = project(
            "import json\nc = 1\ndef f(x, n): return getattr(x, n)\ndef g(x): return getattr(x, 'a')\n"
            "def h(n): return getattr(json, n)\n"
        )
        assert self.widened(files) == [("pipeline.py:3", "pipeline")]
        assert self.widened(files, "g") == self.widened(files, "h") == []
        check(files, "pipeline.py", "c = 1", "c = 2", {"f"})

    def test_globals(self):
        """It may be any name of the module."""
        files = project("c = 1\ndef f(n): return globals()[n]\ndef g(): return 1\n")
        assert self.widened(files) == [("pipeline.py:2", "pipeline")]
        check(files, "pipeline.py", "c = 1", "c = 2", {"f"})

    @pytest.mark.parametrize(
        ("head", "call"),
        [
            ("import importlib", "importlib.import_module(n)"),
            ("from importlib import import_module as load", "load(n)"),
            ("import sys", "sys.modules[n]"),
            ("", "__import__(n)"),
            ("", "eval(n)"),
            ("", "exec(n)"),
        ],
    )
    def test_by_name(self, head, call):
        """It may be any module below the root, also one that no import names."""
        files = project(f"{head}\ndef f(n): return {call}\ndef g(): return 1\n", **{"far0away__py": "x = 1\n"})
        assert self.widened(files) == [("pipeline.py:2", "project")]
        check(files, "far/away.py", "x = 1", "x = 2", {"f"})

    def test_literal_name_of_a_module(self):
        """That module counts as a whole."""
        files = project(
            "from importlib import import_module\ndef f(): return import_module('lib').a\ndef g(): return 1\n",
            lib__py="a = 1\n",
            far__py="b = 1\n",
        )
        assert self.widened(files) == [("pipeline.py:2", "lib")]
        check(files, "lib.py", "a = 1", "a = 2", {"f"})
        check(files | {"far.py": "b = 1\n"}, "far.py", "b = 1", "b = 2", set())

    def test_star_import(self):
        """Who uses a name that comes through a star reaches the whole module; others do not."""
        files = project("from lib import *\ndef f(): return a\ndef g(): return 1\n", lib__py="a = 1\nb = 2\n_c = 3\n")
        assert self.widened(files) == [("pipeline.py:1", "lib")]
        assert self.widened(files, "g") == []
        check(files, "lib.py", "b = 2", "b = 3", {"f"})

    def test_module_as_a_value(self):
        """Who hands a module on reaches all of it."""
        files = project("import lib\ndef f(): return [lib]\ndef g(): return lib.a\n", lib__py="a = 1\nb = 2\n")
        assert self.widened(files) == [("pipeline.py:2", "lib")]
        check(files, "lib.py", "b = 2", "b = 3", {"f"})

    def test_shadowed_builtin(self):
        """A function of one's own that is called eval widens nothing."""
        assert self.widened(project("def eval(x): return x\ndef f(): return eval(1)\n")) == []

    def test_file_that_is_no_python(self):
        """When everything counts, a file that does not parse counts by its bytes, and fails nothing."""
        files = project("def f(n): return __import__(n)\ndef g(): return 1\n", broken__py="print 'x'\n")
        check(files, "broken.py", "'x'", "'y'", {"f"})


class TestDistributions:
    """Installed packages that a closure reaches."""

    def test_name_and_version(self):
        """Under the distribution's name; the standard library and the words of regrove do not count."""
        from importlib.metadata import version

        files = project("""
            import json
            import polars as pl
            from sklearn.linear_model import LinearRegression
            from regrove import Train, step
            @step()
            def f(train: Train): return LinearRegression(), json
            def g(): return pl.col("a")
            def h(): import not_there; return not_there
        """)
        found = {name: each.distributions for name, each in closures(files).items()}
        assert found["f"] == (("scikit-learn", version("scikit-learn")),)
        assert found["g"] == (("polars", version("polars")),)
        assert found["h"] == (("not_there", "not installed"),)


class TestLoad:
    """What cannot be read is refused, with its place."""

    def test_syntax_error(self, tmp_path):
        """File and line are named, in whatever module it stands."""
        with pytest.raises(InvalidInput, match=r"lib\.py:2"):
            load(tmp_path, project("import lib\n", lib__py="x = 1\ndef (:\n"))

    def test_missing_module(self, tmp_path):
        """The nearest module is offered."""
        with pytest.raises(NotFound, match="did you mean 'pipeline'"):
            load(tmp_path, project("x = 1\n"), "pipelin")

    def test_encoding(self, tmp_path):
        """Only UTF-8 is read."""
        (tmp_path / "pipeline.py").write_bytes(b"# -*- coding: latin-1 -*-\nx = '\xe9'\n")
        with pytest.raises(InvalidInput, match="not UTF-8"):
            Codebase.load(tmp_path, "pipeline")
        (tmp_path / "pipeline.py").write_bytes(b"x = '\xe9'\n")
        with pytest.raises(InvalidInput, match="not UTF-8"):
            Codebase.load(tmp_path, "pipeline")

    def test_too_many_dots(self, tmp_path):
        """A relative import must stay in the project."""
        with pytest.raises(InvalidInput, match=r"pipeline\.py:1 has a relative import"):
            load(tmp_path, project("from . import x\n"))

    def test_unknown_function(self, tmp_path):
        """The nearest function is offered."""
        with pytest.raises(NotFound, match="did you mean 'features'"):
            load(tmp_path, project("def features(): pass\n")).closure("featurs")

    def test_nothing_runs(self, tmp_path):
        """The project's code is not imported."""
        code = load(tmp_path, project("raise SystemExit\ndef f(): pass\n"))
        assert list(code.functions()) == ["f"]
        assert code.closure("f").function == "f"

    def test_sources(self, tmp_path):
        """All modules that are reached, and no others; line ends do not matter."""
        code = load(
            tmp_path, project("import a.b\r\n", **{"a0__init____py": "", "a0b__py": "x = 1\n", "c__py": "y = 1\n"})
        )
        assert code.sources == {"a/__init__.py": "", "a/b.py": "x = 1\n", "pipeline.py": "import a.b\n"}

    def test_sources_with_imports_by_name(self, tmp_path):
        """When code imports by name every module goes along, virtual environments and hidden folders left out."""
        files = project(
            "from importlib import import_module as m\ndef f(n): return m(n)\n", c__py="", **{"d0e__py": ""}
        )
        (tmp_path / "env" / "lib").mkdir(parents=True)
        (tmp_path / "env" / "pyvenv.cfg").write_text("")
        (tmp_path / "env" / "lib" / "x.py").write_text("broken (")
        (tmp_path / ".hidden").mkdir()
        (tmp_path / ".hidden" / "x.py").write_text("broken (")
        assert sorted(load(tmp_path, files).sources) == ["c.py", "d/e.py", "pipeline.py"]

    def test_installed_package_wins_over_a_plain_folder(self, tmp_path):
        """A folder of scripts named like an installed package does not hide it."""
        code = load(
            tmp_path, project("import polars\ndef f(): return polars.col('a')\n", **{"polars0script__py": "x = 1\n"})
        )
        assert [name for name, _ in code.closure("f").distributions] == ["polars"]
