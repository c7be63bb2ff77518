"""Sources and scripts for tests."""

from __future__ import annotations

import itertools
import json
from typing import Any

from aops.core.database import session
from aops.inventory.models import Inventory
from aops.inventory.sources import services
from aops.inventory.sources.models import InventorySource, SourceKind
from tests import factories

_numbers = itertools.count(1)

PYTHON = "#!/usr/bin/env python3\n"


def printing(answer: Any) -> str:
    """A script that prints an answer."""
    return f"#!/bin/sh\ncat <<'ANSWER'\n{json.dumps(answer)}\nANSWER\n"


def answer_of(hosts: dict[str, dict[str, Any]], **groups: Any) -> dict[str, Any]:
    """An answer with hosts, their variables, and groups as a script prints them."""
    return {"_meta": {"hostvars": hosts}, "all": {"hosts": [*hosts]}, **groups}


def make_source(inventory: Inventory | None = None, **values: Any) -> InventorySource:
    """A source whose script gives two hosts."""
    source = InventorySource(
        **{
            "name": f"source {next(_numbers)}",
            "inventory": inventory or factories.make_inventory(),
            "kind": SourceKind.SCRIPT,
            "content": printing(answer_of({"web1": {"rack": "A"}, "web2": {}})),
            "file_name": "",
            "timeout": 20,
            "credentials": [],
        }
        | values
    )
    session().add(source)
    services.check_source(source, may_reserve=True)
    session().flush()
    return source
