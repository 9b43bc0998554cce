"""The first sentence: never green when something is wrong or not known, and never two truths on one page."""

import pytest

from streams.domain.reasons import DeadReason
from streams.web import facts as f
from streams.web.letter_index import IndexState
from streams.web.memory import NOTHING_REMEMBERED
from streams.web.need import advice
from streams.web.needs import needs
from streams.web.overview import overview
from streams.web.situation import Situation
from streams.web.verdict import verdict
from tests.unit.streams.web import scenes
from tests.unit.streams.web.situations import SILENT, of, situation
from tests.unit.streams.web.worlds import (
    ACCOUNTED,
    DESIRED,
    NOW,
    SECOND,
    STOCK,
    World,
    intake,
    lane,
    letter,
    target,
    worker,
)


def test_calm_is_green_and_says_that_everything_is_accounted_for() -> None:
    found = verdict(situation(scenes.calm()))

    assert (found.state, found.headline, found.needs) == ("ok", "Nothing needs you", ())
    assert "Every record is accounted for" in found.sentence


def test_without_any_record_it_is_grey_and_says_the_next_step() -> None:
    found = verdict(situation(scenes.zero()))

    assert (found.state, found.headline) == ("unknown", "Running, but nothing has arrived yet")
    assert "1 worker is ready, running for 4 min" in found.sentence
    assert "commerce-streams doctor" in found.sentence


def test_a_silent_worker_alone_is_grey_and_named() -> None:
    found = verdict(situation(scenes.partial()))

    assert found.state == "unknown"
    assert found.headline == "Not everything is known: worker-3 does not answer"
    assert found.sentence == "1 of 2 workers answered. Its partitions 5–7 are left out below."
    assert found.needs[0].for_since == SILENT.since


def test_something_worse_than_a_silent_worker_comes_first() -> None:
    world = scenes.busy()
    found = verdict(situation(world, silent=(SILENT,)))

    assert found.state == "stopped"
    assert [need.state for need in found.needs] == ["stopped", "attention", "attention", "attention", "unknown"]
    assert found.sentence.endswith("worker-3 does not answer. Its partitions 5–7 are left out below.")


def test_with_the_lanes_owner_silent_the_first_sentence_says_what_is_not_known() -> None:
    found = verdict(situation(scenes.partial_without_lane()))

    assert found.sentence.endswith("left out below. How far stock is behind is not known.")


def test_a_refused_credential_says_what_waits_that_it_is_safe_and_for_how_long() -> None:
    need = needs(situation(scenes.busy()))[0]

    assert (need.state, need.what) == ("stopped", "Adobe Commerce refuses us: a person must act.")
    assert "412 rows wait safely, the oldest for 36 min" in need.why
    assert "none of them is lost" in need.why
    assert need.for_since is not None
    assert need.for_since.isoformat() == "2026-11-21T01:38:07+00:00"


def test_a_gap_names_topic_partition_and_how_many_are_gone() -> None:
    found = needs(situation(scenes.calm_but(gaps=(f.GapFact(STOCK, 5, 88_120, 88_419),))))

    assert found[0].what == f"Intake of {STOCK} [5] is paused: 300 records left Kafka before we read them."
    assert not found[0].safe
    assert f"`commerce-streams gaps accept {STOCK} 5`" in found[0].steps


def test_what_is_not_safe_comes_before_everything_that_is() -> None:
    found = verdict(situation(scenes.twelve()))

    lost = f"Intake of {STOCK} [5] is paused: 300 records left Kafka before we read them."
    assert found.needs[0].what == lost
    assert found.sentence.startswith(f"Not safe: {lost} 412 rows wait for Commerce")
    assert "nothing is lost" not in found.sentence


