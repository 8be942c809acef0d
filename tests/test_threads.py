"""How many threads: what is granted, who else is there, and numbers that do not depend on it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch

from minbert import threads
from minbert.threads import Threads, adapted, fixed_threads, granted_cores, most_threads


@pytest.fixture(autouse=True)
def nothing_fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in threads.FIXED:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)


def control_groups(root: Path, groups: str, files: dict[str, str]) -> Path:
    for name, text in {"proc/self/cgroup": groups, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("groups", "files", "cores"),
    [
        ("0::/\n", {"sys/fs/cgroup/cpu.max": "200000 100000\n"}, 2),
        ("0::/\n", {"sys/fs/cgroup/cpu.max": "150000 100000\n"}, 1),
        ("0::/\n", {"sys/fs/cgroup/cpu.max": "50000 100000\n"}, 1),
        ("0::/\n", {"sys/fs/cgroup/cpu.max": "max 100000\n"}, 8),
        ("0::/\n", {}, 8),
        ("0::/hub/user\n", {"sys/fs/cgroup/hub/user/cpu.max": "max 100000\n",
                            "sys/fs/cgroup/hub/cpu.max": "300000 100000\n"}, 3),
        ("0::/hub/user\n", {"sys/fs/cgroup/cpu.max": "400000 100000\n"}, 4),
        ("0::/../..\n", {"sys/fs/cgroup/cpu.max": "100000 100000\n"}, 1),
        ("4:cpu,cpuacct:/a\n0::/a\n", {"sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "250000\n",
                                       "sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "100000\n"}, 2),
        ("4:cpu,cpuacct:/\n", {"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                               "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"}, 8),
        ("5:memory:/a\n", {"sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "100000\n",
                           "sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "100000\n"}, 8),
        ("0::/\n", {"sys/fs/cgroup/cpu.max": "nonsense\n"}, 8),
    ],
)  # fmt: skip
def test_a_containers_quota_counts(
    tmp_path: Path, eight_cores: None, groups: str, files: dict[str, str], cores: int
) -> None:
    assert granted_cores(control_groups(tmp_path, groups, files)) == cores


def test_affinity_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {3}, raising=False)
    assert granted_cores(tmp_path) == 1
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert granted_cores(tmp_path) == 6


def test_narrow_models_take_few_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "granted_cores", lambda: 8)
    assert [most_threads(width) for width in (5, 128, 384)] == [1, 2, 8]


@pytest.mark.parametrize("value", ["0", "two", "-1", "1.5"])
def test_a_wrong_number_is_said(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINBERT_THREADS", value)
    with pytest.raises(ValueError, match="MINBERT_THREADS must be a whole number above 0, got"):
        fixed_threads()


def test_on_the_command_line_a_wrong_number_is_one_sentence() -> None:
    code = (
        "from minbert.__main__ import main; import sys; sys.exit(main(['reproduce', '--out', 'x']))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        text=True,
        capture_output=True,
        env=os.environ | {"MINBERT_THREADS": "many"},
    )
    assert run.returncode == 2
    assert run.stderr == (
        "minbert reproduce: MINBERT_THREADS must be a whole number above 0, got 'many'\n"
    )


def test_a_number_that_the_user_fixed_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3,2")
    chosen = Threads(most=8)
    chosen.choose(0.9)
    assert (chosen.number, chosen.adapts) == (3, False)
    monkeypatch.setenv("MINBERT_THREADS", "1")
    assert Threads(most=8).number == 1


def test_more_threads_only_while_nobody_else_is_there() -> None:
    with adapted(2) as chosen:
        assert (chosen.number, torch.get_num_threads()) == (1, 1)
        chosen.choose(0.0)
        assert torch.get_num_threads() == 2
        chosen.choose(0.05)
        assert torch.get_num_threads() == 2
        chosen.choose(0.5)  # somebody came
        assert torch.get_num_threads() == 1
        chosen.choose(0.5)
        assert torch.get_num_threads() == 1


@pytest.mark.parametrize("passed", [threads.WINDOW_S, 2.0])
def test_each_failed_try_makes_it_more_patient(passed: float) -> None:
    """In seconds: a step of a large model is a long window, and no longer patience."""
    tries = []
    with adapted(2) as chosen:
        for window in range(round(200 / passed)):  # alone with one thread, never with two
            chosen.choose(0.0 if chosen.number == 1 else 0.4, passed)
            if chosen.number == 2:
                tries.append(window * passed)
    waits = [later - earlier for earlier, later in zip(tries, tries[1:], strict=False)]
    assert waits == sorted(waits) and waits[0] <= 3 * passed
    assert max(waits) <= threads.LONGEST_PATIENCE_S + 2 * passed
    assert len(tries) < 15


def test_patience_comes_back_once_nobody_is_there() -> None:
    with adapted(2) as chosen:
        for _ in range(4000):
            chosen.choose(0.0 if chosen.number == 1 else 0.4)
        for _ in range(200):  # now alone
            chosen.choose(0.0)
        assert chosen.number == 2
        chosen.choose(0.4)  # one bad window
        chosen.choose(0.0)
        chosen.choose(0.0)
        assert chosen.number == 2, "long ago does not count"


def files_of(root: Path, **threads_of: str) -> Path:
    for thread, text in threads_of.items():
        (root / thread).mkdir()
        (root / thread / "schedstat").write_text(text)
    return root


def test_queues_are_read_as_linux_writes_them(tmp_path: Path) -> None:
    tasks = files_of(tmp_path, t1="5000000000 250000000 12\n", t2="7 1000000000 3\n", t3="0 0 0\n")
    (tmp_path / "ended").mkdir()
    assert threads.queued_s(tasks) == {"t1": 0.25, "t2": 1.0}
    assert threads.queued_s(tmp_path / "no such system") is None
    (tmp_path / "t1" / "schedstat").write_text("nonsense")
    assert threads.queued_s(tasks) is None


def test_without_queues_the_time_that_this_thread_ran_decides(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threads, "queued_s", lambda: None)
    chosen = Threads(most=2)
    time.sleep(threads.WINDOW_S)
    chosen.adapt()
    assert chosen.number == 1, "it slept: perhaps others ran"


needs_queues = pytest.mark.skipif(threads.queued_s() is None, reason="Linux counts no queues here")


@needs_queues
def test_a_thread_that_sleeps_stands_in_nobodys_queue() -> None:
    """As a thread does that waits for the others' part of a product."""
    before = threads.queued_s()
    time.sleep(0.5)
    after = threads.queued_s()
    me = str(threading.get_native_id())
    assert (after[me] - before[me]) / 0.5 < threads.SHARED_ABOVE


