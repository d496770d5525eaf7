"""Situations that fooled others, or that two readings compete for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.model import Evidence, Health, Layer, Locus, State
from monitor.observe import observe
from monitor.verdict import judge
from probes.model import Origin
from tests.monitor.verdict.table import EOF, NXDOMAIN, REFUSED, RESET, SCENES, TIMEOUT, UNTRUSTED, notice, two_addresses
from tests.scenes import (
    FORGED,
    HEADERS,
    HTTP,
    HTTPS,
    NAME,
    SECOND,
    SITE,
    V6,
    connected,
    control,
    datagram,
    fetched,
    leaf,
    looked,
    measured,
    plain_visit,
    redirected,
    screened,
    shook,
    three,
    visit,
)


def verdict_on(measurement, controls, health=Health.HEALTHY):
    """The verdict on a measurement beside its controls."""
    return judge(measurement, observe(measurement, controls), health=health)


def on_page(*controls, **page):
    """The verdict on a visit in the clear that is answered with `page`."""
    beside = controls or three(*plain_visit(), url=HTTP)
    return verdict_on(measured(*plain_visit(**page), url=HTTP), beside)


# Controls


def test_one_of_three_controls_does_not_decide():
    """A control that is itself kept out does not turn a block into an outage; the verdict says two of three agree."""
    controls = (control(1, *visit()), control(2, *visit()), control(3, looked([SITE]), connected(SITE, TIMEOUT)))

    verdict = verdict_on(measured(looked([SITE]), connected(), shook(SITE, RESET)), controls)

    assert (
        verdict.state,
        verdict.technique,
        verdict.controls_agree,
        verdict.controls_total - 1,
    ) == (State.BLOCKED, "tls.reset", 2, 2)


def test_a_control_without_an_uplink_has_no_voice():
    """A control that reached nothing is counted among those asked and is otherwise ignored."""
    controls = (control(1, *visit()), control(2, looked(TIMEOUT)), control(3, looked("network_unreachable")))

    verdict = verdict_on(measured(looked(NXDOMAIN), looked([SITE], engine="doh")), controls)

    assert (verdict.state, verdict.controls_agree, verdict.controls_total) == (State.BLOCKED, 1, 3)


def test_only_dead_controls_are_no_control():
    """Where no control reached anything, nothing is blocked and nothing is down."""
    verdict = verdict_on(measured(looked(NXDOMAIN), looked([SITE], engine="doh")), three(looked(TIMEOUT)))

    assert (verdict.state, verdict.rule_id, verdict.controls_total) == (State.INSUFFICIENT, "control.none", 3)


def test_a_failed_page_does_not_erase_a_lower_proof():
    """Handshakes are reset here and complete at controls, whose page failed: still a reset, as that layer shows it."""
    controls = three(looked([SITE]), connected(), shook(), fetched(status=None, failure=TIMEOUT))

    verdict = verdict_on(measured(looked([SITE]), connected(), shook(SITE, RESET)), controls)

    assert verdict.rule_id == "tls.reset.controls_complete"


def test_a_page_that_was_seen_is_ok_although_controls_fail():
    """Sites that turn data centres away are seen to work here."""
    verdict = verdict_on(measured(*visit()), three(looked([SITE]), connected(SITE, TIMEOUT)))

    assert (verdict.state, verdict.controls_agree, verdict.controls_total) == (State.OK, 0, 3)


# Names


def test_another_address_is_no_forgery():
    """A content network answers here with an address that nobody else gets: a valid certificate clears it."""
    verdict = verdict_on(measured(*visit(SECOND)), three(*visit()))

    assert verdict.rule_id == "http.page.certified"


def test_a_dead_address_of_the_systems_alone_is_no_ip_block():
    """What happens at an address that nobody vouches for is not told of the site."""
    verdict = verdict_on(measured(looked([FORGED]), connected(FORGED), shook(FORGED, RESET)), three(*visit()))

    assert (verdict.state, verdict.technique) == (State.INSUFFICIENT, None)


def test_a_neighbour_of_a_known_address_is_trusted():
    """An address in the /24 that controls are given is the same network: a reset there counts."""
    near = "93.184.216.35"

    verdict = verdict_on(measured(looked([near]), connected(near), shook(near, RESET)), three(*visit()))

    assert verdict.rule_id == "tls.reset.controls_complete"


def test_a_forged_name_does_not_hide_a_cut_handshake():
    """The name is denied, and at the true address handshakes are reset: the verdict names both."""
    steps = looked(NXDOMAIN), looked([SITE], engine="doh"), connected(), shook(SITE, RESET)

    verdict = verdict_on(measured(*steps), three(*visit()))

    assert (verdict.technique, verdict.also) == ("dns.nxdomain", ("tls.reset",))


def test_a_missing_ipv6_address_is_no_failure():
    """A site without AAAA records is not judged by their absence, nor by a lookup of them that failed."""
    steps = looked([SITE]), looked(TIMEOUT, kind="AAAA"), connected(SITE, TIMEOUT)
    controls = three(*visit(), looked([V6], kind="AAAA"))

    verdict = verdict_on(measured(*steps), controls)

    assert verdict.technique == "tcp.timeout"


def test_a_withheld_ipv4_address_is_seen_beside_an_ipv6_one():
    """A is denied and AAAA given, in a place without IPv6: the denial is what keeps readers out."""
    steps = (
        looked(NXDOMAIN),
        looked([V6], kind="AAAA"),
        looked([SITE], engine="doh"),
        connected(V6, "network_unreachable"),
    )
    controls = three(*visit(), looked([V6], kind="AAAA"))

    verdict = verdict_on(measured(*steps), controls)

    assert verdict.rule_id == "dns.nxdomain.controls_resolve"


def test_a_bogon_that_controls_get_too_is_the_sites_own():
    """A name that has a private address everywhere is not forged."""
    verdict = verdict_on(
        measured(looked(["10.0.0.1"]), screened("10.0.0.1")), three(looked(["10.0.0.1"]), screened("10.0.0.1"))
    )

    assert (verdict.state, verdict.technique) == (State.DOWN, None)


def test_in_a_lab_of_special_addresses_only_screened_ones_are_bogons():
    """Where controls get loopback addresses, another loopback address is a forged one but no bogon."""
    lab = three(looked(["127.0.0.10"]), connected("127.0.0.10", port=80), fetched(HTTP, address="127.0.0.10"), url=HTTP)
    steps = (
        looked(["127.0.0.66"]),
        looked(["127.0.0.10"], engine="doh"),
        connected("127.0.0.66", port=80),
        fetched(HTTP, address="127.0.0.66", title="Blocked"),
    )

    verdict = verdict_on(measured(*steps, url=HTTP), lab)

    assert verdict.technique == "dns.injection.blockpage"


def test_a_race_at_a_resolver_nobody_uses_does_not_explain_a_dead_connection():
    """The system's answer is right and only the public resolver's was raced: the connections are what fails."""
    raced = looked([FORGED], engine="udp", datagrams=[datagram(FORGED, ip_ttl=57), datagram(SITE)])

    verdict = verdict_on(measured(looked([SITE]), raced, connected(SITE, TIMEOUT)), three(*visit()))

    assert verdict.technique == "tcp.timeout"


def test_two_different_true_answers_are_no_race():
    """A content network may answer twice with different addresses: nothing contradicts what is vouched for."""
    twice = looked([SITE], datagrams=[datagram(SITE), datagram("93.184.216.35")])

    verdict = verdict_on(measured(twice, connected(), shook(SITE, RESET)), three(*visit()))

    assert verdict.technique == "tls.reset"


def test_two_answers_that_came_the_same_way_are_no_race():
    """A question sent twice may get two of a content network's many addresses; only another sender tells."""
    same = looked([SITE], datagrams=[datagram(SITE), datagram(FORGED)])
    other = looked([SITE], datagrams=[datagram(SITE), datagram(FORGED, ip_ttl=57)])
    unseen = looked([SITE], datagrams=[datagram(SITE, ip_ttl=None), datagram(FORGED, ip_ttl=None)])

    found = [verdict_on(measured(one, *visit()[1:]), three(*visit())).rule_id for one in (same, unseen, other)]

    assert found == ["http.page.certified", "http.page.certified", "dns.injection.reached"]


