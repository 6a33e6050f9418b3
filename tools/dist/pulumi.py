"""The archive of the plugin that `pulumi plugin install` downloads and unpacks."""

from __future__ import annotations

from tools.dist.archives import Entry, list_folder, write_tar
from tools.dist.bundles import BUNDLES, list_documents
from tools.dist.commands import source_date_epoch
from tools.dist.layout import PLUGIN, PULUMI, ROOT, executable_name, plugin_archive, target
from tools.version import read_version


def build() -> None:
    """Write the archive of the plugin."""
    system, architecture = target()
    bundle = list_folder(BUNDLES / PLUGIN, executable=executable_name(PLUGIN, system))
    entries = [*bundle, *list_documents(PLUGIN), Entry("schema.json", ROOT / "schema.json")]
    write_tar(PULUMI / plugin_archive(read_version(), system, architecture), entries, int(source_date_epoch()))
