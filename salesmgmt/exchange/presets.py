"""How the export formats of other products name things: by preset and kind, each field with the columns it may be in.

A column is written as in a mapping file; headers are compared by their letters only, so that `CloseDate`, `Close Date`
and `close_date` are one. What a product's own fields are called here is what its export writes by default.
"""

from typing import Any

Alternatives = tuple[Any, ...]

# Stages of other products say the outcome too.
_LOST = ["Closed Lost", "ClosedLost", "Closed-Lost to Competition", "Closed Lost to Competition"]
_CLOSED = ["Closed Won", "ClosedWon", *_LOST]
_OUTCOMES = {
    "Closed Won": "won", "ClosedWon": "won", "Closed Lost": "lost", "ClosedLost": "lost",
    "Closed-Lost to Competition": "lost", "Closed Lost to Competition": "lost", "*": "open",
}  # fmt: skip
_OPEN_STAGES = dict.fromkeys(_CLOSED, "")


def _by_stage(stage: str, closes: str, lost: str = "") -> dict[str, Alternatives]:
    """Deals whose stage says whether they are decided, and whose one closing date is hoped for until then."""
    fields: dict[str, Alternatives] = {
        "stage": ({"column": stage, "values": _OPEN_STAGES},),
        "status": ({"column": stage, "values": _OUTCOMES},),
        "expected_close_on": (closes,),
        "closed_on": ({"column": closes, "where": {stage: _CLOSED}},),
    }
    if lost:
        fields["lost_reason"] = ({"column": lost, "where": {stage: _LOST}},)
    return fields


_KINDS_OF_WORK = {
    "Call": "call", "Phone": "call", "Email": "email", "E-mail": "email", "Emails": "email", "Mail": "email",
    "ListEmail": "email", "Meeting": "meeting", "Event": "meeting", "Lunch": "meeting", "Demo": "demo",
    "Visit": "visit", "Task": "task", "To-do": "task", "Todo": "task", "Deadline": "task", "*": "task",
}  # fmt: skip
_FORECAST = {"BestCase": "best_case", "Best Case": "best_case", "MostLikely": "best_case", "Most Likely": "best_case",
             "Not forecasted": "omitted", "Closed won": "closed", "Closed": "closed"}  # fmt: skip
_LEAD_STATES = {
    "Open - Not Contacted": "new", "Open": "new", "New": "new", "Not Contacted": "new", "Attempted to Contact": "new",
    "Attempted": "new", "Working": "working", "Working - Contacted": "working", "Contacted": "working",
    "In progress": "working", "Connected": "working", "Contact in Future": "working", "Open deal": "qualified",
    "Qualified": "qualified", "Pre-Qualified": "qualified", "Closed - Converted": "qualified", "Converted": "qualified",
    "Closed - Not Converted": "disqualified", "Unqualified": "disqualified", "Not Qualified": "disqualified",
    "Junk Lead": "disqualified", "Lost Lead": "disqualified", "Bad timing": "disqualified",
}  # fmt: skip

_NOTHING: Alternatives = ({"const": ""},)  # a column of the field's name means something else there


def _done(column: str, *words: str) -> dict[str, Any]:
    """Whether work is done, by a column that says so in these words; anything else is still to do."""
    return {"column": column, "values": {**dict.fromkeys(words, "yes"), "*": "no"}}


