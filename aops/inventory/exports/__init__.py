"""Writes inventories as files: YAML, INI and JSON for Ansible, CSV and XLSX for people.

YAML, INI and JSON are the inventory as a run sees it: ``ansible-inventory --list`` says the
same of each of them. Labels, notes and descriptions are nothing to Ansible, and not in them.
What a format cannot hold is refused with a sentence before anything is written.

CSV and XLSX are tables: one row for each host, with its own variables. The importer reads
them back; this is what both sides agree on:

- Columns: ``name``, ``address`` (``ansible_host``), ``port`` (``ansible_port``), ``user``
  (``ansible_user``), ``groups``, ``enabled`` (``yes`` or ``no``), ``description``, ``labels``,
  and then one for each variable, under its name. A variable that is called like one of
  these columns, like ``inventory``, or as templates cannot call it, stands under ``var:`` and its
  name. A table of several
  inventories begins with the column ``inventory``, which an import leaves out.
- A variable is YAML on one line, as it would stand behind ``name:`` in a file: ``8080`` is a
  number, ``'8080'`` text, ``[a, b]`` a list. An empty cell sets nothing.
- ``address`` and ``user`` are text as it stands, unless they begin with a quote or an
  exclamation mark, as in ``!vault "…"``: then they are YAML too.
- ``groups`` and ``labels`` are names parted by commas; one that holds a comma, a blank or a
  quote stands in quotes, as in CSV.
- No cell can become a formula. One that would begin with ``=``, ``+``, ``-``, ``@``, a tab or a
  line break, after any number of apostrophes, gets one apostrophe before it; reading takes
  one off where the same is found. ``cells`` has both directions.
"""
