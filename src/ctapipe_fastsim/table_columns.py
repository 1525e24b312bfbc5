"""Columns of tables in HDF5 files are changed."""

from typing import Any

import tables

__all__ = ["set_columns"]


def set_columns(table: tables.Table, **columns: Any) -> None:
    """Give columns other values; `tables.Table.modify_column` fails with warnings of numpy 2.5.

    Parameters
    ----------
    table : tables.Table
    **columns : array or number
        By name, for all rows.
    """
    rows = table.read()
    for name, values in columns.items():
        rows[name] = values
    table.modify_rows(rows=rows)
