"""Which SSH host keys the hosts of an inventory are trusted by.

A worker fetches keys, a person accepts them, and a run gets exactly the accepted ones.
Nothing here changes a host's version: a fetch must not outdate a form somebody has open.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select, update

from aops.audit import services as audit
from aops.core import celery, clock
from aops.core.database import session
from aops.core.errors import AopsError
from aops.inventory import addresses, known_hosts, rows
from aops.inventory.addresses import Connection
from aops.inventory.keyscan import Scan
from aops.inventory.models import Host, HostKey, KeyTrust

SCAN_TASK = "inventory.scan_host_keys"

_PIECE = 5_000
"""Hosts in one statement; SQLite takes 32,766 parameters."""

_TICK = timedelta(microseconds=1)

ACCEPTED_BY_RUN = "accept new keys"
"""Stands in ``trusted_by`` when the inventory allowed a run to accept the key."""


def keys_of(host: Host) -> list[HostKey]:
    """Give all keys of a host, accepted ones first."""
    query = select(HostKey).where(HostKey.host_id == host.id)
    order = (HostKey.trust, HostKey.address, HostKey.key_type, HostKey.id)
    return list(session().scalars(query.order_by(*order)))


def request_keys(host: Host) -> None:
    """Ask a worker to fetch a host's SSH keys."""
    _note_scan(
        [host.id], key_scan_requested_at=clock.now(), key_scan_claimed_at=None, key_scan_error=""
    )
    audit.record("host.keys_requested", host)
    celery.send_after_commit(SCAN_TASK, host.id)


def request_many(host_ids: Collection[int]) -> None:
    """Ask a worker to fetch the SSH keys of many hosts; the caller writes the audit log."""
    for piece in _pieces(host_ids):
        _note_scan(
            piece, key_scan_requested_at=clock.now(), key_scan_claimed_at=None, key_scan_error=""
        )
    celery.send_after_commit(SCAN_TASK)


def store_scan(host_id: int, connection: Connection, scan: Scan) -> None:
    """Keep what a fetch brought, for a person to accept; what is accepted stays.

    Args:
        host_id: A host that is gone by now is passed over.
        connection: Where the keys come from.
        scan: The keys, or why there are none.
    """
    host = session().get(Host, host_id)
    if host is None:
        return
    if scan.keys and connection.known_hosts_name:
        _keep_offers(host, connection.known_hosts_name, scan)
    _note_scan(
        [host_id],
        key_scan_requested_at=None,
        key_scan_claimed_at=None,
        keys_scanned_at=clock.now(),
        key_scan_error=scan.problem.value,
    )
    session().flush()


def contradicts(accepted: Any, offered: Any) -> Any:
    """Tell whether a key stands where the host showed an accepted one before.

    It does if it is another key of the same type, and if the host showed it later than it last
    showed the accepted one: who replaces a machine need not keep the type of its key. A type
    that is shown beside the accepted key is only new.

    Args:
        accepted: A key of the host that is accepted; or the columns, for a condition in SQL.
        offered: Another key of the same host.
    """
    same_type = accepted.key_type == offered.key_type
    gone = accepted.seen_at < offered.seen_at
    return (accepted.address == offered.address) & (same_type | gone)


def rivals_of(key: HostKey) -> list[HostKey]:
    """Give the accepted keys that a key would replace."""
    query = select(HostKey).where(
        HostKey.host_id == key.host_id, HostKey.trust == KeyTrust.ACCEPTED, HostKey.id != key.id
    )
    return [one for one in session().scalars(query.order_by(HostKey.id)) if contradicts(one, key)]


def accept_host_key(key: HostKey, by: str, *, replace: bool = False) -> None:
    """Trust a key from now on.

    Args:
        key: As fetched.
        by: Who says that it is the right one.
        replace: Said explicitly when it differs from a key that was trusted before.

    Raises:
        AopsError: If it would replace another key and nobody said so.
    """
    rivals = rivals_of(key)
    if rivals and not replace:
        raise AopsError(
            _(
                "This key differs from the accepted one. Compare the fingerprints, tick the box "
                "to replace the old key, and accept again."
            )
        )
    for rival in rivals:
        session().delete(rival)
    _trust(key, by)
    session().flush()


def forget_host_key(key: HostKey) -> None:
    """Drop a key, trusted or not; runs refuse the host until one is accepted."""
    session().delete(key)
    session().flush()


def accept_many(key_ids: Collection[int], by: str) -> tuple[int, int]:
    """Trust the keys that contradict nothing; each gets its line in the audit log.

    Args:
        key_ids: As they were shown; those that are gone or accepted by now are passed over.
        by: Who says that they are the right ones.

    Returns:
        How many were accepted, and how many were left because they differ from accepted ones.
    """
    keys = _offered(key_ids)
    trusted = _accepted_of({key.host_id for key in keys})
    accepted = 0
    for key in keys:
        if not any(contradicts(one, key) for one in trusted[key.host_id]):
            trusted[key.host_id].append(key)
            _trust(key, by)
            accepted += 1
    session().flush()
    return accepted, len(keys) - accepted


