"""Who works at the demo company, and what happens to them. Everybody is invented."""

from dataclasses import dataclass, replace

from teams.models import Role

COMPANY = "Tidewell Instruments"
ROOT = "Company"


@dataclass(frozen=True, slots=True)
class Market:
    """A team of reps: where it stands, whom it sells to, and how large its business is."""

    name: str
    region: str
    countries: tuple[str, ...]
    holidays: str  # of the postings; empty: the organisation's
    quarter: int  # what a full-time rep books in a plain quarter, in EUR
    decided: float  # deals a rep decides per quarter, beside other markets
    win_rate: float
    cycle: int  # median days from opened to decided


@dataclass(frozen=True, slots=True)
class Seat:
    """A person and their part in the story."""

    external_id: str
    name: str
    team: str
    role: Role = Role.REP
    login: str = ""
    story: str = ""
    fte: str = "1"
    talent: float = 0.0  # 0: drawn


MARKETS = (
    Market("DACH Mid-market", "DACH", ("DE", "AT", "CH"), "", 240_000, 1.0, 0.46, 38),
    Market("DACH Enterprise", "DACH", ("DE", "CH"), "", 380_000, 0.8, 0.41, 62),
    Market("Nordics", "Northern Europe", ("SE", "NO", "DK", "FI"), "SE", 250_000, 1.0, 0.45, 40),
    Market("UK & Ireland", "Northern Europe", ("GB", "IE"), "GB", 270_000, 1.0, 0.44, 41),
    Market("Benelux", "Northern Europe", ("NL", "BE", "LU"), "NL", 230_000, 1.1, 0.47, 34),
    Market("France", "Southern Europe", ("FR",), "FR", 240_000, 1.0, 0.45, 42),
    Market("Iberia & Italy", "Southern Europe", ("ES", "PT", "IT"), "ES", 210_000, 1.1, 0.46, 36),
)

_M = Role.MANAGER
# In this order a smaller company takes them: the first is a rep who does well, then her manager.
PEOPLE = (
    Seat("E-101", "Ana Horvat", "DACH Mid-market", login="ana", talent=1.17),
    Seat("E-100", "Maya Okonkwo", "DACH Mid-market", _M, login="maya"),
    Seat("E-102", "Ben Kowalczyk", "DACH Mid-market", login="ben", story="activity"),
    Seat("E-001", "Vera Lindqvist", ROOT, Role.EXECUTIVE, login="vera"),
    Seat("E-110", "Omar Haddad", "DACH Enterprise", _M, login="omar"),
    Seat("E-111", "Cleo Marchetti", "DACH Enterprise", login="cleo", talent=1.05),
    Seat("E-002", "Olga Brandstätter", ROOT, Role.OPERATIONS, login="olga"),
    Seat("E-103", "Jonas Weidenbrück", "DACH Mid-market", story="size"),
    Seat("E-104", "Ngozi Adebayo-Lindholm", "DACH Mid-market", fte="0.8", talent=1.05),
    Seat("E-105", "佐藤 陽菜", "DACH Mid-market", story="ramp", talent=1.1),
    Seat("E-112", "Leonie Straßburger", "DACH Enterprise"),
    Seat("E-113", "Đorđe Živković", "DACH Enterprise", story="transfer"),
    Seat("E-114", "Wilhelmina Freifrau von Oberkirch-Tannenfels", "DACH Enterprise", talent=1.08),
    Seat("E-010", "Henrike Vossberg", "DACH", _M),
    Seat("E-020", "Callum Abernethy", "Northern Europe", _M),
    Seat("E-030", "Inês Carvalhal", "Southern Europe", _M),
    Seat("E-200", "Mikkel Thorsager", "Nordics", _M),
    Seat("E-201", "Þórdís Guðbrandsdóttir", "Nordics", story="speed"),
    Seat("E-202", "Åsa Nyqvist", "Nordics"),
    Seat("E-203", "Väinö Kettunen", "Nordics", fte="0.6"),
    Seat("E-204", "Ingeborg Sæther", "Nordics", story="joined"),
    Seat("E-210", "Priya Raghunathan", "UK & Ireland", _M),
    Seat("E-211", "Siobhán Ní Fhloinn", "UK & Ireland", story="conversion"),
    Seat("E-212", "Tobias Featherington", "UK & Ireland"),
    Seat("E-213", "Gwenllian ap Rhisiart", "UK & Ireland"),
    Seat("E-220", "Liesbeth Dijkgraaf", "Benelux", _M),
    Seat("E-221", "Thijs van der Meulenhoff", "Benelux", story="quarter_end", talent=1.06),
    Seat("E-222", "Noémie Vandenbroucke", "Benelux"),
    Seat("E-223", "Rachid el Amrani", "Benelux"),
    Seat("E-300", "Aurélien Castelmont", "France", _M),
    Seat("E-301", "Étienne Beaurepaire", "France", story="pipeline"),
    Seat("E-302", "Amélie Desrosiers", "France", story="away"),
    Seat("E-303", "ليلى منصور", "France", talent=1.1),
    Seat("E-310", "Caterina Bellandi", "Iberia & Italy", _M),
    Seat("E-311", "María de los Ángeles Fernández-Villalobos", "Iberia & Italy", story="returned", talent=1.08),
    Seat("E-312", "Duarte Meireles", "Iberia & Italy"),
    Seat("E-313", "Ginevra Santarelli", "Iberia & Italy"),
    Seat("E-314", "Iker Etxeberri", "Iberia & Italy", story="left"),
)

