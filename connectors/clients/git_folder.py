"""Learn where a git repository is, what it has checked out and whence it came, by plain reading of its files.

git itself is not asked: its answers depend on configuration that belongs to whoever wrote the repository.
Includes in a configuration are not followed.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

_SMALL = 1_000_000
_SYMBOLIC = re.compile(r"ref: (refs/[^\s]+)")
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SECTION = re.compile(r'\[\s*([A-Za-z0-9.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]')
# On these hosts the case of a path does not tell repositories apart.
_CASELESS_HOSTS = frozenset({"github.com", "gitlab.com", "bitbucket.org", "codeberg.org"})


@dataclass(frozen=True, slots=True, kw_only=True)
class GitFolder:
    """A repository on disk.

    ``git_dir`` holds HEAD, ``common_dir`` the objects and the configuration (the same but for linked work
    trees); ``work_tree`` is ``None`` for a bare one.
    """

    git_dir: Path
    common_dir: Path
    work_tree: Path | None

    @property
    def objects(self) -> Path:
        """Return the folder of objects."""
        return self.common_dir / "objects"

    def head(self) -> tuple[str, str]:
        """Return the checked-out branch (empty: detached) and its commit (empty: none yet)."""
        text = read_small(self.git_dir / "HEAD")
        named = _SYMBOLIC.match(text)
        if named:
            name = named.group(1)
            return name.removeprefix("refs/heads/"), self.commit_of(name)
        found = _ID.match(text)
        return "", found.group(0) if found else ""

    def default_branch(self) -> str:
        """Return the name of the remote's default branch as it was when cloned; empty when unknown."""
        named = _SYMBOLIC.match(read_small(self.common_dir / "refs/remotes/origin/HEAD"))
        return named.group(1).removeprefix("refs/remotes/origin/") if named else ""

    def commit_of(self, ref: str) -> str:
        """Return the commit that a full ref name, a branch, a tag or an id stands for; empty when none."""
        if _ID.fullmatch(ref):
            return ref
        names = [ref] if ref.startswith("refs/") else [f"refs/{kind}/{ref}" for kind in _KINDS]
        packed = self._packed()
        for name in names:
            if ".." in name.split("/"):
                continue
            is_ours = _inside(self.common_dir, name)
            found = _ID.match(read_small(self.common_dir / name)) if is_ours else None
            if found:
                return found.group(0)
            if name in packed:
                return packed[name]
        return ""

    def remote_urls(self, remote: str = "origin") -> list[str]:
        """Return the URLs of a remote as written, fetch before push."""
        settings = parse_config(read_small(self.common_dir / "config"))
        return [*settings.get(f"remote.{remote}.url", []), *settings.get(f"remote.{remote}.pushurl", [])]

    def object_format(self) -> str:
        """Return ``sha1`` or ``sha256``."""
        settings = parse_config(read_small(self.common_dir / "config"))
        return settings.get("extensions.objectformat", ["sha1"])[-1].lower()

    def _packed(self) -> dict[str, str]:
        text = read_small(self.common_dir / "packed-refs", limit=50_000_000)
        refs: dict[str, str] = {}
        last = ""
        for line in text.splitlines():
            if line.startswith("^") and last:  # the commit behind the annotated tag above
                refs[last] = line[1:].strip()
                continue
            object_id, _, name = line.partition(" ")
            if _ID.fullmatch(object_id):
                refs[name] = object_id
                last = name
        return refs


_KINDS = ("heads", "tags", "remotes/origin", "remotes")


def find_repository(folder: Path) -> GitFolder | None:
    """Return the repository that ``folder`` is, or lies in the work tree of; ``None`` when there is none."""
    bare = _at(folder)
    if bare is not None:
        return GitFolder(git_dir=bare, common_dir=_common(bare), work_tree=None)
    for place in (folder, *folder.parents):
        found = _of_work_tree(place)
        if found is not None:
            return found
    return None


