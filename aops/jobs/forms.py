"""Forms of templates and of the launch page."""

from __future__ import annotations

from typing import Any

from flask_admin.contrib.sqla.fields import QuerySelectField
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    SelectField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange

from aops.core.database import session
from aops.core.fields import LineField, ManyField, OneField, TextField, visible_text
from aops.core.forms import (
    ConsoleForm,
    VersionField,
    plain_name,
    stripped,
    unix_lines,
    yaml_mapping,
)
from aops.credentials.models import Credential, CredentialType
from aops.inventory.filters.models import HostFilter
from aops.inventory.models import Inventory
from aops.inventory.patterns import MAX_LENGTH
from aops.jobs.labels import VERBOSITY
from aops.playbooks.models import Playbook

_SHORT = Length(max=255, message=_l("At most 255 characters are allowed."))
_LONG = Length(
    max=MAX_LENGTH, message=_l("At most %(max)d characters are allowed; use a group or a filter.")
)
_LIMIT_HELP = _l("A host pattern such as web*:!web3. Empty means every host of the inventory.")
_TAGS_HELP = _l("With commas between them. Empty means all tasks.")
_OUTPUT = [SelectChoice(value, label) for value, label in VERBOSITY]
_YAML = {"rows": 6, "data-language": "yaml"}


def _all_of(model: type[Any]) -> Any:
    return lambda: session().scalars(select(model).order_by(model.name)).all()


def _credentials() -> Any:
    query = select(Credential).where(Credential.type != CredentialType.ENVIRONMENT)
    return session().scalars(query.order_by(Credential.name)).all()


def _in_seconds(minimum: int, maximum: int) -> NumberRange:
    return NumberRange(minimum, maximum, message=_l("Write a number from %(min)s to %(max)s."))


def _saved_filter() -> OneField:
    return OneField(
        _l("Saved filter"),
        query_factory=_all_of(HostFilter),
        allow_blank=True,
        blank_text=_l("None: only the limit"),
        description=_l("Narrows the limit to the hosts that it finds at the launch."),
    )


class TemplateForm(ConsoleForm):
    """Everything that a launch of the template starts from."""

    version = VersionField()
    name = LineField(
        _l("Name"),
        filters=[stripped],
        validators=[InputRequired(_l("A template needs a name.")), plain_name],
    )
    description = LineField(_l("Description"), filters=[stripped], validators=[_SHORT])
    playbook = QuerySelectField(
        _l("Playbook"),
        query_factory=_all_of(Playbook),
        validators=[InputRequired(_l("Choose a playbook."))],
    )
    inventory = QuerySelectField(
        _l("Inventory"),
        query_factory=_all_of(Inventory),
        validators=[InputRequired(_l("Choose an inventory."))],
    )
    credentials = ManyField(
        _l("Credentials"),
        query_factory=_credentials,
        description=_l(
            "At most one machine credential, and one for each vault id. Environment credentials "
            "are for dynamic sources; runs do not get them."
        ),
    )
    limit = LineField(_l("Limit"), filters=[stripped], validators=[_LONG], description=_LIMIT_HELP)
    host_filter = _saved_filter()
    tags = LineField(_l("Tags"), filters=[stripped], validators=[_SHORT], description=_TAGS_HELP)
    skip_tags = LineField(_l("Skip tags"), filters=[stripped], validators=[_SHORT])
    extra_vars = TextField(
        _l("Extra variables"),
        filters=[unix_lines],
        validators=[visible_text, yaml_mapping],
        render_kw=_YAML,
        description=_l("YAML, one “name: value” on each line. They win over all other variables."),
    )
    forks = IntegerField(
        _l("Forks"),
        default=5,
        validators=[_in_seconds(1, 200)],
        description=_l("How many hosts Ansible works on at once."),
    )
    timeout = IntegerField(
        _l("Time limit in seconds"),
        default=0,
        validators=[_in_seconds(0, 604_800)],
        description=_l("The run is ended after this time; 0 means never."),
    )
    verbosity = SelectField(_l("Output"), coerce=int, choices=_OUTPUT, default=0)
    become = BooleanField(_l("Become another user (become)"))
    use_fact_cache = BooleanField(
        _l("Use known facts"),
        description=_l(
            "Plays do not gather the facts of a host that aops learned within the last 24 hours; "
            "the run starts with those."
        ),
    )
    check_mode = BooleanField(_l("Check mode: change nothing, say what would change"))
    diff_mode = BooleanField(_l("Show differences of files"))
    ask_limit = BooleanField(_l("The limit"), default=True)
    ask_tags = BooleanField(_l("Tags and skip tags"))
    ask_vars = BooleanField(_l("Extra variables"))
    ask_modes = BooleanField(_l("Check mode, differences and amount of output"), default=True)


class LaunchForm(ConsoleForm):
    """What the launch page asks; fields that the template fixes are deleted from it.

    ``hosts`` carries the ids of hosts that were chosen in a list, ``seen`` the seal of those
    that the page shows.
    """

    launch_key = HiddenField()
    hosts = HiddenField()
    only_chosen = BooleanField(default=True)
    limit = LineField(_l("Limit"), filters=[stripped], validators=[_LONG], description=_LIMIT_HELP)
    host_filter = _saved_filter()
    tags = LineField(_l("Tags"), filters=[stripped], validators=[_SHORT], description=_TAGS_HELP)
    skip_tags = LineField(_l("Skip tags"), filters=[stripped], validators=[_SHORT])
    launch_vars = TextField(
        _l("Extra variables"),
        filters=[unix_lines],
        validators=[visible_text, yaml_mapping],
        render_kw=_YAML,
        description=_l("YAML, one “name: value” on each line. They win over the template's."),
    )
    check_mode = BooleanField(_l("Check mode: change nothing, say what would change"))
    diff_mode = BooleanField(_l("Show differences of files"))
    verbosity = SelectField(_l("Output"), coerce=int, choices=_OUTPUT, default=0)
