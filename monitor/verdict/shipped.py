"""The fingerprints that come with the project: facts, few on purpose, each with where it was documented.

A reader's own lists come beside them (`presscanary fingerprints import`).
"""

from __future__ import annotations

from monitor.model import Fingerprint, Manner, Place, Scope

_OONI = "ooni/blocking-fingerprints"

SHIPPED = (
    Fingerprint(
        id="kg.homeline",
        scope=Scope.ISP,
        place=Place.HOST,
        pattern="homeline.kg",
        countries=("KG",),
        source="OONI measurement of archive.org from AS8449, 2018-01-26 (ooni/pipeline#122)",
    ),
    Fingerprint(
        id="kg.elcat",
        scope=Scope.ISP,
        place=Place.BODY,
        manner=Manner.CONTAINS,
        pattern="Access to the requested website has been blocked by judicial decision",
        countries=("KG",),
        source="Censored Planet, blockpage_signatures.json, c_isp_kg_elcat",
    ),
    Fingerprint(
        id="kg.national_bank",
        scope=Scope.FALSE_POSITIVE,
        place=Place.BODY,
        manner=Manner.CONTAINS,
        pattern="Кыргыз Республикасынын Улуттук банкы",
        source="Censored Planet, false_positive_signatures.json, x_fp_serverconfig",
    ),
    Fingerprint(
        id="ru.rostelecom",
        scope=Scope.ISP,
        place=Place.HOST,
        pattern="warning.rt.ru",
        countries=("RU", "KG", "KZ", "TJ", "UZ"),
        source=f"{_OONI}, redirects seen from Rostelecom, through which neighbours' traffic passes",
    ),
    *(
        Fingerprint(
            id=f"ru.rostelecom_{address}",
            scope=Scope.ISP,
            place=Place.ADDRESS,
            pattern=address,
            countries=("RU",),
            source=f"{_OONI}, DNS answers seen from Rostelecom",
        )
        for address in ("95.167.13.50", "95.167.13.51")
    ),
    *(
        Fingerprint(
            id=f"ru.ertelecom_{address}",
            scope=Scope.ISP,
            place=Place.ADDRESS,
            pattern=address,
            countries=("RU",),
            source=f"{_OONI}, DNS answers seen from ER-Telecom",
        )
        for address in ("188.186.146.207", "188.186.146.208", "188.186.154.79", "188.186.154.88")
    ),
    Fingerprint(
        id="ru.netbynet",
        scope=Scope.ISP,
        place=Place.HOST,
        pattern="blocked.netbynet.ru",
        countries=("RU",),
        source=f"{_OONI}, redirects seen from NetByNet",
    ),
    Fingerprint(
        id="ru.yota",
        scope=Scope.ISP,
        place=Place.HOST,
        pattern="forbidden.yota.ru",
        countries=("RU",),
        source=f"{_OONI}, redirects seen from Yota",
    ),
    Fingerprint(
        id="uz.registry",
        scope=Scope.NATIONAL,
        place=Place.HOST,
        pattern="reestr.mitc.uz",
        countries=("UZ",),
        source=f"{_OONI}, ooni.uz_0",
    ),
    Fingerprint(
        id="parked.for_sale",
        scope=Scope.PARKED,
        place=Place.BODY,
        manner=Manner.REGEXP,
        pattern=r"(?i)<title>[^<]{0,80}this domain (name )?(is|may be) for sale[^<]{0,80}</title>",
        source="our own reading: the words that sellers of names put into titles; no list was copied",
    ),
)
