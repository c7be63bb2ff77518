"""Makes the file that somebody asked for, and writes it down in the audit log.

An export holds variables, and so what is worth knowing about every host.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from flask_babel import gettext as _

from aops.audit import services as audit
from aops.core.database import session
from aops.core.errors import AopsError
from aops.inventory import rendering
from aops.inventory import rows as inventory_rows
from aops.inventory.bulk.services import Many
from aops.inventory.exports import ini, loading, script_json, tables, workbook
from aops.inventory.exports.formats import MIMETYPES, TABLES, ExportFormat
from aops.inventory.models import Inventory
from aops.inventory.rows import GroupRow, InventoryRows

_TEXTS = {
    ExportFormat.YAML: rendering.render_rows,
    ExportFormat.INI: ini.render,
    ExportFormat.JSON: script_json.render,
}
_UNFIT = re.compile(r"[^\w.-]+")


@dataclass(frozen=True)
class Export:
    """A file to download."""

    file_name: str
    mimetype: str
    content: bytes


def export(
    inventory_id: int | None,
    host_ids: Collection[int] | None,
    format: ExportFormat,  # noqa: A002 - what it is
    *,
    with_disabled: bool = False,
) -> Export:
    """Write an inventory, or some hosts, as a file.

    Args:
        inventory_id: The whole of it; with ``host_ids``, it and these of its hosts.
        host_ids: Only these; they may be of several inventories.
        format: Tables show disabled hosts always, and say so of each.
        with_disabled: Whether the other formats hold them too, which runs then see.

    Raises:
        AopsError: If the format cannot hold what was asked for; says which can.
    """
    inventory = _inventory(inventory_id, host_ids)
    if format in TABLES:
        content, number = _table(inventory_id, host_ids, format, several=inventory is None)
    elif inventory is None:
        raise AopsError(
            _(
                "These hosts are of several inventories. Take CSV or XLSX, or export the hosts of "
                "one inventory at a time."
            ),
            field="format",
        )
    else:
        rows = _rows(inventory.id, host_ids, with_disabled=with_disabled)
        content, number = _TEXTS[format](rows).encode(), len(rows.hosts)
    name = inventory.name if inventory else _("hosts")
    if host_ids is None:
        audit.record("inventory.exported", inventory, format=format.value, number=number)
    else:
        hosts = Many(sorted(loading.names_of(host_ids)))
        audit.record("hosts.exported", hosts, format=format.value, number=number)
    return Export(f"{_file_stem(name)}.{format}", MIMETYPES[format], content)


def _inventory(inventory_id: int | None, host_ids: Collection[int] | None) -> Inventory | None:
    """Give the one inventory that this is about; None if there are several."""
    if inventory_id is None:
        found = loading.inventories_of(host_ids or ())
        if not found:
            raise AopsError(_("Choose at least one host first."))
        inventory_id = found.pop() if len(found) == 1 else None
    return None if inventory_id is None else session().get_one(Inventory, inventory_id)


def _table(
    inventory_id: int | None,
    host_ids: Collection[int] | None,
    format: ExportFormat,  # noqa: A002 - what it is
    *,
    several: bool,
) -> tuple[bytes, int]:
    hosts = loading.hosts(inventory_id, host_ids)
    lines = tables.lines(hosts, with_inventory=several)
    write = tables.csv_file if format is ExportFormat.CSV else workbook.content
    return write(lines), len(hosts)


def _rows(
    inventory_id: int, host_ids: Collection[int] | None, *, with_disabled: bool
) -> InventoryRows:
    load = inventory_rows.load_all if with_disabled else inventory_rows.load
    rows = load(inventory_id)
    if host_ids is None:
        return rows
    wanted = loading.names_of(host_ids)
    return InventoryRows(
        variables=rows.variables,
        hosts={name: text for name, text in rows.hosts.items() if name in wanted},
        groups={
            name: GroupRow(
                group.variables,
                [host for host in group.hosts if host in wanted],
                group.children,
                group.in_all,
            )
            for name, group in rows.groups.items()
        },
    )


def _file_stem(name: str) -> str:
    return _UNFIT.sub("-", name).strip("-.") or "inventory"
