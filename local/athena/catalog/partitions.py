"""The objects that a query must read: partitions found by projection or in the catalogue, pruned before any listing."""

from __future__ import annotations

import itertools
import math
import os.path
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import duckdb

from local.athena.catalog.glue import Catalog, Table
from local.athena.catalog.projection import (
    EnumProjection,
    InjectedProjection,
    IntegerProjection,
    LocationTemplate,
    Projection,
    location_template,
    projection,
)
from local.athena.catalog.pruning import PartitionFilters, surviving
from local.athena.errors import QueryError
from local.athena.objects import Location, ObjectStore, StoredObject, location

_COUNTABLE = 50_000  # candidates that are written out; beyond, the objects themselves are matched
_SINGLE_LISTINGS = 8  # folders that are listed one by one; beyond, their common prefix is listed once


@dataclass(frozen=True)
class Partition:
    """A partition with its objects; `values` stand in the order of the partition keys."""

    values: tuple[str, ...]
    objects: tuple[StoredObject, ...] = ()


@dataclass(frozen=True)
class PartitionFinder:
    """Finds partitions of a table for one query."""

    catalog: Catalog
    objects: ObjectStore
    connection: duckdb.DuckDBPyConnection
    now: datetime

    def find(self, table: Table, filters: PartitionFilters) -> list[Partition]:
        """Return the partitions that hold objects and can hold matching rows."""
        if not table.partition_keys:
            return [Partition((), tuple(self.objects.list_visible(location(table.location).folder)))]
        if not table.is_projected:
            return self._with_objects(self._registered(table, filters))
        candidates = self._projected(table, filters)
        if candidates is None:
            return self._matched(table, filters)
        template = location_template(table)
        names = [key.name for key in table.partition_keys]
        return self._with_objects(
            {values: template.location(dict(zip(names, values, strict=True))) for values in candidates}
        )

    def values(self, table: Table) -> list[tuple[str, ...]]:
        """Return the partition values that `"table$partitions"` lists: all projected, or all registered ones."""
        if not table.is_projected:
            return [partition.values for partition in self.catalog.partitions(table)]
        candidates = self._projected(table, PartitionFilters())
        if candidates is None:
            return [partition.values for partition in self._matched(table, PartitionFilters())]
        return candidates

    def _registered(self, table: Table, filters: PartitionFilters) -> dict[tuple[str, ...], str]:
        found = {partition.values: partition.location for partition in self.catalog.partitions(table)}
        kept = surviving(list(found), table.partition_keys, filters, self.connection)
        return {values: found[values] for values in kept}

    def _projections(self, table: Table, filters: PartitionFilters) -> dict[str, Projection]:
        return {
            key.name: _narrowed(key.name, projection(key.name, table.parameters, self.now), filters)
            for key in table.partition_keys
        }

    def _projected(self, table: Table, filters: PartitionFilters) -> list[tuple[str, ...]] | None:
        columns = []
        for key, projected in zip(table.partition_keys, self._projections(table, filters).values(), strict=True):
            listed = projected.values(_COUNTABLE)
            if listed is None:
                return None
            single = [(value,) for value in listed]
            columns.append([v for (v,) in surviving(single, [key], filters.about([key.name]), self.connection)])
        if math.prod(map(len, columns)) > _COUNTABLE:
            return None
        return surviving(list(itertools.product(*columns)), table.partition_keys, filters, self.connection)

    def _matched(self, table: Table, filters: PartitionFilters) -> list[Partition]:
        """Match existing objects against the template, where there are too many values to write out."""
        template, projections = location_template(table), self._projections(table, filters)
        singles = {
            name: listed[0] for name, kind in projections.items() if (listed := kind.values(1)) and len(listed) == 1
        }
        found: dict[tuple[str, ...], list[StoredObject]] = {}
        for stored in self.objects.list_visible(location(template.known_prefix(singles))):
            values = _projected_values(stored, template, projections)
            if values is not None:
                found.setdefault(values, []).append(stored)
        kept = surviving(list(found), table.partition_keys, filters, self.connection)
        return [Partition(values, tuple(found[values])) for values in kept]

    def _with_objects(self, folders: Mapping[tuple[str, ...], str]) -> list[Partition]:
        places = {values: location(uri).folder for values, uri in folders.items()}
        listed = self._objects_below(list(places.values()))
        return [Partition(values, tuple(listed[place])) for values, place in places.items() if listed.get(place)]

    def _objects_below(self, folders: Sequence[Location]) -> dict[Location, list[StoredObject]]:
        if len(folders) <= _SINGLE_LISTINGS or len({folder.bucket for folder in folders}) > 1:
            return {folder: self.objects.list_visible(folder) for folder in folders}
        common = os.path.commonpath([folder.key for folder in folders])
        wanted, found = set(folders), dict[Location, list[StoredObject]]()
        for stored in self.objects.list_all(Location(folders[0].bucket, common)):
            owner = _owner(stored.location, wanted)
            if owner is not None and stored.size and not _is_hidden(stored.location, owner):
                found.setdefault(owner, []).append(stored)
        return found


def _owner(place: Location, folders: set[Location]) -> Location | None:
    key = place.key
    while "/" in key:
        key = key.rpartition("/")[0]
        folder = Location(place.bucket, f"{key}/")
        if folder in folders:
            return folder
    return None


def _is_hidden(place: Location, owner: Location) -> bool:
    return any(name[:1] in ("_", ".") for name in place.key[len(owner.key) :].split("/"))


def _narrowed(column: str, projected: Projection, filters: PartitionFilters) -> Projection:
    if isinstance(projected, InjectedProjection):
        named = filters.named_values(column)
        if named is None:
            raise QueryError(
                f"CONSTRAINT_VIOLATION: For the injected projected partition column {column}, the WHERE clause must "
                "contain only static equality conditions, and at least one such condition must be present."
            )
        return EnumProjection(tuple(named))
    if isinstance(projected, IntegerProjection):
        low, high = filters.integer_bounds(column)
        first = projected.low
        if low is not None and low > first:
            first += -(-(low - first) // projected.step) * projected.step
        last = projected.high if high is None else min(high, projected.high)
        return replace(projected, low=first, high=last)
    return projected


def _projected_values(
    stored: StoredObject, template: LocationTemplate, projections: Mapping[str, Projection]
) -> tuple[str, ...] | None:
    values = template.values(stored.location.uri)
    if values is None or not all(projections[name].holds(value) for name, value in values.items()):
        return None
    return tuple(values[name] for name in projections)