# Connections and handshakes


@pytest.mark.parametrize("failure", ["network_unreachable", "host_unreachable"])
def test_a_place_without_ipv6_is_judged_by_ipv4(failure):
    """Unreachable IPv6 addresses are neither a block nor a partial one."""
    steps = (*visit(), looked([V6], kind="AAAA"), connected(V6, failure))

    verdict = verdict_on(measured(*steps), three(*visit(), looked([V6], kind="AAAA"), connected(V6)))

    assert verdict.rule_id == "http.page.certified"


def test_ipv6_that_works_elsewhere_is_not_masked():
    """One IPv6 address answers and another is unreachable: the place has IPv6, so that is told."""
    other = "2a02:26f1::2"
    both = looked([V6, other], kind="AAAA")
    steps = (*visit(), both, connected(V6), connected(other, "host_unreachable"))

    verdict = verdict_on(measured(*steps), three(*visit(), both, connected(V6), connected(other)))

    assert (
        verdict.rule_id,
        verdict.state,
        verdict.technique,
    ) == ("tcp.unreachable.some_addresses", State.OK, "ip.unreachable")


def test_one_address_refused_and_one_reset_in_the_handshake():
    """Where every address fails, the handshake that came furthest names the layer."""
    steps = looked([SITE, SECOND]), connected(SITE, REFUSED), connected(SECOND), shook(SECOND, EOF)

    verdict = verdict_on(measured(*steps), two_addresses())

    assert (verdict.layer, verdict.technique) == (Layer.TLS, "tls.eof")


