"""Invented names of people, companies and things, put together from parts; any likeness is chance."""

from itertools import islice
from typing import NamedTuple

import numpy as np

FIRST = (
    "Adaeze", "Agnieszka", "Alistair", "Anouk", "Anselm", "Beatriz", "Bjarne", "Blanka", "Bruno", "Camille", "Chiara",
    "Cormac", "Dagny", "Damián", "Delphine", "Dragan", "Eira", "Elif", "Emeka", "Esther", "Fabrice", "Farah", "Fiete",
    "Florentine", "Gaël", "Giulia", "Gunnar", "Hanneke", "Haruka", "Hedwig", "Ioana", "Isidro", "Jarosław", "Jelena",
    "Joaquín", "Kasimir", "Katarzyna", "Kjersti", "Kwame", "Lauri", "Leilani", "Linnéa", "Ludovic", "Magdalena",
    "Malte", "Marisol", "Matteo", "Mehmet", "Mirela", "Nanami", "Niamh", "Oisín", "Ondřej", "Paloma", "Pádraig",
    "Perpetua", "Quirin", "Rafaela", "Ragnhild", "Rasmus", "Renske", "Romain", "Saga", "Samira", "Sándor",
    "Seraphine", "Signe", "Søren", "Tamsin", "Teodora", "Thaddäus", "Ursina", "Valentín", "Vesna", "Wiebke", "Xenia",
    "Yannick", "Yusuf", "Zdeněk", "Zuzanna",
)  # fmt: skip
LAST = (
    "Achterberg", "Almqvist", "Ambrogini", "Balogun", "Bartoszek", "Belmonte", "Birkeland", "Brückmann", "Cassagne",
    "Černohorský", "Dahlström", "Delacroix-Moreau", "D’Agostini", "Eberlein", "Ekwueme", "Esterházy", "Falkenrath",
    "Ferreirinha", "Fjeldsted", "Gallardo", "Grabowiecki", "Grønholt", "Hakkarainen", "Hollenstein", "Iñárritu",
    "Ivanovska", "Jansegers", "Jørstad", "Kaltenbrunn", "Kirkegård", "Kröger-Wilms", "Lagerkvist", "Le Guellec",
    "Lindenmayer", "MacIntyre", "Mbekeani", "Montclair", "Müllerschön", "Nakagawa", "Nørregaard", "O’Shaughnessy",
    "Oyelaran", "Palmgren", "Petrović", "Pfefferkorn", "Quintanilla", "Rautenberg", "Rosenqvist", "Sabatini",
    "Schwarzenbeck", "Skarżyński", "Solheim", "Szabolcsi", "Tavernier", "Tełeszyński", "Uhlenhorst", "Vallejo",
    "van Wijngaarden", "Villanueva", "Wachowiak", "Westergaard", "Yıldırım", "Zabłocka", "Zimmerli",
)  # fmt: skip

_HEADS = (
    "Alder", "Amber", "Aven", "Bracken", "Brenn", "Calder", "Corvin", "Dorn", "Eber", "Elster", "Falken", "Ferro",
    "Gala", "Glen", "Hagen", "Harl", "Holm", "Isar", "Juni", "Kalk", "Kesta", "Lark", "Linden", "Lumen", "Marl",
    "Mersa", "Nebel", "Novar", "Ostra", "Pell", "Quell", "Raven", "Rhona", "Salm", "Sylve", "Tarn", "Thorn", "Ulmen",
    "Vester", "Wald", "Wender", "Zell",
)  # fmt: skip
_TAILS = (
    "bach", "berg", "borg", "brook", "dal", "dorf", "fall", "feld", "ford", "gard", "hain", "haven", "holt", "kamp",
    "lund", "mark", "mere", "moor", "mont", "nes", "quist", "ridge", "rock", "sted", "stein", "strand", "thal",
    "vale", "vik", "wick",
)  # fmt: skip
_TRADES = {
    "DE": (("Maschinenbau", "Wasserwerke", "Chemie", "Getränke", "Energie", "Pharma", "Papier", "Logistik"), "GmbH"),
    "AT": (("Anlagenbau", "Brauerei", "Wasserkraft", "Molkerei", "Kunststoff"), "GmbH"),
    "CH": (("Präzision", "Chemie", "Uhren", "Energie", "Schokolade"), "AG"),
    "SE": (("Energi", "Skog", "Vatten", "Teknik", "Bryggeri"), "AB"),
    "NO": (("Havbruk", "Kraft", "Sjømat", "Verft"), "AS"),
    "DK": (("Mejeri", "Vind", "Havn", "Medico"), "A/S"),
    "FI": (("Paperi", "Metsä", "Voima", "Tekniikka"), "Oy"),
    "GB": (("Water", "Foods", "Engineering", "Utilities", "Distillers", "Packaging"), "Ltd"),
    "IE": (("Dairies", "Biologics", "Foods", "Energy"), "Ltd"),
    "NL": (("Zuivel", "Waterbeheer", "Chemie", "Tuinbouw"), "B.V."),
    "BE": (("Brouwerij", "Chemie", "Staal", "Textiel"), "NV"),
    "LU": (("Aciers", "Énergie"), "S.A."),
    "FR": (("Laboratoires", "Énergie", "Agroalimentaire", "Verrerie", "Eaux"), "SAS"),
    "ES": (("Aceites", "Energía", "Aguas", "Cerámica"), "S.L."),
    "PT": (("Cortiça", "Conservas", "Energia"), "Lda."),
    "IT": (("Meccanica", "Alimentari", "Ceramiche", "Farmaceutici"), "S.r.l."),
}
_ELSEWHERE = ("Industries", "Water", "Energy", "Foods", "Chemicals", "Systems")
INDUSTRIES = ("Water", "Food and drink", "Chemicals", "Pharmaceuticals", "Energy", "Machinery", "Paper", "Logistics")
CURRENCIES = {"GB": "GBP", "CH": "CHF", "SE": "SEK", "US": "USD"}


