"""Worlds in bottles: the same seeds in every run, those that once failed, the proof that a seed is a run, and defects.

A seed that fails here prints the command that runs it again. Fresh seeds are for `make simulate`; `SIMULATION_BASE`
begins with another seed here.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec import structs
from trio_cancel_sweep import Mutant

from tests.simulation.checker import check
from tests.simulation.draw import draw_plan
from tests.simulation.mutants import MUTANTS, OF_SEVERAL_SERVERS, believe_every_name
from tests.simulation.shrink import kind_of, shrink
from tests.simulation.simulate import report, try_seed, try_seeds
from tests.simulation.world import simulate

FIRST = int(os.environ.get("SIMULATION_BASE", "1000"))
SEEDS = 3
"""The first seed, and how many there are in each of the four parts; `make simulate` runs a thousand."""

FEW = 1
"""Seeds in each of the three parts with several servers, which take longer."""

FOUND_FIRST = {
    "acknowledge_what_is_not_saved": 2,
    "announce_what_is_repeated": 35,
    "catch_up_with_messages_alone": 11,
    "decide_on_deletions_before_the_log_alone": 253,
    "decide_on_roles_before_the_log_alone": 46,
    "forget_keys": 35,
    "forget_what_is_held": 35,
    "keep_the_dead": 16,
    "leave_the_removed_in": 4,
    "look_again_after_every_removal": 81,
    "look_before_it_is_noted": 21,
    "read_another_file": 26,
    "never_ping_behind_a_message": 7,
    "remember_whom_people_blocked": 5,
    "skip_instead_of_cutting": 6,
    "take_what_left_for_delivered": 35,
    "tell_an_edit_as_it_was_asked_for": 35,
    "tell_beside_what_is_new": 13,
    "tell_visitors_of_the_lobby": 10,
}
"""The seed that is tried before all others for these: it finds them, and the first ones do not."""

FOUND_FIRST_OF_SEVERAL = {
    "remove_without_waiting": 33,
    "look_at_no_lease": 59,
    "count_the_lease_by_the_wall_clock": 53,
    "look_at_nobody_again": 25,
    "tell_before_looking_again": 25,
    "believe_every_claim": 3,
    "take_a_lost_lease_for_one_server_s_own": 1543,
    "ask_nobody_for_notes": 22,
    "enter_before_catching_up": 171,
    "let_in_before_catching_up": 4,
}
"""The same where there are several servers; the others are found by the first of all."""

SMALL = 20
"""Clients in each of them; `make simulate` has larger worlds."""

FOUND_WITHIN = 40
"""Seeds within which a planted defect must be found; most are found by the first."""

TRIED_FIRST = (1, 2, 35, 7, 16, 28, 21, 42)
"""Two small worlds, and some with a crowd of each kind (crowds.py): few defects take more."""

HERE = Path(__file__).parent
JOBS = 1 if "PYTEST_XDIST_WORKER" in os.environ else min(2, os.cpu_count() or 1)
"""Processes for many seeds: the other cores have tests of their own to run where several workers do."""


@pytest.mark.parametrize("part", range(4))
def test_the_same_seeds_keep_every_promise_in_each_run(part: int) -> None:
    base = FIRST + part * SEEDS
    tried = try_seeds(range(base, base + SEEDS), JOBS, SMALL)
    failed = [report(seed, problems, SMALL) for seed, problems in tried if problems]
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize("part", range(3))
def test_several_servers_keep_every_promise(part: int) -> None:
    base = FIRST + part * FEW
    tried = try_seeds(range(base, base + FEW), JOBS, SMALL, several=True)
    failed = [report(seed, problems, SMALL, several=True) for seed, problems in tried if problems]
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize("several", [False, True])
def test_worlds_that_find_a_planted_defect_keep_every_promise_without_it(several: bool) -> None:
    first = {*FOUND_FIRST_OF_SEVERAL.values(), 1} if several else {*FOUND_FIRST.values(), *TRIED_FIRST}
    clients = SMALL if several else 40
    tried = try_seeds(sorted(first), JOBS, clients, several)
    failed = [report(seed, problems, clients, several) for seed, problems in tried if problems]
    assert not failed, "\n".join(failed)


def test_seeds_that_once_failed_keep_every_promise() -> None:
    lines = (HERE / "seeds.txt").read_text().splitlines()
    seeds: dict[int, list[int]] = {}  # by the most clients
    for line in lines:
        if not line.startswith("#"):
            seed, _, clients = line.split()[0].partition("/")
            seeds.setdefault(int(clients or 40), []).append(int(seed))
    assert seeds
    failed = [
        report(seed, problems, clients)
        for clients, those in seeds.items()
        for seed, problems in try_seeds(those, JOBS, clients)
        if problems
    ]
    assert not failed, "\n".join(failed)


def test_a_seed_is_a_run_event_for_event_in_another_process_too() -> None:
    seed = 5
    digest = simulate(draw_plan(seed)).digest()
    assert simulate(draw_plan(seed)).digest() == digest
    for hash_seed in ("1", "2"):
        command = [sys.executable, "-m", "tests.simulation", "--seed", str(seed), "--whole"]
        again = subprocess.run(
            command,
            cwd=HERE.parents[1],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert digest in again.stdout, again.stderr


def test_another_seed_is_another_run() -> None:
    assert simulate(draw_plan(5)).digest() != simulate(structs.replace(draw_plan(5), seed=6)).digest()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_planted_defect_is_found(mutant: Mutant) -> None:
    first = (FOUND_FIRST[mutant.name],) if mutant.name in FOUND_FIRST else ()
    for seed in dict.fromkeys((*first, *TRIED_FIRST, *range(1, FOUND_WITHIN + 1))):
        with mutant.plant():
            problems = try_seed(seed)
        if problems:
            assert f"--seed {seed}" in report(seed, problems)
            return
    pytest.fail(f"{mutant.breaks} {FOUND_WITHIN} seeds did not find it")


@pytest.mark.parametrize("mutant", OF_SEVERAL_SERVERS, ids=lambda mutant: mutant.name)
def test_a_planted_defect_of_several_servers_is_found(mutant: Mutant) -> None:
    for seed in dict.fromkeys((FOUND_FIRST_OF_SEVERAL.get(mutant.name, 1), *range(1, FOUND_WITHIN + 1))):
        with mutant.plant():
            problems = try_seed(seed, SMALL, several=True)
        if problems:
            assert f"--seed {seed}" in report(seed, problems, SMALL, several=True)
            return
    pytest.fail(f"{mutant.breaks} {FOUND_WITHIN} seeds did not find it")


def test_a_failing_plan_is_shrunk_to_the_steps_of_the_failure() -> None:
    with believe_every_name():
        plan = next(plan for plan in map(draw_plan, range(1, FOUND_WITHIN)) if check(simulate(plan)))
        problems = check(simulate(plan))
        kind = kind_of(problems[0])
        small = shrink(plan, lambda tried: kind in map(kind_of, check(simulate(tried))))
        assert kind in map(kind_of, check(simulate(small)))
    assert (len(small.guests), len(small.steps)) == (1, 1)
    assert not small.troubles
    assert not small.restarts
    assert check(simulate(small)) == []