CAUSES = ("activity", "conversion", "size", "pipeline", "speed")
BUILT_IN = {seat.external_id: seat.story for seat in PEOPLE if seat.story in CAUSES}
"""External id of each person made to fall behind since the last quarter began, and the cause that was built in."""

NOT_BEHIND = {seat.external_id: seat.story for seat in PEOPLE if seat.story in {"ramp", "returned", "quarter_end"}}
"""People whose bare attainment looks low for a good cause: on ramp, back from leave, selling at quarter's end."""

RIDES = ("E-101", "E-104", "E-111", "E-112", "E-114", "E-202", "E-212")
"""Who was ridden along with, and does so much more since: the one kind of help here that did something."""
RIDE_WEEKS, RIDE_RISE = 24, 1.2

_FURTHER = {
    "Eastern Europe": ("PL", "CZ", "HU", "RO", "GR"),
    "North America": ("US", "CA", "MX"),
    "Asia Pacific": ("JP", "AU", "SG", "KR", "IN"),
    "Latin America": ("BR", "CL", "AR", "CO"),
    "Middle East & Africa": ("ZA", "TR", "IL", "EG", "KE"),
}
_SEGMENTS = (
    Market("Mid-market", "", (), "", 240_000, 1.0, 0.46, 38),
    Market("Enterprise", "", (), "", 380_000, 0.8, 0.41, 62),
    Market("SMB", "", (), "", 170_000, 1.3, 0.49, 26),
)
_TEAM_SIZE = 8


def company_of(count: int) -> tuple[list[Seat], list[Market]]:
    """The first `count` people and the markets they work; a company beyond the cast grows by regions and teams."""
    seats, markets = list(PEOPLE[:count]), list(MARKETS)
    further = [
        replace(segment, name=f"{country} {segment.name}", region=region, countries=(country,), holidays=country)
        for segment in _SEGMENTS
        for region, countries in _FURTHER.items()
        for country in countries
    ]
    number, directed = 1000, set()
    for market in further:
        if len(seats) >= count:
            break
        markets.append(market)
        region = market.region
        if region not in directed:
            directed.add(region)
            seats.append(Seat(f"E-{number}", "", region, _M))
            number += 1
        for place in range(_TEAM_SIZE):
            seats.append(Seat(f"E-{number}", "", market.name, Role.REP if place else _M))
            number += 1
    while len(seats) < count:  # every market has its team: the teams grow
        seats.append(Seat(f"E-{number}", "", markets[len(seats) % len(markets)].name))
        number += 1
    return [replace(seat) for seat in seats[:count]], markets