_SALESFORCE: dict[str, dict[str, Alternatives]] = {
    "people": {
        "external_id": ("Id", "User ID"),
        "name": ("Name", "Full Name", {"columns": ["FirstName", "LastName"]}),
        "email": ("Email",),
        "manager": ("ManagerId", "Manager"),
    },
    "accounts": {
        "external_id": ("Id", "Account ID"),
        "name": ("Name", "Account Name"),
        "industry": ("Industry",),
        "country": ("BillingCountry", "Billing Country"),
        "revenue": ("AnnualRevenue", "Annual Revenue"),
        "employees": ("NumberOfEmployees", "Employees"),
        "parent": ("ParentId", "Parent Account"),
        "owner": ("OwnerId", "Account Owner"),
    },
    "contacts": {
        "external_id": ("Id", "Contact ID"),
        "name": ("Name", "Full Name", {"columns": ["FirstName", "LastName"]}),
        "email": ("Email",),
        "phone": ("Phone", "MobilePhone", "Mobile"),
        "account": ("AccountId", "Account Name"),
        "birthday": ("Birthdate",),
    },
    "products": {
        "external_id": ("Id", "ProductCode", "Product Code"),
        "name": ("Name", "Product Name"),
        "family": ("Family", "Product Family"),
        "list_price": ("UnitPrice", "List Price"),
        "currency": ("CurrencyIsoCode",),
    },
    "leads": {
        "external_id": ("Id", "Lead ID"),
        "name": ("Name", {"columns": ["FirstName", "LastName"]}),
        "company": ("Company", "Company / Account"),
        "email": ("Email",),
        "owner": ("OwnerId", "Lead Owner"),
        "source": ("LeadSource", "Lead Source"),
        "created_at": ("CreatedDate", "Create Date"),
        "status": ({"column": "Status", "values": _LEAD_STATES}, {"column": "Lead Status", "values": _LEAD_STATES}),
    },
    "campaigns": {
        "external_id": ("Id", "Campaign ID"),
        "name": ("Name", "Campaign Name"),
        "channel": ("Type",),
        "audience": ("Description",),
        "starts_on": ("StartDate", "Start Date"),
        "ends_on": ("EndDate", "End Date"),
        "cost": ({"columns": ["ActualCost", "BudgetedCost"], "join": None}, "ActualCost", "Actual Cost"),
    },
    "stages": {
        "name": ("MasterLabel", "ApiName"),
        "position": ("SortOrder",),
        "probability": ("DefaultProbability",),
        "forecast_category": ({"column": "ForecastCategory", "values": _FORECAST},),
    },
    "deals": {
        "external_id": ("Id", "Opportunity ID"),
        "name": ("Name", "Opportunity Name"),
        "owner": ("OwnerId", "Opportunity Owner"),
        "account": ("AccountId", "Account Name"),
        **{
            field: (*of_api, *of_report)
            for (field, of_api), of_report in zip(
                _by_stage("StageName", "CloseDate").items(), _by_stage("Stage", "Close Date").values(), strict=True
            )
        },
        "amount": ("Amount",),
        "currency": ("CurrencyIsoCode", "Amount Currency"),
        "opened_on": ("CreatedDate", "Created Date"),
        "forecast_category": (
            {"column": "ForecastCategoryName", "values": _FORECAST},
            {"column": "ForecastCategory", "values": _FORECAST},
        ),
        "source": ("LeadSource", "Lead Source"),
    },
    "deal_changes": {
        "deal": ("OpportunityId", "Opportunity ID"),
        "changed_at": ("CreatedDate", "Edit Date"),
        "field": (
            {
                "column": "Field",
                "values": {
                    "StageName": "stage",
                    "Amount": "amount",
                    "CloseDate": "expected_close_on",
                    "Owner": "owner",
                    "OwnerId": "owner",
                    "ForecastCategoryName": "forecast_category",
                    "ForecastCategory": "forecast_category",
                },
            },
        ),
        "value": ("NewValue", "New Value"),
    },
    "activities": {
        "external_id": ("Id", "Activity ID"),
        "owner": ("OwnerId", "Assigned"),
        "kind": tuple(
            {"column": column, "values": _KINDS_OF_WORK}
            for column in ("Type", "Type__c", "TaskSubtype", "EventSubtype", "Activity Type")
        ),
        "occurred_at": ("ActivityDateTime", "ActivityDate", "CompletedDateTime", "Date"),
        "account": ("AccountId", {"column": "WhatId", "where": {"WhatId": ["001*"]}}, "Company / Account"),
        "contact": ({"column": "WhoId", "where": {"WhoId": ["003*"]}}, "Contact"),
        "deal": ({"column": "WhatId", "where": {"WhatId": ["006*"]}}, "Opportunity"),
        "outcome": ({"columns": ["CallDisposition", "Status"], "join": ": "}, "CallDisposition", "Status"),
        "duration_minutes": ("DurationInMinutes",),
        "done": (_done("Status", "Completed"),),
        "notes": ({"columns": ["Subject", "Description"], "join": "\n"}, "Subject"),
    },
    "orders": {
        "external_id": ("Id", "Order ID"),
        "number": ("OrderNumber", "Order Number"),
        "owner": ("OwnerId", "Order Owner"),
        "account": ("AccountId", "Account Name"),
        "deal": ("OpportunityId",),
        "amount": ("TotalAmount", "Order Amount"),
        "currency": ("CurrencyIsoCode",),
        "ordered_on": ("EffectiveDate", "Order Start Date"),
    },
    "order_lines": {
        "order": ("OrderId", "Order Number"),
        "product": ("Product2Id", "Product Name"),
        "quantity": ("Quantity",),
        "unit_price": ("UnitPrice", "Unit Price"),
        "amount": ("TotalPrice", "Total Price"),
    },
    "contracts": {
        "external_id": ("Id", "Contract ID"),
        "account": ("AccountId", "Account Name"),
        "owner": ("OwnerId", "Contract Owner"),
        "starts_on": ("StartDate", "Contract Start Date"),
        "ends_on": ("EndDate", "Contract End Date"),
        "terms": ("SpecialTerms", "Special Terms"),
    },
}

