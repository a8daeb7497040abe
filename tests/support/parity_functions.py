"""On-demand views that write down what they are given, so that two stores' calls compare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from feast import Field, OnDemandFeatureView
from feast.transformation.pandas_transformation import PandasTransformation
from feast.transformation.python_transformation import PythonTransformation
from feast.types import Array, Float64, Int64, String

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FunctionType

    from feast import FeatureView, RequestSource
    from feast.transformation.base import Transformation
    from feast.types import FeastType

SHOWN = '''
def shown(value):
    """Show a value with its type, whatever the order of a set's or a dict's entries."""
    if isinstance(value, dict):
        return "dict" + str(sorted((shown(k), shown(v)) for k, v in value.items()))
    if isinstance(value, set):
        return "set" + str(sorted(shown(element) for element in value))
    if isinstance(value, (list, tuple)):
        return "list" + str([shown(element) for element in value])
    if hasattr(value, "tolist") and hasattr(value, "dtype"):
        return type(value).__name__ + str(value.dtype) + shown(value.tolist())
    return type(value).__name__ + repr(value)
'''

PYTHON = """
def {name}(inputs):
{shown}
    names = {names}
    rows = range(len(inputs[names[0]]))
    return {{
        "{name}_seen": [str([shown(inputs[name][row]) for name in names]) for row in rows],
        "{name}_count": [row for row in rows],
        "{name}_share": [row / 4 for row in rows],
        "{name}_list": [[float(row)] * (row % 3 + 1) for row in rows],
    }}
"""

SINGLETON = """
def {name}(inputs):
{shown}
    names = {names}
    return {{
        "{name}_seen": str([shown(inputs[name]) for name in names]),
        "{name}_count": len(names),
        "{name}_share": 0.25,
        "{name}_list": [[0.5, 1.5]],
    }}
"""

PANDAS = """
def {name}(inputs):
{shown}
    import pandas as pd
    names = {names}
    rows = range(len(inputs))
    answer = pd.DataFrame(index=inputs.index)
    answer["{name}_seen"] = [
        str([(str(inputs[name].dtype), shown(inputs[name].iloc[row])) for name in names])
        for row in rows
    ]
    answer["{name}_count"] = [row for row in rows]
    answer["{name}_share"] = [row / 4 for row in rows]
    answer["{name}_list"] = [[float(row)] * (row % 3 + 1) for row in rows]
    return answer
"""

SOURCES = {"python": PYTHON, "singleton": SINGLETON, "pandas": PANDAS}


@dataclass(frozen=True, slots=True)
class Witness:
    """An on-demand view to be, whose function writes down its declared inputs.

    Args:
        name: Of the view, of its function, and the beginning of its features' names.
        mode: "python", "singleton" or "pandas".
        views: Its source views, projected or not.
        request: Its request source.
    """

    name: str
    mode: str
    views: Sequence[FeatureView]
    request: RequestSource

    def view(self) -> OnDemandFeatureView:
        """Return the view."""
        types: dict[str, FeastType] = {
            "seen": String,
            "count": Int64,
            "share": Float64,
            "list": Array(Float64),
        }
        return OnDemandFeatureView(
            name=self.name,
            sources=[*self.views, self.request],
            schema=[Field(name=f"{self.name}_{end}", dtype=dtype) for end, dtype in types.items()],
            feature_transformation=self._transformation(),
            mode="pandas" if self.mode == "pandas" else "python",
            singleton=self.mode == "singleton",
        )

    def inputs(self) -> list[str]:
        """Name the columns that it declares; those of views by their full names."""
        own = [
            f"{view.projection.name}__{field.name}"
            for view in self.views
            for field in view.projection.features
        ]
        return own + [field.name for field in self.request.schema]

    def _transformation(self) -> Transformation:
        indented = SHOWN.replace("\n", "\n    ")
        source = SOURCES[self.mode].format(name=self.name, names=self.inputs(), shown=indented)
        space: dict[str, Any] = {}
        exec(source, space)  # noqa: S102 - Feast does the same with what it stores
        function: FunctionType = space[self.name]
        if self.mode == "pandas":
            return PandasTransformation(function, source)
        return PythonTransformation(function, source, singleton=self.mode == "singleton")