@pytest.mark.parametrize(("actor", "state"), [("guard", "stopped"), ("operator-2 (operate)", "attention")])
def test_a_paused_intake_says_who_paused_it(actor: str, state: str) -> None:
    order = f.OrderFact(f"intake/{STOCK}", "paused", actor, "100 unexpected errors in a row", NOW - 60 * SECOND)
    intakes = (intake(STOCK, tuple(range(8)), paused=True), *worker().intakes[1:])
    need = needs(situation(scenes.calm_but(intakes=intakes, orders=(order,))))[0]

    assert need.state == state
    assert ("A bad deploy?" in need.what) == (actor == "guard")
    assert f"`commerce-streams resume {STOCK}`" in need.steps


def test_the_sums_are_not_praised_while_a_worker_joins() -> None:
    joining = worker(2, (), ready=False, working=False)
    found = overview(of(worker(), joining)).data

    assert found.accounting.state == "unknown"
    assert found.verdict.sentence.startswith("The sums are not checked while a worker joins.")


def test_shadow_and_pause_are_said_although_everything_works() -> None:
    shadow = verdict(situation(scenes.shadow()))
    paused = verdict(situation(scenes.calm_but(lane=lane(mode="paused", pending=3))))

    assert shadow.state == paused.state == "attention"
    assert "operator-2 (operate)" in shadow.needs[0].what
    assert "STREAMS_SINKS__MODE" in paused.needs[0].what
    assert "They go out when it runs again" in paused.needs[0].why


def test_sums_that_differ_for_a_minute_need_a_person_and_at_once_are_no_longer_praised() -> None:
    counts = {**ACCOUNTED, STOCK: {**ACCOUNTED[STOCK], "accepted": ACCOUNTED[STOCK]["accepted"] + 12}}
    world = scenes.calm_but(accounted=counts)
    young = situation(world, memory=NOTHING_REMEMBERED._replace(mismatch_since={STOCK: NOW - 59 * SECOND}))
    old = situation(world, memory=NOTHING_REMEMBERED._replace(mismatch_since={STOCK: NOW - 60 * SECOND}))

    assert "Every record is accounted for" not in verdict(young).sentence
    assert overview(young).data.accounting.state == "attention"
    assert verdict(old).state == "stopped"
    assert verdict(old).needs[0].what == f"12 records of {STOCK} are not accounted for."


def test_rows_older_than_a_minute_are_late_though_the_target_answers() -> None:
    found = verdict(situation(scenes.calm_but(lane=lane(pending=4, oldest_pending_since=NOW - 90 * SECOND))))

    assert (found.state, found.needs[0].what) == ("attention", "Stock is 1 min behind.")


@pytest.mark.parametrize(
    ("changes", "number", "shown", "about"),
    [
        ({"oldest_pending_since": NOW - 90 * SECOND, "pending": 2}, 0, "90", "over the goal of 5 s · 2 rows wait"),
        ({"pending": 0}, 0, "0", "goal of 5 s · 0 rows wait"),
        ({"pending": 2}, 0, "unknown", "2 rows wait"),
        ({"applied": 0, "delay_p50_s": None, "delay_p99_s": None}, 1, "–", ""),
        ({"delay_p99_s": float("inf")}, 1, "over 30 min", "402,118 rows written since the start"),
    ],
)
def test_none_unknown_and_beyond_measure_are_three_signs(
    changes: dict[str, object], number: int, shown: str, about: str
) -> None:
    tile = overview(situation(scenes.calm_but(lane=lane(**changes)))).data.figures[number]

    assert (tile.shown, tile.about) == (shown, about)


def test_unknown_skus_are_named() -> None:
    found = needs(situation(scenes.calm_but(lane=lane(unknown_skus=("A", "B", "C", "D")))))

    assert found[0].what == "4 SKUs written to Commerce are not in its catalogue: A, B, C, …"


def test_a_trouble_that_blocks_is_told_once() -> None:
    troubles = (
        f.TroubleFact("group", "no broker answers (for 64 s)", NOW - 64 * SECOND, blocks=True),
        f.TroubleFact(f"gap/{STOCK}/5", "told as a gap", NOW, blocks=True),
    )
    found = needs(situation(scenes.calm_but(troubles=troubles, ready=False)))

    assert [need.what for need in found] == ["worker-1: no broker answers (for 64 s)."]