def test_a_certificate_that_is_bad_for_everybody_is_the_sites_fault():
    """An expired certificate is down, on the server's side, and no man in the middle."""
    bad = shook(SITE, "ssl_invalid_certificate", chain=[leaf(NAME)])

    verdict = verdict_on(measured(looked([SITE]), connected(), bad), three(looked([SITE]), connected(), bad))

    assert (
        verdict.state,
        verdict.locus,
        verdict.technique,
        verdict.controls_agree,
    ) == (State.DOWN, Locus.SERVER_SIDE, None, 3)


def test_a_certificate_is_compared_with_the_controls_own():
    """A man in the middle may copy the true subject: it is the certificate, not its name, that is compared."""
    copied = leaf(NAME, issuer="State Authority")

    verdict = verdict_on(measured(looked([SITE]), connected(), shook(SITE, UNTRUSTED, chain=[copied])), three(*visit()))

    assert (
        verdict.technique,
        verdict.evidence,
        verdict.locus,
    ) == ("tls.mitm.ca_signed", Evidence.ARTEFACT, Locus.NETWORK)


# Pages


def test_content_length_is_no_kinship():
    """A notice that sends Content-Length, as the controls' page does, is still a notice."""
    verdict = on_page(title="Access is restricted", length=188, headers=HEADERS)

    assert (verdict.state, verdict.technique) == (State.BLOCKED, "http.blockpage")


def test_titles_without_long_words_say_nothing():
    """Two pages whose titles have only short words are not the same page by title."""
    controls = three(*plain_visit(title="24 kg"), url=HTTP)

    verdict = on_page(*controls, title="You may not", length=200)

    assert State.BLOCKED is verdict.state


def test_a_page_in_another_language_from_the_same_server_is_the_page():
    """The title and length differ, but the server shows itself by a header that few send."""
    kin = (*HEADERS, ("X-Kloop-Node", "7"))
    controls = three(*plain_visit(headers=kin), url=HTTP)

    verdict = on_page(*controls, title="Клооп жаңылыктары", length=4000, headers=kin)

    assert verdict.rule_id == "http.page.same"


