from django.db import migrations

SKILLS = [  # name, what it means, level asked of a rep, of a manager
    ("Product knowledge", "Knows what is sold, whom it suits, and what it can't do", 4, 4),
    ("Lead generation", "Finds and wakes new customers", 3, 3),
    ("Discovery", "Learns what a customer needs, who decides, and by when", 4, 4),
    ("Persuasion", "Puts the case so that it fits the customer's own", 3, 4),
    ("Objection handling", "Takes doubts seriously and answers them", 3, 4),
    ("Closing", "Asks for the decision, at the right time", 3, 4),
    ("Messaging of marketing", "Tells the story as the campaigns tell it", 3, 3),
    ("Negotiation", "Trades price, terms and quantity without giving away", 3, 4),
    ("Forecasting", "Says what will close, when, and is near it", 3, 4),
]
STEPS = [  # week, what a rep does in it
    (1, "Meet the team, your manager and your mentor"),
    (1, "Set up your logins and read your plan letter"),
    (2, "Learn the products: what they do and for whom"),
    (2, "Listen in on five calls of colleagues"),
    (3, "Hold your first discovery call together with your manager"),
    (4, "Present the main product to the team"),
    (6, "Take over your accounts and plan the first visits"),
    (8, "Open your first own deals"),
    (12, "Look back with your manager: what came easily, what did not"),
]


def fill(apps, schema_editor):
    skill = apps.get_model("teams", "Skill")
    if not skill.objects.exists():
        target = apps.get_model("coaching", "SkillTarget")
        for name, description, rep, manager in SKILLS:
            made = skill.objects.create(name=name, description=description)
            target.objects.create(role="rep", skill=made, level=rep)
            target.objects.create(role="manager", skill=made, level=manager)
    step = apps.get_model("coaching", "OnboardingStep")
    for week, text in STEPS:
        step.objects.create(role="rep", week=week, text=text)


class Migration(migrations.Migration):
    replaces = [("coaching", "0011_skill_map")]
    dependencies = [("coaching", "0001_squashed")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
