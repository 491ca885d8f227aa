"""The cases. Each says what it is, which table it is meant for, the verdict, and what the verdict rests on."""

DG = "Amazon Redshift Database Developer Guide"
AWS = "https://docs.aws.amazon.com/redshift/latest/dg"

COLUMNAR = f"{DG}, COPY from columnar data formats, {AWS}/copy-usage_notes-copy-from-columnar.html"
COPY = f"{DG}, COPY, {AWS}/r_COPY.html"
CHARACTER = f"{DG}, Character types, {AWS}/r_Character_types.html"
CONVERSION = f"{DG}, Data conversion parameters, {AWS}/copy-parameters-data-conversion.html"
DATETIME = f"{DG}, Datetime types, Storage and ranges, {AWS}/r_Datetime_types.html"
INPUT = f"{DG}, Preparing your input data, {AWS}/t_preparing-input-data.html"
MULTIBYTE = f"{DG}, Multibyte character load errors, {AWS}/multi-byte-character-load-errors.html"
NUMERIC = f"{DG}, Numeric types, {AWS}/r_Numeric_types201.html"
SPECTRUM_FILES = f"{DG}, Data files for queries in Amazon Redshift Spectrum, {AWS}/c-spectrum-data-files.html"
SPECTRUM_TABLES = f"{DG}, Creating external tables for Redshift Spectrum, {AWS}/c-spectrum-external-tables.html"
SPECTRUM_TROUBLE = f"{DG}, Query troubleshooting in Amazon Redshift Spectrum, {AWS}/c-spectrum-troubleshooting.html"
SUPER_COPY = f"{DG}, Using COPY to load data into SUPER columns, {AWS}/copy_json.html"
SUPER_LIMITS = f"{DG}, Limitations of SUPER, {AWS}/limitations-super.html"
SUPER_PARSING = f"{DG}, SUPER configurations, Parsing options for SUPER, {AWS}/super-configurations.html"
SUPER_TYPE = f"{DG}, SUPER type, {AWS}/r_SUPER_type.html"
VARBYTE = f"{DG}, Loading a column of the VARBYTE data type, {AWS}/copy-usage-varbyte.html, VARBYTE type and JSON_PARSE"
POSTHOG = "https://github.com/PostHog/posthog/pull/39190"
ARROW_38000 = "https://github.com/apache/arrow/issues/38000"
WRANGLER = "AWS SDK for pandas maps it so and loads by COPY, https://github.com/aws/aws-sdk-pandas (_data_types.py)"
WRANGLER_280 = "https://github.com/aws/aws-sdk-pandas/issues/280"
DLT = "dlt's page on Redshift, https://dlthub.com/docs/dlt-ecosystem/destinations/redshift"
FORMAT = "https://github.com/apache/parquet-format"

CASES = []


def documented(source, note=""):
    return ("documented", f"{source}{': ' + note if note else ''}")


def reported(source, note=""):
    return ("reported", f"{source}{': ' + note if note else ''}")


def inferred(note):
    return ("inferred", f"inferred: {note}")


def unchecked(because):
    return ("unchecked", f"unchecked: refused out of caution because {because}")


MUST_MATCH = documented(SPECTRUM_TROUBLE, "Incompatible data formats: the column's type must match the file's")


def at(column=None, group=None, row=None):
    """The place to name: the table's column, the row group from 0, the row from 0 within the file."""
    place = {"row_group": group, "row": row, "column": column}
    return {key: value for key, value in place.items() if value is not None}


def accept(name, target, data, basis, about, key=None):
    CASES.append(
        {"name": name, "target": target, "data": data, "verdict": "accept", "basis": basis, "about": about, "key": key}
    )


def refuse(name, target, data, code, place, basis, about, key=None, also=()):
    """`also` are codes that name the flaw as well; a refusal with any of them is right."""
    CASES.append(
        {
            "name": name,
            "target": target,
            "data": data,
            "verdict": "refuse",
            "code": code,
            "also": list(also),
            "at": place,
            "basis": basis,
            "about": about,
            "key": key,
        }
    )
