from __future__ import annotations

from pathlib import Path

import pytest

from store.errors import NetworkFileSystem
from store.places import file_system_of, refuse_network

MOUNTS = """\
22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
30 22 0:40 / /mnt/team rw,relatime shared:1 - nfs4 server:/export rw
31 22 0:41 / /mnt/my\\040files rw,relatime - cifs //server/share rw
32 30 8:2 / /mnt/team/local rw,relatime - xfs /dev/sdb1 rw
33 22 0:42 / /over rw - nfs server:/a rw
34 22 8:3 / /over rw - btrfs /dev/sdc1 rw
not a mount line
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/me", "ext4"),
        ("/mnt/team/deep/not/yet/there", "nfs4"),
        ("/mnt/teamwork", "ext4"),
        ("/mnt/team/local/x", "xfs"),
        ("/mnt/my files", "cifs"),
        ("/over/x", "btrfs"),
    ],
)
def test_the_innermost_and_latest_mount_tells_the_file_system(folder: str, kind: str) -> None:
    assert file_system_of(Path(folder), MOUNTS) == kind


def test_a_store_on_a_network_file_system_is_refused_with_a_way_out() -> None:
    with pytest.raises(NetworkFileSystem, match=r"nfs4.*PostgreSQL"):
        refuse_network(Path("/mnt/team/inventory"), MOUNTS)


def test_a_local_or_unknown_file_system_is_fine() -> None:
    refuse_network(Path("/home/me"), MOUNTS)
    refuse_network(Path("/home/me"), "")
