"""The sentences for what the program that reads inventories only names by a code."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask_babel import gettext as _

_Words = Callable[[dict[str, Any]], str]


def problem(code: str, arguments: dict[str, Any]) -> str:
    """Say why nothing could be read."""
    crashed = _PROBLEMS["crashed"]
    try:
        return _PROBLEMS.get(code, crashed)(arguments)
    except (KeyError, TypeError, ValueError):  # it comes from where uploads are opened
        return crashed({})


def notes(found: Iterable[Any]) -> list[str]:
    """Say what could not be kept or was assumed, each thing once."""
    sentences = (_NOTES[code](arguments) for code, arguments in found)
    return list(dict.fromkeys(sentences))


def _vaulted(files: Any) -> str:
    """List files, each with the vault id that it names."""
    return ", ".join(
        _("%(file)s (vault ID “%(id)s”)", file=file, id=vault_id or "default")
        for file, vault_id in files
    )


_PROBLEMS: dict[str, _Words] = {
    "not_understood": lambda a: _("Ansible cannot read this: %(text)s", **a),
    "timeout": lambda a: _("It was not done after %(seconds)d seconds and was ended.", **a),
    "cpu": lambda a: _(
        "Reading it used the processor for more than %(seconds)d seconds and was ended.", **a
    ),
    "memory": lambda _a: _(
        "Reading it needs more memory than is allowed. YAML anchors that multiply and very large "
        "files do that."
    ),
    "too_many_processes": lambda a: _(
        "It started more than %(limit)d processes and was ended.", **a
    ),
    "answer_too_big": lambda a: _("It printed more than %(limit)d MB and was ended.", **a),
    "no_sandbox": lambda _a: _(
        "Inventories are read in a sandbox, and it does not work on this machine. Install "
        "bubblewrap, or ask whoever runs this service."
    ),
    "crashed": lambda _a: _(
        "Reading it ended the program that reads inventories. Values nested thousands of levels "
        "deep do that."
    ),
    "is_configuration": lambda _a: _(
        "This configures an inventory plugin. Add it as a dynamic source of the inventory."
    ),
    "is_script": lambda _a: _(
        "This is a script: it begins with “#!”, and nothing in an upload is run. Add it as a "
        "dynamic source of the inventory."
    ),
    "nothing_there": lambda _a: _("There is no host and no group in it."),
    "no_hosts": lambda _a: _(
        "It gave no hosts. Look at its filters, and at what its credentials may see."
    ),
    "constructed_alone": lambda _a: _(
        "The plugin “constructed” gives no hosts: it only sorts hosts of other sources, and a "
        "source here does not see those. Write its groups, keyed_groups and compose into the "
        "source that gives the hosts; most plugins take them."
    ),
    "reads_files": lambda a: _(
        "The plugin “%(plugin)s” reads a file and has nothing to configure. To bring in a file of "
        "hosts, import it; a program that prints hosts is a source of the kind “Script”.",
        **a,
    ),
    "no_collection": lambda a: _(
        "The plugin %(plugin)s belongs to the collection %(collection)s, which is not installed. "
        "Whoever runs this service can install it on every worker: ansible-galaxy collection "
        "install %(collection)s -p /usr/share/ansible/collections",
        **a,
    ),
    "not_in_collection": lambda a: _(
        "The collection %(collection)s is installed, but has no inventory plugin %(plugin)s. "
        "Look at the name, and at the collection's version.",
        **a,
    ),
    "no_plugin": lambda a: _(
        "Ansible knows no inventory plugin “%(plugin)s”. Write its full name, such as "
        "amazon.aws.aws_ec2.",
        **a,
    ),
    "no_library": lambda a: _(
        "The plugin %(plugin)s needs the Python library %(library)s, which is not installed. "
        "Whoever runs this service can install it into the Python of every worker, with pip.",
        **a,
    ),
    "file_name_not_taken": lambda a: _(
        "The plugin %(plugin)s does not take a file of this name. Its documentation says how the "
        "name must end; give the source such a file name.",
        **a,
    ),
    "option_not_found": lambda a: _(
        "The plugin %(plugin)s looked for “%(option)s” and did not find it. Is that option "
        "missing in the text?",
        **a,
    ),
    "plugin_failed": lambda a: _("The plugin %(plugin)s says: %(text)s", **a),
    "range_too_big": lambda a: _(
        "The range %(range)s stands for more than %(limit)d hosts; write a smaller one.", **a
    ),
    "too_many_hosts": lambda a: _(
        "This has more than %(limit)d hosts, the most that can be read at once.", **a
    ),
    "too_many_groups": lambda a: _(
        "This has more than %(limit)d groups, the most that can be read at once.", **a
    ),
    "too_many_values": lambda a: _(
        "The variables of %(owner)s have more than %(limit)d values once YAML aliases are "
        "written out.",
        **a,
    ),
    "too_deep": lambda a: _("The variables of %(owner)s are nested too deeply.", **a),
    "unknown_type": lambda a: _(
        "A variable of %(owner)s is a %(type)s, which cannot be kept.", **a
    ),
    "nested_too_deeply": lambda _a: _("Values or groups are nested too deeply to be read."),
    "bomb": lambda a: _(
        "The YAML anchors in %(file)s stand for many millions of values once they are written "
        "out. Nothing was read.",
        **a,
    ),
    "holds_itself": lambda a: _("A value in %(file)s contains itself through an anchor.", **a),
    "script_not_started": lambda a: _(
        "The script could not be started (%(reason)s). Its first line must name a program that "
        "is there, such as #!/usr/bin/env python3.",
        **a,
    ),
    "script_failed": lambda a: _("The script ended with code %(status)d.", **a),
    "script_answer_too_big": lambda a: _(
        "The script printed more than %(limit)d MB and was ended.", **a
    ),
    "script_not_utf8": lambda _a: _("What the script printed is not UTF-8."),
    "script_silent": lambda _a: _(
        "The script printed nothing. It must answer --list with JSON on standard output."
    ),
    "script_no_json": lambda _a: _(
        "What the script printed is not a JSON object. It must answer --list with JSON on "
        "standard output, and with nothing else."
    ),
    "old_workbook": lambda _a: _(
        "This is a workbook in the old XLS format. Save it as XLSX or CSV."
    ),
    "encrypted_workbook": lambda _a: _(
        "This workbook has a password. Save it without one, as XLSX or CSV."
    ),
    "broken_workbook": lambda _a: _(
        "This workbook cannot be read. Open it in a spreadsheet program and save it again as XLSX."
    ),
    "no_workbook": lambda _a: _("This is no XLSX workbook. Save the table as XLSX or CSV."),
    "no_sheet": lambda _a: _("This workbook has no visible sheet."),
    "too_many_columns": lambda a: _("The table has more than %(limit)d columns.", **a),
    "cell_too_long": lambda a: _(
        "A cell of this workbook holds more than %(limit)d characters. Shorten it, or import the "
        "table as CSV.",
        **a,
    ),
    "too_many_rows": lambda a: _(
        "The table has more than %(limit)d rows; import it in parts.", **a
    ),
    "vault_file": lambda a: _(
        "Encrypted as a whole by ansible-vault: %(files)s. Choose the vault credentials that open "
        "them, or encrypt single values with “ansible-vault encrypt_string”: those are kept as "
        "they are.",
        files=_vaulted(a["files"]),
    ),
    "vault_password": lambda a: _(
        "None of the chosen vault credentials opens %(files)s. Choose the one that it was "
        "encrypted with, or encrypt single values with “ansible-vault encrypt_string”: those are "
        "kept as they are.",
        files=_vaulted(a["files"]),
    ),
    "vault_inventory": lambda a: _(
        "The file %(file)s is encrypted as a whole by ansible-vault, and hosts and groups cannot "
        "be kept so. Decrypt it first; only files in group_vars and host_vars are opened here.",
        **a,
    ),
    "vault_content": lambda a: _(
        "What is encrypted in %(file)s cannot be read as variables. What is wrong is not said "
        "here, because it might quote a secret: “ansible-vault view” shows the file.",
        **a,
    ),
    "vault_template": lambda a: _(
        "Encrypted text with a template in it: %(variables)s. A single encrypted value is never "
        "evaluated, so runs would see something else. Put the secret into a variable of its own, "
        "and the template into a file that is not encrypted.",
        **a,
    ),
    "too_many_vaulted": lambda a: _(
        "The encrypted files hold more than %(limit)d texts, and each has to be encrypted by "
        "itself. Import them in parts, or leave what is no secret in files that are not encrypted.",
        **a,
    ),
    "is_archive": lambda _a: _(
        "This is a packed file. Choose “Archive” to import a folder that was packed."
    ),
    "not_text": lambda a: _(
        "%(file)s is no text file: it holds a zero byte or is badly encoded. Save it as UTF-8.", **a
    ),
    "several_inventories": lambda a: _(
        "This is a project with several inventories: %(folders)s. Nothing was read, so that they "
        "are not mixed. Pack and upload one of these folders.",
        **a,
    ),
    "nothing_in_archive": lambda _a: _("There is no inventory in this archive."),
    "broken_archive": lambda a: _(
        "This is no zip or tar archive that can be unpacked: %(detail)s", **a
    ),
    "encrypted_archive": lambda _a: _(
        "This archive is encrypted or packed in an uncommon way. Pack it without a password, as "
        "zip or tar.gz."
    ),
    "leads_outside": lambda a: _(
        "The archive holds “%(name)s”, which leads out of its folder. Nothing was unpacked.", **a
    ),
    "archive_link": lambda a: _(
        "The archive holds a link, “%(name)s”; only plain files are accepted. Pack the file that "
        "it leads to.",
        **a,
    ),
    "archive_device": lambda a: _("The archive holds “%(name)s”, which is no plain file.", **a),
    "file_name": lambda a: _("The archive holds a name that cannot be used: “%(name)s”.", **a),
    "too_many_folders": lambda a: _(
        "The archive holds “%(name)s”, which lies more than %(limit)d folders deep. Pack the "
        "inventory's own folder.",
        **a,
    ),
    "file_name_too_long": lambda a: _(
        "The archive holds “%(name)s”: a name may be %(limit)d bytes long. Shorten it.", **a
    ),
    "too_many_files": lambda a: _("The archive holds more than %(limit)d files.", **a),
    "unpacks_too_big": lambda a: _(
        "The archive unpacks to more than is allowed (%(limit)d MB).", **a
    ),
}

_NOTES: dict[str, _Words] = {
    "ansible": lambda a: _("Ansible says: %(text)s", **a),
    "comments": lambda _a: _("Comments are not kept."),
    "decoded": lambda a: _("%(file)s was %(encoding)s and was read as such.", **a),
    "guessed_encoding": lambda a: _(
        "%(file)s is not UTF-8; it was read as %(encoding)s. Look at letters with accents.", **a
    ),
    "other_sheets": lambda a: _("Only the sheet “%(sheet)s” was read.", **a),
    "settings_ignored": lambda a: _("%(file)s was left out: settings are not imported.", **a),
    "configuration_ignored": lambda a: _(
        "%(file)s was left out: it configures a plugin, and nothing in an upload is run. Add it "
        "as a dynamic source.",
        **a,
    ),
    "not_text_ignored": lambda a: _("%(file)s was left out: it is no text file.", **a),
    "program_ignored": lambda a: _(
        "%(file)s was left out: a program in an upload is never run. Add it as a dynamic source.",
        **a,
    ),
    "not_beside": lambda a: _(
        "%(folder)s was not read: Ansible takes variables only from beside the inventory.", **a
    ),
    "unread": lambda a: _(
        "Ansible cannot read %(file)s and goes on without it, here as in a run: %(text)s", **a
    ),
    "vault_plain": lambda a: _(
        "%(file)s is encrypted, but only text can be encrypted by itself. These become readable: "
        "%(variables)s. To keep one secret, write it in quotes.",
        **a,
    ),
    "vault_kept": lambda a: _(
        "%(file)s is encrypted; these only name other variables and become readable: "
        "%(variables)s.",
        **a,
    ),
    "project": lambda a: _(
        "Only “%(file)s” was read as the inventory, with the variables beside it: there are roles, "
        "so this is a whole project.",
        **a,
    ),
    "project_folder": lambda a: _(
        "Only the folder “%(folder)s” was read, with the variables in it: it is the one inventory "
        "of a whole project.",
        **a,
    ),
    "shadowed_by_file": lambda a: _(
        "%(variable)s of %(groups)s was left out: a file in group_vars beats it, so no host ever "
        "sees it.",
        **a,
    ),
    "priority_in_file": lambda a: _(
        "%(variable)s in a file of group_vars changes no priority in Ansible; it was kept as a "
        "variable of %(hosts)d hosts.",
        **a,
    ),
    "priority_left_out": lambda a: _(
        "%(variable)s in a file of group_vars was left out: it changes no priority in Ansible, and "
        "no host sees it.",
        **a,
    ),
    "place_used": lambda a: _(
        "A template uses %(variable)s, the place where the file lay. In runs from here that is "
        "another place.",
        **a,
    ),
    "moved_to_hosts": lambda a: _(
        "%(variable)s: a file in group_vars beats the inventory in Ansible, whatever the groups; "
        "so the value was given to %(hosts)d hosts themselves.",
        **a,
    ),
}
