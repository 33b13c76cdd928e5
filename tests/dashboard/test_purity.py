"""The dashboard's core knows no client and no Streamlit."""

import subprocess
import sys

PURE = (
    "api_docs_page",
    "api_document",
    "assurance",
    "behind",
    "board",
    "board_request",
    "charts",
    "costs",
    "days_read",
    "downloads",
    "errors",
    "exact",
    "excel",
    "filters",
    "freshness",
    "json_values",
    "kept",
    "links",
    "mentions",
    "narrowing",
    "overview",
    "parameters",
    "partition_predicate",
    "queries",
    "query_types",
    "repeatable",
    "result_chart_spec",
    "result_charts",
    "result_file",
    "results",
    "samples",
    "saved_queries",
    "schema_values",
    "set_aside",
    "settings",
    "shape",
    "sql_functions",
    "sql_guard",
    "sql_text",
    "unloads",
    "watch",
    "wording",
)
SERVICE = (
    "api",
    "api_errors",
    "api_files",
    "api_request",
    "api_tables",
    "athena",
    "aws_errors",
    "cheaper",
    "jobs",
    "library",
    "objects",
    "records",
    "service",
    "shared_results",
    "unloading",
)


def loaded(modules, names):
    """Which of these packages are loaded once the modules are, in a Python of its own."""
    imports = "; ".join(f"import dashboard.{module}" for module in modules)
    code = f"{imports}; import sys; print(*sorted(set({names!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_the_pure_modules_load_no_client():
    """Neither by themselves nor through what they import."""
    assert loaded(PURE, ("boto3", "botocore", "pyathena", "streamlit", "starlette")) == []


def test_what_a_chart_is_made_of_loads_without_altair():
    """Altair is loaded with the first chart, and not with the page that could show one."""
    assert loaded(("result_chart_spec", "result_charts"), ("altair", "pandas")) == []


def test_what_talks_to_aws_loads_no_streamlit():
    """The JSON API answers without a session."""
    assert loaded(SERVICE, ("streamlit",)) == []


def test_no_module_hides_one_of_pythons_own():
    """`streamlit run` puts the folder first on the path, so a `calendar.py` here would be everybody's calendar."""
    from pathlib import Path

    import dashboard

    folder = Path(dashboard.__file__).parent
    names = {path.stem for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert names & set(sys.stdlib_module_names) == set()