def test_a_truncated_page_is_not_judged_by_its_length():
    """A body that was cut has no length to compare; the headers vouch for it."""
    kin = (*HEADERS, ("Alt-Svc", "h3"))
    long = fetched(HTTP, headers=kin, length=524288)
    cut = replace(long, body=replace(long.body, truncated=True))
    controls = three(*plain_visit(headers=kin, length=16_777_216), url=HTTP)

    verdict = verdict_on(measured(*plain_visit()[:3], cut, url=HTTP), controls)

    assert verdict.rule_id == "http.page.same"


@pytest.mark.parametrize("status", [403, 404, 429, 503])
def test_a_refusal_over_verified_tls_is_the_servers(status):
    """The site's own server refuses: that is no block by a network, and not seen to work either."""
    verdict = verdict_on(measured(*visit()[:4], fetched(status=status)), three(*visit()))

    assert (
        verdict.state,
        verdict.locus,
        verdict.evidence,
        verdict.technique,
    ) == (State.INSUFFICIENT, Locus.SERVER_SIDE, Evidence.SERVER_ANSWER, None)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_every_redirect_is_followed_in_thought(status):
    """A redirect in the clear to the site's own https page is the site's, whatever its code."""
    steps = *plain_visit()[:3], redirected(HTTP, HTTPS, status=status), *visit(hop=1)[2:]

    verdict = verdict_on(measured(*steps, url=HTTP), three(*steps, url=HTTP))

    assert verdict.rule_id == "http.page.certified"


def test_a_redirect_to_a_notice_with_a_valid_certificate_is_not_ok():
    """A certificate vouches for the notice's own name only; the way there was in the clear."""
    away = "https://notice.example/"
    steps = (
        *plain_visit()[:3],
        redirected(HTTP, away),
        looked([FORGED], name="notice.example", hop=1),
        connected(FORGED, hop=1),
        shook(FORGED, name="notice.example", hop=1),
        fetched(away, address=FORGED, hop=1, title="Notice", length=100),
    )

    verdict = verdict_on(measured(*steps, url=HTTP), three(*plain_visit(), url=HTTP))

    assert (verdict.state, verdict.technique) == (State.BLOCKED, "http.redirect")


def test_a_redirect_between_the_sites_own_hosts_is_not_astray():
    """http to www over TLS, where controls were not redirected at all."""
    www = "www.kloop.kg"
    steps = (
        *plain_visit()[:3],
        redirected(HTTP, f"https://{www}/"),
        looked([SITE], name=www, hop=1),
        connected(hop=1),
        shook(name=www, hop=1),
        fetched(f"https://{www}/", hop=1),
    )

    verdict = verdict_on(measured(*steps, url=HTTP), three(*plain_visit(), url=HTTP))

    assert verdict.rule_id == "http.page.certified"


def test_imported_controls_are_not_compared_hop_by_hop():
    """An imported control tells only where its walk ended: a redirect to the page that it got is no detour."""
    away = "https://kloop.example/"
    steps = (
        *plain_visit()[:3],
        redirected(HTTP, away),
        looked([SECOND], name="kloop.example", hop=1),
        connected(SECOND, hop=1),
        shook(SECOND, name="kloop.example", hop=1),
        fetched(away, address=SECOND, hop=1, title="A page that changes by the minute", length=50),
    )
    imported = [replace(one, origin=Origin(source="ooni", uid="1")) for one in three(*plain_visit(), url=HTTP)]

    verdict = verdict_on(measured(*steps, url=HTTP), imported)

    assert verdict.state is not State.BLOCKED


def test_a_known_notice_counts_only_where_it_was_seen():
    """A Kyrgyz notice's address proves nothing by itself in another country; that controls are not sent there does."""
    steps = *plain_visit()[:3], redirected(HTTP, "http://homeline.kg/access/blockpage.html")

    verdict = verdict_on(measured(*steps, url=HTTP, country="FR"), three(*plain_visit(), url=HTTP))

    assert verdict.rule_id == "http.redirect.elsewhere"


def test_a_notice_quoted_in_a_long_page_is_no_notice():
    """A news page about blocking contains the words; it is the page that controls get."""
    words = b"<p>Access to the requested website has been blocked by judicial decision</p>"

    verdict = on_page(kept=words + b" " * 20_000)

    assert verdict.rule_id == "http.page.same"


