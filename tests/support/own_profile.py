"""A profiler of our own, for Feast's validation: it needs no further library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from feast.dqm.profilers.profiler import Profile, Profiler, ValidationError, ValidationReport

if TYPE_CHECKING:
    import pandas as pd


class NoNewNulls(Profiler):
    """Asks of each column to have no greater share of nulls than in the reference."""

    def analyze_dataset(self, dataset: pd.DataFrame) -> _NullShares:
        """Take the shares of the reference."""
        return _NullShares(dict(dataset.isna().mean()))

    def to_proto(self) -> Any:  # noqa: ANN401  Feast has no type for it
        """Refuse: Feast keeps no profilers but its own."""
        raise NotImplementedError

    @classmethod
    def from_proto(cls, proto: object) -> NoNewNulls:
        """Return the profiler, which has no settings."""
        del proto
        return cls()


class _NullShares(Profile):
    def __init__(self, shares: dict[str, float]) -> None:
        self._shares = shares

    def validate(self, dataset: pd.DataFrame) -> _Report:
        found = dataset.isna().mean()
        return _Report([c for c, share in self._shares.items() if c in found and found[c] > share])

    def to_proto(self) -> Any:  # noqa: ANN401  Feast has no type for it
        raise NotImplementedError

    @classmethod
    def from_proto(cls, proto: object) -> _NullShares:
        del proto
        return cls({})


class _Report(ValidationReport):
    def __init__(self, columns: list[str]) -> None:
        self._columns = columns

    @property
    def is_success(self) -> bool:
        return not self._columns

    @property
    def errors(self) -> list[ValidationError]:
        return [ValidationError("no new nulls", column) for column in self._columns]
