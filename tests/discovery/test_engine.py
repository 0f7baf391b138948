"""The engine: every scope to its end, and an end to every run."""

from __future__ import annotations

import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select, text, update

from connectors import interrupts
from connectors.clients.network import NetworkSettings
from connectors.model import Part, PartStatus, Scope
from connectors.outcome import BATCH_SIZE
from connectors.runner import ScopeJob
from discovery.config import Config, load_config
from discovery.engine import Engine, Tally, Touched
from discovery.service.scan import ScanRequest, SilentProgress, run_scan
from store import Store, journal, leases, open_store
from store.errors import DiskFull, StoreUnreachable
from store.schema import asset, lease, run, run_part, run_scope
from tests import plugins
from tests.connectors.toys import ToyOptions
from tests.pickling_executor import PicklingExecutor
from tests.store import samples

RUN = "run_1"


@pytest.fixture(autouse=True)
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugins.install(tmp_path / "plugins", monkeypatch, {"toy": "tests.connectors.toys:ToyConnector"})


@pytest.fixture
def store(sqlite_store_url: str) -> Iterator[Store]:
    """Return an empty store; what is tested here does not depend on the database but where it says so."""
    with open_store(sqlite_store_url) as opened:
        yield opened


@dataclass
class Heard(SilentProgress):
    """Count what the engine tells, and do something at a chosen moment."""

    at: dict[str, Callable[[], None]] = field(default_factory=dict)
    out: int = 0
    most_out: int = 0

    def scope_done(self, key: str, outcome: object) -> None:
        self.out -= 1
        self.happen("done")

    def findings(self, count: int) -> None:
        self.happen("findings")

    def note(self, text: str) -> None:
        self.happen("note")

    def happen(self, what: str) -> None:
        action = self.at.pop(what, None)
        if action is not None:
            action()


def interrupt() -> None:
    raise KeyboardInterrupt


class Counting(ThreadPoolExecutor):
    """Tell how many scopes are out at once."""

    def __init__(self, heard: Heard) -> None:
        super().__init__(4)
        self._heard = heard

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self._heard.out += 1
        self._heard.most_out = max(self._heard.most_out, self._heard.out)
        return super().submit(fn, *args, **kwargs)