# By number where the export has it: names are written as they were when it was made. The primary one, where told apart.
_HUBSPOTS_COMPANY = (
    "Associated Company IDs (Primary)", "Associated Company (Primary)", "Associated Company Names (Primary)",
    "Associated Company IDs", "Associated Company",
)  # fmt: skip
_HUBSPOT: dict[str, dict[str, Alternatives]] = {
    "accounts": {
        "external_id": ("Record ID", "Company ID"),
        "name": ("Company name", "Name"),
        "industry": ("Industry",),
        "country": ("Country/Region", "Country"),
        "revenue": ("Annual Revenue",),
        "employees": ("Number of Employees",),
        "parent": ("Parent Company",),
        "owner": ("Company owner",),
    },
    "contacts": {
        "external_id": ("Record ID", "Contact ID"),
        "name": ({"columns": ["First Name", "Last Name"]},),
        "email": ("Email",),
        "phone": ("Phone Number", "Mobile Phone Number"),
        "account": (*_HUBSPOTS_COMPANY, "Primary Associated Company", "Company Name"),
        "birthday": ("Date of birth",),
        "title": ("Job Title",),
    },
    "products": {
        "external_id": ("Record ID", "SKU"),
        "name": ("Name", "Product name"),
        "family": ("Product Type", "Folder"),
        "list_price": ("Unit price",),
        "unit_cost": ("Unit cost",),
    },
    "leads": {
        "external_id": ("Record ID",),
        "name": ("Lead Name", {"columns": ["First Name", "Last Name"]}),
        "company": ("Company Name", "Associated Company"),
        "email": ("Email",),
        "owner": ("Lead owner", "Contact owner"),
        "source": ("Original Traffic Source", "Original Source", "Lead Source"),
        "created_at": ("Create Date",),
        "status": ({"column": "Lead Status", "values": _LEAD_STATES}, {"column": "Lead Stage", "values": _LEAD_STATES}),
    },
    "deals": {
        "external_id": ("Record ID", "Deal ID"),
        "name": ("Deal Name",),
        "owner": ("Deal owner",),
        "account": (*_HUBSPOTS_COMPANY, "Company Name"),
        "pipeline": _NOTHING,
        **_by_stage("Deal Stage", "Close Date", "Closed Lost Reason"),
        "amount": ("Amount",),
        "currency": ("Currency", "Deal Currency Code"),
        "opened_on": ("Create Date",),
        "forecast_category": ({"column": "Forecast category", "values": _FORECAST},),
        "source": ("Original Traffic Source", "Original Source Type", "Deal Source"),
    },
    "activities": {
        "external_id": ("Record ID", "Activity ID"),
        "owner": ("Activity assigned to", "Assigned to"),
        "kind": (
            {"column": "Activity type", "values": _KINDS_OF_WORK},
            {"column": "Task type", "values": _KINDS_OF_WORK},
        ),
        "occurred_at": ("Activity date", "Due date", "Create date"),
        "account": (*_HUBSPOTS_COMPANY, "Associated Companies"),
        "contact": ("Associated Contact", "Associated Contacts"),
        "deal": ("Associated Deal", "Associated Deals"),
        "outcome": ("Call outcome", "Meeting outcome", "Task status"),
        "notes": (
            {"columns": ["Task Title", "Notes"], "join": "\n"},
            "Call notes",
            "Meeting notes",
            "Notes",
            "Task notes",
            "Body",
        ),
        "done": (_done("Task status", "Completed"),),
    },
}


def _pipedrive(noun: str, *names: str) -> Alternatives:
    """A column of Pipedrive: with its noun before it, or bare as in a list of one noun."""
    return (*(f"{noun} - {name}" for name in names), *names)


