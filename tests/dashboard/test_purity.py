"""The dashboard's core knows no client and no Streamlit."""

import subprocess
import sys

PURE = (
    "api.document.docs_page",
    "api.document.openapi",
    "quality.verification_status",
    "overview.drill_down",
    "overview.document.board",
    "overview.events",
    "overview.document.marks",
    "sql.cost.upper_bound",
    "sql.cost.partition_scan",
    "results.downloads",
    "errors",
    "results.exact_text",
    "results.excel",
    "model.selection.filters",
    "quality.freshness",
    "results.json_values",
    "stores.cache",
    "model.query_link",
    "sql.cost.reference_count",
    "sql.rewrite",
    "overview.figures",
    "sql.parameters",
    "model.selection.partition_filter",
    "model.statements",
    "model.query_types",
    "sql.determinism",
    "results.charts.spec",
    "results.charts.choice",
    "results.charts.gaps",
    "results.charts.points",
    "results.time_zones",
    "results.result_file",
    "model.result",
    "results.sample_values",
    "stores.saved_queries",
    "results.schema_values",
    "quality.quarantine_count",
    "settings",
    "model.semantic_model",
    "sql.functions",
    "sql.guard",
    "sql.parser",
    "sql.unload",
    "aws.run_options",
    "model.access.requester",
    "model.access.roles",
    "model.vocabulary",
    "model.boards.declared",
    "model.boards.layout",
    "model.boards.yaml_form",
    "stores.boards.stored",
)
SERVICE = (
    "api.routes",
    "api.errors",
    "api.files",
    "api.requests",
    "api.tables",
    "aws.athena",
    "aws.errors",
    "services.suggestion",
    "services.audit",
    "services.fair_queue",
    "services.job",
    "services.jobs",
    "services.permissions",
    "stores.query_library",
    "aws.s3",
    "stores.export_records",
    "services.service",
    "results.result_cache",
    "services.unloading",
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
    assert loaded(("results.charts.spec", "results.charts.points"), ("altair", "pandas")) == []


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
