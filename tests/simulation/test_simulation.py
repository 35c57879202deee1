"""Worlds in bottles: planted defects and the same worlds without them, seeds that once failed, a seed is a run.

A seed that fails here prints the command that runs it again. `make simulate` runs fresh seeds, all seeds of this file
and of seeds.txt, and the defects of `ALIKE` too.
"""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from msgspec import structs
from trio_cancel_sweep import NONSENSE, Mutant

from tests.simulation.checker import check
from tests.simulation.draw import draw_plan
from tests.simulation.mutants import MUTANTS, OF_SEVERAL_SERVERS, believe_every_name
from tests.simulation.shrink import kind_of, shrink
from tests.simulation.simulate import report, try_seed, try_seeds
from tests.simulation.world import simulate
from tests.support.campaign import in_campaign

SMALL, LARGE = 20, 40
"""The most clients of a world; a large one is what `python -m tests.simulation --seed` runs."""

FOUND_BY = {
    "acknowledge_what_is_not_saved": (2, LARGE),
    "announce_before_commit": (28, SMALL),
    "announce_what_is_repeated": (35, SMALL),
    "answer_a_key_with_another_message": (21, SMALL),
    "answer_whoever_was_acknowledged_last": (1, LARGE),
    "believe_every_name": (35, SMALL),
    "catch_up_with_messages_alone": (11, SMALL),
    "cut_too_early": (21, SMALL),
    "decide_on_deletions_before_the_log_alone": (69, SMALL),
    "delete_what_was_put_on_hold": (249, SMALL),
    "decide_on_roles_before_the_log_alone": (46, SMALL),
    "drop_a_batch": (7, SMALL),
    "fail_in_one_session": (2, SMALL),
    "forget_keys": (35, SMALL),
    "forget_what_is_behind": (35, SMALL),
    "forget_what_is_held": (7, SMALL),
    "go_live_before_the_last_page": (5, SMALL),
    "go_on_from_what_has_expired": (53, SMALL),
    "keep_the_dead": (4, SMALL),
    "leave_the_removed_in": (4, SMALL),
    "let_everybody_hear": (28, SMALL),
    "let_nobody_speak_as_somebody": (2, SMALL),
    "look_again_after_every_removal": (42, SMALL),
    "look_before_it_is_noted": (21, SMALL),
    "never_ping_behind_a_message": (7, SMALL),
    "read_another_file": (26, SMALL),
    "read_on_after_the_newest": (165, SMALL),
    "remember_whom_people_blocked": (17, SMALL),
    "remove_without_a_word": (249, SMALL),
    "skip_instead_of_cutting": (6, LARGE),
    "send_on_irc_nothing_that_was_missed": (34, SMALL),
    "stay_listening": (2, SMALL),
    "stop_without_a_word": (2, SMALL),
    "take_what_left_for_delivered": (35, LARGE),
    "take_what_was_published_for_received": (34, SMALL),
    "tell_a_name_wrong": (28, SMALL),
    "tell_an_edit_as_it_was_asked_for": (35, SMALL),
    "tell_beside_what_is_new": (13, SMALL),
    "tell_in_reverse": (2, SMALL),
    "tell_visitors_of_the_lobby": (10, SMALL),
    "trust_from": (21, SMALL),
    "write_past_the_queue": (2, SMALL),
}
"""The seed that finds each defect, and its world's most clients: few seeds and small worlds, as each takes time."""

FOUND_BY_SEVERAL = {
    "remove_without_waiting": 33,
    "look_at_no_lease": 59,
    "count_the_lease_by_the_wall_clock": 77,
    "look_at_nobody_again": 5,
    "tell_before_looking_again": 5,
    "believe_every_claim": 3,
    "take_a_lost_lease_for_one_server_s_own": 45,
    "ask_nobody_for_notes": 28,
    "let_in_before_catching_up": 5,
    "enter_before_catching_up": 72,
}
"""The seed that finds each defect of several servers, in a small world; the others are found by the first of all."""

ALIKE = frozenset(
    {
        "announce_what_is_repeated",
        "answer_a_key_with_another_message",
        "believe_every_name",
        "catch_up_with_messages_alone",
        "decide_on_deletions_before_the_log_alone",
        "decide_on_roles_before_the_log_alone",
        "drop_a_batch",
        "forget_what_is_behind",
        "go_live_before_the_last_page",
        "keep_the_dead",
        "look_before_it_is_noted",
        "never_ping_behind_a_message",
        "read_on_after_the_newest",
        "remember_whom_people_blocked",
        "remove_without_a_word",
        "take_what_left_for_delivered",
        "tell_beside_what_is_new",
        "trust_from",
        # Of several servers:
        "count_the_lease_by_the_wall_clock",
        "enter_before_catching_up",
        "jump_over_gaps",
        "look_at_nobody_again",
        "remove_without_waiting",
        "take_a_lost_lease_for_one_server_s_own",
        "tell_before_looking_again",
        "tell_own_commits_at_once",
    }
)
"""Defects that break promises of which each is broken by another defect too. `make simulate` plants them."""

IS_WHOLE = os.environ.get("SIMULATION") == "whole"