_PIPEDRIVE: dict[str, dict[str, Alternatives]] = {
    "accounts": {
        "external_id": _pipedrive("Organization", "ID", "Pipedrive System ID"),
        "name": _pipedrive("Organization", "Name"),
        "industry": _pipedrive("Organization", "Industry"),
        "country": ("Organization - Country of Address", "Organization - Address - Country of Address"),
        "revenue": _pipedrive("Organization", "Annual revenue"),
        "employees": _pipedrive("Organization", "Employee count", "Number of employees"),
        "owner": _pipedrive("Organization", "Owner"),
    },
    "contacts": {
        "external_id": _pipedrive("Person", "ID", "Pipedrive System ID"),
        "name": (*_pipedrive("Person", "Name"), {"columns": ["Person - First name", "Person - Last name"]}),
        "email": _pipedrive("Person", "Email - Work", "Email (Work)", "Email", "Email - Home", "Email (Home)"),
        "phone": _pipedrive("Person", "Phone - Work", "Phone (Work)", "Phone", "Phone - Mobile", "Phone (Mobile)"),
        "account": ("Person - Organization", "Organization name", "Organization - Name", "Organization"),
        "birthday": _pipedrive("Person", "Birthday"),
    },
    "products": {
        "external_id": _pipedrive("Product", "Product code", "ID", "Pipedrive System ID"),
        "name": _pipedrive("Product", "Name"),
        "family": _pipedrive("Product", "Category"),
        "list_price": _pipedrive("Product", "Price", "Unit price", "Unit prices"),
        "currency": _pipedrive("Product", "Currency"),
    },
    "leads": {
        "external_id": _pipedrive("Lead", "ID", "Pipedrive System ID"),
        "name": ("Lead - Contact person", "Contact person", "Lead - Title", "Title"),
        "company": ("Lead - Organization", "Organization"),
        "owner": _pipedrive("Lead", "Owner"),
        "source": _pipedrive("Lead", "Source channel", "Source", "Source origin"),
        "created_at": _pipedrive("Lead", "Lead created", "Creation date"),
    },
    "deals": {
        "external_id": _pipedrive("Deal", "ID", "Pipedrive System ID"),
        "name": _pipedrive("Deal", "Title"),
        "owner": _pipedrive("Deal", "Owner"),
        "account": ("Deal - Organization", "Organization", "Organization - Name"),
        "stage": _pipedrive("Deal", "Stage", "Stage (pipeline)"),
        "status": _pipedrive("Deal", "Status"),
        "amount": _pipedrive("Deal", "Value"),
        "currency": _pipedrive("Deal", "Currency of value", "Currency of Value", "Currency"),
        "opened_on": _pipedrive("Deal", "Deal created", "Creation date"),
        "expected_close_on": _pipedrive("Deal", "Expected close date"),
        "closed_on": (
            *_pipedrive("Deal", "Deal closed on", "Closed on"),
            {"columns": ["Deal - Won time", "Deal - Lost time"], "join": ""},
            {"columns": ["Won time", "Lost time"], "join": ""},
        ),
        "lost_reason": _pipedrive("Deal", "Lost reason"),
        "source": _pipedrive("Deal", "Source channel", "Lead Source"),
        "pipeline": _NOTHING,
    },
    "activities": {
        "external_id": _pipedrive("Activity", "ID", "Pipedrive System ID"),
        "owner": _pipedrive("Activity", "Assigned to user"),
        "kind": tuple({"column": one, "values": _KINDS_OF_WORK} for one in _pipedrive("Activity", "Type")),
        "occurred_at": (
            {"columns": ["Activity - Marked as done time", "Activity - Due date"], "join": None},
            {"columns": ["Marked as done time", "Due date"], "join": None},
            *_pipedrive("Activity", "Marked as done time"),
            {"columns": ["Activity - Due date", "Activity - Due time"]},
            {"columns": ["Due date", "Due time"]},
            *_pipedrive("Activity", "Due date"),
        ),
        "account": ("Activity - Organization", "Organization"),
        "contact": ("Activity - Contact person", "Contact person"),
        "deal": ("Activity - Deal", "Deal"),
        "lead": _NOTHING,
        "done": tuple(_done(one, "Done") for one in _pipedrive("Activity", "Done")),
        "notes": (
            {"columns": ["Activity - Subject", "Activity - Note"], "join": "\n"},
            {"columns": ["Subject", "Note"], "join": "\n"},
            *_pipedrive("Activity", "Subject"),
        ),
    },
}

