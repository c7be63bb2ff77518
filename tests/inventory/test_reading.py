import io
import json
import tarfile
import zipfile
from collections.abc import Callable

import pytest

from aops.core import yaml_text
from aops.inventory.imports.models import ImportKind
from aops.inventory.reading import MAX_UPLOAD, ReadError, Reading, read_source, read_upload
from aops.inventory.sources.models import SourceKind
from tests.inventory.read_apps import reading_app

__all__ = ["reading_app"]

pytestmark = pytest.mark.usefixtures("reading_app")

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)
VAULTED = "$ANSIBLE_VAULT;1.1;AES256\n3132333435\n"
BAD_FILES = {
    "a range of too many": ("hosts", "host[0:99999999]\n", "host[0:99999999]"),
    "ranges that multiply": ("hosts", "h[0:999][0:999]\n", "more than 50000 hosts"),
    "a bomb": ("hosts.yml", f"all: {{vars: {{x: 1}}}}\n{BOMB}", "anchors"),
    "a value in itself": ("hosts.yml", "all: {vars: {x: &x [*x]}}\n", "contains itself"),
    "an object": ("h.yml", "all:\n  vars:\n    x: !!python/object:os.system\n", "constructor"),
    "deep nesting": (
        "h.yml",
        f"all: {{vars: {{x: {'[' * 200}{']' * 200}}}}}\n",
        "nested too deeply",
    ),
    "nesting without end": ("h.yml", "[" * 200_000, "thousands of levels"),
    "a cycle": ("hosts", "[a:children]\nb\n[b:children]\na\n", "dependency loop"),
    "broken INI": ("hosts", "[web]\na b c\n", "hosts:2"),
    "a section that is not closed": ("hosts", "web1\n[web\n", "“[web” is neither a group nor"),
    "the line of such a section": ("hosts", "web1\n[web\n", "hosts:2"),
    "a range of no numbers": ("hosts", "web[a1:b2]\n", "“web[a1:b2]” is neither"),
    "broken YAML": ("hosts.yml", "all:\n  hosts: [\n", "hosts.yml:3"),
    "a vaulted file": ("hosts", VAULTED, "hosts is encrypted as a whole"),
    "a plugin's settings": ("x.yml", "plugin: constructed\n", "dynamic source"),
    "nothing": ("hosts", "# only a comment\n", "no host and no group"),
    "a dash": ("hosts", "-oProxyCommand=x\n", "cannot be the name of a host"),
    "a template": ("h.yml", 'all: {hosts: {"{{ x }}": {}}}\n', "cannot be the name of a host"),
    "all as a host": ("h.yml", "web: {hosts: {all: {}}}\n", "cannot be the name of a host"),
    "a long name": ("hosts", f"{'x' * 201}\n", "cannot be the name of a host"),
    "a control character": ("h.yml", 'all: {hosts: {"a\\eb": {}}}\n', "cannot be the name"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_refused_with_a_sentence(case: str) -> None:
    name, text, words = BAD_FILES[case]

    with pytest.raises(ReadError) as caught:
        read_upload(ImportKind.ANSIBLE, text.encode(), name)

    assert words in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_a_file_of_100_megabytes_is_refused_before_it_is_read() -> None:
    with pytest.raises(ReadError, match=r"100 MB; at most 32 MB"):
        read_upload(ImportKind.ANSIBLE, bytes(100 << 20), "hosts")

    assert MAX_UPLOAD == 32 << 20


@pytest.mark.parametrize(
    ("encoding", "notes"),
    [
        ("utf-8-sig", []),
        ("utf-16", ["hosts was UTF-16 and was read as such."]),
        ("utf-16-le", ["hosts was UTF-16 and was read as such."]),
        ("utf-16-be", ["hosts was UTF-16 and was read as such."]),
        (
            "cp1252",
            ["hosts is not UTF-8; it was read as Windows-1252. Look at letters with accents."],
        ),
    ],
)
def test_other_encodings_are_read_and_noted(encoding: str, notes: list[str]) -> None:
    text = "[web]\r\nweb1 city=Zürich\r\n"

    reading = read_upload(ImportKind.ANSIBLE, text.encode(encoding), "hosts")

    assert reading.snapshot.rows.hosts == {"web1": 'city: "Zürich"\n'}
    assert reading.notes == notes


def test_what_is_no_text_is_said_to_be_none() -> None:
    with pytest.raises(ReadError, match="hosts is no text file"):
        read_upload(ImportKind.ANSIBLE, b"\x89PNG\r\n\x1a\n\0\0\xff\xfe" * 9, "hosts")
    for zeros in ("web1\0 x=1\nweb2\n", f"{'web1 x=1' * 600}\0\n"):
        with pytest.raises(ReadError, match="hosts is no text file: it holds a zero byte"):
            read_upload(ImportKind.ANSIBLE, zeros.encode(), "hosts")
    with pytest.raises(ReadError, match="Choose “Archive”"):
        read_upload(ImportKind.ANSIBLE, _zip({"hosts": b"a\n"}), "hosts")


def test_what_ansible_warns_of_and_comments_become_notes() -> None:
    text = "# a comment\nall: {hosts: {web: {}}, typo: {}}\nweb: {hosts: {a: {}}}\n"

    reading = read_upload(ImportKind.ANSIBLE, text.encode(), "hosts.yml")

    assert "Comments are not kept." in reading.notes
    assert any("Skipping unexpected key (typo)" in note for note in reading.notes)
    assert any("both group and host with same name: web" in note for note in reading.notes)


def test_a_template_that_names_the_place_of_the_file_is_told() -> None:
    text = 'all: {hosts: {w1: {x: "{{ inventory_dir }}/x", y: "{{ a }} inventory_file"}}}\n'

    reading = read_upload(ImportKind.ANSIBLE, text.encode(), "hosts.yml")

    (note,) = reading.notes
    assert note.startswith("A template uses inventory_dir")


def test_a_folder_may_be_packed_in_many_ways() -> None:
    files = {"inv/hosts": b"[web]\nw1\n", "inv/group_vars/web.yml": b"x: 1\n"}
    packed = [_zip(files), *(_tar(files, mode) for mode in ("w", "w:gz", "w:bz2", "w:xz"))]

    readings = [read_upload(ImportKind.ARCHIVE, content, "inv") for content in packed]

    assert {reading.snapshot.rows.groups["web"].variables for reading in readings} == {"x: 1\n"}


def test_what_would_be_run_or_set_is_left_out_of_an_archive_with_a_note() -> None:
    files = {
        "hosts": b"w1\n",
        "more": b"#!/bin/sh\necho '{}'\n",
        "cloud.yml": b"plugin: constructed\n",
        "ansible.cfg": b"[defaults]\n",
        "README.md": b"words\n",
        "roles.txt": b"words\n",
    }

    reading = read_upload(ImportKind.ARCHIVE, _zip(files), "inv.zip")

    assert list(reading.snapshot.rows.hosts) == ["w1"]
    assert [note.partition(" was left out")[0] for note in reading.notes] == [
        "ansible.cfg",
        "cloud.yml",
        "more",
    ]


def test_what_files_beside_an_inventory_beat_is_given_to_the_hosts_with_a_note() -> None:
    files = {
        "hosts": b"[web]\na\nb x=own\n[web:vars]\nx=web\n[db]\na\n[db:vars]\ny=db\n",
        "group_vars/all.yml": b"x: file\nansible_group_priority: 5\n",
    }

    reading = read_upload(ImportKind.ARCHIVE, _zip(files), "inv.zip")

    rows = reading.snapshot.rows
    assert rows.variables == "x: file\n"
    assert rows.groups["web"].variables == ""  # no host of it would ever see it
    assert rows.hosts["a"] == "ansible_group_priority: 5\n"
    priority, shadowed = sorted(reading.notes)
    assert "changes no priority in Ansible; it was kept as a variable of 2 hosts" in priority
    assert shadowed.startswith("x of web was left out: a file in group_vars beats it")


def test_several_inventories_in_one_archive_are_one_as_for_ansible_and_that_is_said() -> None:
    files = {
        "all/prod/hosts": b"p\n",
        "all/prod/group_vars/all.yml": b"x: 1\n",
        "all/stage/hosts": b"s\n",
        "all/logo.md": b"\x89PNG\0",
    }

    reading = read_upload(ImportKind.ARCHIVE, _zip(files), "inv.zip")

    assert reading.snapshot.rows.hosts == {"p": "", "s": ""}
    assert [note.partition(" was not read")[0] for note in reading.notes] == ["prod/group_vars"]


def _zip_slip() -> bytes:
    return _zip({"hosts": b"a\n", "../../evil": b"x"})


def _absolute() -> bytes:
    return _zip({"/etc/evil": b"x"})


def _windows() -> bytes:
    return _zip({"..\\evil": b"x"})


def _odd_tar(kind: bytes) -> Callable[[], bytes]:
    def pack() -> bytes:
        member = tarfile.TarInfo("group_vars/odd")
        member.type, member.linkname = kind, "/etc/passwd"
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            archive.addfile(member)
        return packed.getvalue()

    return pack


def _zip_link() -> bytes:
    info = zipfile.ZipInfo("hosts")
    info.external_attr = 0o120777 << 16
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    return packed.getvalue()


def _dense() -> bytes:
    return _zip({"hosts": b"\n" * (40 << 20)})


def _many() -> bytes:
    return _zip({f"group_vars/{number}": b"" for number in range(20_001)})


def _encrypted() -> bytes:
    content = bytearray(_zip({"hosts": b"a\n"}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def _vaulted() -> bytes:
    return _zip({"hosts": b"[web]\na\n", "group_vars/web/secrets.yml": VAULTED.encode()})


BAD_ARCHIVES = {
    "zip-slip": (_zip_slip, "../../evil"),
    "an absolute name": (_absolute, "/etc/evil"),
    "a name of Windows": (_windows, "evil"),
    "a symbolic link": (_odd_tar(tarfile.SYMTYPE), "a link, “group_vars/odd”"),
    "a hard link": (_odd_tar(tarfile.LNKTYPE), "a link, “group_vars/odd”"),
    "a device": (_odd_tar(tarfile.CHRTYPE), "“group_vars/odd”, which is no plain file"),
    "a pipe": (_odd_tar(tarfile.FIFOTYPE), "no plain file"),
    "a link in a zip": (_zip_link, "a link, “hosts”"),
    "a zip bomb": (_dense, "unpacks to more"),
    "too many files": (_many, "more than 20000 files"),
    "a password": (_encrypted, "encrypted"),
    "a path of 1,500 folders": (
        lambda: _zip({"a/" * 1500 + "hosts": b"a\n"}),
        "more than 100 folders deep",
    ),
    "a name that is too long": (
        lambda: _zip({"group_vars/" + "x" * 300: b"a: 1\n"}),
        f"holds “group_vars/{'x' * 89}…”: a name may be 255 bytes long",
    ),
    "a file in a file": (
        lambda: _zip({"hosts": b"a\n", "hosts/b": b"c\n"}),
        "a name that cannot be used: “hosts/b”",
    ),
    "a vaulted file": (_vaulted, "as a whole by ansible-vault: group_vars/web/secrets.yml"),
    "no archive": (lambda: b"[web]\na\n", "no zip or tar"),
    "half an archive": (lambda: _tar({"hosts": b"a\n" * 9000}, "w:gz")[:60], "no zip or tar"),
    "an empty one": (lambda: _zip({}), "no inventory"),
    "only variables": (lambda: _zip({"group_vars/all.yml": b"x: 1\n"}), "no inventory"),
}


@pytest.mark.parametrize("case", BAD_ARCHIVES)
def test_a_bad_archive_is_refused_as_a_whole(case: str) -> None:
    pack, words = BAD_ARCHIVES[case]

    with pytest.raises(ReadError) as caught:
        read_upload(ImportKind.ARCHIVE, pack(), "inventory.zip")

    assert words in str(caught.value)


def test_a_script_gives_hosts_and_what_it_says_on_the_side() -> None:
    answer = {"web": {"hosts": ["w1"], "vars": {"x": "{{ y }}"}}, "_meta": {"hostvars": {}}}

    reading = _ask(f"echo hello >&2; echo '{json.dumps(answer)}'")

    assert list(reading.snapshot.rows.hosts) == ["w1"]
    assert yaml_text.parse(reading.snapshot.rows.groups["web"].variables) == {"x": "{{ y }}"}
    assert reading.output == "hello"


BAD_SCRIPTS = {
    "ends badly": ("echo secret >&2; exit 3", "ended with code 3"),
    "prints no JSON": ("echo hello", "not a JSON object"),
    "prints a list": ("echo '[1]'", "not a JSON object"),
    "prints nothing": (":", "printed nothing"),
    "prints bytes": ("printf '\\377\\376'", "not UTF-8"),
    "gives no hosts": ("""echo '{"_meta": {"hostvars": {}}}'""", "gave no hosts"),
    "is misshapen": ("""echo '{"web": {"hosts": "w1"}, "_meta": {}}'""", "Ansible cannot read"),
}


@pytest.mark.parametrize("case", BAD_SCRIPTS)
def test_a_script_that_fails_changes_nothing_and_says_why(case: str) -> None:
    script, words = BAD_SCRIPTS[case]

    with pytest.raises(ReadError) as caught:
        _ask(script)

    assert words in str(caught.value)
    assert caught.value.output == ("secret" if case == "ends badly" else "")


def test_a_script_without_a_program_to_run_it_is_named_as_such() -> None:
    with pytest.raises(ReadError, match="could not be started"):
        _source(SourceKind.SCRIPT, "#!/no/such/program\n")


def test_a_plugin_is_configured_by_a_file_of_the_wanted_name() -> None:
    text = (
        "plugin: ansible.builtin.generator\n"
        'hosts: {name: "{{ side }}-{{ number }}", parents: [{name: "g_{{ side }}"}]}\n'
        "layers: {side: [left, right], number: ['1', '2']}\n"
    )

    reading = _source(SourceKind.PLUGIN, text, file_name="my.generator.yml")

    assert sorted(reading.snapshot.rows.hosts) == ["left-1", "left-2", "right-1", "right-2"]
    assert reading.snapshot.rows.groups["g_left"].hosts == ["left-1", "left-2"]


def test_a_plugin_that_is_not_installed_is_named() -> None:
    with pytest.raises(ReadError, match=r"amazon\.aws\.aws_ec2"):
        _source(SourceKind.PLUGIN, "plugin: amazon.aws.aws_ec2\n", file_name="aws_ec2.yml")


def _ask(script: str) -> Reading:
    return _source(SourceKind.SCRIPT, f"#!/bin/sh\n{script}\n")


def _source(kind: SourceKind, content: str, file_name: str = "") -> Reading:
    return read_source(kind, content, file_name=file_name, environment={}, timeout=30)


def _zip(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def _tar(files: dict[str, bytes], mode: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()