def forget_many(key_ids: Collection[int]) -> int:
    """Drop offered keys; accepted ones stay."""
    keys = _offered(key_ids)
    for key in keys:
        session().delete(key)
    session().flush()
    return len(keys)


def record_new_keys(inventory_id: int, known_hosts_text: str) -> None:
    """Trust the keys that a run accepted because its inventory allowed it.

    Where one was trusted before, another is only kept for a person to look at, of whatever
    type: the host did not show the trusted one to this run. An address that is no host of the
    inventory, such as a jump host's, is passed over.
    """
    hosts = _hosts_by_address(inventory_id)
    for address, offered in known_hosts.read(known_hosts_text):
        for host_id in hosts.get(address, ()):
            _record_new_key(session().get_one(Host, host_id), address, offered)
    session().flush()


def known_hosts_for(inventory_id: int) -> str:
    """Give the known_hosts file of a run: the accepted keys of the enabled hosts.

    A key whose address is a list or a pattern is left out, however it came to be stored.
    """
    query = (
        select(HostKey.address, HostKey.key_type, HostKey.public_key)
        .join(Host)
        .where(
            Host.inventory_id == inventory_id,
            Host.enabled.is_(True),
            HostKey.trust == KeyTrust.ACCEPTED,
        )
        .order_by(HostKey.id)
    )
    rows_ = (row for row in session().execute(query) if known_hosts.is_plain(row.address))
    return "".join(dict.fromkeys(known_hosts.line(*row) for row in rows_))


def _record_new_key(host: Host, address: str, offered: known_hosts.PublicKey) -> None:
    known = _by_address_and_fingerprint(host)
    key = known.get((address, offered.fingerprint)) or _add_key(host, address, offered)
    if key.trust is KeyTrust.ACCEPTED:
        return
    trusted = [
        one for one in known.values() if one.address == address and one.trust is KeyTrust.ACCEPTED
    ]
    if trusted:
        key.seen_at = max([clock.now(), *(one.seen_at + _TICK for one in trusted)])
    else:
        _trust(key, ACCEPTED_BY_RUN)
    session().flush()


def _offered(key_ids: Collection[int]) -> list[HostKey]:
    query = select(HostKey).where(HostKey.id.in_(key_ids), HostKey.trust == KeyTrust.OFFERED)
    return list(session().scalars(query.order_by(HostKey.id)))


def _accepted_of(host_ids: Collection[int]) -> defaultdict[int, list[HostKey]]:
    query = select(HostKey).where(HostKey.host_id.in_(host_ids), HostKey.trust == KeyTrust.ACCEPTED)
    found: defaultdict[int, list[HostKey]] = defaultdict(list)
    for key in session().scalars(query):
        found[key.host_id].append(key)
    return found


def _keep_offers(host: Host, address: str, scan: Scan) -> None:
    """Add what is new, and drop earlier offers that are not made any more.

    All that one fetch shows is seen at one moment, later than anything before.
    """
    known = _by_address_and_fingerprint(host)
    found = {(address, key.fingerprint): key for key in scan.keys}
    for spot, key in known.items():
        if spot not in found and key.trust is KeyTrust.OFFERED:
            session().delete(key)
    moment = max([clock.now(), *(key.seen_at + _TICK for key in known.values())])
    for spot, offered in found.items():
        key = known.get(spot) or _add_key(host, address, offered)
        key.seen_at = moment


def _by_address_and_fingerprint(host: Host) -> dict[tuple[str, str], HostKey]:
    return {(key.address, key.fingerprint): key for key in keys_of(host)}


def _note_scan(host_ids: Collection[int], **values: Any) -> None:
    session().execute(
        update(Host).where(Host.id.in_(host_ids)).values(updated_at=Host.updated_at, **values)
    )


def _pieces(host_ids: Collection[int]) -> Iterator[list[int]]:
    ids = sorted(host_ids)
    return (ids[start : start + _PIECE] for start in range(0, len(ids), _PIECE))


def _add_key(host: Host, address: str, offered: known_hosts.PublicKey) -> HostKey:
    key = HostKey(
        host=host,
        address=address,
        key_type=offered.key_type,
        public_key=offered.text,
        fingerprint=offered.fingerprint,
        trust=KeyTrust.OFFERED,
        seen_at=clock.now(),
    )
    session().add(key)
    return key


def _trust(key: HostKey, by: str) -> None:
    key.trust = KeyTrust.ACCEPTED
    key.trusted_by = by
    key.trusted_at = clock.now()


def _hosts_by_address(inventory_id: int) -> dict[str, list[int]]:
    """Map the address that known_hosts has to the hosts behind it."""
    ids = dict(
        session().execute(select(Host.name, Host.id).where(Host.inventory_id == inventory_id)).all()
    )
    found: dict[str, list[int]] = {}
    for name, connection in addresses.connections(rows.load(inventory_id)).items():
        if connection.known_hosts_name:
            found.setdefault(connection.known_hosts_name, []).append(ids[name])
    return found