_ZOHOS_RELATED = (("Connected To.id", "Connected To.module"), ("Related To.id", "Related To.module"))
_ZOHO: dict[str, dict[str, Alternatives]] = {
    "accounts": {
        "external_id": ("Record Id", "Account Id"),
        "name": ("Account Name",),
        "industry": ("Industry",),
        "country": ("Billing Country", "Country"),
        "revenue": ("Annual Revenue",),
        "employees": ("Employees",),
        "parent": ("Parent Account.id", "Parent Account"),
        "owner": ("Account Owner",),
    },
    "contacts": {
        "external_id": ("Record Id", "Contact Id"),
        "name": ("Full Name", "Contact Name", {"columns": ["First Name", "Last Name"]}),
        "email": ("Email",),
        "phone": ("Phone", "Mobile"),
        "account": ("Account Name.id", "Account Name"),
        "birthday": ("Date of Birth",),
    },
    "products": {
        "external_id": ("Record Id", "Product Code"),
        "name": ("Product Name",),
        "family": ("Product Category",),
        "list_price": ("Unit Price",),
    },
    "leads": {
        "external_id": ("Record Id", "Lead Id"),
        "name": ("Full Name", "Lead Name", {"columns": ["First Name", "Last Name"]}, "Last Name"),
        "company": ("Company",),
        "email": ("Email",),
        "owner": ("Lead Owner",),
        "source": ("Lead Source",),
        "created_at": ("Created Time",),
        "status": ({"column": "Lead Status", "values": _LEAD_STATES},),
    },
    "deals": {
        "external_id": ("Record Id", "Deal Id", "Potential Id"),
        "name": ("Deal Name", "Potential Name"),
        "owner": ("Deal Owner", "Potential Owner"),
        "account": ("Account Name.id", "Account Name"),
        **_by_stage("Stage", "Closing Date", "Reason For Loss"),
        "amount": ("Amount",),
        "currency": ("Currency",),
        "opened_on": ("Created Time",),
        "source": ("Lead Source",),
        "contact": ("Contact Name.id", "Contact Name"),
        "pipeline": _NOTHING,
    },
    "activities": {
        "external_id": ("Record Id", "Activity Id", "Task Id", "Call Id"),
        "owner": ("Task Owner", "Call Owner", "Event Owner", "Host", "Activity Owner"),
        # Tasks, calls and events are files of their own, none of which says which it is.
        "kind": (
            {"column": "Activity Type", "values": _KINDS_OF_WORK},
            {"column": "Task Owner", "values": {"*": "task"}},
            {"column": "Call Owner", "values": {"*": "call"}},
            {"column": "Event Owner", "values": {"*": "meeting"}},
            {"column": "Host", "values": {"*": "meeting"}},
        ),
        "occurred_at": (
            "Call Start Time",
            "Start DateTime",
            "From",
            {"columns": ["Closed Time", "Due Date"], "join": None},
            "Closed Time",
            "Due Date",
        ),
        "account": (
            "Account Name.id",
            "Account Name",
            *({"column": one, "where": {of: ["Accounts"]}} for one, of in _ZOHOS_RELATED),
        ),
        "contact": ("Contact Name.id", "Contact Name"),
        "deal": (
            *({"column": one, "where": {of: ["Deals", "Potentials"]}} for one, of in _ZOHOS_RELATED),
            "Related To.id",
            "Related To",
        ),
        "done": (_done("Status", "Completed"), _done("Call Status", "Completed", "Missed")),
        "outcome": ("Call Result", "Status"),
        "notes": ({"columns": ["Subject", "Description"], "join": "\n"}, "Subject"),
    },
    "orders": {
        "external_id": ("Record Id", "SO Number"),
        "number": ("SO Number",),
        "owner": ("Sales Order Owner",),
        "account": ("Account Name.id", "Account Name"),
        "deal": ("Deal Name.id", "Deal Name"),
        "amount": ("Sub Total", "Grand Total"),
        "currency": ("Currency",),
        "ordered_on": ("Created Time",),
        "promised_on": ("Due Date",),
    },
}

PRESETS = {"salesforce": _SALESFORCE, "hubspot": _HUBSPOT, "pipedrive": _PIPEDRIVE, "zoho": _ZOHO}
NAMES = ("native", *PRESETS)
LABELS = {
    "native": "Paceline",
    "salesforce": "Salesforce",
    "hubspot": "HubSpot",
    "pipedrive": "Pipedrive",
    "zoho": "Zoho",
}


def recognised(kind: str, header: list[str]) -> str:
    """The product whose mark a header bears; empty: none."""
    names = set(header)
    if "Id" in names and names & {"SystemModstamp", "IsDeleted", "LastModifiedById"}:
        found = "salesforce"
    elif any(
        name.startswith(("Deal - ", "Person - ", "Organization - ", "Activity - ", "Lead - ", "Product - "))
        for name in names
    ):
        found = "pipedrive"
    elif "Record ID" in names:
        found = "hubspot"
    elif "Record Id" in names:
        found = "zoho"
    else:
        return ""
    return found if kind in PRESETS[found] else ""