def test_partitions_that_nobody_reads_are_named() -> None:
    found = verdict(of(worker(1, (0, 1, 2, 3, 4))))

    assert found.state == "unknown"
    assert found.needs[0].what == "Partitions 5–7 of the stock ledger are in nobody's hands."


def test_no_more_than_five_open_the_page_and_the_rest_is_folded_with_its_number() -> None:
    found = verdict(situation(scenes.twelve()))

    assert found.headline == "9 things need you"
    assert (found.shown, found.more, len(found.needs)) == (5, 4, 9)
    assert "5 dead letters in 5 smaller groups." in [need.what for need in found.needs]
    assert [need.state for need in found.needs[:4]] == ["stopped"] * 4


CUTS = {
    "a silent worker": situation(scenes.partial()),
    "the lane's owner silent": situation(scenes.partial_without_lane()),
    "nobody holds the lane": of(worker(2)),
    "letters unreadable": situation(scenes.letters_unknown()),
    "letters still read": situation(World(index_state=IndexState(known=True, building=True, to_read=9, why=""))),
    "a table rebuilt": situation(scenes.rebuilding()),
    "partitions unread": of(worker(1, (0, 1))),
    "target never called": situation(scenes.zero()),
}


@pytest.mark.parametrize("cut", CUTS)
def test_nothing_is_green_that_depends_on_what_is_not_known(cut: str) -> None:
    at: Situation = CUTS[cut]
    page = overview(at).data

    assert page.verdict.state != "ok"
    assert page.accounting.state != "ok" or cut.startswith("letters")
    if at.lane is None:
        by_id = {node.id: node for node in page.nodes}
        assert {by_id["sink-commerce"].state, by_id["target-commerce"].state} == {"unknown"}
        assert page.figures[0].shown == page.figures[1].shown == "unknown"
    if at.fleet.silent:
        assert page.figures[2].shown == "unknown"
        assert {one.state for one in page.intake if one.topic != DESIRED} == {"unknown"}
    if cut.startswith("letters"):
        assert page.figures[3].shown == "unknown"


@pytest.mark.parametrize("name", scenes.SCENES)
def test_a_green_verdict_has_no_stage_that_needs_anything(name: str) -> None:
    found = overview(situation(scenes.SCENES[name]()))
    states = {node.state for node in found.data.nodes if node.column > 0}

    assert found.state == found.data.verdict.state
    if found.state == "ok":
        assert states == {"ok"}
    if "stopped" in states:
        assert found.state == "stopped"


def test_the_verdict_counts_what_the_page_lists() -> None:
    found = overview(situation(scenes.busy())).data

    acting = [need for need in found.verdict.needs if need.state in ("stopped", "attention")]
    assert found.verdict.headline == f"{len(acting)} things need you"
    assert "1,024 dead letters" in found.verdict.needs[1].what
    assert found.figures[3].figure.value == 1031


def test_each_reason_of_a_dead_letter_has_advice() -> None:
    for reason in DeadReason:
        assert advice(reason.value)[-1] in ".?"
    assert advice("reason-of-another-release")


def test_a_target_that_is_tried_again_is_still_stopped() -> None:
    state = "trying"
    found = verdict(
        situation(
            scenes.calm_but(targets=(target(state=state, since=NOW - SECOND, why="timed out"),), lane=lane(pending=1))
        )
    )

    assert found.state == "stopped"
    assert "One call is on its way to see" in found.needs[0].why


def test_a_new_group_of_letters_is_a_need_with_a_link_to_it() -> None:
    world = scenes.calm()
    world.letters = [letter(1)]

    need = needs(situation(world))[0]

    assert need.what == f"1 dead letter: unknown location on {STOCK}."
    assert need.action.href == f"/dead-letters/{world.letters[0].group}"