def test_a_page_in_the_clear_needs_a_control():
    """Without a control nobody can tell a page in the clear from a notice, so it is not ok."""
    verdict = verdict_on(measured(*plain_visit(), url=HTTP), [])

    assert (verdict.state, verdict.rule_id) == (State.INSUFFICIENT, "control.none")


def test_a_refusal_over_tls_without_a_control_is_not_ok():
    """An answer of 400 or above is no page that was seen."""
    verdict = verdict_on(measured(*visit()[:4], fetched(status=403)), [])

    assert State.INSUFFICIENT is verdict.state


def test_old_documents_that_record_no_addresses_of_requests_are_read():
    """A document without the request's address and without handshakes tells of a page that was fetched over TLS."""
    steps = looked([SITE]), connected(), fetched(address="")

    verdict = verdict_on(measured(*steps), [])

    assert verdict.rule_id == "http.page.certified"


def test_innocuous_targets_are_judged_by_a_sick_vantage_point():
    """Health is read from them, so that a vantage point can recover."""
    verdict = verdict_on(measured(*visit(), innocuous=True), [], Health.SICK)

    assert State.OK is verdict.state


def test_a_notice_over_a_forged_name_is_told_from_one_on_the_way():
    """At the site's own address it is put in on the way; at an address nobody else is given the name was forged."""
    here = verdict_on(measured(*notice(), url=HTTP), three(*plain_visit(), url=HTTP))
    there = SCENES["dns.blockpage.resolvers_differ"]

    assert here.technique == "http.blockpage"
    assert verdict_on(there.measurement, there.controls).technique == "dns.injection.blockpage"


def test_observations_without_the_whole_are_refused():
    """Somebody else's list of observations is a mistake of ours, and said so."""
    measurement = measured(*visit())

    with pytest.raises(ValueError, match="whole walk"):
        judge(measurement, observe(measurement, [])[1:], health=Health.HEALTHY)


def test_one_lie_is_told_once():
    """A notice at a forged address is the name's forgery, and not a second one of the page."""
    scene = SCENES["dns.blockpage.resolvers_differ"]

    assert verdict_on(scene.measurement, scene.controls).also == ()


def test_a_known_notice_is_seen_beside_an_imported_control():
    """The redirect itself is known, whatever became of it: the notice's host need not even resolve."""
    steps = (
        *plain_visit()[:3],
        redirected(HTTP, "http://homeline.kg/access/blockpage.html"),
        looked(NXDOMAIN, name="homeline.kg", hop=1),
    )
    imported = [replace(one, origin=Origin(source="ooni", uid="1")) for one in three(*plain_visit(), url=HTTP)]

    verdict = verdict_on(measured(*steps, url=HTTP), imported)

    assert (verdict.rule_id, verdict.also) == ("http.redirect.known", ())


def test_a_site_that_controls_reach_over_another_address_is_not_down():
    """One address is dead for everybody; who was given only that one cannot tell more."""
    elsewhere = three(looked([SITE, SECOND]), connected(SITE, TIMEOUT), *visit(SECOND)[2:])

    verdict = verdict_on(measured(looked([SITE]), connected(SITE, TIMEOUT)), elsewhere)

    assert verdict.state is State.INSUFFICIENT


def test_half_of_the_controls_is_no_majority():
    """A tie decides nothing, in either direction."""
    controls = (control(1, *visit()), control(2, looked([SITE]), connected(SITE, TIMEOUT)))

    verdict = verdict_on(measured(looked([SITE]), connected(SITE, TIMEOUT)), controls)

    assert (verdict.state, verdict.controls_agree, verdict.controls_total) == (State.INSUFFICIENT, 0, 2)


# Found by the gallery


def test_a_page_that_redirects_to_itself_is_compared_hop_by_hop():
    """The last hop fails for the controls as well, although the same URL was answered at every hop before."""
    loop = [redirected(HTTPS, HTTPS, hop=hop) for hop in range(3)]
    end = fetched(HTTPS, hop=3, failure="unknown_failure: stopped after too many redirects", status=None)
    steps = (*visit()[:4], *loop, end)

    verdict = verdict_on(measured(*steps), three(*steps))

    assert (verdict.state, verdict.rule_id, verdict.controls_agree) == (State.DOWN, "http.fails_everywhere", 3)