def nested_repositories(root: Path, skipped: Collection[str]) -> Iterator[Path]:
    """Yield the clones below ``root`` (bare or not), sorted, without entering folders named in ``skipped``.

    Links are not followed. Submodules and linked work trees, whose ``.git`` is a file, are none.
    """
    pending = [root]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(folder) as items:
                names = sorted(item.name for item in items if item.is_dir(follow_symlinks=False))
        except OSError:
            continue  # the walk that reads files will say so
        if folder != root:
            if {"objects", "refs"} <= set(names) and _at(folder):
                yield folder
                continue
            if ".git" in names and _of_work_tree(folder):
                yield folder
        pending += [folder / name for name in reversed(names) if name != ".git" and name not in skipped]


def _of_work_tree(place: Path) -> GitFolder | None:
    dot_git = place / ".git"
    try:
        mode = os.lstat(dot_git).st_mode
    except OSError:
        return None
    if stat.S_ISDIR(mode):
        found = _at(dot_git)
        return GitFolder(git_dir=found, common_dir=_common(found), work_tree=place) if found else None
    if not stat.S_ISREG(mode):
        return None
    linked = read_small(dot_git)
    if not linked.startswith("gitdir: "):
        return None
    git_dir = (place / linked[8:].strip()).resolve()
    # A planted .git file could point to any repository; a real linked work tree is named back by it.
    back = read_small(git_dir / "gitdir").strip()
    if not back or Path(back) != dot_git.absolute() or _at(git_dir) is None:
        return None
    return GitFolder(git_dir=git_dir, common_dir=_common(git_dir), work_tree=place)


def _at(folder: Path) -> Path | None:
    has_head = bool(read_small(folder / "HEAD", limit=4096))
    if not has_head:
        return None
    is_whole = (folder / "objects").is_dir() and (folder / "refs").is_dir()
    return folder if is_whole or (folder / "commondir").is_file() else None


def _common(git_dir: Path) -> Path:
    named = read_small(git_dir / "commondir").strip()
    return (git_dir / named).resolve() if named else git_dir


def _inside(folder: Path, name: str) -> bool:
    """Say whether no part of a ref's path is a symbolic link, which could lead anywhere."""
    place = folder
    for piece in name.split("/"):
        place = place / piece
        if place.is_symlink():
            return False
    return True


def read_small(path: Path, *, limit: int = _SMALL) -> str:
    """Return a small regular file's text; empty when it is missing, a link, special or over the limit."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
        os.close(handle)
        return ""
    with os.fdopen(handle, "rb") as file:
        return file.read(limit).decode("utf-8", "replace")


def parse_config(text: str) -> dict[str, list[str]]:
    """Return ``section.subsection.key`` -> values of a git configuration; malformed lines are passed over."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in text.splitlines():
        line = line.strip()
        header = _SECTION.match(line)
        if header:
            name, sub = header.groups()
            section = name.lower() if sub is None else f"{name.lower()}.{sub}"
            line = line[header.end() :].strip()
        if not line or line[0] in "#;[":
            continue
        key, _, value = line.partition("=")
        found.setdefault(f"{section}.{key.strip().lower()}", []).append(value.strip().strip('"'))
    return found


def normalise_url(url: str) -> str:
    """Return ``host/path`` of a git URL, without scheme, user, default port and ``.git``; empty: no host."""
    scheme, separator, rest = url.strip().partition("://")
    if separator:
        authority, _, path = rest.partition("/")
    elif re.match(r"(?:[^/:]+@)?[A-Za-z0-9][^/:]*:", url):  # user@host:path
        scheme = "ssh"
        authority, _, path = url.partition(":")
    else:
        return ""
    host = authority.rpartition("@")[2].lower()
    default = {"https": ":443", "http": ":80", "ssh": ":22"}.get(scheme, "")
    host = host.removesuffix(default) if default else host
    path = re.sub(r"/{2,}", "/", path).strip("/").removesuffix(".git").strip("/")
    if not host or not path or scheme == "file":
        return ""
    return f"{host}/{path.lower() if host in _CASELESS_HOSTS else path}"
