"""inventory a team can live in

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBERED = (
    "audit_entries",
    "credentials",
    "host_groups",
    "host_keys",
    "hosts",
    "inventories",
    "job_templates",
    "jobs",
    "playbook_revisions",
    "playbooks",
    "user_sessions",
    "users",
)
"""Tables of 0001 whose ids SQLite gave out again after their rows were deleted."""


def upgrade():
    op.create_table(
        "host_filters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("inventory_id", sa.Integer(), nullable=True),
        sa.Column(
            "query",
            sa.Text()
            .with_variant(mysql.LONGTEXT(), "mariadb")
            .with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["inventory_id"],
            ["inventories.id"],
            name=op.f("fk_host_filters_inventory_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_filters")),
        sa.UniqueConstraint("name", name=op.f("uq_host_filters_name")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("host_filters", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_host_filters_inventory_id"), ["inventory_id"], unique=False
        )

    op.create_table(
        "inventory_imports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("inventory_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("mode", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("source_name", sa.String(length=255), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_by_name", sa.String(length=200), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb"),
            nullable=False,
        ),
        sa.Column(
            "requested_at",
            sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb"),
            nullable=False,
        ),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=32), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("confirmed_by_id", sa.Integer(), nullable=True),
        sa.Column("confirmed_by_name", sa.String(length=200), nullable=False),
        sa.Column(
            "finished_at",
            sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb"),
            nullable=True,
        ),
        sa.Column(
            "content",
            sa.LargeBinary()
            .with_variant(mysql.LONGBLOB(), "mariadb")
            .with_variant(mysql.LONGBLOB(), "mysql"),
            nullable=True,
        ),
        sa.Column(
            "snapshot",
            sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb"),
            nullable=True,
        ),
        sa.Column(
            "summary",
            sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb"),
            nullable=True,
        ),
        sa.Column(
            "changes",
            sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb"),
            nullable=True,
        ),
        sa.Column(
            "output",
            sa.Text()
            .with_variant(mysql.LONGTEXT(), "mariadb")
            .with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=False,
        ),
        sa.Column(
            "notes",
            sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb"),
            nullable=True,
        ),
        sa.Column(
            "row_errors",
            sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb"),
            nullable=True,
        ),
        sa.Column("skip_bad_rows", sa.Boolean(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("outdated", sa.Boolean(), nullable=False),
        sa.Column(
            "error",
            sa.Text()
            .with_variant(mysql.LONGTEXT(), "mariadb")
            .with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["confirmed_by_id"],
            ["users.id"],
            name=op.f("fk_inventory_imports_confirmed_by_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"],
            ["users.id"],
            name=op.f("fk_inventory_imports_created_by_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["inventory_id"],
            ["inventories.id"],
            name=op.f("fk_inventory_imports_inventory_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_imports")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("inventory_imports", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_inventory_imports_confirmed_by_id"), ["confirmed_by_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_inventory_imports_created_by_id"), ["created_by_id"], unique=False
        )
        batch_op.create_index(
            "ix_inventory_imports_inventory_id_id", ["inventory_id", "id"], unique=False
        )
        batch_op.create_index("ix_inventory_imports_status_id", ["status", "id"], unique=False)

    op.create_table(
        "inventory_sources",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("inventory_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column(
            "content",
            sa.Text()
            .with_variant(mysql.LONGTEXT(), "mariadb")
            .with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=False,
        ),
        sa.Column("vanished", sa.String(length=32), nullable=False),
        sa.Column("refresh_on_launch", sa.Boolean(), nullable=False),
        sa.Column("required_on_launch", sa.Boolean(), nullable=False),
        sa.Column("cache_seconds", sa.Integer(), nullable=False),
        sa.Column("interval_minutes", sa.Integer(), nullable=False),
        sa.Column("timeout", sa.Integer(), nullable=False),
        sa.Column("may_reserve", sa.Boolean(), nullable=False),
        sa.Column(
            "last_snapshot",
            sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb"),
            nullable=True,
        ),
        sa.Column(
            "refreshed_at",
            sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb"),
            nullable=True,
        ),
        sa.Column(
            "refresh_requested_at",
            sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb"),
            nullable=True,
        ),
        sa.Column("refreshing_id", sa.Integer(), nullable=True),
        sa.Column(
            "lease_until",
            sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb"),
            nullable=True,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["inventory_id"],
            ["inventories.id"],
            name=op.f("fk_inventory_sources_inventory_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_sources")),
        sa.UniqueConstraint(
            "inventory_id", "name", name=op.f("uq_inventory_sources_inventory_id_name")
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )
    op.create_table(
        "fact_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("host_id", sa.Integer(), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb"),
            nullable=False,
        ),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "changes",
            sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb"),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(
            ["host_id"], ["hosts.id"], name=op.f("fk_fact_changes_host_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_changes")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("fact_changes", schema=None) as batch_op:
        batch_op.create_index("ix_fact_changes_host_id_id", ["host_id", "id"], unique=False)

    op.create_table(
        "host_facts",
        sa.Column("host_id", sa.Integer(), nullable=False),
        sa.Column(
            "gathered_at",
            sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb"),
            nullable=False,
        ),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column(
            "left_out",
            sa.Text()
            .with_variant(mysql.LONGTEXT(), "mariadb")
            .with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=False,
        ),
        sa.Column(
            "summary",
            sa.Text()
            .with_variant(mysql.LONGTEXT(), "mariadb")
            .with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=False,
        ),
        sa.Column(
            "small",
            sa.Text()
            .with_variant(mysql.LONGTEXT(), "mariadb")
            .with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=False,
        ),
        sa.Column(
            "data",
            sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb"),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(
            ["host_id"], ["hosts.id"], name=op.f("fk_host_facts_host_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("host_id", name=op.f("pk_host_facts")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )
    op.create_table(
        "host_labels",
        sa.Column("host_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["host_id"], ["hosts.id"], name=op.f("fk_host_labels_host_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("host_id", "name", name=op.f("pk_host_labels")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("host_labels", schema=None) as batch_op:
        batch_op.create_index("ix_host_labels_name_host_id", ["name", "host_id"], unique=False)

    op.create_table(
        "host_results",
        sa.Column("host_id", sa.Integer(), nullable=False),
        sa.Column("last_job_id", sa.Integer(), nullable=False),
        sa.Column("last_status", sa.String(length=255), nullable=False),
        sa.Column(
            "last_at",
            sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb"),
            nullable=False,
        ),
        sa.Column(
            "last_ok_at",
            sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb"),
            nullable=True,
        ),
        sa.Column("failed_job_id", sa.Integer(), nullable=True),
        sa.Column(
            "failed_at",
            sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb"),
            nullable=True,
        ),
        sa.Column("failed_task", sa.String(length=255), nullable=False),
        sa.Column(
            "failed_message",
            sa.Text()
            .with_variant(mysql.LONGTEXT(), "mariadb")
            .with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["host_id"], ["hosts.id"], name=op.f("fk_host_results_host_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("host_id", name=op.f("pk_host_results")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("host_results", schema=None) as batch_op:
        batch_op.create_index("ix_host_results_last_status", ["last_status"], unique=False)

    op.create_table(
        "inventory_import_credentials",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("credential_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["credential_id"],
            ["credentials.id"],
            name=op.f("fk_inventory_import_credentials_credential_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["inventory_imports.id"],
            name=op.f("fk_inventory_import_credentials_import_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "import_id", "credential_id", name=op.f("pk_inventory_import_credentials")
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("inventory_import_credentials", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_inventory_import_credentials_credential_id"),
            ["credential_id"],
            unique=False,
        )

    op.create_table(
        "inventory_source_credentials",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("credential_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["credential_id"],
            ["credentials.id"],
            name=op.f("fk_inventory_source_credentials_credential_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["inventory_sources.id"],
            name=op.f("fk_inventory_source_credentials_source_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "source_id", "credential_id", name=op.f("pk_inventory_source_credentials")
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("inventory_source_credentials", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_inventory_source_credentials_credential_id"),
            ["credential_id"],
            unique=False,
        )

    op.create_table(
        "source_hosts",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("host_id", sa.Integer(), nullable=False),
        sa.Column("created", sa.Boolean(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["host_id"], ["hosts.id"], name=op.f("fk_source_hosts_host_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["inventory_sources.id"],
            name=op.f("fk_source_hosts_source_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("source_id", "host_id", name=op.f("pk_source_hosts")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("source_hosts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_source_hosts_host_id"), ["host_id"], unique=False)

    op.create_table(
        "source_refreshes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("cause", sa.String(length=255), nullable=False),
        sa.Column(
            "started_at",
            sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb"),
            nullable=False,
        ),
        sa.Column("duration", sa.Double(), nullable=True),
        sa.Column("hosts", sa.Integer(), nullable=False),
        sa.Column(
            "counts",
            sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb"),
            nullable=True,
        ),
        sa.Column(
            "changes",
            sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb"),
            nullable=True,
        ),
        sa.Column(
            "output",
            sa.Text()
            .with_variant(mysql.LONGTEXT(), "mariadb")
            .with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=False,
        ),
        sa.Column(
            "error",
            sa.Text()
            .with_variant(mysql.LONGTEXT(), "mariadb")
            .with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["inventory_sources.id"],
            name=op.f("fk_source_refreshes_source_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_refreshes")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("source_refreshes", schema=None) as batch_op:
        batch_op.create_index("ix_source_refreshes_source_id_id", ["source_id", "id"], unique=False)
        batch_op.create_index("ix_source_refreshes_status_id", ["status", "id"], unique=False)

    op.create_table(
        "job_results",
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("host", sa.String(length=200), nullable=False),
        sa.Column("task", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=255), nullable=False),
        sa.Column("duration", sa.Double(), nullable=False),
        sa.Column("message", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_job_results_job_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", "seq", name=op.f("pk_job_results")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("job_results", schema=None) as batch_op:
        batch_op.create_index("ix_job_results_host", ["job_id", "host", "seq"], unique=False)

    with op.batch_alter_table("credentials", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "environment",
                sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb"),
                nullable=True,
            )
        )

    with op.batch_alter_table("group_children", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("position", sa.Integer(), server_default="1000000", nullable=False)
        )

    with op.batch_alter_table("group_hosts", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("position", sa.Integer(), server_default="1000000", nullable=False)
        )

    with op.batch_alter_table("host_groups", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("position", sa.Integer(), server_default="1000000", nullable=False)
        )
        batch_op.add_column(sa.Column("in_all", sa.Boolean(), server_default="0", nullable=False))

    with op.batch_alter_table("hosts", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("position", sa.Integer(), server_default="1000000", nullable=False)
        )
        batch_op.add_column(
            sa.Column(
                "key_scan_claimed_at",
                sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb"),
                nullable=True,
            )
        )
        batch_op.create_index(
            batch_op.f("ix_hosts_key_scan_requested_at"), ["key_scan_requested_at"], unique=False
        )
        batch_op.create_index("ix_hosts_updated_at_id", ["updated_at", "id"], unique=False)

    with op.batch_alter_table("inventories", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("generation", sa.Integer(), server_default="0", nullable=False)
        )

    with op.batch_alter_table("job_hosts", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("failed_task", sa.String(length=255), server_default="", nullable=False)
        )
        batch_op.add_column(
            sa.Column("message", sa.String(length=255), server_default="", nullable=False)
        )

    with op.batch_alter_table("job_templates", schema=None) as batch_op:
        batch_op.add_column(sa.Column("host_filter_id", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("use_fact_cache", sa.Boolean(), server_default="0", nullable=False)
        )
        batch_op.alter_column(
            "limit",
            existing_type=sa.VARCHAR(length=255),
            type_=sa.Text()
            .with_variant(mysql.LONGTEXT(), "mariadb")
            .with_variant(mysql.LONGTEXT(), "mysql"),
            existing_nullable=False,
        )
        batch_op.create_index(
            batch_op.f("ix_job_templates_host_filter_id"), ["host_filter_id"], unique=False
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_job_templates_host_filter_id"),
            "host_filters",
            ["host_filter_id"],
            ["id"],
        )

    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("report_seq", sa.Integer(), server_default="0", nullable=False)
        )
        batch_op.add_column(
            sa.Column("limit_hosts", sa.Integer(), server_default="0", nullable=False)
        )
        batch_op.add_column(
            sa.Column("target_name", sa.String(length=200), server_default="", nullable=False)
        )
        batch_op.add_column(
            sa.Column("use_fact_cache", sa.Boolean(), server_default="0", nullable=False)
        )
        batch_op.alter_column(
            "limit",
            existing_type=sa.VARCHAR(length=255),
            type_=sa.Text()
            .with_variant(mysql.LONGTEXT(), "mariadb")
            .with_variant(mysql.LONGTEXT(), "mysql"),
            existing_nullable=False,
        )

    if op.get_bind().dialect.name == "sqlite":
        for name in NUMBERED:
            with op.batch_alter_table(
                name, recreate="always", table_kwargs={"sqlite_autoincrement": True}
            ):
                pass


def downgrade():
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.alter_column(
            "limit",
            existing_type=sa.Text()
            .with_variant(mysql.LONGTEXT(), "mariadb")
            .with_variant(mysql.LONGTEXT(), "mysql"),
            type_=sa.VARCHAR(length=255),
            existing_nullable=False,
        )
        batch_op.drop_column("use_fact_cache")
        batch_op.drop_column("target_name")
        batch_op.drop_column("limit_hosts")
        batch_op.drop_column("report_seq")

    with op.batch_alter_table("job_templates", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_job_templates_host_filter_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_job_templates_host_filter_id"))
        batch_op.alter_column(
            "limit",
            existing_type=sa.Text()
            .with_variant(mysql.LONGTEXT(), "mariadb")
            .with_variant(mysql.LONGTEXT(), "mysql"),
            type_=sa.VARCHAR(length=255),
            existing_nullable=False,
        )
        batch_op.drop_column("use_fact_cache")
        batch_op.drop_column("host_filter_id")

    with op.batch_alter_table("job_hosts", schema=None) as batch_op:
        batch_op.drop_column("message")
        batch_op.drop_column("failed_task")

    with op.batch_alter_table("inventories", schema=None) as batch_op:
        batch_op.drop_column("generation")

    with op.batch_alter_table("hosts", schema=None) as batch_op:
        batch_op.drop_index("ix_hosts_updated_at_id")
        batch_op.drop_index(batch_op.f("ix_hosts_key_scan_requested_at"))
        batch_op.drop_column("key_scan_claimed_at")
        batch_op.drop_column("position")

    with op.batch_alter_table("host_groups", schema=None) as batch_op:
        batch_op.drop_column("in_all")
        batch_op.drop_column("position")

    with op.batch_alter_table("group_hosts", schema=None) as batch_op:
        batch_op.drop_column("position")

    with op.batch_alter_table("group_children", schema=None) as batch_op:
        batch_op.drop_column("position")

    with op.batch_alter_table("credentials", schema=None) as batch_op:
        batch_op.drop_column("environment")

    op.drop_table("job_results")
    op.drop_table("source_refreshes")
    op.drop_table("source_hosts")
    op.drop_table("inventory_source_credentials")
    op.drop_table("inventory_import_credentials")
    op.drop_table("host_results")
    op.drop_table("host_labels")
    op.drop_table("host_facts")
    op.drop_table("fact_changes")
    op.drop_table("inventory_sources")
    op.drop_table("inventory_imports")
    op.drop_table("host_filters")