def test_controls_that_see_the_same_server_error_agree():
    """A 5xx is an answer, so no control failed; all the same they agree that the site is down."""
    broken = (*visit()[:4], fetched(status=502))

    assert verdict_on(measured(*broken), three(*broken)).controls_agree == 3


@pytest.mark.parametrize("failure", [REFUSED, "network_unreachable", "permission_denied"])
def test_a_resolver_that_takes_no_question_says_nothing_of_the_name(failure):
    """Where nothing listens at the system's resolver, the name is not withheld; a cut handshake is still told."""
    steps = looked(failure), looked(failure, kind="AAAA"), looked([SITE], engine="doh")

    alone = verdict_on(measured(*steps), three(*visit()))
    cut = verdict_on(measured(*steps, connected(), shook(SITE, RESET)), three(*visit()))

    assert (alone.state, alone.rule_id) == (State.INSUFFICIENT, "dns.resolver_away")
    assert (cut.technique, cut.also) == ("tls.reset", ())


def test_an_old_certificate_is_no_man_in_the_middle():
    """A certificate that is out of date may be an old edge of the site: `tls`, and no deeper."""
    old = shook(SITE, "ssl_invalid_certificate", chain=[leaf(NAME, issuer="Old CA")])

    verdict = verdict_on(measured(looked([SITE]), connected(), old), three(*visit()))

    assert (verdict.technique, verdict.evidence, verdict.locus) == ("tls", Evidence.AMBIGUOUS, Locus.UNKNOWN)


def test_an_old_certificate_at_an_address_of_ones_own_is_no_forged_name():
    """A content network's edge for this country, whose certificate has expired, leads nowhere; nobody forged it."""
    old = shook(FORGED, "ssl_invalid_certificate", chain=[leaf(NAME, issuer="Old CA")])
    steps = looked([FORGED]), connected(FORGED), old

    alone = verdict_on(measured(*steps), three(*visit()))
    beside = verdict_on(measured(*steps, looked([SITE], engine="doh"), *visit()[2:]), three(*visit()))

    assert alone.rule_id == "control.suspect_addresses"
    assert (beside.technique, beside.evidence) == ("dns", Evidence.AMBIGUOUS)


def test_a_race_is_told_by_where_it_leads():
    """What is seen at the forged address says more than that there were two answers."""
    raced = looked([FORGED], datagrams=[datagram(FORGED, ip_ttl=57), datagram(SITE)])
    page = connected(FORGED, port=80), fetched(HTTP, address=FORGED, title="Blocked", length=188)
    other = connected(FORGED), shook(FORGED, UNTRUSTED, chain=[leaf("notice.example")])

    notice_there = verdict_on(measured(raced, *page, url=HTTP), three(*plain_visit(), url=HTTP))
    stranger_there = verdict_on(measured(raced, looked([SITE], engine="doh"), *other, *visit()[2:]), three(*visit()))

    assert (notice_there.technique, stranger_there.technique) == ("dns.injection.blockpage", "dns.injection.other")


def test_a_redirect_to_a_bare_address_is_none_of_the_sites_even_where_the_control_tells_only_its_last_page():
    """Imported history says of a control only where it ended; sites that people visit do not send them to a number."""
    notice_at = f"http://{FORGED}/index.html"
    seen = measured(
        looked([SITE]),
        connected(port=80),
        redirected(HTTP, notice_at),
        connected(FORGED, port=80, hop=1),
        fetched(notice_at, address=FORGED, hop=1, title="Access restricted by law", length=31692),
        url=HTTP,
    )
    beside = replace(control(1, *plain_visit(), url=HTTP), origin=Origin(source="ooni", uid="one"))

    verdict = verdict_on(seen, (beside,))

    assert (verdict.state, verdict.technique, verdict.rule_id) == (
        State.BLOCKED,
        "http.redirect",
        "http.redirect.elsewhere",
    )
