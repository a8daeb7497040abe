"""Feast's feature monitoring over SQLite: metrics of a source's columns, and where they are kept.

The numbers are computed column by column from what the store's own jobs read, so everything that
can be retrieved can be monitored. They are kept in four tables of the offline store's file.
"""

from __future__ import annotations

from oo_stores.sqlite.monitoring.offline_methods import SQLiteMonitoring

__all__ = ["SQLiteMonitoring"]
