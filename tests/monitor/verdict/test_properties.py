"""What holds for whatever a network may do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.export.formats import ooni
from monitor.model import Health, State
from monitor.observe import flatten, observe
from monitor.verdict import judge
from probes.model import DNSSECValidation, QUICHandshake, TTLTrial
from tests.strategies import measurements

same_url = st.sampled_from(["https://kloop.kg/", "http://kloop.kg/", "http://[", "https://93.184.216.34/"])
together = same_url.flatmap(
    lambda url: st.tuples(measurements(url=st.just(url)), st.lists(measurements(url=st.just(url)), max_size=4))
)


@given(together, st.sampled_from(Health))
def test_nothing_a_network_does_raises(measured, health):
    """Observing, judging, flattening and the peer's keys give an answer for arbitrary steps."""
    measurement, controls = measured

    observations = observe(measurement, controls)
    outcome = flatten(measurement, judge(measurement, observations, health=health))
    keys = ooni.test_keys(measurement, controls[0] if controls else None)

    of_experiments = [
        step for step in measurement.steps if isinstance(step, TTLTrial | QUICHandshake | DNSSECValidation)
    ]
    assert len(observations) == len(measurement.steps) - len(of_experiments) + 1
    assert outcome.verdict.controls_agree <= outcome.verdict.controls_total
    assert keys["blocking"] in (None, False, "dns", "tcp_ip", "http-failure", "http-diff")


@given(together, st.randoms())
def test_the_order_of_controls_does_not_matter(measured, random):
    """Shuffled controls give the same observations."""
    measurement, controls = measured
    shuffled = random.sample(controls, len(controls))

    assert observe(measurement, controls) == observe(measurement, shuffled)


@given(measurements(), st.sampled_from(Health))
def test_without_controls_nothing_is_blocked_or_down(measurement, health):
    """No control, no accusation: there is ok, where it was proved, and insufficient."""
    verdict = judge(measurement, observe(measurement, []), health=health)

    assert verdict.state in (State.OK, State.INSUFFICIENT)
    assert (verdict.controls_agree, verdict.controls_total) == (0, 0)


@given(together, st.sampled_from([Health.SICK, Health.OFFLINE]))
def test_a_sick_vantage_point_says_nothing_of_a_target(measured, health):
    """Whatever a vantage point sees that cannot be believed, only innocuous targets are still judged."""
    measurement, controls = measured

    verdict = judge(measurement, observe(measurement, controls), health=health)

    assert measurement.innocuous or verdict.rule_id.startswith("vantage.")


@given(together)
def test_a_control_vantage_point_counts_once(measured):
    """However often a control vantage point measured, it has one voice."""
    measurement, controls = measured

    whole = observe(measurement, controls)[0]

    others = {control.vantage.id for control in controls} - {measurement.vantage.id}
    assert len(others) == whole.control.total
    assert whole.control.ok + whole.control.failed <= whole.control.total