FOUND_WITHIN = 40
OTHERS = (*range(1, FOUND_WITHIN + 1), *range(46, 300, 23))
"""Seeds that are tried where the one in the table finds nothing any more; the last of these have moderators."""

HERE = Path(__file__).parent
JOBS = 1 if "PYTEST_XDIST_WORKER" in os.environ else min(2, os.cpu_count() or 1)
"""Processes for many seeds: the other cores have tests of their own to run where several workers do."""


def planted_now(name: str) -> bool:
    return IS_WHOLE or name not in ALIKE


def tried_now(seeds: Iterable[int]) -> list[int]:
    """Return every sixth seed, beginning with the least: a world takes a second. `make simulate` tries them all."""
    return sorted(seeds)[:: 1 if IS_WHOLE else 6]


@pytest.mark.parametrize("clients", [pytest.param(SMALL, marks=in_campaign), LARGE])
def test_worlds_that_find_a_planted_defect_keep_every_promise_without_it(clients: int) -> None:
    seeds = {seed for name, (seed, most) in FOUND_BY.items() if most == clients and planted_now(name)}
    tried = try_seeds(tried_now(seeds), JOBS, clients)
    failed = [report(seed, problems, clients) for seed, problems in tried if problems]
    assert not failed, "\n".join(failed)


def test_worlds_of_several_servers_keep_every_promise_without_a_defect() -> None:
    seeds = {seed for name, seed in FOUND_BY_SEVERAL.items() if planted_now(name)} | {1}
    tried = try_seeds(tried_now(seeds), JOBS, SMALL, several=True)
    failed = [report(seed, problems, SMALL, several=True) for seed, problems in tried if problems]
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
        for seed, problems in try_seeds(tried_now(those), JOBS, clients)
        if problems
    ]
    assert not failed, "\n".join(failed)


@in_campaign
def test_a_seed_is_a_run_event_for_event_in_another_process_too() -> None:
    seed, clients = 5, 10
    digest = simulate(draw_plan(seed, most_clients=clients)).digest()
    assert simulate(draw_plan(seed, most_clients=clients)).digest() == digest
    command = ["-m", "tests.simulation", "--seed", str(seed), "--clients", str(clients), "--whole"]
    again = subprocess.run(
        [sys.executable, *command],
        cwd=HERE.parents[1],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert digest in again.stdout, again.stderr


def test_another_seed_is_another_run() -> None:
    plan = draw_plan(22, most_clients=10)
    assert simulate(plan).digest() != simulate(structs.replace(plan, seed=23)).digest()


def runs(problems: list[str]) -> bool:
    """Whether the planted text runs at all: to find one that does not proves nothing."""
    return not any(name in problem for problem in problems for name in NONSENSE)


def of_this_run(mutants: Iterable[Mutant]) -> list[Mutant]:
    return [mutant for mutant in mutants if planted_now(mutant.name)]


def test_every_defect_that_is_planted_seldom_has_a_text_to_change() -> None:
    alike = [mutant for mutant in (*MUTANTS, *OF_SEVERAL_SERVERS) if mutant.name in ALIKE]
    assert {mutant.name for mutant in alike} == ALIKE
    for mutant in alike:
        with mutant.plant():
            pass


@pytest.mark.parametrize("mutant", of_this_run(MUTANTS), ids=lambda mutant: mutant.name)
def test_a_planted_defect_is_found(mutant: Mutant) -> None:
    for seed, clients in (FOUND_BY[mutant.name], *((seed, LARGE) for seed in OTHERS)):
        with mutant.plant():
            problems = try_seed(seed, clients)
        if problems:
            assert runs(problems)
            assert f"--seed {seed}" in report(seed, problems, clients)
            return
    pytest.fail(f"{mutant.breaks} {FOUND_WITHIN} seeds did not find it")


@pytest.mark.parametrize("mutant", of_this_run(OF_SEVERAL_SERVERS), ids=lambda mutant: mutant.name)
def test_a_planted_defect_of_several_servers_is_found(mutant: Mutant) -> None:
    for seed in dict.fromkeys((FOUND_BY_SEVERAL.get(mutant.name, 1), *range(1, FOUND_WITHIN + 1))):
        with mutant.plant():
            problems = try_seed(seed, SMALL, several=True)
        if problems:
            assert runs(problems)
            assert f"--seed {seed}" in report(seed, problems, SMALL, several=True)
            return
    pytest.fail(f"{mutant.breaks} {FOUND_WITHIN} seeds did not find it")


@pytest.mark.skipif(not IS_WHOLE, reason="make simulate shrinks a plan: it takes dozens of worlds")
def test_a_failing_plan_is_shrunk_to_the_steps_of_the_failure() -> None:
    with believe_every_name():
        plan = draw_plan(1, most_clients=12)
        problems = check(simulate(plan))
        kind = kind_of(problems[0])
        small = shrink(plan, lambda tried: kind in map(kind_of, check(simulate(tried))))
        assert kind in map(kind_of, check(simulate(small)))
    assert (len(small.guests), len(small.steps)) == (1, 1)
    assert not small.troubles
    assert not small.restarts
    assert check(simulate(small)) == []