class AtOnce(Executor):
    """Run everything in the caller's thread: futures are done before they are returned."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class Losing(Executor):
    """Lose every worker, at the latest when it is asked."""

    def __init__(self, *, refuses: bool) -> None:
        self._refuses = refuses

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self._refuses:
            raise BrokenExecutor("a child process terminated abruptly")
        future: Future[Any] = Future()
        future.set_exception(ConnectionResetError("worker 7 is gone"))
        return future


def jobs(parts: dict[str, Any], scopes: int = 1) -> list[ScopeJob]:
    declared = tuple(Part(name=name, kinds=("agent",)) for name in parts)
    return [
        ScopeJob(
            connector="toy",
            instance="main",
            scope=Scope(connector="toy", instance="main", ids=(f"s{number:02}",), parts=declared),
            options=ToyOptions(parts=parts),
            network=NetworkSettings(),
        )
        for number in range(scopes)
    ]


def engine(
    store: Store,
    executor: Executor,
    work: list[ScopeJob],
    heard: Heard,
    window: int = 4,
    on_scope: Callable[[Touched], None] = lambda touched: None,
) -> Engine:
    holder = leases.new_holder()
    samples.begin(store, RUN, holder=holder)
    journal.plan_scopes(store, RUN, [job.scope for job in work])
    return Engine(
        store=store,
        executor=executor,
        run_id=RUN,
        holder=holder,
        progress=heard,
        window=window,
        on_scope=on_scope,
    )


def scan(
    store: Store, work: list[ScopeJob], *, executor: Executor | None = None, heard: Heard | None = None
) -> Tally:
    with executor or ThreadPoolExecutor(4) as opened:
        return engine(store, opened, work, heard or Heard()).run(iter(work))


def statuses(store: Store) -> list[str]:
    with store.read() as tx:
        return list(tx.conn.execute(select(run_part.c.status).order_by(run_part.c.part_no)).scalars())


def count_assets(store: Store) -> int:
    with store.read() as tx:
        return int(tx.conn.execute(select(func.count()).select_from(asset)).scalar_one())


def test_no_more_scopes_are_out_than_the_window_allows(store: Store) -> None:
    heard, work = Heard(), jobs({"a": ["x"]}, scopes=15)

    with Counting(heard) as executor:
        tally = engine(store, executor, work, heard, window=3).run(iter(work))

    assert (tally.scopes_done, heard.most_out) == (15, 3)


def test_jobs_are_taken_one_by_one_as_room_gets_free(store: Store) -> None:
    taken: list[int] = []
    work, heard = jobs({"a": ["x"]}, scopes=10), Heard(at={"done": lambda: taken.append(len(given))})
    given: list[ScopeJob] = []

    def deal() -> Iterator[ScopeJob]:
        for job in work:
            given.append(job)
            yield job

    with ThreadPoolExecutor(2) as executor:
        engine(store, executor, work, heard, window=2).run(deal())

    assert taken == [2]
    assert len(given) == 10


def test_a_large_part_is_written_in_batches_and_ends_once(store: Store) -> None:
    names = [f"agent-{number}" for number in range(2 * BATCH_SIZE + 1)]

    tally = scan(store, jobs({"a": names}))

    assert (tally.seen, tally.added, count_assets(store)) == (len(names), len(names), len(names))
    assert statuses(store) == ["complete"]


@pytest.mark.timeout(60)
def test_an_executor_that_is_done_at_once_does_not_make_the_writer_wait_for_itself(store: Store) -> None:
    parts = {f"part-{number:02}": [f"x{number}"] for number in range(40)}

    tally = scan(store, jobs(parts, scopes=3), executor=AtOnce())

    assert (tally.scopes_done, tally.seen) == (3, 120)


def test_work_that_travels_brings_home_what_threads_write(store: Store) -> None:
    tally = scan(store, jobs({"a": ["x", "y"], "b": ["!denied"]}, scopes=5), executor=PicklingExecutor())

    assert (tally.scopes_done, tally.seen) == (5, 10)
    assert statuses(store) == ["complete", "denied"] * 5


def test_a_scope_that_another_process_scans_is_left_to_it(store: Store) -> None:
    work = jobs({"a": ["x"]}, scopes=2)
    leases.acquire(store, f"scope/{work[0].scope.key}", leases.new_holder(), 60)

    tally = scan(store, work)

    assert (tally.scopes_busy, tally.scopes_done) == (1, 1)
    assert statuses(store) == ["complete"]


def test_a_scope_taken_over_by_another_process_is_written_no_more_and_the_others_are(store: Store) -> None:
    work = jobs({"a": ["x"], "b": ["!wait:0.2", "y"], "c": ["z"]}, scopes=2)
    name = f"scope/{work[0].scope.key}"

    def take_over() -> None:
        with store.begin() as conn:
            conn.execute(update(lease).where(lease.c.name == name).values(holder="other", epoch=9))

    tally = scan(store, work, heard=Heard(at={"findings": take_over}))

    assert (tally.scopes_busy, tally.scopes_done) == (1, 1)
    with store.read() as tx:
        row = tx.conn.execute(select(lease).where(lease.c.name == name)).one()
    assert (row.holder, row.epoch) == ("other", 9)
    assert row.expires_at


@pytest.mark.parametrize("refuses", [False, True])
def test_a_lost_worker_leaves_its_parts_failed_and_nothing_ages(store: Store, refuses: bool) -> None:
    work = jobs({"a": ["x"], "b": []}, scopes=2)
    scan(store, work)
    journal.end_run(store, RUN, "complete", {})
    before = samples.states(store)
    with store.begin() as conn:
        for table in (run_part, run_scope, run):
            conn.execute(table.delete())

    tally = scan(store, work, executor=Losing(refuses=refuses))

    assert tally.scopes_done == 2
    assert all(error.startswith("the worker was lost: ") for error in tally.errors.values())
    assert statuses(store) == [PartStatus.FAILED.value] * 4
    assert samples.states(store) == before == {"x": "present"}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("make", [ThreadPoolExecutor, PicklingExecutor])
def test_ctrl_c_keeps_what_was_written_and_starts_nothing_more(
    store: Store, make: Callable[[int], Executor]
) -> None:
    work = jobs({"a": ["x"], "b": ["!wait:0.1", "y"]}, scopes=30)

    tally = scan(store, work, executor=make(2), heard=Heard(at={"done": interrupt}))

    assert tally.interrupted
    assert tally.scopes_done < 30
    with store.read() as tx:
        states = list(tx.conn.execute(select(run_scope.c.state)).scalars())
    assert states.count("planned") > 15


@pytest.mark.timeout(60)
def test_ctrl_c_twice_ends_at_once_and_leaves_no_worker_behind(store: Store) -> None:
    crowd = {f"p{number:02}": [f"x{number}"] for number in range(50)}
    before, work = threading.active_count(), jobs({**crowd, "z": ["!wait:0.5"]}, scopes=30)
    executor = ThreadPoolExecutor(4)
    running = engine(store, executor, work, Heard(at={"findings": interrupt, "note": interrupt}))

    with pytest.raises(KeyboardInterrupt):
        running.run(iter(work))
    executor.shutdown(wait=True)

    assert threading.active_count() <= before
    assert running.tally.interrupted


def test_ctrl_c_in_the_middle_of_a_write_lets_it_end(store: Store) -> None:
    work, struck, judged = jobs({"a": ["x"], "b": ["!wait:0.3", "y"]}), [], []

    def strike(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        if "INTO run_part" in statement and not struck:
            struck.append(statement)
            signal.raise_signal(signal.SIGINT)

    event.listen(store.engine, "before_cursor_execute", strike)
    with interrupts.heard(), ThreadPoolExecutor(1) as executor:
        running = engine(store, executor, work, Heard(), on_scope=lambda one: judged.append(one))
        running.run(iter(work))

    assert struck
    assert running.tally.interrupted
    written = {row.asset_id for row in samples.assets(store).values()}
    assert samples.states(store)["x"] == "present"
    assert set().union(*(one.assets for one in judged)) == written


def test_what_was_written_before_ctrl_c_is_judged(store: Store) -> None:
    parts = {"a": ["x"], **{f"b{number}": ["!wait:0.05", f"y{number}"] for number in range(9)}}
    work, judged = jobs(parts), []
    with ThreadPoolExecutor(1) as executor:
        running = engine(
            store, executor, work, Heard(at={"findings": interrupt}), on_scope=lambda one: judged.append(one)
        )
        running.run(iter(work))

    assert running.tally.interrupted
    written = {row.asset_id for row in samples.assets(store).values()}
    assert set().union(*(one.assets for one in judged)) == written


CONFIG = """
[store]
url = {{ env = "TOY_STORE" }}
[scan]
workers = 2
[connectors.toy.main]
scopes = {scopes}
parts = {{ a = ["!request", "x"], b = ["!wait:0.1", "y"] }}
"""


def configured(folder: Path, url: str, scopes: int = 10) -> Config:
    path = folder / "aicensus.toml"
    listed = str([f"s{number}" for number in range(scopes)]).replace("'", '"')
    path.write_text(CONFIG.format(scopes=listed))
    return load_config(path, {"TOY_STORE": url})


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a disk of two megabytes, or skip where none may be mounted."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "aicensus-test", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("no small disk may be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.timeout(60)
def test_a_disk_that_gets_full_ends_the_run_with_the_reason_and_room_lets_the_next_one_go_on(
    small_disk: Path, tmp_path: Path
) -> None:
    url = f"sqlite:///{small_disk / 'inventory.db'}"
    config, ballast = configured(tmp_path, url), small_disk / "ballast"

    def fill() -> None:
        with ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass

    with open_store(url) as store:
        with pytest.raises(DiskFull, match="Free some space"):
            run_scan(config, store, ScanRequest(), Heard(at={"done": fill}))
        ballast.unlink()
        report = run_scan(config, store, ScanRequest(), SilentProgress())

        assert report.state == "complete"
        assert samples.states(store) == {"x": "present", "y": "present"}


@pytest.mark.timeout(60)
def test_a_database_server_that_hangs_up_ends_the_run_as_failed_and_the_next_one_is_whole(
    postgres_store_url: str, tmp_path: Path
) -> None:
    config = configured(tmp_path, postgres_store_url)
    with open_store(postgres_store_url) as store, open_store(postgres_store_url) as admin:

        def hang_up() -> None:
            others = "datname = current_database() AND pid <> pg_backend_pid()"
            with admin.read() as tx:
                tx.conn.execute(
                    text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
                )

        def during_a_write(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
            if "INTO run_part" in statement and not hung:
                hung.append(True)
                hang_up()

        hung: list[bool] = []
        event.listen(store.engine, "before_cursor_execute", during_a_write)
        with pytest.raises(StoreUnreachable):
            run_scan(config, store, ScanRequest(), SilentProgress())
        report = run_scan(config, store, ScanRequest(), SilentProgress())

        with store.read() as tx:
            states = list(tx.conn.execute(select(run.c.state).order_by(run.c.rev)).scalars())
        assert states == ["failed", "complete"]
        assert report.tally.scopes_busy == 0
        assert samples.states(store) == {"x": "present", "y": "present"}
