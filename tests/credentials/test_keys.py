"""Keys as ssh-keygen, openssl and people's clipboards make them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from aops.core.errors import AopsError
from aops.credentials import keys

PASSPHRASE = "open sesame"


@pytest.mark.parametrize(
    "options",
    [
        ("-t", "ed25519"),
        ("-t", "rsa", "-b", "2048"),
        ("-t", "rsa", "-b", "2048", "-m", "PEM"),
        ("-t", "rsa", "-b", "2048", "-m", "PKCS8"),
        ("-t", "ecdsa", "-b", "384"),
        ("-t", "ecdsa", "-m", "PEM"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("passphrase", ["", PASSPHRASE])
def test_a_key_is_shown_as_ssh_keygen_shows_it(
    tmp_path: Path, options: tuple[str, ...], passphrase: str
) -> None:
    private, public = ssh_keygen(tmp_path, *options, passphrase=passphrase)

    facts = keys.check(private, passphrase)

    assert facts.public_key.split() == public.split()[:2]
    assert facts.fingerprint == fingerprint_of(tmp_path / "key.pub")


@pytest.mark.parametrize("options", [("-t", "ed25519"), ("-t", "rsa", "-m", "PEM")], ids=" ".join)
def test_the_run_gets_the_key_without_its_passphrase(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    private, public = ssh_keygen(tmp_path, *options, passphrase=PASSPHRASE)
    opened = tmp_path / "opened"
    opened.touch(mode=0o600)

    opened.write_text(keys.unencrypted(private, PASSPHRASE))

    assert public_half_of(opened).split()[:2] == public.split()[:2]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.rstrip("\n"),
        lambda text: f"\ufeff\n\n{text}\n\n",
        lambda text: "\n".join(f"    {line}  " for line in text.splitlines()),
    ],
    ids=["carriage returns", "no last newline", "byte order mark", "indented"],
)
@pytest.mark.parametrize("form", ["RFC4716", "PEM", "PKCS8"])
def test_what_the_clipboard_adds_does_not_matter(tmp_path: Path, damage, form: str) -> None:
    private, public = ssh_keygen(tmp_path, "-t", "rsa", "-b", "2048", "-m", form)

    facts = keys.check(damage(private))

    assert facts.public_key.split() == public.split()[:2]


@pytest.mark.parametrize("form", ["RFC4716", "PEM", "PKCS8"])
def test_passphrases_are_asked_for_and_checked(tmp_path: Path, form: str) -> None:
    options = ("-t", "rsa", "-b", "2048", "-m", form)
    private, _ = ssh_keygen(tmp_path, *options, passphrase=PASSPHRASE)

    assert keys.is_encrypted(private)
    assert refusal(private, None) == ("passphrase", "protected by a passphrase")
    assert refusal(private, "") == ("passphrase", "protected by a passphrase")
    assert refusal(private, "wrong") == ("passphrase", "does not open the key")


def test_a_passphrase_for_a_key_without_one_is_refused(tmp_path: Path) -> None:
    private, _ = ssh_keygen(tmp_path, "-t", "ed25519")

    assert not keys.is_encrypted(private)
    assert refusal(private, "surplus") == ("passphrase", "has no passphrase")


def test_a_public_key_is_recognised(tmp_path: Path) -> None:
    _, public = ssh_keygen(tmp_path, "-t", "ed25519")
    for form in ("PKCS8", "PEM", "RFC4716"):
        ssh_keygen(tmp_path, "-t", "rsa")
        exported = run("ssh-keygen", "-e", "-m", form, "-f", tmp_path / "key.pub")

        assert refusal(exported) == ("private_key", "public key")
    assert refusal(public) == ("private_key", "public key")


def test_a_certificate_is_recognised(tmp_path: Path) -> None:
    ssh_keygen(tmp_path, "-t", "ed25519")
    run("ssh-keygen", "-q", "-s", tmp_path / "key", "-I", "me", tmp_path / "key.pub")
    request = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=me")
    run("openssl", *request, "-keyout", "/dev/null", "-out", tmp_path / "x509")

    assert refusal((tmp_path / "key-cert.pub").read_text()) == ("private_key", "a certificate")
    assert refusal((tmp_path / "x509").read_text()) == ("private_key", "a certificate")


def test_putty_users_are_told_how_to_export() -> None:
    text = "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: me\n"

    assert refusal(text) == ("private_key", "PuTTYgen")


def test_dsa_is_refused_in_every_form(tmp_path: Path) -> None:
    run("openssl", "dsaparam", "-out", tmp_path / "parameters", "1024")
    run("openssl", "gendsa", "-out", tmp_path / "dsa", tmp_path / "parameters")
    for name, form in (("pem", ()), ("traditional", ("-traditional",))):
        run("openssl", "pkey", *form, "-in", tmp_path / "dsa", "-out", tmp_path / name)
        assert refusal((tmp_path / name).read_text()) == ("private_key", "DSA keys")
    (tmp_path / "dsa").chmod(0o600)
    run("ssh-keygen", "-q", "-p", "-N", "", "-f", tmp_path / "dsa")
    assert "OPENSSH" in (tmp_path / "dsa").read_text()
    assert refusal((tmp_path / "dsa").read_text()) == ("private_key", "DSA keys")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("-algorithm", "x25519"), "of this kind"),
        (("-algorithm", "ed448"), "of this kind"),
        (("-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"), "of this kind"),
        (("-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:768"), "this short"),
    ],
    ids=["x25519", "ed448", "secp256k1", "rsa 768"],
)
def test_what_ssh_cannot_use_is_refused(
    tmp_path: Path, options: tuple[str, ...], says: str
) -> None:
    run("openssl", "genpkey", *options, "-out", tmp_path / "key")

    assert refusal((tmp_path / "key").read_text()) == ("private_key", says)


@pytest.mark.parametrize("form", ["RFC4716", "PEM", "PKCS8"])
def test_half_a_key_is_called_damaged(tmp_path: Path, form: str) -> None:
    private, _ = ssh_keygen(tmp_path, "-t", "rsa", "-b", "2048", "-m", form)
    lines = private.splitlines()

    assert refusal("\n".join(lines[:4])) == ("private_key", "damaged")
    assert refusal("\n".join([*lines[:4], *lines[-1:]])) == ("private_key", "damaged")


@pytest.mark.parametrize("text", ["", "  \n", "hunter2", "-----BEGIN PGP MESSAGE-----\n", "\0\n"])
def test_other_text_is_no_private_key(text: str) -> None:
    assert refusal(text) == ("private_key", "no private key")


def test_a_file_pasted_by_mistake_is_too_long() -> None:
    text = "-----BEGIN OPENSSH PRIVATE KEY-----\n" + "A" * keys.MAX_LENGTH

    assert refusal(text) == ("private_key", "too long")


def test_no_refusal_repeats_the_key(tmp_path: Path) -> None:
    private, _ = ssh_keygen(tmp_path, "-t", "ed25519", passphrase=PASSPHRASE)
    body = private.splitlines()[2]

    for text, passphrase in ((private, "wrong-canary"), (private[:-90], "wrong-canary")):
        with pytest.raises(AopsError) as caught:
            keys.check(text, passphrase)
        assert body not in str(caught.value)
        assert "wrong-canary" not in str(caught.value)


def test_a_new_key_is_ed25519_and_never_the_same() -> None:
    first, second = keys.generate_ed25519(), keys.generate_ed25519()

    assert keys.check(first).public_key.startswith("ssh-ed25519 ")
    assert keys.check(first) != keys.check(second)


_SENTENCES = (
    "protected by a passphrase",
    "does not open the key",
    "has no passphrase",
    "public key",
    "a certificate",
    "PuTTYgen",
    "DSA keys",
    "of this kind",
    "this short",
    "damaged",
    "too long",
    "no private key",
)


def refusal(text: str, passphrase: str | None = None) -> tuple[str | None, str]:
    """At which field a key is refused, and the words that tell the sentences apart."""
    with pytest.raises(AopsError) as caught:
        keys.check(text, passphrase)
    said = [words for words in _SENTENCES if words in str(caught.value)]
    return caught.value.field, said[0] if said else str(caught.value)


def ssh_keygen(folder: Path, *options: str, passphrase: str = "") -> tuple[str, str]:
    """Make a pair: the private and the public text."""
    for name in ("key", "key.pub"):
        (folder / name).unlink(missing_ok=True)
    form = () if "-m" in options else ("-m", "RFC4716")
    run("ssh-keygen", "-q", *options, *form, "-N", passphrase, "-C", "", "-f", folder / "key")
    return (folder / "key").read_text(), (folder / "key.pub").read_text()


def fingerprint_of(public: Path) -> str:
    """What ssh-keygen calls a key."""
    return run("ssh-keygen", "-lf", public).split()[1]


def public_half_of(private: Path) -> str:
    """What ssh-keygen reads out of a key without passphrase."""
    return run("ssh-keygen", "-y", "-P", "", "-f", private)


def run(*command: str | Path) -> str:
    """Run a program and give what it prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