@needs_queues
def test_a_thread_that_shares_its_core_is_seen_to_wait() -> None:
    allowed = os.sched_getaffinity(0)
    core = min(allowed)
    spin = f"import os; os.sched_setaffinity(0, {{{core}}})\nprint(flush=True)\nwhile True: pass"
    with subprocess.Popen([sys.executable, "-c", spin], stdout=subprocess.PIPE) as other:
        try:
            other.stdout.readline()  # it spins
            os.sched_setaffinity(0, {core})
            me, before, end = str(threading.get_native_id()), threads.queued_s(), time.time() + 1
            while time.time() < end:
                pass
            after = threads.queued_s()
        finally:
            os.sched_setaffinity(0, allowed)
            other.kill()
    assert after[me] - before[me] > threads.SHARED_ABOVE


def test_afterwards_torch_has_the_number_it_had() -> None:
    before = torch.get_num_threads()
    with pytest.raises(KeyError), adapted(2) as chosen:
        chosen.choose(0.0)
        raise KeyError
    assert torch.get_num_threads() == before


def python(code: str, **environment: str) -> str:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in (*threads.FIXED, "OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "MKL_CBWR")
    }
    run = subprocess.run([sys.executable, "-c", code], env=inherited | environment, text=True,
                         capture_output=True, check=True)  # fmt: skip
    return run.stdout


def test_what_is_set_before_torch_and_what_stays() -> None:
    shown = "import os, minbert, json; print(json.dumps(dict(os.environ)))"
    fresh = json.loads(python(shown))
    assert fresh["OMP_WAIT_POLICY"] == "PASSIVE" and fresh["GOMP_SPINCOUNT"] == str(threads.SPINS)
    assert "OMP_NUM_THREADS" not in fresh  # a child would take it for the user's wish
    chosen = json.loads(python(shown, OMP_WAIT_POLICY="ACTIVE", MINBERT_THREADS="3"))
    assert chosen["OMP_WAIT_POLICY"] == "ACTIVE" and "GOMP_SPINCOUNT" not in chosen
    assert chosen["OMP_NUM_THREADS"] == "3"
    assert (
        python("import minbert, torch; print(torch.get_num_threads())", MINBERT_THREADS="1")
        == "1\n"
    )


def digests(folder: Path) -> dict[str, str]:
    """Of everything a run leaves that is a number: weights, curves, predictions."""
    kinds = ("*.safetensors", "curves.csv", "predictions/*.csv")
    paths = sorted(path for kind in kinds for path in folder.rglob(kind))
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
    }


@pytest.mark.parametrize("more", ["4", pytest.param("2", marks=pytest.mark.slow)])
def test_the_numbers_do_not_depend_on_the_number_of_threads(
    toy_data_folder: Path, tmp_path: Path, more: str
) -> None:
    """All stages of the paper on `tiny`: the same weights, to the last bit."""
    found = {}
    for count in ("1", more, ""):  # without a number it is chosen while training
        out = tmp_path / f"threads{count}"
        command = ["reproduce", "--data", f"cs224n:{toy_data_folder}", "--encoder", "tiny",
                   "--arms", "baseline", "mlm+mnrl", "--cache", str(out / "cache"),
                   "--out", str(out / "run")]  # fmt: skip
        python(
            f"import sys; from minbert.__main__ import main; sys.exit(main({command!r}))",
            **({"MINBERT_THREADS": count} if count else {}),
        )
        found[count] = digests(out / "run")
    assert len(found["1"]) >= 8
    assert found[more] == found["1"] and found[""] == found["1"]
