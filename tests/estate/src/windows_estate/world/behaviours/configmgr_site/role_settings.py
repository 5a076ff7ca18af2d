# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The settings of one role on one site system, for cmdlets, for other administrators, and for whoever looks at them in a test."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from windows_estate.machine import fold
from windows_estate.world.behaviours.configmgr_site import items, schema
from windows_estate.world.behaviours.configmgr_site.items import Row


class Rows(Protocol):
    """Where the rows are: a site."""

    def find_rows(self, class_name: str, wanted: Callable[[Row], bool]) -> list[Row]: ...

    def edit_rows(self, class_name: str, wanted: Callable[[Row], bool], change: Callable[[Row], None]) -> int: ...


class RoleSettings:
    """`server`: as the site writes it, or its first label. What is in effect; no time passes. LookupError when there is no such role."""

    def __init__(self, site: Rows, role: str, server: str) -> None:
        self._site = site
        self.role = role
        self.server = server

    @property
    def row(self) -> Row:
        """A copy of the whole row."""
        found = self._site.find_rows(schema.ROLE, self._is_mine)
        if not found:
            raise LookupError(f"{self.server} has no role {self.role}.")
        return copy.deepcopy(found[0])

    def element(self, name: str) -> Row | None:
        return _named(self.row["Props"], "PropertyName", name)

    def number(self, name: str) -> int:
        """0 when there is no such property."""
        found = self.element(name)
        return 0 if found is None else int(found.get("Value") or 0)

    def text(self, name: str) -> str:
        found = self.element(name)
        return "" if found is None else items.text_of(found)

    def values(self, name: str) -> list[str]:
        """The texts of a list; none when there is no such list."""
        found = _named(self.row["PropLists"], "PropertyListName", name)
        return [] if found is None else list(found.get("Values") or ())

    def set_number(self, name: str, value: int) -> None:
        self._edit(lambda row: _element(row, name).update(Value=value))

    def set_text(self, name: str, text: str) -> None:
        def change(row: Row) -> None:
            element = _element(row, name)
            element["Value2" if element.get("Value1") == items.REG_SZ else "Value1"] = text

        self._edit(change)

    def set_raw(self, name: str, **fields: Any) -> None:
        self._edit(lambda row: _element(row, name).update(fields))

    def remove(self, name: str) -> None:
        """Take a property, or a list, out of the row."""

        def change(row: Row) -> None:
            for place, key in (("Props", "PropertyName"), ("PropLists", "PropertyListName")):
                row[place] = [one for one in row[place] if fold(one[key]) != fold(name)]

        self._edit(change)

    def set_values(self, name: str, values: Iterable[str]) -> None:
        listed = list(values)

        def change(row: Row) -> None:
            found = _named(row["PropLists"], "PropertyListName", name)
            if found is None:
                row["PropLists"].append(items.embedded_list(name, listed))
            else:
                found["Values"] = listed

        self._edit(change)

    def _edit(self, change: Callable[[Row], None]) -> None:
        if not self._site.edit_rows(schema.ROLE, self._is_mine, change):
            raise LookupError(f"{self.server} has no role {self.role}.")

    def _is_mine(self, row: Row) -> bool:
        name = fold(str(row["NetworkOSPath"]).removeprefix("\\\\"))
        return fold(row["RoleName"]) == fold(self.role) and fold(self.server) in (name, name.partition(".")[0])


def _named(elements: Iterable[Row], key: str, name: str) -> Row | None:
    return next((one for one in elements if fold(str(one.get(key) or "")) == fold(name)), None)


def _element(row: Row, name: str) -> Row:
    found = _named(row["Props"], "PropertyName", name)
    if found is None:
        found = items.embedded(name)
        row["Props"].append(found)
    return found
