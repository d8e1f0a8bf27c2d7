"""The site file: every fault at once, each with its place, what was found, what is allowed."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from chantier.errors import SiteError
from chantier.site import EXAMPLE, MAX_MACHINES, Site, write_example

GOOD = """
[site]
name = "a-site"
label = "A site"
region = "eu-west-3"
timezone = "Europe/Paris"
language = "fr"
[budget]
monthly_usd = 10
[[zones]]
name = "north"
label = "North"
polygon = [[48.0, 2.0], [48.1, 2.0], [48.1, 2.1]]
[[machines]]
id = "EX-001"
class = "crawler-excavator"
zone = "north"
"""


def load(tmp_path: Path, text: str) -> Site:
    path = tmp_path / "chantier.toml"
    path.write_text(text, "utf-8")
    return Site.load(path)


def faults(tmp_path: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(SiteError) as refused:
        load(tmp_path, text)
    return refused.value.faults


def test_the_example_is_a_credible_earthworks_site() -> None:
    site = Site.load(EXAMPLE)
    assert len(site.machines) == 12
    assert len({machine.machine_class for machine in site.machines}) == 4
    assert len(site.zones) == 3
    assert all(machine.zone for machine in site.machines)
    assert {machine.voltage for machine in site.machines} == {12, 24}
    assert site.calendar.monday
    assert not site.calendar.sunday
    assert site.site.language == "fr"


def test_init_writes_the_example_and_never_over_a_file(tmp_path: Path) -> None:
    path = tmp_path / "chantier.toml"
    write_example(path)
    assert Site.load(path) == Site.load(EXAMPLE)
    path.write_text("mine", "utf-8")
    with pytest.raises(SiteError, match="is there already"):
        write_example(path)
    assert path.read_text("utf-8") == "mine"


def test_a_small_good_file_loads(tmp_path: Path) -> None:
    site = load(tmp_path, GOOD)
    assert site.name == "a-site"
    assert site.machines[0].voltage == 24
    assert site.zone_label(site.machines[0]) == "North"


def test_every_fault_is_told_at_once_with_place_found_and_allowed(tmp_path: Path) -> None:
    text = (
        GOOD.replace('"a-site"', '"A Site"')
        .replace('"fr"', '"de"')
        .replace("10", '"much"')
        .replace('zone = "north"', 'zone = "nord"\nvolts = 24\nvoltage = 48')
        .replace("[site]", "[calender]\n[site]")
    ) + '[[machines]]\nid = "EX-001"\nclass = "digger"\n[limits.COOLANT_HI]\nwarning = 3\n'
    assert sorted(faults(tmp_path, text)) == sorted(
        (
            "site, name: found 'A Site'; allowed: a-z, 0-9 and hyphens, 1 to 48",
            "site, language: found 'de'; allowed: 'fr' or 'en'",
            "budget, monthly_usd: found 'much'; allowed: a number",
            "calender: unknown key; did you mean 'calendar'?",
            "machines, no. 1 (EX-001), volts: unknown key; did you mean 'voltage'?",
            "machines, no. 1 (EX-001), voltage: found 48; allowed: 12 or 24",
            "machines, no. 1 (EX-001), zone: found 'nord'; allowed: north",
            (
                "machines, no. 2 (EX-001), class: found 'digger'; allowed: 'crawler-excavator', "
                "'midi-excavator', 'wheel-loader', 'articulated-dumper', 'roller' or "
                "'mobile-crane'"
            ),
            "machines, id: found 'EX-001' 2 times; allowed: each once",
            "limits, COOLANT_HI: unknown alert code; did you mean 'COOLANT_HIGH'?",
        )
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "a-site"\n', "", "site, name: missing; it must be there"),
        ('"a-site"', '"' + "a" * 49 + '"', "allowed: a-z, 0-9 and hyphens, 1 to 48"),
        ('"Europe/Paris"', '"Paris"', "allowed: an IANA name such as Europe/Paris"),
        ('"eu-west-3"', '"Paris"', "allowed: an AWS region such as eu-west-3"),
        ("= 10", "= 0", "budget, monthly_usd: found 0; allowed: greater than 0"),
        ("= 10", "= inf", "budget, monthly_usd: found inf"),
        ("[48.1, 2.1]]", "[48.1, 200]]", "polygon, no. 3, no. 2: found 200"),
        (", [48.1, 2.1]]", "]", "3 to 500 different [latitude, longitude] points"),
        ('"EX-001"', '"EX 001"', "allowed: letters, digits, hyphen, underscore, 1 to 64"),
        ('"EX-001"', '"' + "E" * 65 + '"', "allowed: letters, digits, hyphen, underscore"),
        ('"EX-001"', "1", "machines, no. 1 (1), id: found 1; allowed: a text in quotes"),
        ("[budget]", '[calendar]\nmonday = ["8-12"]\n[budget]', 'such as "07:30-12:00"'),
        (
            "[budget]",
            '[calendar]\nmonday = ["13:00-17:00", "08:00-12:00"]\n[budget]',
            "calendar, monday: found ['13:00-17:00', '08:00-12:00']; allowed: hours that follow",
        ),
        (
            "[budget]",
            '[calendar]\npublic_holidays = "XX"\n[budget]',
            "calendar, public_holidays: found 'XX'; allowed: \"\" for none, or AD, AE, ",
        ),
        (
            "[budget]",
            "[limits.COOLANT_HIGH]\nwarning = 112\n[budget]",
            (
                "limits, COOLANT_HIGH: found clear 104, warning 112, critical 111, stop 114; "
                "allowed: clear < warning < critical < stop"
            ),
        ),
        (
            "[budget]",
            "[limits.COOLANT_HIGH]\nfor_s = -1\n[budget]",
            "limits, COOLANT_HIGH, for_s: found -1; allowed: 0 to 2592000 seconds",
        ),
        (
            "[budget]",
            "[limits.SERVICE_DUE]\nevery_h = 0\n[budget]",
            "limits, SERVICE_DUE, every_h: found 0; allowed: a number above 0",
        ),
        (
            "[budget]",
            "[limits.GEOFENCE_EXIT]\naccuracy_m = -1\n[budget]",
            "limits, GEOFENCE_EXIT, accuracy_m: found -1; allowed: a number from 0",
        ),
        (
            "[budget]",
            "[limits.TILT]\npitch_warning = 31\n[budget]",
            (
                "limits, TILT: found margin 2, pitch_warning 31, pitch_critical 30; "
                "allowed: margin < pitch_warning < pitch_critical"
            ),
        ),
        (
            'zone = "north"',
            'vgp = "2026-09-14"',
            "vgp: found '2026-09-14'; allowed: a date such as 2026-09-14, without quotes",
        ),
        ('zone = "north"', "lifting = 1", "lifting: found 1; allowed: true or false"),
        (
            "[budget]",
            "[limits.FUEL_LOW]\nwarnig = 1\n[budget]",
            "limits, FUEL_LOW, warnig: unknown limit; did you mean 'warning'?",
        ),
        (
            'zone = "north"',
            "limits.BATT_LOW.warning = 20",
            "machines, no. 1 (EX-001), limits, BATT_LOW: found critical 23, warning 20",
        ),
        ("[budget]", "[retention]\nlog_days = 8\n[budget]", "retention, log_days: found 8"),
        ('"A site"', '""', "site, label: found ''; allowed: a text of 1 to 80 characters"),
    ],
)
def test_one_fault_is_told_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    told = faults(tmp_path, GOOD.replace(old, new))
    assert any(said in line for line in told), told


def test_ten_thousand_machines_load_and_one_more_is_refused(tmp_path: Path) -> None:
    def of(count: int) -> str:
        each = '[[machines]]\nid = "M-{}"\nclass = "roller"\n'
        head = GOOD.partition("[[machines]]")[0]
        return head + "".join(each.format(number) for number in range(count))

    assert len(load(tmp_path, of(MAX_MACHINES)).machines) == MAX_MACHINES
    told = faults(tmp_path, of(MAX_MACHINES + 1))
    assert [line.rpartition("; ")[2] for line in told] == ["allowed: 1 to 10,000 machines"]


def test_a_site_without_machines_is_refused(tmp_path: Path) -> None:
    text = "machines = []\n" + GOOD.partition("[[machines]]")[0]
    assert faults(tmp_path, text) == ("machines: found []; allowed: 1 to 10,000 machines",)


def test_a_missing_file_names_the_next_command(tmp_path: Path) -> None:
    with pytest.raises(SiteError) as refused:
        Site.load(tmp_path / "none.toml")
    assert refused.value.hint == "Write one: chantier init"


@pytest.mark.parametrize("text", ["[site", "a = ", '[site]\nname = "x\n'])
def test_what_is_not_toml_is_told_with_its_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(SiteError, match=r"is not TOML: .*(line|end of document)"):
        load(tmp_path, text)


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    path = tmp_path / "chantier.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SiteError, match="cannot be read"):
        Site.load(path)


@pytest.mark.parametrize("text", ["", "machines = 3", "machines = [3]", "site = 3\nzones = 'x'"])
def test_a_file_of_another_shape_is_refused_and_never_raises_anything_else(
    tmp_path: Path, text: str
) -> None:
    assert faults(tmp_path, text)


def test_only_limits_that_differ_from_the_catalogue_count(tmp_path: Path) -> None:
    text = GOOD + "limits.FUEL_LOW.warning = 18\n[limits.FUEL_LOW]\nwarning = 16\ncritical = 5\n"
    site = load(tmp_path, text)
    assert site.limits_of(site.machines[0]) == {"FUEL_LOW": {"warning": 18}}


def test_a_sites_volts_are_halved_for_a_12_volt_machine(tmp_path: Path) -> None:
    text = GOOD + "voltage = 12\n[limits.BATT_LOW]\ninfo = 24.9\n"
    site = load(tmp_path, text)
    assert site.limits_of(site.machines[0]) == {"BATT_LOW": {"info": 12.45}}


def test_the_example_says_every_key_once() -> None:
    said = tomllib.loads(EXAMPLE.read_text("utf-8"))
    assert set(said) == {
        "site",
        "calendar",
        "budget",
        "retention",
        "rates",
        "limits",
        "zones",
        "machines",
    }


def test_a_machine_may_cost_otherwise_than_the_sites_others(tmp_path: Path) -> None:
    path = tmp_path / "chantier.toml"
    path.write_text(EXAMPLE.read_text("utf-8") + "rates.upkeep_per_h = 9.5\n", "utf-8")
    site = Site.load(path)
    usual, own = site.rates_of(site.machines[0]), site.rates_of(site.machines[-1])
    assert usual == site.rates
    assert own is not None
    assert site.rates is not None
    assert own.upkeep_per_h == 9.5
    assert own.fuel_per_l == site.rates.fuel_per_l