class Thing(NamedTuple):
    """A product of the price list."""

    name: str
    family: str
    price: int
    cost: int


PRODUCTS = (
    Thing("FlowSense 100", "Flow meters", 390, 160),
    Thing("FlowSense 300", "Flow meters", 890, 350),
    Thing("FlowSense 500 Ex", "Flow meters", 2_150, 900),
    Thing("LevelMark Radar", "Level", 1_240, 480),
    Thing("LevelMark Guided", "Level", 760, 310),
    Thing("PressIQ Mini", "Pressure", 210, 80),
    Thing("PressIQ Hygienic", "Pressure", 540, 205),
    Thing("ThermoLine 4", "Temperature", 180, 65),
    Thing("AquaProbe pH", "Analysis", 1_420, 610),
    Thing("AquaProbe Turbidity", "Analysis", 1_690, 700),
    Thing("TideGate Edge", "Gateways", 1_150, 520),
    Thing("TideWatch Cloud, yearly", "Software", 4_800, 600),
    Thing("Commissioning on site", "Services", 1_600, 950),
    Thing("Calibration contract, yearly", "Services", 2_400, 1_300),
)

OUTCOMES = {
    "call": ("Reached", "Left a message", "No answer", "Meeting agreed", "Call back next week"),
    "email": ("Sent", "Answered", "Quote sent", "Documents sent"),
    "meeting": ("Needs understood", "Next step agreed", "Decision makers met", "Budget confirmed"),
    "demo": ("Convinced", "Open questions", "Trial agreed"),
    "visit": ("Plant seen", "Measuring points listed", "Next step agreed"),
    "task": ("Done",),
}
NOTES = (
    "Wants a comparison with the meters they use today.",
    "Asked for references from the same industry.",
    "The maintenance window is in six weeks; delivery has to fit.",
    "Purchasing joined; price per measuring point was the main topic.",
    "Their engineer likes the Ex version, the plant manager wants to wait for the budget.",
    "Sent the data sheet and the calibration certificate.",
    "Two plants instead of one: send a new quote.",
    "Competitor offered earlier delivery.",
    "They want remote reading from the start.",
    "Follow up after their management meeting.",
)
NEXT_STEPS = (
    "Send the quote",
    "Agree a site visit",
    "Call purchasing",
    "Clarify delivery date",
    "Present to management",
)
LOST_WHY = (
    ("price", 0.22), ("competitor", 0.2), ("no_decision", 0.18), ("timing", 0.12), ("no_budget", 0.1),
    ("product", 0.08), ("delivery", 0.05), ("bad_fit", 0.03), ("duplicate", 0.02),
)  # fmt: skip
SOURCES = ("Website", "Referral", "Trade fair", "Existing customer", "Cold call", "Partner")


def of_people(rng: np.random.Generator, count: int, taken: set[str]) -> list[str]:
    """`count` names that nobody in `taken` has; a middle initial tells further ones apart."""
    order = rng.permutation(len(FIRST) * len(LAST))
    made = (
        f"{FIRST[number % len(FIRST)]} {initial}{LAST[number // len(FIRST)]}"
        for initial in ("", *(f"{letter}. " for letter in "AEHJKLMNRST"))
        for number in order.tolist()
    )
    return list(islice((name for name in made if name not in taken), count))


def of_companies(rng: np.random.Generator, countries: list[str]) -> list[str]:
    """One company name per country given, no two alike."""
    stems = rng.permutation(len(_HEADS) * len(_TAILS)).tolist()
    seen: dict[str, int] = {}
    made = []
    for country in countries:
        trades, form = _TRADES.get(country, (_ELSEWHERE, f"({country})"))
        number = seen.setdefault(country, 0)
        seen[country] = number + 1
        stem, turn = stems[number % len(stems)], number // len(stems)
        trade = trades[(number + turn) % len(trades)]
        again = f" {turn}" if turn >= len(trades) else ""
        made.append(f"{_HEADS[stem % len(_HEADS)]}{_TAILS[stem // len(_HEADS)]} {trade}{again} {form}")
    return made
